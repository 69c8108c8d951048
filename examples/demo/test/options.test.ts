// The command line: what it takes, and that a wrong request names the option and says what would do.
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { OptionError, type Options, parseOptions } from "../src/options.ts"

const refusal = (...argv: ReadonlyArray<string>): string => {
  try {
    parseOptions(argv)
  } catch (error) {
    if (error instanceof OptionError) return error.message
    throw error
  }
  throw new Error("it was accepted")
}

describe("options", () => {
  it("has defaults", () => {
    assert.deepStrictEqual(parseOptions([], 2), {
      actors: 135_233,
      days: 42,
      seed: 1,
      backend: "native",
      isolates: 2,
      wantsIsolates: false,
      json: false,
      scaling: false
    })
  })

  it("makes use of all cores by default, as far as that takes time off a day", () => {
    const isolates = (cores: number, ...argv: ReadonlyArray<string>) => {
      const options = parseOptions(argv, cores)
      return options === "help" ? undefined : options.isolates
    }
    assert.deepStrictEqual([1, 2, 4, 64].map((cores) => isolates(cores)), [0, 2, 4, 8])
    assert.strictEqual(isolates(64, "--memory"), 0)
    assert.deepStrictEqual([isolates(2, "--isolates", "0"), isolates(2, "--isolates", "64")], [0, 64])
    const wanted = (...args: Array<string>) => (parseOptions(args, 2) as Options).wantsIsolates
    assert.deepStrictEqual([wanted("--isolates", "0"), wanted("--isolates", "2")], [false, true])
    assert.strictEqual(isolates(2, "--memory", "--isolates", "0"), 0)
  })

  it("takes each option", () => {
    assert.deepStrictEqual(parseOptions(["--actors", "2000", "--days=5", "--seed", "0", "--memory", "--json"]), {
      actors: 2000,
      days: 5,
      seed: 0,
      backend: "memory",
      isolates: 0,
      wantsIsolates: false,
      json: true,
      scaling: false
    })
    assert.strictEqual(parseOptions(["--help"]), "help")
  })

  it("refuses a number out of its range, and says the range", () => {
    assert.strictEqual(refusal("--actors", "0"), "--actors takes a whole number from 1 to 135233, not \"0\".")
    assert.strictEqual(refusal("--actors", "135234"), "--actors takes a whole number from 1 to 135233, not \"135234\".")
    assert.strictEqual(refusal("--days", "2.5"), "--days takes a whole number from 1 to 1000, not \"2.5\".")
    assert.strictEqual(refusal("--seed", "soon"), "--seed takes a whole number from 0 to 4294967295, not \"soon\".")
  })

  it("refuses a negative number as any that is out of range", () => {
    assert.strictEqual(refusal("--actors", "-1"), "--actors takes a whole number from 1 to 135233, not \"-1\".")
    assert.strictEqual(refusal("--seed=-1"), "--seed takes a whole number from 0 to 4294967295, not \"-1\".")
    assert.match(refusal("--days", "--json"), /--days.*--help/)
  })

  it("refuses isolates that there cannot be", () => {
    assert.strictEqual(refusal("--isolates", "65"), "--isolates takes a whole number from 0 to 64, not \"65\".")
    assert.strictEqual(refusal("--isolates", "all"), "--isolates takes a whole number from 0 to 64, not \"all\".")
    assert.strictEqual(
      refusal("--memory", "--isolates", "2"),
      "--isolates takes 0 with --memory, not \"2\": the twin lives in one isolate."
    )
    assert.strictEqual(refusal("--memory", "--scaling"), "--scaling measures isolates, and --memory has none.")
  })

  it("refuses what it does not know, by name", () => {
    assert.match(refusal("--actor", "5"), /'--actor'.*--help/)
    assert.match(refusal("--days"), /--days.*--help/)
    assert.match(refusal("5"), /'5'.*--help/)
  })

  it("ends the process with 2 and one line", () => {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
    try {
      execFileSync(process.execPath, [main, "--days", "0"], { encoding: "utf8", stdio: "pipe" })
      assert.fail("it ran")
    } catch (error) {
      const { status, stderr } = error as { readonly status: number; readonly stderr: string }
      assert.deepStrictEqual({ status, stderr }, {
        status: 2,
        stderr: "--days takes a whole number from 1 to 1000, not \"0\".\n"
      })
    }
  })
})
