// By what name the ends of actors are told.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, type ActorSystem, type DeadLetter, ExitReason, type SystemOptions } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema, type Scope } from "effect"
import { Rpc } from "effect/rpc"
import { layers, systems, testSystems } from "./fixtures.ts"

const Child = Actor.make("Child", [Rpc.make("Boom"), Rpc.make("Leave")])
const { Boom, Leave } = Child.messages
const ChildLive = Child.behavior({
  init: () => 0,
  handlers: {
    Boom: () => {
      throw new Error("boom")
    },
    Leave: (_, _void, self) => self.stop(ExitReason.shutdown("done"))
  }
})

type End = (child: Actor.Ref<typeof Child>) => Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>
const ends: ReadonlyArray<readonly [how: string, end: End]> = [
  ["stopped", (child) => Actor.stop(child)],
  ["killed", (child) => Actor.kill(child)],
  ["crashed", (child) => child.tell(Boom())],
  ["done", (child) => child.tell(Leave())]
]

describe.each([...systems, ...testSystems])("names of who has ended, on the %s", (_, system) => {
  it.effect.each(ends)(
    "G267: a trapped exit signal has the name of who has ended: %s",
    ([, end]) =>
      Effect.gen(function*() {
        const told = yield* Deferred.make<string | undefined>()
        const child = yield* ChildLive.spawn(undefined, { name: "child" })
        const trap = Actor.make("Trap", []).behavior({
          init: (_: void, self) => self.link(child),
          handlers: {},
          signals: { exit: (_, { name }) => Effect.asVoid(Deferred.succeed(told, name)) }
        })
        yield* trap.spawn()
        yield* end(child)
        assert.strictEqual(yield* Deferred.await(told), "child")
      }).pipe(Effect.scoped, Effect.provide(system))
  )
})

describe.each(layers)("names of who never was, on the %s", (_, layer) => {
  it.effect("G298: a dead letter of an actor whose init fails has the name that it was sent to", () => {
    const letters: Array<DeadLetter> = []
    const options: SystemOptions = { onDeadLetter: (letter) => void letters.push(letter) }
    return Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const Late = Actor.make("Late", [Rpc.make("Note", { payload: Schema.Int })])
      const LateLive = Late.behavior({
        init: () => Effect.andThen(Deferred.await(gate), Effect.fail("no")),
        handlers: { Note: () => {} }
      })
      const spawning = yield* Effect.forkChild(Effect.flip(LateLive.spawn(undefined, { name: "late" })), {
        startImmediately: true
      })
      const late = yield* ActorRef.named(Late, "late")
      yield* late.tell(Late.messages.Note(1))
      Deferred.doneUnsafe(gate, Exit.void)
      assert.strictEqual(yield* Fiber.join(spawning), "no")
    }).pipe(
      Effect.scoped,
      Effect.provide(layer(options)),
      Effect.andThen(Effect.sync(() => {
        assert.deepStrictEqual(letters.map(({ name, why }) => [name, why]), [["late", "Stopped"]])
      }))
    )
  })
})
