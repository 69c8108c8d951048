/**
 * Two isolates of one system on one thread: two hosts, each with its own shard, under one clock that moves by hand.
 *
 * What crosses between them is what crosses between threads: packets, bytes, and the agents' questions. Only the race of
 * the threads themselves is missing, so that rows can say when all is quiet.
 */
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Effect, type Scope } from "effect"
import type { Cell } from "../../src/internal/cell.ts"
import type { Host } from "../../src/internal/host.ts"
import { Errands, makeAgent } from "../../src/internal/isolate/agent.ts"
import { agentName } from "../../src/internal/isolate/protocol.ts"
import { relayed } from "../../src/internal/isolate/relay.ts"
import { Team } from "../../src/internal/isolate/team.ts"
import { resolveOptions, systemOptions } from "../../src/internal/options.ts"
import { infosOf } from "../../src/internal/rpc.ts"
import type { ShardClock, ShardHost } from "../../src/internal/shard.ts"
import { hostOf, loadAddon, type Native, open } from "../../src/internal/system.ts"
import { Script, type ScriptRef, World } from "../conformance/script.ts"

/** Turns of the event loop without any call from shard to host that count as quiet. */
const QUIET = 4

/** One time for several shards. */
class Clocks {
  private at = 0
  private readonly alarms: Array<{ due: number; wake: () => void }> = []

  make(): ShardClock {
    const alarm = { due: Infinity, wake: () => {} }
    this.alarms.push(alarm)
    return {
      now: () => this.at,
      wakeIn: (delay, wake) => {
        alarm.due = delay === undefined ? Infinity : this.at + delay
        alarm.wake = wake
      }
    }
  }

  ring(until: number): boolean {
    const next = this.alarms.reduce<(typeof this.alarms)[number] | undefined>(
      (first, each) => first === undefined || each.due < first.due ? each : first,
      undefined
    )
    if (next === undefined || next.due > until) return false
    this.at = Math.max(this.at, next.due)
    next.due = Infinity
    next.wake()
    return true
  }

  get now(): number {
    return this.at
  }

  moveTo(until: number): void {
    this.at = Math.max(this.at, until)
  }
}

const told = [
  "deliver",
  "exitSignal",
  "down",
  "outsideDown",
  "terminate",
  "dead",
  "callEnded",
  "deadLetter"
] as const satisfies ReadonlyArray<keyof ShardHost>

export class TwoIsolates {
  readonly hosts: ReadonlyArray<Host>
  readonly systems: ReadonlyArray<ActorSystem["Service"]>
  readonly letters: Array<DeadLetter>
  private readonly clocks: Clocks
  private readonly steps: () => number

  private constructor(
    hosts: ReadonlyArray<Host>,
    systems: ReadonlyArray<ActorSystem["Service"]>,
    letters: Array<DeadLetter>,
    clocks: Clocks,
    steps: () => number
  ) {
    this.hosts = hosts
    this.systems = systems
    this.letters = letters
    this.clocks = clocks
    this.steps = steps
  }

  /** `isEffects`: their time is that of Effect's `Clock`, which whoever has it moves. */
  static open(native: Native, isEffects = false): Effect.Effect<TwoIsolates, never, Scope.Scope> {
    return Effect.gen(function*() {
      const system = native.openSystem()
      const clocks = new Clocks()
      const letters: Array<DeadLetter> = []
      const given = { onDeadLetter: (letter: DeadLetter) => void letters.push(letter), shutdownTimeout: 1 }
      const options = resolveOptions(given, systemOptions.memory)
      let steps = 0
      const systems = yield* Effect.forEach([0, 1], () =>
        open(
          options,
          "test",
          (shardOptions, host) => {
            for (const what of told) {
              const method = host[what] as (...args: Array<unknown>) => unknown
              Object.defineProperty(host, what, {
                value: (...args: Array<unknown>) => {
                  steps++
                  return method.apply(host, args)
                }
              })
            }
            return native.makeShard(shardOptions, host)
          },
          { seed: undefined, roundTrip: false, time: isEffects ? undefined : clocks.make() },
          { system, boot: `two-${system}` }
        ))
      const hosts = systems.map(hostOf)
      for (const host of hosts) {
        const errands = new Errands(host)
        const nothing = () => Effect.void
        const behavior = makeAgent(
          host,
          errands,
          { ready: () => {}, pong: () => {}, importing: () => {}, quiet: nothing, close: nothing },
          relayed(host)
        )
        const agent = host.spawnNow(behavior, undefined, { name: agentName(host.shard.border!.isolate) })
        host.isolates = new Team(host, agent, errands, () => undefined, nothing)
        const { away } = host
        for (const what of ["deliver", "replied", "deadLetter"] as const) {
          const method = away![what].bind(away) as (...args: Array<unknown>) => unknown
          Object.defineProperty(away, what, {
            value: (...args: Array<unknown>) => {
              steps++
              return method(...args)
            }
          })
        }
      }
      return new TwoIsolates(hosts, systems.map((each) => ActorSystem.of(each)), letters, clocks, () => steps)
    })
  }

  private readonly quiet = async (): Promise<void> => {
    let seen = -1
    for (let quiet = 0; quiet < QUIET; quiet++) {
      if (seen !== this.steps()) quiet = 0
      seen = this.steps()
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  readonly settle: Effect.Effect<void> = Effect.promise(async () => {
    do await this.quiet()
    while (this.clocks.ring(this.clocks.now))
  })

  readonly advance = (ms: number): Effect.Effect<void> =>
    Effect.promise(async () => {
      const until = this.clocks.now + ms
      await this.quiet()
      while (this.clocks.ring(until)) await this.quiet()
      this.clocks.moveTo(until)
      await this.quiet()
    })
}

const rpcs = infosOf(Script.group)

/** A row whose actors live in turn in the one isolate and in the other; who is no actor stands in the first. */
export class TwoWorld extends World {
  private readonly two: TwoIsolates
  private readonly first: number
  private placed = 0

  constructor(two: TwoIsolates, first: number) {
    super()
    this.two = two
    this.first = first
  }

  override place<A, E>(_id: string, spawn: Effect.Effect<A, E, ActorSystem>): Effect.Effect<A, E, ActorSystem> {
    return Effect.provideService(spawn, ActorSystem, this.two.systems[(this.first + this.placed++) % 2]!)
  }

  protected override seen(ref: ScriptRef, by: ScriptRef | undefined): ScriptRef {
    const host = by === undefined ? this.two.hosts[0]! : (by as unknown as Cell).host
    return host.typed(ref.pid, Script.name, rpcs) as unknown as ScriptRef
  }
}

export const addon = await Effect.runPromise(Effect.orElseSucceed(loadAddon, () => undefined))
