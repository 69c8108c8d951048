// The options of children, of which the last frozen ones are looked at once (G217, G299).
import { assert, describe, it } from "@effect/vitest"
import { Actor, type ChildOptions, type Self, SpawnError } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { systems } from "./fixtures.ts"

const Child = Actor.make("Child", [])
const ChildLive = Child.behavior({ init: () => 0, handlers: {} })
const Parent = Actor.make("Parent", [
  Rpc.make("Run", { payload: { use: Schema.Any }, success: Schema.Any }),
  Rpc.make("Idle")
])
const ParentLive = Parent.behavior({
  init: () => 0,
  handlers: {
    Run: (_, { use }, self) => [use(self)],
    Idle: () => {}
  }
})

/** The option that is refused; undefined: none is. */
const refusedBy = (self: Self.Any, options: unknown): string | undefined => {
  try {
    self.spawnUnsafe(ChildLive, undefined, options as ChildOptions)
    return undefined
  } catch (error) {
    assert(error instanceof SpawnError && error.reason._tag === "InvalidOption", String(error))
    return error.reason.option
  }
}

describe.each(systems)("options of children on the %s", (_name, system) => {
  const inside = <A>(use: (self: Self.Any) => A) =>
    Effect.gen(function*() {
      const parent = yield* ParentLive.spawn()
      const [result] = (yield* parent.ask(Parent.messages.Run({ use }))) as [A]
      return result
    }).pipe(Effect.scoped, Effect.provide(system))

  it.effect("G299: frozen ones are looked at once, others each time", () =>
    Effect.gen(function*() {
      let looks = 0
      const options = (): ChildOptions => ({
        // Nobody but the check reads it, when it is undefined.
        get onEnd() {
          looks++
          return undefined
        }
      })
      const looksAt = (options: ChildOptions) =>
        inside((self) => {
          const each: Array<number> = []
          for (let n = 0; n < 3; n++) {
            looks = 0
            assert.isUndefined(refusedBy(self, options))
            each.push(looks)
          }
          return each
        })
      const [first, second, third] = yield* looksAt(Object.freeze(options()))
      assert.isAbove(first!, second!)
      assert.strictEqual(second, third)
      const [one, two] = yield* looksAt(options())
      assert.strictEqual(one, two)
      assert.strictEqual(one, first)
    }))

  it.effect("G299: what is not frozen may become wrong, and what is frozen and wrong stays so", () =>
    inside((self) => {
      const open: { link: unknown } = { link: false }
      assert.isUndefined(refusedBy(self, open))
      open.link = "no"
      assert.strictEqual(refusedBy(self, open), "link")
      const wrong = Object.freeze({ linked: true })
      for (let n = 0; n < 3; n++) assert.strictEqual(refusedBy(self, wrong), "linked")
    }))

  it.effect("G299: what a frozen object holds is looked at each time, for that may change", () =>
    inside((self) => {
      const mailbox: { capacity: unknown } = { capacity: 1 }
      const options = Object.freeze({ mailbox })
      assert.isUndefined(refusedBy(self, options))
      mailbox.capacity = null
      assert.strictEqual(refusedBy(self, options), "mailbox.capacity")
    }))

  it.effect("G299: options of a child are none of an actor without a parent, seen before or not", () =>
    Effect.gen(function*() {
      const options = Object.freeze({ link: false })
      assert.isUndefined(yield* inside((self) => refusedBy(self, options)))
      const error = yield* Effect.flip(ChildLive.spawn(undefined, options as never))
      assert(error.reason._tag === "InvalidOption")
      assert.strictEqual(error.reason.option, "link")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
