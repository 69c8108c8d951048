// What the command line takes, and that a wrong option is a sentence and exit 2.
import { assert, describe, it } from "vitest"
import { parse, UsageError } from "../src/options.ts"

describe("a cell", () => {
  it("is native without --peer and --memory", () => {
    assert.deepStrictEqual(parse(["random", "--n", "1_000", "--json"]), {
      kind: "cell",
      workload: "random",
      subject: "myrmidon",
      n: 1000,
      quick: false,
      json: true
    })
  })
  it("is the twin with --memory, and a peer with --peer", () => {
    const twin = parse(["count", "--memory"])
    const peer = parse(["--peer=nact", "count"])
    assert.strictEqual(twin.kind === "cell" && twin.subject, "myrmidon-memory")
    assert.strictEqual(peer.kind === "cell" && peer.subject, "nact")
  })
})

describe("a table", () => {
  it("has five rounds, and one when it is quick", () => {
    const full = parse(["all"])
    const quick = parse(["all", "--quick"])
    assert.strictEqual(full.kind === "table" && full.rounds, 5)
    assert.strictEqual(quick.kind === "table" && quick.rounds, 1)
  })
  it("takes lists of names it knows", () => {
    const some = parse(["all", "--only", "ask,count", "--peers", "nact,myrmidon"])
    assert.deepStrictEqual(some.kind === "table" && [some.only, some.subjects], [["ask", "count"], [
      "nact",
      "myrmidon"
    ]])
  })
})

describe("a profile", () => {
  it("is of a cell, and goes into a file", () => {
    assert.deepStrictEqual(parse(["profile", "spawn", "--memory", "--allocations"]), {
      kind: "profile",
      workload: "spawn",
      subject: "myrmidon-memory",
      n: undefined,
      quick: false,
      json: false,
      allocations: true,
      out: "spawn.cpuprofile"
    })
    const named = parse(["profile", "ask", "--peer", "nact", "--out", "a.cpuprofile"])
    assert.strictEqual(named.kind === "profile" && named.out, "a.cpuprofile")
  })
})

describe("refused", () => {
  it.each([
    [[], "which workload"],
    [["wander"], "no workload \"wander\""],
    [["ask", "count"], "one workload"],
    [["ask", "--peer", "akka"], "no \"akka\""],
    [["ask", "--peer"], "needs a value"],
    [["ask", "--jsno"], "does not take --jsno"],
    [["all", "--foo"], "does not take --foo"],
    [["ask", "--n", "0"], "whole number"],
    [["ask", "--n", "1.5"], "whole number"],
    [["ask", "--n", "many"], "whole number"],
    [["ask", "--n", "1", "--quick"], "both say the size"],
    [["ask", "--rounds", "3"], "does not take --rounds"],
    [["ask", "--memory", "--peer", "nact"], "not beside --peer"],
    [["ask", "--json", "--json"], "twice"],
    [["ask", "--json=1"], "takes no value"],
    [["profile"], "which workload"],
    [["profile", "all"], "no workload \"all\""],
    [["profile", "ask", "--rounds", "3"], "\"profile\" does not take --rounds"],
    [["ask", "--allocations"], "does not take --allocations"],
    [["all", "--n", "3"], "does not take --n"],
    [["all", "--only", "ask,wander"], "no \"wander\""]
  ])("%j", (args, says) => {
    assert.throws(() => parse(args), UsageError, says)
  })
})
