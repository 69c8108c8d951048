/** What a chaos run loads its isolates with: lanes, each of which goes on until the run is over. */
import { Actor, ActorSystem, AskError, HotSwap, SharedBuffer, SwapError } from "@myrmidonjs/actor"
import { Effect, type Scope, Stream } from "effect"
import { Sink, SinkLive, Source, SourceLive, textOf as textFor } from "./chaosModules.ts"
import { tellsItself } from "./chaosReckoning.ts"
import { type Ledger } from "./ledger.ts"
import { Counter, CounterLive, Ticker, TickerLive } from "./modules.ts"
import { Account, toV2, V1 } from "./upgrades.ts"

type SinkRef = Actor.Ref<typeof Sink>
type SourceRef = Actor.Ref<typeof Source>
type Lane = Effect.Effect<void, unknown, ActorSystem | Scope.Scope>

const { Crash, Mark, Thread } = Sink.messages
const { Ask, Link, Pour, Seen, Watch } = Source.messages

const patience = { timeout: "60 seconds" } as const
/** Lanes of each kind. */
const tellers = 12, crashers = 4, streamers = 3, bearers = 3, swappers = 3
/** Messages of a round. */
const each = 4
const policies = [undefined, undefined, "reject", "drop-newest", "drop-oldest", "suspend"] as const

const isEnd = (error: unknown): boolean =>
  (error instanceof AskError && error.reason._tag === "ActorExited") ||
  (error instanceof SwapError && error.reason._tag === "ActorExited")

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** One that is not there yet is tried again: its isolate ends, and another one is being started. */
const spawned = <A, E>(spawn: Effect.Effect<A, E, ActorSystem | Scope.Scope>) => Effect.retry(spawn, { times: 50 })

