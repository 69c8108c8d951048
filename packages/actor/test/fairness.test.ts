// Fairness with a clock that stands still but where a handler moves it: no wall clock, the same on both systems.
import { describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { assert } from "vitest"
import { backends, Under } from "./conformance/under.ts"

const Worker = Actor.make("Worker", [
  Rpc.make("Work", { payload: Schema.Number }),
  Rpc.make("Light"),
  Rpc.make("Arm", { payload: Schema.Number })
])
const { Arm, Light, Work } = Worker.messages

/** Runs `program` on actors that write down what they do; `Work(ms)` takes so long. */
const written = (
  under: Under,
  program: (
    spawn: (name: string, again: number) => Actor.Ref<typeof Worker>,
    log: ReadonlyArray<string>
  ) => Effect.Effect<void>
): Effect.Effect<ReadonlyArray<string>> => {
  const log: Array<string> = []
  return Effect.gen(function*() {
    const system = yield* ActorSystem
    const spawn = (name: string, again: number) =>
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
        undefined
      )
    yield* program(spawn, log)
    yield* under.settle
    return log
  }).pipe(Effect.provide(under.layer))
}

describe.each(backends)("fairness on the %s system", (_, backend) => {
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
})
