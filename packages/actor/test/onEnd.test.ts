// `onEnd` of a child: one plain call, whatever became of its links.
import { Actor, type ExitReason, type Pid } from "@myrmidonjs/actor"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Rpc } from "effect/rpc"
import { testSystems } from "./fixtures.ts"

const turns = Effect.forEach(
  [1, 2, 3, 4, 5, 6],
  () => Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))),
  { discard: true }
)

const Child = Actor.make("Child", [Rpc.make("Crash")])
const { Crash } = Child.messages
const childOf = (init: () => object | Effect.Effect<object, string>) =>
  Child.behavior({
    init,
    handlers: {
      Crash: () => {
        throw new Error("boom")
      }
    }
  })
const ChildLive = Child.behavior({
  init: () => ({}),
  handlers: {
    Crash: () => {
      throw new Error("boom")
    }
  }
})
const Parent = Actor.make("Parent", [])

describe.each(testSystems)("onEnd on the %s", (_, system) => {
  const parentOf = (use: (self: Parameters<Parameters<typeof Parent.behavior>[0]["init"]>[1]) => unknown) =>
    Parent.behavior({ init: (_: undefined, self) => ({ value: use(self) }), handlers: {} }).spawn(undefined)

  it.effect("G94: each end is told once, with its reason, also of one that is not linked", () =>
    Effect.gen(function*() {
      const told: Array<readonly [Pid, ExitReason["_tag"]]> = []
      const onEnd = (ref: { readonly pid: Pid }, reason: ExitReason): void => void told.push([ref.pid, reason._tag])
      const refs: Array<Actor.Ref<typeof Child>> = []
      yield* parentOf((self) => {
        for (const link of [false, false, true]) refs.push(self.spawnUnsafe(ChildLive, undefined, { link, onEnd }))
        return refs
      })
      yield* Actor.stop(refs[0]!)
      yield* refs[1]!.tell(Crash())
      yield* turns
      // Its parent ends by the link, and tells nobody of that.
      yield* Actor.kill(refs[2]!)
      yield* turns
      assert.deepStrictEqual(told, [
        [refs[0]!.pid, "Shutdown"],
        [refs[1]!.pid, "Crashed"],
        [refs[2]!.pid, "Killed"]
      ])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G94: options that are given again and again mean the same, and others what they say", () =>
    Effect.gen(function*() {
      const told: Array<Pid> = []
      const onEnd = (ref: { readonly pid: Pid }): void => void told.push(ref.pid)
      const tie = Object.freeze({ link: false, onEnd })
      const named = Object.freeze({ link: false, onEnd: (ref: { readonly pid: Pid }) => onEnd(ref), name: "one" })
      const given = [{ link: false, onEnd }, undefined, tie, tie, undefined, tie, { link: false }, tie, named]
      const refs: Array<Actor.Ref<typeof Child>> = []
      yield* parentOf((self) => {
        for (const options of given) refs.push(self.spawnUnsafe(ChildLive, undefined, options))
        assert.throws(() => self.spawnUnsafe(ChildLive, undefined, named), /is held by/)
        return refs
      })
      for (const ref of refs) yield* Actor.kill(ref)
      yield* turns
      const heard = refs.filter((_, at) => given[at] !== undefined && "onEnd" in given[at])
      assert.sameOrderedMembers(told, heard.map(({ pid }) => pid))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G36: of an init that failed its starter hears alone, and so does nobody who has its slot next", () =>
    Effect.gen(function*() {
      const told: Array<Pid> = []
      const onEnd = (ref: { readonly pid: Pid }): void => void told.push(ref.pid)
      const errors: Array<unknown> = []
      yield* parentOf((self) => {
        const late = childOf(() => Effect.andThen(Effect.yieldNow, Effect.fail("late")))
        const now = childOf(() => {
          throw new Error("now")
        })
        return Effect.runFork(
          Effect.forEach(
            [late, now],
            (behavior) =>
              Effect.map(
                Effect.exit(self.spawn(behavior, undefined, { link: false, onEnd })),
                (exit) => void errors.push(Exit.isFailure(exit))
              )
          )
        )
      })
      yield* turns
      assert.deepStrictEqual(errors, [true, true])
      for (let i = 0; i < 8; i++) yield* Actor.stop(yield* ChildLive.spawn())
      yield* turns
      assert.deepStrictEqual(told, [])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G2: whoever gets the slot of the dead before their end was told disturbs nobody", () =>
    Effect.gen(function*() {
      const told: Array<Pid> = []
      const spawned: Array<Pid> = []
      const onEnd = (ref: { readonly pid: Pid }): void => void told.push(ref.pid)
      yield* parentOf((self) => {
        for (let i = 0; i < 50; i++) {
          const ref = self.spawnUnsafe(ChildLive, undefined, { link: false, onEnd })
          spawned.push(ref.pid)
          Effect.runSync(Actor.kill(ref))
          // Asking makes the shard act, which frees the slot.
          Effect.runSync(Actor.isAlive(ref))
        }
        return spawned
      })
      yield* turns
      assert.strictEqual(told.length, spawned.length)
      assert.deepStrictEqual(new Set(told), new Set(spawned))
    }).pipe(Effect.scoped, Effect.provide(system)))
})
