/**
 * Workers that end at random under load: by an exit, an error that nobody catches, or by force. Nothing hangs, and all is
 * accounted for: every ask, stream and swap ends, every tell is handled or a dead letter, every watch and every link ends
 * exactly once, and no byte of a buffer is left.
 *
 * As a program: `node packages/actor/test/isolates/chaos.ts [ends | minutes as 5m] [seed]`.
 */
import { ActorSystem, type DeadLetter, type SystemEvent } from "@myrmidonjs/actor"
import { Effect, Fiber, Ref, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { Load } from "./chaosLoad.ts"
import { Sink, SinkLive } from "./chaosModules.ts"
import { type Account, Letters, reconcile } from "./chaosReckoning.ts"
import { Ledger } from "./ledger.ts"

const { Exit: EndThread, Throw } = Sink.messages

export interface Outcome extends Account {
  readonly ends: number
  readonly answered: number
  /** Questions, streams and swaps that the end of their actor ended. */
  readonly exited: number
  readonly streams: number
  readonly swaps: number
  readonly buffers: number
  /** What ended otherwise, or not at all; there must be none. */
  readonly other: ReadonlyArray<string>
  readonly down: number
  /** Bytes of buffers that are left. */
  readonly bufferBytes: number
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
/** Answers between two ends. */
const pause = 400

/** When it is over: after so many ends of workers, or when so many ms have passed. */
export interface Length {
  readonly ends?: number
  readonly millis?: number
}

export const chaos = (
  { ends = Infinity, millis = Infinity }: Length,
  seed: bigint
): Effect.Effect<Outcome, unknown> => {
  const ledger = Ledger.open()
  const letters = new Letters()
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
    const load = new Load(ledger)
    const lanes = yield* Effect.forEach(yield* load.lanes, (lane) => Effect.forkScoped(lane))
    const began = performance.now()
    let ended = 0
    while (ended < ends && performance.now() - began < millis) {
      yield* load.answersMore(pause)
      const victim = yield* Effect.retry(SinkLive.spawnOn("worker", undefined), { times: 50 })
      ended++
      switch (random(3)) {
        case 0:
          yield* Effect.ignore(victim.tell(EndThread()))
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
    yield* load.answersMore(pause)
    load.isOver = true
    yield* Effect.forEach(lanes, (lane) => Fiber.join(lane), { discard: true })
    const watches = yield* load.end
    const alive = yield* load.threads
    const account = yield* reconcile(ledger, letters, alive)
    const bufferBytes = yield* load.buffersLeft
    const { answered, buffers, exited, other, streams, swaps } = load
    return {
      ends: ended,
      answered,
      exited,
      streams,
      swaps,
      buffers,
      ...account,
      other: [...other, ...watches],
      down: yield* Ref.get(down),
      bufferBytes
    }
  }).pipe(
    Effect.scoped,
    Effect.provide(ActorSystem.layer({ isolates, onDeadLetter: (letter: DeadLetter) => letters.take(letter) }))
  )
}

/** What of an outcome must not be. */
export const faultsOf = ({ bufferBytes, down, interrupted, lost, other, twice }: Outcome): ReadonlyArray<string> => [
  ...other,
  ...lost.map((what) => `lost: ${what}`),
  ...twice.map((what) => `twice: ${what}`),
  ...bufferBytes === 0 ? [] : [`${bufferBytes} bytes of buffers are left`],
  ...interrupted > down ? [`${interrupted} messages were interrupted, and ${down} isolates ended`] : []
]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [length = "100", seed = "1"] = process.argv.slice(2)
  const outcome = await Effect.runPromise(
    chaos(length.endsWith("m") ? { millis: 60_000 * parseFloat(length) } : { ends: Number(length) }, BigInt(seed))
  )
  const { lost, other, twice, ...figures } = outcome
  console.log(JSON.stringify({ ...figures, other: other.length, lost: lost.length, twice: twice.length }))
  const faults = faultsOf(outcome)
  for (const fault of faults.slice(0, 20)) console.log(fault)
  if (faults.length > 0) process.exitCode = 1
}
