/**
 * Systems whose time moves by hand and that say when they are quiet: what the rows and the random programs run on.
 *
 * What the shard tells its host is counted, and may be written down. Quiet is: some turns
 * of the event loop, in which every pump that has work gets to run, have passed without a call from shard to host.
 */
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Effect, Layer } from "effect"
import { MemoryShard } from "../../src/internal/memory/shard.ts"
import type { Shard, ShardClock, ShardHost, ShardOptions } from "../../src/internal/shard.ts"
import { loadNative, makeOver, type MakeShard } from "../../src/internal/system.ts"

/** Turns of the event loop without any call that count as quiet: a pump with work runs in each of them. */
const QUIET = 3

export class HandClock implements ShardClock {
  private at = 0
  private due = Infinity
  private wake: (() => void) | undefined

  readonly now = (): number => this.at

  readonly wakeIn = (delay: number | undefined, wake: () => void): void => {
    this.due = delay === undefined ? Infinity : this.at + delay
    this.wake = wake
  }

  /** Moves to the next alarm, if it is not after `until`, and rings it. */
  ring(until: number): boolean {
    if (this.due > until || this.wake === undefined) return false
    this.at = Math.max(this.at, this.due)
    this.due = Infinity
    this.wake()
    return true
  }

  /** Time goes by while a handler holds the thread: what is due rings when the event loop has its turn. */
  pass(ms: number): void {
    this.at += ms
    if (this.due <= this.at) setImmediate(() => this.ring(this.at))
  }

  moveTo(until: number): void {
    this.at = until
  }
}

/** What a shard did, as it reaches the host. */
export type Seen = (what: keyof ShardHost, args: ReadonlyArray<unknown>) => void

const watched = [
  "deliver",
  "exitSignal",
  "down",
  "outsideDown",
  "terminate",
  "dead",
  "callEnded",
  "deadLetter",
  "longSchedule"
] as const satisfies ReadonlyArray<keyof ShardHost>

// Over the methods of the host itself: its cells point at it, so a second object in its place would be another host.
const watch = (host: ShardHost, seen: Seen): void => {
  for (const what of watched) {
    const method = host[what] as (...args: Array<unknown>) => unknown
    Object.defineProperty(host, what, {
      value: (...args: Array<unknown>) => {
        seen(what, args)
        return method.apply(host, args)
      }
    })
  }
}

export interface Options {
  /** `undefined`: the order of production. */
  readonly seed?: bigint | undefined
  readonly seen?: Seen | undefined
}

/** One system under test. */
export class Under {
  readonly clock = new HandClock()
  readonly letters: Array<DeadLetter> = []
  readonly layer: Layer.Layer<ActorSystem>
  private steps = 0

  constructor(backend: MakeShard, options: Options = {}) {
    const makeShard = (shardOptions: ShardOptions, host: ShardHost): Shard => {
      watch(host, (what, args) => {
        this.steps++
        options.seen?.(what, args)
      })
      return backend(shardOptions, host)
    }
    this.layer = Layer.effect(
      ActorSystem,
      Effect.orDie(
        Effect.map(
          makeOver({ onDeadLetter: (letter) => this.letters.push(letter), shutdownTimeout: 1 }, makeShard, {
            seed: options.seed,
            roundTrip: false,
            time: this.clock
          }),
          (system) => ActorSystem.of(system)
        )
      )
    )
  }

  /** Until nothing is runnable. */
  readonly quiet = async (): Promise<void> => {
    let seen = -1
    for (let quiet = 0; quiet < QUIET; quiet++) {
      if (seen !== this.steps) quiet = 0
      seen = this.steps
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  readonly settle: Effect.Effect<void> = Effect.promise(async () => {
    do await this.quiet()
    while (this.clock.ring(this.clock.now()))
  })

  readonly advance = (ms: number): Effect.Effect<void> =>
    Effect.promise(async () => {
      const until = this.clock.now() + ms
      await this.quiet()
      while (this.clock.ring(until)) await this.quiet()
      this.clock.moveTo(until)
      await this.quiet()
    })
}

const memory: MakeShard = (options, host) => new MemoryShard(options, host)
const native = await Effect.runPromise(Effect.orElseSucceed(loadNative, () => undefined))

/** Both kinds of shard; the native one where its binary is. */
export const backends: ReadonlyArray<readonly [name: "twin" | "native", backend: MakeShard]> = [
  ["twin", memory],
  ...native === undefined ? [] : [["native", native] as const]
]
