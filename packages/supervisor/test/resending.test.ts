/**
 * An application that sends dead letters again, to whoever has the name then (G298): the guide docs/guides/dead-letters.md,
 * with crash after crash, and everything counted.
 */
import { Actor, ActorRef, ActorSystem, type DeadLetter, type SystemOptions } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer, Queue, Schedule, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { testSystems } from "./fixtures.ts"

const Orders = Actor.make("Orders", [
  Rpc.make("Place", { payload: Schema.Int }),
  Rpc.make("Ask", { payload: Schema.Int, success: Schema.Int })
])
const { Ask, Place } = Orders.messages

const systems: ReadonlyArray<readonly [string, (options: SystemOptions) => Layer.Layer<ActorSystem, unknown>]> = [
  ["twin", ActorSystem.layerMemory],
  // Where its binary is, as the fixtures have found out.
  ...testSystems.length > 1 ? [["native", ActorSystem.layer] as const] : []
]

describe.each(systems)("dead letters that are sent again, on the %s", (_, system) => {
  it.live("G298: every message but those that crashed it is handled once, and nothing goes in circles", () => {
    const lost = Effect.runSync(Queue.unbounded<DeadLetter>())
    const letters: Array<DeadLetter> = []
    const onDeadLetter = (letter: DeadLetter): void => {
      letters.push(letter)
      const isLeft = letter.why === "Stopped" || letter.why === "NotAlive"
      if (letter.name === "orders" && !letter.asked && isLeft) Queue.offerUnsafe(lost, letter)
    }
    const handled: Array<number> = []
    let crashes = 0
    const OrdersLive = Orders.behavior({
      init: () => 0,
      handlers: {
        Place: (_, order) => {
          if (order % 100 === 13) {
            crashes++
            throw new Error("on purpose")
          }
          handled.push(order)
        },
        Ask: (_, order) => order
      }
    })
    const resend = Effect.gen(function*() {
      const orders = yield* ActorRef.named(Orders, "orders")
      while (true) {
        const { message } = yield* Queue.take(lost)
        yield* Effect.retry(orders.current, Schedule.spaced("1 millis"))
        if (Place.is(message)) yield* orders.tell(message)
      }
    })
    const count = 1_000
    return Effect.gen(function*() {
      yield* Effect.forkScoped(resend)
      const app = yield* Supervisor.start(Supervisor.make("app", { intensity: 100 }, [
        Supervisor.child("orders", OrdersLive, undefined, { name: "orders" })
      ]))
      const orders = yield* app.get("orders")
      for (let order = 0; order < count; order++) yield* orders.tell(Place(order))
      // A question among them: its asker is told, and it is not sent again.
      const asked = yield* Effect.forkChild(Effect.exit(orders.ask(Ask(7))), { startImmediately: true })
      const expected = count - count / 100
      yield* Effect.repeat(Effect.sleep(1), { until: () => handled.length >= expected })
      assert.isTrue(Exit.isFailure(yield* Fiber.join(asked)))
      assert.deepStrictEqual(
        handled.toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, n) => n).filter((n) => n % 100 !== 13)
      )
      assert.strictEqual(crashes, 10)
      const questions = letters.filter(({ asked }) => asked)
      assert.deepStrictEqual(questions.map(({ message, name }) => [message._tag, name]), [["Ask", "orders"]])
      // Each life left behind what it had not come to, once.
      assert.isBelow(letters.length, count * (crashes + 1))
    }).pipe(Effect.scoped, Effect.provide(system({ onDeadLetter })))
  })

  it.live("G298: a letter has the name that it was sent to, or that its receiver had", () => {
    const letters: Array<DeadLetter> = []
    const onDeadLetter = (letter: DeadLetter): void => void letters.push(letter)
    const OrdersLive = Orders.behavior({ init: () => 0, handlers: { Place: () => {}, Ask: (_, order) => order } })
    return Effect.gen(function*() {
      const named = yield* ActorRef.named(Orders, "nobody")
      yield* named.tell(Place(1))
      yield* Effect.flip(named.ask(Ask(2)))
      const ref = yield* OrdersLive.spawn(undefined, { name: "somebody" })
      yield* Actor.suspend(ref)
      yield* ref.tell(Place(3))
      const asked = yield* Effect.forkChild(Effect.exit(ref.ask(Ask(4))), { startImmediately: true })
      yield* Actor.kill(ref)
      yield* Fiber.join(asked)
      yield* ref.tell(Place(5))
      yield* Effect.flip(ref.ask(Ask(6)))
      const bare = yield* OrdersLive.spawn(undefined)
      yield* Actor.stop(bare)
      yield* bare.tell(Place(7))
      yield* Effect.repeat(Effect.sleep(1), { until: () => letters.length >= 7 })
      assert.deepStrictEqual(letters.map(({ asked, message, name }) => [message.payload, name, asked]), [
        [1, "nobody", false],
        [2, "nobody", true],
        [3, "somebody", false],
        [4, "somebody", true],
        [5, "somebody", false],
        [6, "somebody", true],
        [7, undefined, false]
      ])
    }).pipe(Effect.scoped, Effect.provide(system({ onDeadLetter })))
  })
})
