// What the bootstrap believes about the tools it runs.
import { assert, describe, it, vi } from "vitest"
import { countCargo, countTstyche, countVitest, withExit } from "../bootstrap/count.mjs"
import { beyondTwin } from "../bootstrap/programs.mjs"
import { capture } from "../bootstrap/run.mjs"
import { isOlder } from "../bootstrap/rust.mjs"
import { hashOf } from "../bootstrap/stamp.mjs"

describe("counting", () => {
  it("sums cargo's units and doc tests", () => {
    const output =
      "test result: ok. 3 passed; 0 failed; 1 ignored\n\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n"
    assert.deepStrictEqual(countCargo(output), { passed: 4, failed: 2 })
  })

  it("counts a vitest file that failed without a failed test as one failure", () => {
    const report = {
      numPassedTests: 5,
      numFailedTests: 0,
      testResults: [
        { status: "failed", assertionResults: [] },
        { status: "failed", assertionResults: [{ status: "skipped" }] },
        { status: "passed", assertionResults: [{ status: "passed" }] }
      ]
    }
    assert.deepStrictEqual(countVitest(JSON.stringify(report)), { passed: 5, failed: 2 })
  })

  it("reads tstyche's line of assertions, not of files", () => {
    const output =
      "Targets:    1 passed, 1 total\nTests:      9 passed, 9 total\nAssertions: 1 failed, 2 passed, 3 total\n"
    assert.deepStrictEqual(countTstyche(output), { passed: 2, failed: 1 })
  })

  it("a run in which nothing ran counts as one failure", () => {
    assert.deepStrictEqual(withExit({ passed: 0, failed: 0 }, 0), { passed: 0, failed: 1 })
  })

  it("a run that failed without a failed test counts as one failure", () => {
    assert.deepStrictEqual(withExit({ passed: 2, failed: 0 }, 101), { passed: 2, failed: 1 })
    assert.deepStrictEqual(withExit({ passed: 2, failed: 3 }, 1), { passed: 2, failed: 3 })
    assert.deepStrictEqual(withExit({ passed: 2, failed: 0 }, 0), { passed: 2, failed: 0 })
  })
})

describe("commands", () => {
  it("one that hangs is ended with what it has started, and has failed", async () => {
    const hang = "setInterval(() => {}, 1000)"
    const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", ${
      JSON.stringify(hang)
    }]);
      console.log(child.pid); ${hang}`
    const { code, output } = await capture("node", ["-e", parent], { silence: 2 })
    assert.notStrictEqual(code, 0)
    assert.match(output, /^\d+\nno word for 2 s/)
    const child = Number(output.split("\n")[0])
    // It is there until whoever inherits it has looked.
    await vi.waitFor(() => assert.throws(() => process.kill(child, 0)), 10_000)
  })

  it("one that speaks in time goes on", async () => {
    const { code, output } = await capture("node", ["-e", "console.log(1)"], { silence: 60 })
    assert.deepStrictEqual({ code, output }, { code: 0, output: "1\n" })
  })
})

describe("versions", () => {
  it("are compared part by part, as numbers", () => {
    assert.isTrue(isOlder("1.89.0", "1.90"))
    assert.isFalse(isOlder("1.90.0", "1.90"))
    assert.isFalse(isOlder("1.100.0", "1.90"))
    assert.isTrue(isOlder("0.99.9", "1.0"))
  })
})

describe("stamps", () => {
  it("differ by file name, by content, by word, and by a file's absence", () => {
    const hashes = [
      hashOf(["package.json"]),
      hashOf(["tsconfig.base.json"]),
      hashOf(["package.json", "not-there.json"]),
      hashOf(["package.json"], ["ci"]),
      hashOf(["package.json"], ["release"])
    ]
    assert.lengthOf(new Set(hashes), hashes.length)
    assert.strictEqual(hashOf(["package.json"]), hashes[0])
  })
})

it.each([
  [["--isolates", "2"], "--isolates 2"],
  [["--json", "--isolates=8"], "--isolates 8"],
  [["--scaling"], "--scaling"],
  [["--isolates", "0"], undefined],
  [["--actors", "10"], undefined]
])("without Rust, %j is refused by name where the twin does not have it", (args, asked) => {
  assert.strictEqual(beyondTwin(args), asked)
})
