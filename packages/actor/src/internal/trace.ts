/**
 * Traces: the handlers of one actor, wrapped while somebody reads. What nobody traces pays nothing.
 *
 * Limited in number and in rate where it is written, so that a trace cannot bring down who runs it (`recon_trace`).
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorExited } from "../AskError.ts"
import type { Pid } from "../Pid.ts"
import { Bound, type Handler, type Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { gone } from "./about.ts"
import { tagOf } from "./opcodes.ts"
import { baseOf } from "./upgrade.ts"

export interface TraceOptions {
  /** Messages after which it ends by itself; 1,000 by default, 1,000,000 at most. */
  readonly limit?: number | undefined
  /** 100 by default, 10,000 at most. */
  readonly perSecond?: number | undefined
}

export interface Traced {
  readonly tag: string
  readonly from: Pid | undefined
  readonly payload: unknown
  /** Monotonic ms of the actor's system. */
  readonly at: number
  /** ms until the handler returned; an Effect of it may still run. */
  readonly millis: number
  readonly threw: boolean
  /** Messages before this one that were not reported, because there were too many. */
  readonly skipped: number
}

class Tracer {
  private left: number
  private readonly rate: number
  private window = -Infinity
  private inWindow = 0
  private skipped = 0
  private readonly cell: Cell
  private readonly emit: (traced: Traced) => boolean
  private readonly before: Bound
  private readonly bound: Bound

  constructor(cell: Cell, limit: number, rate: number, emit: (traced: Traced) => boolean) {
    this.cell = cell
    this.left = limit
    this.rate = rate
    this.emit = emit
    this.before = cell.bound
    this.bound = new Bound(cell.host, this.wrap(cell.bound.program), cell.bound.context)
    cell.bound = this.bound
  }

  // Another swap or trace may be on top by now: then it goes with that.
  remove(): void {
    if (this.cell.bound === this.bound) this.cell.bound = this.before
    this.left = 0
  }

  private wrap(program: Program): Program {
    const wrap = (handler: Handler | undefined, op: number): Handler | undefined =>
      handler === undefined ? undefined : (state, payload, self) => {
        if (this.left <= 0) return handler(state, payload, self)
        const { clock } = this.cell.host
        const at = clock.now()
        let threw = true
        try {
          const result = handler(state, payload, self)
          threw = false
          return result
        } finally {
          this.saw(op, payload, at, clock.now() - at, threw)
        }
      }
    return {
      ...program,
      base: baseOf(program),
      plain: program.plain.map(() => undefined),
      full: program.full.map((handler, op) => wrap(handler ?? program.plain[op], op))
    }
  }

  private saw(op: number, payload: unknown, at: number, millis: number, threw: boolean): void {
    if (at - this.window >= 1000) {
      this.window = at
      this.inWindow = 0
    }
    if (++this.inWindow > this.rate) {
      this.skipped++
      return
    }
    const sender = this.cell.life?.sender ?? 0
    const { skipped } = this
    this.skipped = 0
    this.left--
    const went = this.emit({
      tag: tagOf(op),
      from: sender === 0 ? undefined : sender as Pid,
      payload,
      at,
      millis,
      threw,
      skipped
    })
    if (!went) this.skipped += skipped + 1
    if (this.left <= 0) this.remove()
  }
}

const bounded = (option: string, value: number | undefined, otherwise: number, most: number): number => {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return value
  throw new RangeError(`${option} must be a whole number from 1 to ${most}`)
}

export const traceOf = (ref: AnyRef, options?: TraceOptions): Stream.Stream<Traced, ActorExited> =>
  Stream.unwrap(Effect.suspend(() => {
    const limit = bounded("limit", options?.limit, 1000, 1_000_000)
    const rate = bounded("perSecond", options?.perSecond, 100, 10_000)
    const cell = cellOf(ref)
    if (!cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
    return Effect.succeed(
      Stream.callback<Traced>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const tracer = new Tracer(cell, limit, rate, (traced) => Queue.offerUnsafe(queue, traced))
            return tracer
          }),
          (tracer) => Effect.sync(() => tracer.remove())
        ), { bufferSize: 4096, strategy: "dropping" }).pipe(Stream.take(limit))
    )
  }))
