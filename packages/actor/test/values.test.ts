// Values that cross languages: PIDs and exit reasons.
import { assert, describe, it } from "@effect/vitest"
import {
  ActorExited,
  AskError,
  ExitReason,
  ExitReasonSchema,
  MailboxFull,
  NameTaken,
  Pid,
  SpawnError,
  TellError
} from "@myrmidonjs/actor"
import { Option, Schema } from "effect"

const pidOf = (generation: number, shard: number, index: number): Pid =>
  generation * 2 ** 32 + shard * 2 ** 24 + index as Pid

describe("Pid", () => {
  it("G3: prints as <shard.index.generation> and parses back, at every edge", () => {
    for (const generation of [0, 1, 2 ** 21 - 1]) {
      for (const shard of [0, 1, 255]) {
        for (const index of [1, 2 ** 24 - 1]) {
          const pid = pidOf(generation, shard, index)
          assert.strictEqual(Pid.print(pid), `<${shard}.${index}.${generation}>`)
          assert.deepStrictEqual(Pid.parse(Pid.print(pid)), Option.some(pid))
          assert.strictEqual(Schema.decodeSync(Pid.schema)(Schema.encodeSync(Pid.schema)(pid)), pid)
          assert.isTrue(Pid.isPid(pid))
        }
      }
    }
  })

  it("refuses what is no PID", () => {
    for (
      const text of [
        "",
        "<0.0.0>",
        "<0.1.0",
        "0.1.0",
        "<256.1.0>",
        "<0.16777216.0>",
        "<0.1.2097152>",
        "<0.01.0>",
        "<-1.1.0>",
        "<0.1.0>x"
      ]
    ) assert.deepStrictEqual(Pid.parse(text), Option.none(), text)
    for (const value of [0, -1, 1.5, 2 ** 53, 2 ** 24, "1", null]) assert.isFalse(Pid.isPid(value))
  })
})

it("errors say in one line what happened", () => {
  const pid = pidOf(0, 0, 7)
  const exited = new ActorExited({ pid, reason: ExitReason.crashed(new TypeError("boom")) })
  assert.strictEqual(
    new AskError({ tag: "Get", reason: exited }).message,
    "ask Get: actor <0.7.0> has ended: crashed: TypeError: boom"
  )
  assert.strictEqual(
    new TellError({ reason: new MailboxFull({ pid, capacity: 3 }) }).message,
    "the mailbox of <0.7.0> is full (3 messages)"
  )
  assert.strictEqual(
    new SpawnError({ reason: new NameTaken({ name: "n", holder: pid }) }).message,
    "the name \"n\" is held by <0.7.0>"
  )
})

describe("ExitReason", () => {
  const reasons: ReadonlyArray<ExitReason> = [
    ExitReason.normal,
    ExitReason.killed,
    ExitReason.shutdown(),
    ExitReason.shutdown("x"),
    ExitReason.noProc(true),
    ExitReason.noProc(false),
    ExitReason.crashed(new Error("x")),
    { _tag: "NodeUnreachable", node: "n", because: "silent" },
    { _tag: "NodeRestarted", node: "n" },
    { _tag: "IsolateDown", isolate: 3 }
  ]

  it("round-trips through JSON", () => {
    const codec = Schema.toCodecJson(ExitReasonSchema)
    for (const reason of reasons) {
      const text = JSON.stringify(Schema.encodeSync(codec)(reason))
      assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(JSON.parse(text)), reason)
    }
  })

  it("only Normal and Shutdown are no failures", () => {
    assert.deepStrictEqual(
      reasons.filter((reason) => !ExitReason.isFailure(reason)).map((reason) => reason._tag),
      ["Normal", "Shutdown", "Shutdown"]
    )
  })

  it("crashed takes anything that can be thrown, and never throws", () => {
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("trap")
      }
    })
    const thrown = [
      undefined,
      null,
      0,
      1n,
      "text",
      Symbol("s"),
      () => 1,
      circular,
      hostile,
      Object.create(null),
      { message: 1 },
      { message: "only" },
      { name: "N", message: "m", stack: "s" },
      new Error(""),
      Object.assign(new Error("x"), { stack: undefined, name: 1 })
    ]
    for (const defect of thrown) {
      const reason = ExitReason.crashed(defect)
      assert(reason._tag === "Crashed")
      assert.isTrue(Schema.is(ExitReasonSchema)(reason))
    }
  })
})
