// The command line of the Rust table. The programs are built on demand, and so not here.
import { assert, describe, it } from "vitest"
import { parseRust, rustPeers } from "../src/rust.ts"

describe("bench <workload>-rust", () => {
  it("has the sizes of the table, and those that a workload can have", () => {
    assert.deepStrictEqual(parseRust(["random-rust"]), {
      workload: "random",
      peer: "myrmidon",
      n: 4_000_000,
      json: false
    })
    assert.strictEqual(parseRust(["big-rust", "--n", "1_000"]).n, 960)
    assert.strictEqual(parseRust(["skynet-rust", "--quick", "--json"]).n, 100_000)
  })
  it.each(rustPeers)("knows %s", (peer) => {
    assert.strictEqual(parseRust(["count-rust", "--peer", peer]).peer, peer)
  })
  it.each([
    [["ask-rust"], "there is no workload"],
    [["count-rust", "--peer", "akka"], "there is no \"akka\""],
    [["count-rust", "--peer"], "needs a value"],
    [["count-rust", "--n", "0"], "a whole number from 1"],
    [["count-rust", "--memory"], "does not take --memory"]
  ])("%j is refused", (args, why) => {
    assert.throws(() => parseRust(args), why)
  })
})
