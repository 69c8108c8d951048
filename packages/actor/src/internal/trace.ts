/**
 * Traces of one actor: what it handles, by wrapped handlers for as long as the trace runs, and what it sends, as
 * `send.ts` and `reply.ts` tell. An actor without a trace pays nothing for it.
 *
 * A trace stays when the actor is swapped. It is limited in number and in rate where it is written, so that it cannot
 * overload the program (as `recon_trace` in Erlang).
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorElsewhere } from "../ActorElsewhere.ts"
import type { ActorExited } from "../AskError.ts"
import type { Pid } from "../Pid.ts"
import type { TellOutcome } from "../TellError.ts"
import type { Handler, Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { gone, notHere } from "./about.ts"
import { invalid } from "./invalid.ts"
import { lifeOf } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { outcomes } from "./send.ts"
import type { Outcome } from "./shard.ts"
import { boundOf, switchTo } from "./swap.ts"
import { baseOf } from "./upgrade.ts"
import { add, remove, type SentKind, type Wrapper } from "./wrapper.ts"

export interface TraceOptions {
  /** The trace ends after so many events: 1,000 by default, 1,000,000 at most. */
  readonly limit?: number | undefined
  /** How many events a second are reported: 100 by default, 10,000 at most. */
  readonly perSecond?: number | undefined
  /** Only what the actor handles (`in`), or only what it sends (`out`); both by default. */
  readonly direction?: "in" | "out" | undefined
}

interface Event {
  /** The payload itself, not a copy. */
  readonly payload: unknown
  /** Monotonic ms, by the clock of the actor's system. */
  readonly at: number
  /** How many events before this one were left out, because there were too many. */
  readonly skipped: number
}

/** What an actor has handled: a message, or a signal that it has a handler for. */
export interface TracedIn extends Event {
  readonly _tag: "In"
  /** How the message came, or which signal it is. `stream`: a question whose reply is a stream. */
  readonly kind: "tell" | "ask" | "stream" | "exit" | "down"
  /** The tag of the message; for a signal, its kind. */
  readonly tag: string
  readonly from: Pid | undefined
  /** ms until the handler returned; an Effect of it may still run. */
  readonly millis: number
  readonly threw: boolean
}

/** What an actor has sent. */
export interface TracedOut extends Event {
  readonly _tag: "Out"
  /**
   * `stream`: a question whose reply is a stream. `reply`: an answer; of a stream, every `item` and its `end`; where it
   * is an error, `failure`.
   */
  readonly kind: SentKind
  /** The tag of the message; for a reply, that of the question. */
  readonly tag: string
  /** The receiver; undefined for an asker that is no actor, and for a name that nobody has. */
  readonly to: Pid | undefined
  /** What became of the message. A reply is always `Accepted`. */
  readonly outcome: TellOutcome
}

export type Traced = TracedIn | TracedOut

/** The reader of a trace. `emit` returns false when it has no room. */
interface Reader {
  readonly emit: (traced: Traced) => boolean
  readonly ended: () => void
}

class Tracer implements Wrapper {
  readonly wrap: Wrapper["wrap"]
  readonly sent: Wrapper["sent"]
  private left: number
  private window = -Infinity
  private inWindow = 0
  private skipped = 0
  /** What the actor sends while its handler runs, to be reported behind the message that is handled. */
  private held: Array<TracedOut> | undefined = undefined
  private readonly rate: number
  private readonly cell: Cell
  private readonly reader: Reader

  constructor(cell: Cell, limit: number, rate: number, direction: TraceOptions["direction"], reader: Reader) {
    this.cell = cell
    this.left = limit
    this.rate = rate
    this.reader = reader
    if (direction !== "out") this.wrap = (program) => this.around(program)
    if (direction !== "in") this.sent = (...sent) => this.saw(...sent)
    add(lifeOf(cell), this)
    switchTo(cell, boundOf(cell))
  }

  remove(): void {
    this.left = 0
    if (remove(lifeOf(this.cell), this)) switchTo(this.cell, boundOf(this.cell))
  }

  ended(): void {
    this.left = 0
    this.reader.ended()
  }

