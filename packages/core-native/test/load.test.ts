import { assert, it } from "vitest"
import { currentTriple, load, loadFrom, TRIPLES } from "../src/load.ts"
import { NativeUnavailable } from "../src/NativeUnavailable.ts"

const options = {
  triple: "linux-x64-gnu",
  override: undefined,
  folder: "/nowhere/native/",
  require: (from: string): unknown => {
    throw new Error(`Cannot find module '${from}'\nand a stack`)
  }
}

const failure = (run: () => unknown): NativeUnavailable => {
  try {
    run()
  } catch (error) {
    if (error instanceof NativeUnavailable) return error
    throw error
  }
  throw new Error("it did not fail")
}

it("loads once a thread, for a platform that has a name", () => {
  assert.strictEqual(load(), load())
  assert.match(currentTriple(), /^[a-z0-9]+-[a-z0-9]+/)
})

it("says the platform, every place that was tried, and the fix", () => {
  const error = failure(() => loadFrom(options))
  assert.strictEqual(error._tag, "NativeUnavailable")
  assert.strictEqual(error.code, "ERR_MYRMIDON_NATIVE_UNAVAILABLE")
  assert.strictEqual(error.triple, "linux-x64-gnu")
  assert.deepStrictEqual(error.tried, [
    { from: "/nowhere/native/myrmidon.linux-x64-gnu.node", error: "no such file" },
    {
      from: "@myrmidonjs/core-native-linux-x64-gnu",
      error: "Cannot find module '@myrmidonjs/core-native-linux-x64-gnu'"
    }
  ])
  assert.include(error.hint, "@myrmidonjs/core-native-linux-x64-gnu")
  assert.include(error.message, "/nowhere/native/myrmidon.linux-x64-gnu.node: no such file")
})

it("an override is the only place, and a file that is no addon is refused", () => {
  const error = failure(() => loadFrom({ ...options, override: "/tmp/x.node", require: () => ({}) }))
  assert.deepStrictEqual(error.tried, [{ from: "/tmp/x.node", error: "this is not the addon of Myrmidon" }])
  assert.include(error.hint, "MYRMIDON_NATIVE_PATH")
})

it("a platform without a binary is told so", () => {
  const triple = "sunos-sparc"
  assert.notInclude(TRIPLES, triple)
  assert.include(failure(() => loadFrom({ ...options, triple })).hint, "no binary for this platform")
})

it("G62: an addon with another record layout is refused", () => {
  const error = failure(() => loadFrom({ ...options, override: "/old.node", require: () => ({ abiVersion: () => 0 }) }))
  assert.match(error.tried[0]!.error, /record layout is version 0/)
})

it("G61: a panic in Rust is an error, and the process goes on", () => {
  assert.throws(() => load().panicForTest(), /on purpose/)
  assert.isAbove(load().abiVersion(), 0)
})
