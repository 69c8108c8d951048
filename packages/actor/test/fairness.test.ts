// Fairness with a clock that stands still but where a handler moves it: no wall clock, the same on both systems.
import { describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type AskError, type TellError } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { assert } from "vitest"
import { backends, Under } from "./conformance/under.ts"
import { turn } from "./fixtures.ts"

const Worker = Actor.make("Worker", [
  Rpc.make("Work", { payload: Schema.Number }),
  Rpc.make("Light"),
  Rpc.make("Arm", { payload: Schema.Number })
])
const { Arm, Light, Work } = Worker.messages
const Sometimes = Actor.make("Sometimes", [Rpc.make("Take", { payload: Schema.Number })])
const { Take } = Sometimes.messages

/** Runs `program` on actors that write down what they do; `Work(ms)` takes so long. */
const written = (
  under: Under,
  program: (
    spawn: (name: string, again: number, budget?: number) => Actor.Ref<typeof Worker>,
    log: ReadonlyArray<string>
  ) => Effect.Effect<void>
): Effect.Effect<ReadonlyArray<string>> => {
  const log: Array<string> = []
  return Effect.gen(function*() {
    const system = yield* ActorSystem
    const spawn = (name: string, again: number, budget?: number) =>
      system.spawnUnsafe(
        Worker.behavior({
          init: () => ({ left: again }),
          handlers: {
            Work: (state, ms, self) => {
              under.clock.pass(ms)
              log.push(`${name} works`)
              if (state.left-- > 0) self.tell(Work(ms))
            },
            Light: () => {
              log.push(`${name} is served`)
            },
            Arm: (_, ms, self) => {
              self.after(ms, Light())
            }
          }
        }),
        undefined,
        { budget }
      )
    yield* program(spawn, log)
    yield* under.settle
    return log
  }).pipe(Effect.provide(under.layer))
}

