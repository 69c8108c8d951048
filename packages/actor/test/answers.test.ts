// An answer comes behind what its callee sent before and may enter (G266); when it does not wait. The order itself is in
// conformance/answers.json.
import { assert, describe, it } from "@effect/vitest"
import { Actor, type AnyRef, HotSwap, Reentrant } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { systems, testSystems, turn } from "./fixtures.ts"

const Asker = Actor.make("Asker", [
  Rpc.make("Start"),
  Rpc.make("Peek", { payload: Schema.String }).annotate(Reentrant, true)
])
const { Peek, Start } = Asker.messages

const Callee = Actor.make("Callee", [
  Rpc.make("Question", { success: Schema.String }),
  Rpc.make("Answer")
])
const { Answer, Question } = Callee.messages

type AskerRef = Actor.Ref<typeof Asker>

/** Who is asked, and what it does between what it sends and its answer. */
class World {
  readonly log: Array<string> = []
  asker: AskerRef | undefined
  callee: Actor.Ref<typeof Callee> | undefined
  private answer = Deferred.makeUnsafe<string>()

  /** Answers at once when it is asked from `init` or `terminate`, else when it is told to; then does `last`. */
  calleeOf(last: Effect.Effect<unknown> = Effect.void, isLater = true) {
    return Callee.behavior({
      init: () => 0,
      handlers: {
        Question: (_state, _payload, self) => {
          if (isLater) return this.answer
          if (self.sender !== undefined) self.send(this.asker!, Peek("first"))
          return "yes"
        },
        Answer: (_state, _payload, self) => {
          self.send(this.asker!, Peek("first"))
          Deferred.doneUnsafe(this.answer, Exit.succeed("yes"))
          return Effect.asVoid(last)
        }
      }
    })
  }

  askerOf(version = "1") {
    const ask = Effect.suspend(() => this.callee!.ask(Question())).pipe(
      Effect.orDie,
      Effect.map((answer) => void this.log.push(answer))
    )
    return Asker.behavior({
      version,
      init: (isEager: boolean, self) => {
        this.asker = self.ref as AskerRef
        return isEager ? Effect.as(ask, 0) : 0
      },
      handlers: {
        Start: () => ask,
        Peek: (_, text) => void this.log.push(`${text} ${version}`)
      },
      terminate: () => ask
    })
  }
}

const all = [
  ...systems.map(([name, system]) => [name, system] as const),
  ...testSystems.map(([name, system]) => [`${name} in lockstep`, system] as const)
]

describe.each(all)("answers on the %s", (_, system) => {
  const suspend = (ref: AnyRef) => Effect.orDie(Actor.suspend(ref))

  it.effect("one that has never asked is suspended with what is in its mailbox (G63)", () =>
    Effect.gen(function*() {
      const world = new World()
      const ref = yield* world.askerOf().spawn(false)
      yield* ref.tell(Peek("first"))
      yield* Actor.suspend(ref)
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, [])
      yield* Actor.resume(ref)
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["first 1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an asker that is suspended gets its answer, and nothing else (G266, G63)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callee = yield* world.calleeOf(Effect.suspend(() => suspend(world.asker!))).spawn()
      const asker = yield* world.askerOf().spawn(false)
      yield* asker.tell(Start())
      yield* turn
      yield* world.callee.tell(Answer())
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["yes"])
      yield* Actor.resume(asker)
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["yes", "first 1"])
      yield* Actor.kill(asker)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("one that was suspended before, too (G266, G63)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callee = yield* world.calleeOf().spawn()
      const asker = yield* world.askerOf().spawn(false)
      yield* asker.tell(Start())
      yield* turn
      yield* Actor.suspend(asker)
      yield* world.callee.tell(Answer())
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["yes"])
      yield* Actor.kill(asker)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a swap that waits for the asker's handler keeps no answer back (G266, G67)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callee = yield* world.calleeOf().spawn()
      const v1 = world.askerOf("1"), v2 = world.askerOf("2")
      const asker = yield* v1.spawn(false)
      yield* asker.tell(Start())
      yield* turn
      const swap = yield* Effect.forkChild(HotSwap.swap(asker, HotSwap.upgrade(v1, v2, { migrate: (n) => n })), {
        startImmediately: true
      })
      yield* world.callee.tell(Answer())
      yield* Fiber.join(swap)
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["yes", "first 2"])
      yield* Actor.kill(asker)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an actor that asks while it starts, or in its cleanup, has nothing to wait for (G266, G36)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callee = yield* world.calleeOf(Effect.void, false).spawn()
      const asker = yield* world.askerOf().spawn(true)
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(world.log, ["yes", "first 1"])
      yield* Actor.stop(asker)
      assert.deepStrictEqual(world.log, ["yes", "first 1", "yes"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an asker that has given up meanwhile does not hear it (G266, G21)", () =>
    Effect.gen(function*() {
      const world = new World()
      world.callee = yield* world.calleeOf(Effect.suspend(() => Actor.kill(world.asker!))).spawn()
      const asker = yield* world.askerOf().spawn(false)
      yield* asker.tell(Start())
      yield* turn
      yield* world.callee.tell(Answer())
      for (let i = 0; i < 5; i++) yield* turn
      assert.isFalse(yield* Actor.isAlive(asker))
      assert.notInclude(world.log, "yes")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("a tick on the %s", (_, system) => {
  it.effect("enters beside a handler that waits, where its message may (G7, G43)", () =>
    Effect.gen(function*() {
      const ticks: Array<string> = []
      const asker = yield* Asker.behavior({
        init: (_: void, self) => void self.after(10, Peek("tick")),
        handlers: { Start: () => Effect.never, Peek: (_, text) => void ticks.push(text) }
      }).spawn()
      yield* asker.tell(Start())
      yield* turn
      yield* TestClock.adjust("1 second")
      for (let i = 0; i < 5; i++) yield* turn
      assert.deepStrictEqual(ticks, ["tick"])
      yield* Actor.kill(asker)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(systems)("the end of the %s", (_, system) => {
  it.effect("an answer that waits when the system closes leaves nobody behind (G266, G55)", () =>
    Effect.gen(function*() {
      const world = new World()
      const told = Deferred.makeUnsafe<void>()
      yield* Effect.gen(function*() {
        world.callee = yield* world.calleeOf(Deferred.succeed(told, undefined)).spawnDetached()
        const asker = yield* world.askerOf().spawnDetached(false)
        yield* asker.tell(Start())
        yield* turn
        yield* world.callee.tell(Answer())
        yield* Deferred.await(told)
      }).pipe(Effect.provide(system))
      assert.include(world.log, "yes")
    }))
})