  private around(program: Program): Program {
    const wrap = (handler: Handler | undefined, op: number): Handler | undefined =>
      handler === undefined ? undefined : (state, payload, self) => {
        const kind = program.rpcs[op]?.isStream === true ? "stream" : this.cell.life?.asked === true ? "ask" : "tell"
        return this.handle(kind, tagOf(op), payload, () => handler(state, payload, self))
      }
    const { options } = program
    const { down, exit } = options.signals ?? {}
    return {
      ...program,
      base: baseOf(program),
      plain: program.plain.map(() => undefined),
      full: program.full.map((handler, op) => wrap(handler ?? program.plain[op], op)),
      options: {
        ...options,
        ...options.signals === undefined ? undefined : {
          signals: {
            ...down === undefined ? undefined : {
              down: (state, signal, self) => this.handle("down", "down", signal, () => down(state, signal, self))
            },
            ...exit === undefined ? undefined : {
              exit: (state, signal, self) => this.handle("exit", "exit", signal, () => exit(state, signal, self))
            }
          }
        }
      }
    }
  }

  private handle(kind: TracedIn["kind"], tag: string, payload: unknown, handler: () => unknown): unknown {
    const { clock } = this.cell.host
    const at = clock.now()
    const skipped = this.admit(at)
    if (skipped === undefined) return handler()
    const sender = this.cell.life?.sender ?? 0
    const from = sender === 0 ? undefined : sender as Pid
    const held: Array<TracedOut> = this.held = []
    let threw = true
    try {
      const result = handler()
      threw = false
      return result
    } finally {
      this.held = undefined
      this.emit({ _tag: "In", kind, tag, from, payload, at, millis: clock.now() - at, threw, skipped })
      for (const event of held) this.emit(event)
      this.endAtLimit()
    }
  }

  private saw(kind: SentKind, to: Pid | undefined, tag: string, payload: unknown, outcome: Outcome): void {
    const at = this.cell.host.clock.now()
    const skipped = this.admit(at)
    if (skipped === undefined) return
    const event: TracedOut = { _tag: "Out", kind, tag, to, payload, outcome: outcomes[outcome]!, at, skipped }
    if (this.held !== undefined) return void this.held.push(event)
    this.emit(event)
    this.endAtLimit()
  }

  /** How many events were left out before this one; undefined: this one is left out too. */
  private admit(at: number): number | undefined {
    if (this.left <= 0) return undefined
    if (at - this.window >= 1000) {
      this.window = at
      this.inWindow = 0
    }
    if (++this.inWindow > this.rate) {
      this.skipped++
      return undefined
    }
    const { skipped } = this
    this.skipped = 0
    this.left--
    return skipped
  }

  private emit(event: Traced): void {
    if (!this.reader.emit(event)) this.skipped += event.skipped + 1
  }

  private endAtLimit(): void {
    if (this.left > 0) return
    this.remove()
    this.reader.ended()
  }
}

const bounded = (option: string, value: number | undefined, otherwise: number, most: number): number => {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return value
  throw invalid(option, `a whole number from 1 to ${most}`, value)
}

const directionOf = (direction: TraceOptions["direction"]): TraceOptions["direction"] => {
  if (direction === undefined || direction === "in" || direction === "out") return direction
  throw invalid("direction", `"in" or "out"`, direction)
}

export const traceOf = (ref: AnyRef, options?: TraceOptions): Stream.Stream<Traced, ActorElsewhere | ActorExited> =>
  Stream.unwrap(Effect.suspend((): Effect.Effect<Stream.Stream<Traced>, ActorElsewhere | ActorExited> => {
    const limit = bounded("limit", options?.limit, 1000, 1_000_000)
    const rate = bounded("perSecond", options?.perSecond, 100, 10_000)
    const direction = directionOf(options?.direction)
    const cell = cellOf(ref)
    const away = notHere(cell)
    if (away !== undefined) return Effect.fail(away)
    if (!cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
    return Effect.succeed(
      Stream.callback<Traced>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() =>
            new Tracer(cell, limit, rate, direction, {
              emit: (traced) => Queue.offerUnsafe(queue, traced),
              ended: () => Queue.endUnsafe(queue)
            })
          ),
          (tracer) => Effect.sync(() => tracer.remove())
        ), { bufferSize: 4096, strategy: "dropping" })
    )
  }))
