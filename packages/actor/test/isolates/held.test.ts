// Senders that are held for a mailbox of another isolate, in the middle of a handler (G111).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, type AskError } from "@myrmidonjs/actor"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { addon, TwoIsolates } from "./twoIsolates.ts"

const capacity = 4

const Receiver = Actor.make("HeldReceiver", [Rpc.make("Take", { payload: Schema.Int })])
const Sender = Actor.make("HeldSender", [
  Rpc.make("Go", { payload: { to: ActorRef.schema(Receiver), count: Schema.Int } }),
  Rpc.make("Next")
])
const Asked = Actor.make("HeldAsked", [Rpc.make("Size", { success: Schema.Int })])

describe.runIf(addon !== undefined)("a sender that is held by another isolate", () => {
  it.effect("G111: a handler that waits goes on; what it sends there is refused, and its next slice waits", () =>
    Effect.gen(function*() {
      const two = yield* TwoIsolates.open(addon!)
      const [here, there] = two.systems
      const taken: Array<number> = []
      const log: Array<string> = []
      const more = yield* Deferred.make<void>()
      const receiver = yield* Receiver.behavior({ init: () => null, handlers: { Take: (_, n) => void taken.push(n) } })
        .spawn(undefined, { mailbox: { capacity, onFull: "suspend", sendTimeout: "1 hour" } }).pipe(
          Effect.provideService(ActorSystem, there!)
        )
      const sender = yield* Sender.behavior({
        init: () => null,
        handlers: {
          Go: (_, { count, to }, self) => {
            const send = (from: number) => {
              for (let n = from; n < from + count; n++) {
                log.push(`${n} ${self.send(to, Receiver.messages.Take(n))}`)
              }
            }
            send(0)
            return Effect.andThen(Deferred.await(more), Effect.sync(() => send(count)))
          },
          Next: () => void log.push("next")
        }
      }).spawn().pipe(Effect.provideService(ActorSystem, here!))
      yield* Actor.suspend(receiver)
      yield* sender.tell(Sender.messages.Go({ to: receiver, count: capacity + 1 }))
      yield* sender.tell(Sender.messages.Next())
      // It is held by now, and its handler waits.
      yield* two.settle
      yield* Deferred.succeed(more, undefined)
      yield* two.settle
      const first = Array.from({ length: capacity + 1 }, (_, n) => n)
      const later = first.map((n) => n + capacity + 1)
      assert.deepStrictEqual(log, [...first.map((n) => `${n} Accepted`), ...later.map((n) => `${n} MailboxFull`)])
      assert.deepStrictEqual(
        two.letters.map(({ message, why }) => `${String(message.payload)} ${why}`),
        later.map((n) => `${n} MailboxFull`)
      )
      yield* Actor.resume(receiver)
      yield* two.settle
      assert.deepStrictEqual(taken, first)
      assert.strictEqual(log.at(-1), "next")
    }).pipe(Effect.scoped))

  it.effect("G288: an ask that a full mailbox of another isolate refuses or drops names the bound of that mailbox", () =>
    Effect.gen(function*() {
      const two = yield* TwoIsolates.open(addon!)
      const [here, there] = two.systems
      for (const onFull of ["reject", "drop-newest", "drop-oldest"] as const) {
        const receiver = yield* Asked.behavior({ init: () => null, handlers: { Size: () => 1 } })
          .spawn(undefined, { mailbox: { capacity, onFull } }).pipe(Effect.provideService(ActorSystem, there!))
        yield* Actor.suspend(receiver)
        // As one that was sent here: nothing is known of it but its protocol.
        const ref = yield* Effect.provideService(ActorRef.fromPid(Asked, receiver.pid), ActorSystem, here!)
        const asks: Array<Fiber.Fiber<number, AskError>> = []
        for (let n = 0; n <= capacity; n++) {
          asks.push(yield* Effect.forkChild(ref.ask(Asked.messages.Size()), { startImmediately: true }))
        }
        yield* two.settle
        const lost = yield* Effect.flip(Fiber.join(asks[onFull === "drop-oldest" ? 0 : capacity]!))
        assert.deepInclude(lost.reason, { _tag: "MailboxFull", pid: receiver.pid, capacity })
        yield* Actor.resume(receiver)
        yield* two.settle
      }
    }).pipe(Effect.scoped))
})
