// `self.begin`: a child as far as its `init` has come.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, SpawnError } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { testSystems } from "./fixtures.ts"

const Child = Actor.make("Child", [])
const childOf = <E = never>(init: () => object | Effect.Effect<object, E>) => Child.behavior({ init, handlers: {} })
const Parent = Actor.make("Parent", [])
type Starting = Parameters<Parameters<typeof Parent.behavior>[0]["init"]>[1]

/** The actors that there are. */
const actors = Effect.flatMap(ActorSystem, ({ info }) => Effect.map(info, ({ actors }) => actors))

const parent = Effect.gen(function*() {
  let own: Starting | undefined
  yield* Parent.behavior({ init: (_: undefined, self) => ({ self: own = self }), handlers: {} }).spawn(undefined)
  return own!
})

describe.each(testSystems)("self.begin on the %s", (_, system) => {
  it.effect("G234: a child whose init is done is there, and linked as any other", () =>
    Effect.gen(function*() {
      const self = yield* parent
      for (const init of [() => ({}), () => Effect.succeed({})]) {
        const child = self.begin(childOf(init), undefined)
        assert(!Effect.isEffect(child))
        assert.deepStrictEqual((yield* Actor.info(child)).links, [self.pid])
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G234: one whose init waits is what waits for it", () =>
    Effect.gen(function*() {
      const self = yield* parent
      const gate = yield* Deferred.make<object>()
      const begun = self.begin(childOf(() => Deferred.await(gate)), undefined)
      assert(Effect.isEffect(begun))
      const starting = yield* Effect.forkChild(begun, { startImmediately: true })
      assert.isUndefined(starting.pollUnsafe())
      yield* Deferred.succeed(gate, {})
      assert.isTrue(yield* Actor.isAlive(yield* Fiber.join(starting)))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G234: given up, it never was", () =>
    Effect.gen(function*() {
      const self = yield* parent
      const before = yield* actors
      const begun = self.begin(childOf(() => Effect.never), undefined)
      assert(Effect.isEffect(begun))
      const starting = yield* Effect.forkChild(begun, { startImmediately: true })
      assert.strictEqual(yield* actors, before + 1)
      yield* Fiber.interrupt(starting)
      assert.strictEqual(yield* actors, before)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G234: what fails says so, and what is refused throws", () =>
    Effect.gen(function*() {
      const self = yield* parent
      const before = yield* actors
      const failed = self.begin(childOf(() => Effect.fail("no")), undefined)
      assert(Effect.isEffect(failed))
      assert.deepStrictEqual(yield* Effect.exit(failed), Exit.fail("no"))
      assert.throws(() => self.begin(childOf(() => ({})), undefined, { name: "" }), SpawnError)
      assert.strictEqual(yield* actors, before)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
