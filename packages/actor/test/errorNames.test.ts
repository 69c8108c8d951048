// Errors with a field `name`, an actor's, print as what they are (G229).
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorExited,
  ExitReason,
  ExitSignal,
  Monitor,
  NameNotFound,
  NameTaken,
  type Pid,
  ProtocolMismatch
} from "@myrmidonjs/actor"
import { Data, Deferred, Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { systems } from "./fixtures.ts"

const pid = 1 as Pid
const reason = ExitReason.killed

describe("errors about an actor with a name", () => {
  for (
    const [error, title] of [
      [new NameTaken({ name: "db", holder: pid }), `myrmidon/NameTaken: the name "db" is held by <0.1.0>`],
      [new NameNotFound({ name: "db" }), `myrmidon/NameNotFound: nobody has the name "db"`],
      [
        new ProtocolMismatch({ name: "db", expected: "A", found: "B" }),
        `myrmidon/ProtocolMismatch: "db" understands B, not A`
      ],
      [new ActorExited({ pid, name: "db", reason }), "myrmidon/ActorExited: actor db has ended: killed"],
      [new ActorExited({ pid, name: undefined, reason }), "myrmidon/ActorExited: actor <0.1.0> has ended: killed"],
      [new ExitSignal({ from: pid, name: "db", reason }), "myrmidon/ExitSignal: linked actor db has ended: killed"]
    ] as const
  ) {
    it(`G229: ${title}`, () => {
      assert.strictEqual(String(error), title)
      assert.strictEqual(error.stack?.slice(0, title.length + 1), `${title}\n`)
      assert.include(error.stack, "errorNames.test.ts")
      assert.notInclude(Object.keys(error), "stack")
      const decoded = Schema.decodeUnknownSync(error.constructor as typeof NameNotFound)(
        Schema.encodeUnknownSync(error.constructor as typeof NameNotFound)(error)
      )
      assert.deepStrictEqual(decoded, error)
      assert.strictEqual(String(decoded), title)
    })
  }

  it("G229: whoever sets a stack of its own has that one", () => {
    const error = new NameNotFound({ name: "db" })
    error.stack = "elsewhere"
    assert.strictEqual(error.stack, "elsewhere")
  })
})

class Refused extends Data.TaggedError("Refused")<{ readonly name: string; readonly message: string }> {}

describe.each(systems)("crashes on the %s", (_, system) => {
  for (
    const [error, text] of [
      [new NameNotFound({ name: "db" }), `crashed: myrmidon/NameNotFound: nobody has the name "db"`],
      [new Refused({ name: "bob", message: "no" }), "crashed: Refused: no"],
      [{ _tag: "Odd", name: "bob", message: "no" }, "crashed: Odd: no"],
      [Object.assign(new Error("no"), { _tag: "Plain", name: "Plain" }), "crashed: Plain: no"],
      [Object.assign(new Error("no"), { name: "Named" }), "crashed: Named: no"]
    ] as const
  ) {
    it.effect(`G229: ${text}`, () =>
      Effect.gen(function*() {
        const Thrower = Actor.make("Thrower", [Rpc.make("Throw")])
        const throwing = Thrower.behavior({
          init: () => 0,
          handlers: {
            Throw: () => {
              throw error
            }
          }
        })
        const actor = yield* throwing.spawn()
        const down = yield* Monitor.make(actor)
        yield* actor.tell(Thrower.messages.Throw())
        assert.strictEqual(ExitReason.print(yield* down), text)
      }).pipe(Effect.scoped, Effect.provide(system)))
  }

  it.effect("G229: the signal of a linked actor says what it is", () =>
    Effect.gen(function*() {
      const seen = yield* Deferred.make<ExitSignal>()
      const Child = Actor.make("Child", [])
      const ChildLive = Child.behavior({ init: () => 0, handlers: {} })
      yield* Actor.make("Parent", []).behavior({
        init: (_: void, self) => void self.spawnUnsafe(ChildLive, undefined, { name: "db" }),
        handlers: {},
        signals: { exit: (_, signal) => Effect.asVoid(Deferred.succeed(seen, signal)) }
      }).spawn()
      yield* Actor.kill(yield* Actor.whereis(Child, "db"))
      const signal = yield* Deferred.await(seen)
      const title = "myrmidon/ExitSignal: linked actor db has ended: killed"
      assert.deepStrictEqual([String(signal), signal.stack], [title, title])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
