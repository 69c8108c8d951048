// What a suspended actor does not do, and what it does; a swap's own hold beside it (G63, G64, G67, G69).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ExitReason, HotSwap, Lane, Monitor, Reentrant } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { testSystems, turn } from "./fixtures.ts"

const Log = Actor.make("Log", [
  Rpc.make("Note", { payload: Schema.String }),
  Rpc.make("Urgent", { payload: Schema.String }).annotate(Lane, "priority"),
  Rpc.make("Wait", { payload: Schema.String }),
  Rpc.make("Tick"),
  Rpc.make("Read", { success: Schema.Array(Schema.String) }),
  Rpc.make("Peek", { success: Schema.Array(Schema.String) }).annotate(Reentrant, true)
])
const { Note, Peek, Read, Tick, Urgent, Wait } = Log.messages

interface State {
  readonly seen: Array<string>
}

/** `gate`: what `Wait` waits for, after it has given itself a message with `self.next`. */
const logOf = (version: string, gate = Deferred.makeUnsafe<void>()) =>
  Log.behavior({
    version,
    init: (every: number, self): State => {
      if (every > 0) self.every(every, Tick())
      return { seen: [] }
    },
    handlers: {
      Note: ({ seen }, text) => void seen.push(text),
      Urgent: ({ seen }, text) => void seen.push(text),
      Wait: (_, text, self) => {
        self.next(Note(text))
        return Deferred.await(gate)
      },
      Tick: ({ seen }) => void seen.push("tick"),
      Read: ({ seen }) => [...seen],
      Peek: ({ seen }) => [...seen, version]
    }
  })

describe.each(testSystems)("suspension on the %s", (_, system) => {
  it.effect("holds back every lane, ticks and self.next, and counts what waits (G63)", () =>
    Effect.gen(function*() {
      const gate = Deferred.makeUnsafe<void>()
      const log = yield* logOf("1", gate).spawn(1000, { mailbox: { capacity: 2 } })
      yield* log.tell(Wait("next"))
      yield* turn
      yield* Actor.suspend(log)
      Deferred.doneUnsafe(gate, Exit.void)
      yield* log.tell(Note("note"))
      yield* log.tell(Urgent("urgent"))
      assert.strictEqual((yield* Effect.flip(log.tell(Note("over")))).reason._tag, "MailboxFull")
      yield* TestClock.adjust("1 second")
      yield* turn
      assert.strictEqual((yield* Actor.info(log)).status, "suspended")
      yield* Actor.resume(log)
      yield* turn
      assert.deepStrictEqual(yield* log.ask(Read()), ["next", "urgent", "note", "tick"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("whoever closes the scope of a suspended actor does not wait for ever (G55)", () =>
    Effect.gen(function*() {
      const log = yield* Effect.scoped(Effect.tap(logOf("1").spawn(0), Actor.suspend))
      assert.isFalse(yield* Actor.isAlive(log))
    }).pipe(Effect.provide(system)))

  it.effect("control acts on a suspended actor: links, exit signals, kill (G63)", () =>
    Effect.gen(function*() {
      const [one, two] = yield* Effect.all([logOf("1").spawn(0), logOf("1").spawn(0)])
      const ends = yield* Effect.all([Monitor.make(one), Monitor.make(two)])
      yield* Effect.forEach([one, two], Actor.suspend)
      yield* Actor.exit(one, ExitReason.shutdown("over"))
      yield* Actor.kill(two)
      assert.deepStrictEqual(yield* Effect.all(ends), [ExitReason.shutdown("over"), ExitReason.killed])
      assert.strictEqual((yield* Effect.flip(Actor.resume(one)))._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a program's resume does not let go whom a swap holds (G64)", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<void>()
      const [V1, V2] = [logOf("1"), logOf("2")]
      const toV2 = HotSwap.upgrade(V1, V2, {
        migrate: (old) => Effect.as(Deferred.await(opened), { seen: [...old.seen, "migrated"] })
      })
      const log = yield* V1.spawn(0)
      yield* Actor.suspend(log)
      const swap = yield* Effect.forkChild(HotSwap.swap(log, toV2), { startImmediately: true })
      yield* log.tell(Note("note"))
      yield* Actor.resume(log)
      yield* turn
      assert.deepInclude(yield* Actor.info(log), { mailbox: 1, status: "suspended", version: "1" })
      Deferred.doneUnsafe(opened, Exit.void)
      yield* Fiber.join(swap)
      assert.deepStrictEqual(yield* log.ask(Read()), ["migrated", "note"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what is sent while a migration waits counts against the bound (G69)", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<void>()
      const [V1, V2] = [logOf("1"), logOf("2")]
      const toV2 = HotSwap.upgrade(V1, V2, { migrate: (old) => Effect.as(Deferred.await(opened), old) })
      const log = yield* V1.spawn(0, { mailbox: { capacity: 2 } })
      const swap = yield* Effect.forkChild(HotSwap.swap(log, toV2), { startImmediately: true })
      yield* log.tell(Note("one"))
      yield* log.tell(Note("two"))
      assert.strictEqual((yield* Effect.flip(log.tell(Note("three")))).reason._tag, "MailboxFull")
      Deferred.doneUnsafe(opened, Exit.void)
      yield* Fiber.join(swap)
      yield* turn
      assert.deepStrictEqual(yield* log.ask(Read()), ["one", "two"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("while a swap waits for a handler, re-entrant messages wait too (G67)", () =>
    Effect.gen(function*() {
      const gate = Deferred.makeUnsafe<void>()
      const [V1, V2] = [logOf("1", gate), logOf("2")]
      const log = yield* V1.spawn(0)
      yield* log.tell(Wait("waited"))
      yield* turn
      assert.deepStrictEqual(yield* log.ask(Peek()), ["1"])
      const swap = yield* Effect.forkChild(HotSwap.swap(log, HotSwap.upgrade(V1, V2)), { startImmediately: true })
      const peek = yield* Effect.forkChild(log.ask(Peek()), { startImmediately: true })
      yield* turn
      assert.isUndefined(peek.pollUnsafe())
      Deferred.doneUnsafe(gate, Exit.void)
      yield* Fiber.join(swap)
      assert.deepStrictEqual(yield* Fiber.join(peek), ["waited", "2"])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
