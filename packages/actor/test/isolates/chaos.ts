/**
 * Workers that end at random under load: by an exit, an error that nobody catches, or by force. Nothing hangs: every ask
 * ends, by its answer or by the end of its actor, and the system works on.
 *
 * As a program: `node packages/actor/test/isolates/chaos.ts [ends] [seed]`.
 */
import { ActorSystem, type DeadLetter, type SystemEvent } from "@myrmidonjs/actor"
import { Effect, Fiber, Ref, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { Counter, CounterLive } from "./modules.ts"

const { Add, Exit: EndThread, Get, Throw } = Counter.messages

export interface Outcome {
  readonly ends: number
  readonly answered: number
  /** Asks that the end of their actor ended. */
  readonly exited: number
  /** Asks that ended otherwise; there must be none. */
  readonly other: ReadonlyArray<string>
  readonly interrupted: number
  readonly down: number
}

/** splitmix64, as numbers below `n`. */
const generator = (seed: bigint) => {
  let state = seed
  return (n: number): number => {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn
    let z = state
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn
    return Number((z ^ (z >> 31n)) % BigInt(n))
  }
}

const isolates = 3
/** Asks in flight. */
const lanes = 24
/** Answers between two ends. */
const pause = 400

/** Plays `ends` ends of workers. */
export const chaos = (ends: number, seed: bigint): Effect.Effect<Outcome, unknown> => {
  const letters: Array<DeadLetter> = []
  return Effect.gen(function*() {
    const system = yield* ActorSystem
    const fleet = fleetOf(hostOf(system))!
    fleet.limits.restarts = Infinity
    const random = generator(seed)
    const down = yield* Ref.make(0)
    yield* Effect.forkScoped(
      Stream.runForEach(
        system.events,
        (event: SystemEvent) => event._tag === "IsolateDown" ? Ref.update(down, (n) => n + 1) : Effect.void
      ),
      { startImmediately: true }
    )
    let answered = 0
    let exited = 0
    const other: Array<string> = []
    let waiter: { readonly at: number; readonly resume: () => void } | undefined
    let isOver = false

    const spawn = Effect.retry(CounterLive.spawnOn("worker", 0), { times: 50 })
    const lane = Effect.gen(function*() {
      let counter = yield* spawn
      while (!isOver) {
        for (let i = 0; i < 4; i++) counter.tellUnsafe(Add(1))
        const result = yield* Effect.result(counter.ask(Get(), { timeout: "30 seconds" }))
        if (result._tag === "Success") {
          answered++
          if (waiter !== undefined && answered >= waiter.at) {
            const { resume } = waiter
            waiter = undefined
            resume()
          }
        } else if (result.failure.reason._tag === "ActorExited") {
          exited++
          counter = yield* spawn
        } else other.push(result.failure.message)
      }
    })
    const loads = yield* Effect.forEach(Array.from({ length: lanes }), () => Effect.forkScoped(lane))
    const moreAnswers = Effect.callback<void>((resume) => {
      waiter = { at: answered + pause, resume: () => resume(Effect.void) }
    })
    for (let end = 0; end < ends; end++) {
      yield* moreAnswers
      const victim = yield* spawn
      switch (random(3)) {
        case 0:
          yield* Effect.ignore(victim.tell(EndThread(0)))
          break
        case 1:
          yield* Effect.ignore(victim.tell(Throw()))
          break
        default: {
          const workers = (yield* system.info).isolates.filter(({ isolate }) => isolate !== 0)
          fleet.terminate(workers[random(workers.length)]?.isolate ?? 0)
        }
      }
    }
    yield* moreAnswers
    isOver = true
    yield* Effect.forEach(loads, (load) => Fiber.join(load), { discard: true })
    const interrupted = letters.filter(({ why }) => why === "Interrupted").length
    return { ends, answered, exited, other, interrupted, down: yield* Ref.get(down) }
  }).pipe(
    Effect.scoped,
    Effect.provide(ActorSystem.layer({
      isolates,
      onDeadLetter: (letter) => {
        if (letters.length < 1_000_000) letters.push(letter)
      }
    }))
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [ends = "100", seed = "1"] = process.argv.slice(2)
  const outcome = await Effect.runPromise(chaos(Number(ends), BigInt(seed)))
  console.log(JSON.stringify(outcome))
  if (outcome.other.length > 0 || outcome.interrupted > outcome.down) process.exitCode = 1
}
