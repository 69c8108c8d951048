// What an asker does with its answer is its own time, on a clock that stands still but where somebody moves it.
import { describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { assert } from "vitest"
import type { Cell } from "../src/internal/cell.ts"
import { backends, Under } from "./conformance/under.ts"

const Oracle = Actor.make("Oracle", [Rpc.make("Ask", { payload: Schema.Int, success: Schema.Int })])
const { Ask } = Oracle.messages
const OracleLive = Oracle.behavior({ init: () => null, handlers: { Ask: (_, n) => n + 1 } })
const Front = Actor.make("Front", [Rpc.make("Work", { payload: Schema.Number })])

describe.each(backends)("the time of askers on the %s system", (_, backend) => {
  const reports: Array<readonly [unknown, unknown]> = []
  const under = () => {
    reports.length = 0
    return new Under(backend, {
      seen: (what, args) => {
        if (what === "longSchedule") reports.push([(args[0] as Cell).pid, args[1]])
      }
    })
  }

  it.effect("G305: who is asked is not charged for what its askers do with the answers, and not reported for it", () => {
    const at = under()
    return Effect.gen(function*() {
      const oracle = (yield* ActorSystem).spawnUnsafe(OracleLive, undefined)
      /** So many at once, of which each takes so long with its answer. */
      const ask = (askers: number, millis: number) =>
        Effect.gen(function*() {
          const one = Effect.map(oracle.ask(Ask(1)), () => at.clock.pass(millis))
          const fibers = yield* Effect.replicateEffect(Effect.forkChild(one, { startImmediately: true }), askers)
          yield* at.settle
          yield* Fiber.joinAll(fibers)
        })
      yield* ask(20, 150)
      assert.deepStrictEqual(reports, [], "measured one by one")
      assert.strictEqual((yield* Actor.info(oracle)).millis, 0)
      // Its handlers have shown to be short: the clock is read for many at once.
      for (let i = 0; i < 10; i++) yield* ask(20, 0)
      yield* ask(20, 150)
      assert.deepStrictEqual(reports, [], "measured together")
      assert.strictEqual((yield* Actor.info(oracle)).millis, 0)
    }).pipe(Effect.provide(at.layer))
  })

  it.effect("G305: an actor that asks is charged for what it does with the answer, and reported when that is long", () => {
    const at = under()
    return Effect.gen(function*() {
      const system = yield* ActorSystem
      const oracle = system.spawnUnsafe(OracleLive, undefined)
      const front = system.spawnUnsafe(
        Front.behavior({
          init: () => null,
          handlers: { Work: (_, ms) => Effect.orDie(Effect.map(oracle.ask(Ask(1)), () => at.clock.pass(ms))) }
        }),
        undefined
      )
      front.tellUnsafe(Front.messages.Work(150))
      yield* at.settle
      assert.deepStrictEqual(reports, [[front.pid, 150]])
      const [asked, asks] = yield* Effect.all([Actor.info(oracle), Actor.info(front)])
      assert.deepStrictEqual([asked.millis, asks.millis], [0, 150])
    }).pipe(Effect.provide(at.layer))
  })

  it.effect("G305: nor is whoever answers later, with a message in hand that is delivered where it waits", () => {
    const at = under()
    return Effect.gen(function*() {
      const Later = Actor.make("Later", [
        Rpc.make("Ask", { success: Schema.Int }),
        Rpc.make("Answer"),
        Rpc.make("Look", { success: Schema.Int }),
        Rpc.make("Nudge", { success: Schema.Int }),
        Rpc.make("Rest")
      ])
      const { Answer, Ask, Look, Nudge, Rest } = Later.messages
      const asked: Array<Deferred.Deferred<number>> = []
      const later = (yield* ActorSystem).spawnUnsafe(
        Later.behavior({
          init: () => null,
          handlers: {
            Ask: () => {
              const answer = Deferred.makeUnsafe<number>()
              asked.push(answer)
              return answer
            },
            Answer: () => void Deferred.doneUnsafe(asked.shift()!, Exit.succeed(1)),
            Look: () => 1,
            Nudge: () => {
              Deferred.doneUnsafe(asked.shift()!, Exit.succeed(1))
              return 2
            },
            Rest: () => {}
          }
        }),
        undefined
      )
      const rests = (times: number) =>
        Effect.gen(function*() {
          for (let i = 0; i < times; i++) {
            later.tellUnsafe(Rest())
            yield* at.settle
          }
        })
      const answered = (by: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function*() {
          const one = Effect.map(later.ask(Ask()), () => at.clock.pass(150))
          const fiber = yield* Effect.forkChild(one, { startImmediately: true })
          yield* at.settle
          yield* rests(1)
          yield* by
          yield* at.settle
          yield* Fiber.join(fiber)
          assert.deepStrictEqual(reports, [])
        })
      // Its handlers have shown to be short.
      yield* rests(200)
      yield* answered(Effect.sync(() => later.tellUnsafe(Answer())))
      // Of those that are asked by somebody who only waits, one of sixteen is measured.
      yield* rests(200)
      const look = later.ask(Look())
      yield* Effect.replicateEffect(answered(Effect.andThen(Effect.andThen(look, look), later.ask(Nudge()))), 32)
      assert.isBelow((yield* Actor.info(later)).millis, 1)
    }).pipe(Effect.provide(at.layer))
  })
})