export class Load {
  private readonly ledger: Ledger
  isOver = false
  answered = 0
  exited = 0
  streams = 0
  swaps = 0
  buffers = 0
  readonly other: Array<string> = []
  private readonly sinks = new Set<SinkRef>()
  private readonly sources = new Set<SourceRef>()
  private begun = 0
  private waiter: { readonly at: number; readonly resume: () => void } | undefined = undefined

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** Done when so many more questions have been answered. */
  answersMore(count: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.waiter = { at: this.answered + count, resume: () => resume(Effect.void) }
    })
  }

  private answer(): void {
    this.answered++
    if (this.waiter === undefined || this.answered < this.waiter.at) return
    const { resume } = this.waiter
    this.waiter = undefined
    resume()
  }

  /** true: its actor has ended. */
  private failed(what: string, error: unknown): boolean {
    // An answer like another: the mailbox is small.
    if (error instanceof AskError && error.reason._tag === "MailboxFull") {
      this.answer()
      return false
    }
    if (isEnd(error)) {
      this.exited++
      return true
    }
    this.other.push(`${what}: ${textOf(error)}`)
    return false
  }

  get lanes(): Effect.Effect<ReadonlyArray<Lane>, unknown, ActorSystem | Scope.Scope> {
    return Effect.map(
      Effect.forEach(Array.from({ length: tellers + crashers }), () => SourceLive.spawn(undefined)),
      (mains) => {
        for (const source of mains) this.sources.add(source)
        return [
          ...mains.map((main, at) => this.tells(main, at >= tellers)),
          ...Array.from({ length: streamers }, () => this.reads),
          ...Array.from({ length: bearers }, () => this.bears),
          ...Array.from({ length: swappers }, () => this.swapsOn)
        ]
      }
    )
  }

  /** Tells from here, and from a worker to a worker, to one that is watched from both. */
  private tells(main: SourceRef, crashes: boolean): Lane {
    return Effect.gen({ self: this }, function*() {
      const begin = Effect.gen({ self: this }, function*() {
        // Most have room for all; the others have little, and each policy in turn.
        const onFull = policies[this.begun++ % policies.length]
        const mailbox = onFull === undefined ? undefined : { capacity: 16, onFull, sendTimeout: 50 }
        const sink = yield* spawned(SinkLive.spawnOn("worker", undefined, { mailbox }))
        const far = yield* spawned(SourceLive.spawnOn("worker", undefined))
        this.sinks.add(sink)
        this.sources.add(far)
        const thread = yield* sink.ask(Thread(), patience)
        yield* main.ask(Watch({ target: sink }), patience)
        main.tellUnsafe(Link({ target: sink }))
        far.tellUnsafe(Link({ target: sink }))
        yield* far.ask(Watch({ target: sink }), patience)
        // What such a one refuses or drops, its isolate tells, if it lives long enough.
        const isAlone = crashes || onFull !== undefined
        return { sink, far, thread: isAlone ? thread | tellsItself : thread }
      })
      let round = 0
      let now: Effect.Success<typeof begin> | undefined
      while (!this.isOver) {
        if (now === undefined) {
          const begun = yield* Effect.result(begin)
          if (begun._tag === "Failure") this.failed("begin", begun.failure)
          else now = begun.success
          continue
        }
        const { far, sink, thread } = now
        for (let i = 0; i < each; i++) {
          const id = this.ledger.next(thread)
          if (id !== undefined) {
            this.ledger.sent(id, sink.tellUnsafe(Mark({ id, text: textFor(id) })) === "Accepted")
          }
        }
        // Now and then more than a small mailbox takes.
        far.tellUnsafe(Pour({ to: sink, thread, count: ++round % 10 === 0 ? 20 * each : each }))
        if (crashes && round % 50 === 0) sink.tellUnsafe(Crash())
        const result = yield* Effect.result(sink.ask(Thread(), patience))
        if (result._tag === "Success") this.answer()
        else if (this.failed("ask", result.failure)) now = undefined
        if (now === undefined || round % 8 !== 0) continue
        const between = yield* Effect.result(far.ask(Ask({ to: sink }), patience))
        if (between._tag === "Success") this.answer()
        // Its source may have ended without it.
        else if (this.failed("ask from a worker", between.failure)) now = undefined
      }
    })
  }

  private get reads(): Lane {
    return this.until(spawned(TickerLive.spawnOn("worker", undefined)), (ticker) =>
      Effect.map(
        Stream.runCount(ticker.stream(Ticker.messages.Count(300))),
        (count) => {
          this.streams++
          if (count !== 300) this.other.push(`a stream ended after ${count} items`)
        }
      ))
  }

  /** A buffer there and back; each third is left there. */
  private get bears(): Lane {
    let round = 0
    return this.until(spawned(CounterLive.spawnOn("worker", 0)), (counter) =>
      Effect.gen({ self: this }, function*() {
        const buffer = yield* SharedBuffer.allocate(64 * 1024)
        this.buffers++
        if (++round % 3 === 0) {
          yield* counter.ask(Counter.messages.Take({ buffer }), patience)
        } else {
          const back = yield* counter.ask(Counter.messages.Pass(buffer), patience)
          back.release()
        }
      }))
  }

  private get swapsOn(): Lane {
    const spawn = spawned(V1.spawnOn("worker", 1))
    return this.until(Effect.succeed(undefined), () =>
      Effect.gen({ self: this }, function*() {
        const account = yield* spawn
        yield* HotSwap.swap(account, toV2)
        this.swaps++
        const balance = yield* account.ask(Account.messages.Balance(), patience)
        if (balance !== 1) this.other.push(`a balance after a swap is ${balance}`)
        yield* Actor.stop(account)
      }))
  }

  private until<A>(
    begin: Effect.Effect<A, unknown, ActorSystem | Scope.Scope>,
    turn: (of: A) => Effect.Effect<void, unknown, ActorSystem | Scope.Scope>
  ): Lane {
    return Effect.gen({ self: this }, function*() {
      let of: { readonly value: A } | undefined
      while (!this.isOver) {
        of ??= { value: yield* begin }
        const result = yield* Effect.result(turn(of.value))
        if (result._tag === "Failure" && this.failed("turn", result.failure)) of = undefined
      }
    })
  }

  /** Ends all who are watched. What is wrong with their watches and links: each has ended exactly once. */
  get end(): Effect.Effect<ReadonlyArray<string>> {
    return Effect.gen({ self: this }, function*() {
      const faults: Array<string> = []
      yield* Effect.forEach(this.sinks, (sink) => Actor.stop(sink), { concurrency: 16, discard: true })
      for (const source of this.sources) {
        // Of one that has ended with its isolate nobody hears.
        const seen = yield* Effect.result(source.ask(Seen(), patience))
        if (seen._tag === "Failure") {
          if (!isEnd(seen.failure)) faults.push(`seen: ${textOf(seen.failure)}`)
          continue
        }
        const { downs, exits } = seen.success
        for (const n of downs) if (n !== 1) faults.push(`a watch ended ${n} times`)
        for (const n of exits) if (n !== 1) faults.push(`a link ended ${n} times`)
      }
      return faults
    })
  }

  /** The numbers of the threads that live. */
  get threads(): Effect.Effect<ReadonlySet<number>, unknown, ActorSystem | Scope.Scope> {
    return Effect.gen({ self: this }, function*() {
      const system = yield* ActorSystem
      const { isolates } = yield* system.info
      const alive = new Set([this.ledger.thread])
      for (const { isolate } of isolates) {
        if (isolate === 0) continue
        const sink = yield* Effect.result(SinkLive.spawnOn(isolate, undefined))
        if (sink._tag === "Success") alive.add(yield* sink.success.ask(Thread(), patience))
      }
      return alive
    })
  }

  /** Bytes of buffers, when they do not change any more or there are none. */
  get buffersLeft(): Effect.Effect<number, never, ActorSystem> {
    return Effect.flatMap(ActorSystem, (system) => {
      const look = (left: number): Effect.Effect<number> =>
        Effect.flatMap(system.info, ({ bufferBytes }) =>
          bufferBytes === 0 || left === 0
            ? Effect.succeed(bufferBytes)
            : Effect.andThen(Effect.sleep("100 millis"), look(left - 1)))
      return look(100)
    })
  }
}