describe.each(backends)("fairness on the %s system", (_, backend) => {
  it.effect("G109: a flooded actor with a small budget is throttled before light ones wait for it", () =>
    Effect.gen(function*() {
      /** Messages of three flooded actors that come before the last of ten light ones, which have twenty each. */
      const before = (budget: number | undefined) =>
        Effect.map(
          written(new Under(backend), (spawn) =>
            Effect.sync(() => {
              const flooded = ["f1", "f2", "f3"].map((name) => spawn(name, 0, budget))
              const light = Array.from({ length: 10 }, (_, at) => spawn(`l${at}`, 0))
              for (const actor of flooded) for (let i = 0; i < 500; i++) actor.tellUnsafe(Light())
              for (const actor of light) for (let i = 0; i < 20; i++) actor.tellUnsafe(Light())
            })),
          (log) => {
            assert.strictEqual(log.length, 3 * 500 + 10 * 20)
            const served = log.slice(0, log.findLastIndex((line) => line.startsWith("l")))
            return served.filter((line) => line.startsWith("f")).length
          }
        )
      // A light one needs two turns at most, and none of the flooded ones has more than its budget in a turn.
      assert.isAtMost(yield* before(1), 2 * 3)
      assert.isAtMost(yield* before(4), 2 * 3 * 4)
      assert.isAbove(yield* before(undefined), 2 * 3 * 4 - 1)
    }))

  it.effect("G105, G46: a budget bounds messages, time bounds the slice: whichever is reached first", () =>
    Effect.gen(function*() {
      const under = new Under(backend)
      const log = yield* written(under, (spawn) =>
        Effect.gen(function*() {
          const heavy = spawn("heavy", 0, 64)
          // What its handlers take is known before the flood.
          heavy.tellUnsafe(Work(5))
          yield* under.settle
          const budgeted = spawn("budgeted", 0, 2)
          for (let i = 0; i < 3; i++) heavy.tellUnsafe(Work(5))
          for (let i = 0; i < 4; i++) budgeted.tellUnsafe(Light())
        }))
      const order = log.slice(1).map((line) => line.split(" ")[0])
      // One heavy handler a pass, however large its budget; two quick ones, however quick.
      const runs = order.join(" ").match(/(budgeted ?)+/g)!.map((run) => run.trim().split(" ").length)
      assert.isAtMost(Math.max(...runs), 2)
      const heavyRuns = order.join(" ").match(/(heavy ?)+(?=budgeted)/g) ?? []
      assert.isAtMost(Math.max(0, ...heavyRuns.map((run) => run.trim().split(" ").length)), 1)
    }))

  it.effect("G46, G47: a light actor waits for at most one heavy handler, whatever their number", () =>
    Effect.gen(function*() {
      const under = new Under(backend)
      let sent = 0
      const log = yield* written(under, (spawn, log) =>
        Effect.gen(function*() {
          const heavy = ["h1", "h2", "h3", "h4"].map((name) => spawn(name, 20))
          const light = spawn("light", 0)
          heavy.forEach((ref) => ref.tellUnsafe(Work(10)))
          // Until all of them have overdrawn a slice, and are in debt.
          while (log.length < 8) yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
          sent = log.length
          light.tellUnsafe(Light())
        }))
      assert.isAtMost(log.indexOf("light is served") - sent, 1)
      assert.strictEqual(log.length, 4 * 21 + 1)
    }))

  it.effect(
    "G46, G109: neither one that a million messages wait for nor one that sends itself messages for ever starves the others",
    () => {
      const under = new Under(backend)
      return Effect.gen(function*() {
        const system = yield* ActorSystem
        const handled = { flooded: 0, endless: 0 }
        const seen: Array<typeof handled> = []
        const flooded = system.spawnUnsafe(
          Worker.behavior({
            init: () => 0,
            handlers: { Work: () => void handled.flooded++, Light: () => {}, Arm: () => {} }
          }),
          undefined,
          { mailbox: { capacity: 1_000_000 } }
        )
        const endless = system.spawnUnsafe(
          Worker.behavior({
            init: () => 0,
            handlers: {
              Work: (_, __, self) => {
                // Some time has to pass, or the event loop never has its turn.
                under.clock.pass(0.002)
                handled.endless++
                self.tell(Work(0))
              },
              Light: () => {},
              Arm: () => {}
            }
          }),
          undefined
        )
        const light = system.spawnUnsafe(
          Worker.behavior({
            init: () => 0,
            handlers: { Work: () => {}, Light: () => void seen.push({ ...handled }), Arm: () => {} }
          }),
          undefined
        )
        endless.tellUnsafe(Work(0))
        const message = Work(0)
        for (let n = 0; n < 1_000_000; n++) flooded.tellUnsafe(message)
        light.tellUnsafe(Light())
        while (handled.flooded < 1_000_000) {
          yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
        }
        // Each of the two has had its slice, or two.
        assert.lengthOf(seen, 1)
        assert.isAtMost(seen[0]!.flooded, 128)
        assert.isAtMost(seen[0]!.endless, 128)
        assert.isAbove(handled.endless, 1_000)
        yield* Actor.kill(endless)
      }).pipe(Effect.provide(under.layer))
    },
    60_000
  )

  it.effect("G49: a timer is looked at after every slice of more than a millisecond", () =>
    Effect.gen(function*() {
      const under = new Under(backend)
      const log = yield* written(under, (spawn) =>
        Effect.sync(() => {
          const busy = spawn("busy", 40)
          const timed = spawn("timed", 0)
          timed.tellUnsafe(Arm(10))
          busy.tellUnsafe(Work(2))
        }))
      // Due when `busy` has worked five times; at most one slice more has run by then.
      assert.isAtMost(log.indexOf("timed is served"), 7)
      assert.strictEqual(log.filter((line) => line === "busy works").length, 41)
    }))

  it.effect("G50: a handler that holds the thread is reported once, with its actor and the time", () =>
    Effect.gen(function*() {
      const reports: Array<unknown> = []
      const under = new Under(backend, {
        seen: (what, args) => {
          if (what === "longSchedule") reports.push(args[1])
        }
      })
      yield* written(under, (spawn) => Effect.sync(() => void spawn("slow", 0).tellUnsafe(Work(150))))
      assert.deepStrictEqual(reports, [150])
    }))

  it.effect.each(["ask", "tell"] as const)(
    "G50: one that was short two hundred times is reported when it is not, by %s",
    (how) =>
      Effect.gen(function*() {
        const reports: Array<unknown> = []
        const under = new Under(backend, {
          seen: (what, args) => {
            if (what === "longSchedule") reports.push(args[1])
          }
        })
        const program = Effect.gen(function*() {
          const sometimes = yield* Sometimes.behavior({
            init: () => undefined,
            handlers: { Take: (_state, ms) => under.clock.pass(ms) }
          }).spawn(undefined)
          const send = (ms: number): Effect.Effect<void, AskError | TellError> =>
            how === "ask" ? sometimes.ask(Take(ms)) : Effect.andThen(sometimes.tell(Take(ms)), turn)
          yield* Effect.forEach(Array.from({ length: 200 }), () => send(0), { discard: true })
          yield* send(150)
          // The next one is not charged with it.
          yield* send(0)
          return (yield* Actor.info(sometimes)).millis
        })
        const millis = yield* program.pipe(Effect.scoped, Effect.orDie, Effect.provide(under.layer))
        assert.deepStrictEqual(reports, [150])
        assert.isAtLeast(millis, 150)
        assert.isBelow(millis, 151)
      })
  )
})
