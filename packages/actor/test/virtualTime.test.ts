// Virtual time: when the system looks at its clock, and that a program which never rests can be stopped.
import { assert, describe, it } from "@effect/vitest"
import { Actor, HotSwap } from "@myrmidonjs/actor"
import { Effect, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { testSystems } from "./fixtures.ts"

const Worker = Actor.make("Worker", [
  Rpc.make("Work", { payload: Schema.Array(Schema.Int) }),
  Rpc.make("Tick"),
  Rpc.make("After", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Cancel", { payload: Schema.Int }),
  Rpc.make("Spin"),
  Rpc.make("Spins", { success: Schema.Int })
])
const { After, Cancel, Spin, Spins, Work } = Worker.messages

/** Its migration is work, so that a crowd of them takes more than one turn of the event loop. */
const Heavy = Actor.make("Heavy", [])
const heavyOf = (version: string) =>
  Heavy.behavior({ version, init: () => ({ items: Array.from({ length: 500 }, (_, n) => ({ n })) }), handlers: {} })

const workerOf = (name: string, log: Array<string>) =>
  Worker.behavior({
    init: () => ({ spins: 0 }),
    handlers: {
      // Each part of the sleep is set when the one before is over.
      Work: (_, parts) =>
        Effect.andThen(
          Effect.forEach(parts, (millis) => Effect.sleep(millis)),
          Effect.sync(() => void log.push(`${name} worked`))
        ),
      Tick: () => void log.push(`${name} ticked`),
      After: (_, millis, self) => self.after(millis, Worker.messages.Tick()),
      Cancel: (_, timer, self) => void self.cancel(timer as never),
      Spin: (state, _, self) => {
        state.spins++
        self.tell(Spin())
      },
      Spins: ({ spins }) => spins
    }
  })

describe.each(testSystems)("virtual time on the %s", (_name, system) => {
  it.effect("G258: what falls on one moment comes in the order in which it was set, however far away it was", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const live = workerOf("first", log)
      const worker = yield* live.spawn(undefined)
      const other = yield* workerOf("second", log).spawn(undefined)
      yield* worker.ask(After(150))
      yield* worker.ask(After(70_003))
      yield* other.tell(Work([140, 10]))
      // A question that is pending is a deadline as well.
      yield* Effect.forkChild(other.ask(Worker.messages.Spins(), { timeout: "2 minutes" }), { startImmediately: true })
      yield* TestClock.adjust("150 millis")
      yield* other.tell(Work([69_840, 13]))
      yield* TestClock.adjust("70 seconds")
      assert.deepStrictEqual(log, ["first ticked", "second worked", "first ticked", "second worked"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G258: a deadline that is no more wakes nobody: the next one is set when it is known", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const worker = yield* workerOf("first", log).spawn(undefined)
      const other = yield* workerOf("second", log).spawn(undefined)
      const timer = yield* worker.ask(After(101))
      yield* TestClock.adjust(1)
      yield* worker.tell(Cancel(timer))
      yield* TestClock.adjust(1)
      yield* worker.ask(After(200))
      yield* other.tell(Work([50, 150]))
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(log, ["first ticked", "second worked"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G259: the event loop has its turn beside an actor that never rests, and timers come at their time", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const spinner = yield* workerOf("spinner", log).spawn(undefined)
      const other = yield* workerOf("other", log).spawn(undefined)
      yield* spinner.tell(Spin())
      const spins = yield* Effect.forkChild(spinner.ask(Spins()), { startImmediately: true })
      assert.isAbove(yield* Fiber.join(spins), 0)
      yield* other.ask(After(50))
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(yield* other.ask(Spins()), 0)
      assert.deepStrictEqual(log, ["other ticked"])
      yield* Actor.kill(spinner)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G261: a crowd is swapped before time goes on, however slow the machine is", () =>
    Effect.gen(function*() {
      const [first, second] = [heavyOf("1"), heavyOf("2")]
      yield* Effect.forEach(Array.from({ length: 200 }), () => first.spawn(undefined))
      const swap = HotSwap.swapAll(HotSwap.upgrade(first, second), { canary: { within: "1 second" } })
      const swapping = yield* Effect.forkChild(swap, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const { pause, swapped } = yield* Fiber.join(swapping)
      assert.deepStrictEqual([swapped, pause.max], [200, 0])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
