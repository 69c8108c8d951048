/**
 * Traces: the handlers of one actor, wrapped while somebody reads. What nobody traces pays nothing.
 *
 * A trace belongs to the actor and not to a version: swaps and rollbacks go on below it. It is limited in number and in
 * rate where it is written, so that it cannot bring down who runs it (`recon_trace`).
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorElsewhere } from "../ActorElsewhere.ts"
import type { ActorExited } from "../AskError.ts"
import type { Pid } from "../Pid.ts"
import { InvalidOption } from "../SpawnError.ts"
import type { Handler, Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { gone, notHere } from "./about.ts"
import { lifeOf } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { boundOf, switchTo, type Wrapper } from "./swap.ts"
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

/** Who reads a trace. `emit` is false when it has no room. */
interface Reader {
  readonly emit: (traced: Traced) => boolean
  readonly ended: () => void
}

class Tracer implements Wrapper {
  private left: number
  private readonly rate: number
  private window = -Infinity
  private inWindow = 0
  private skipped = 0
  private readonly cell: Cell
  private readonly reader: Reader

  constructor(cell: Cell, limit: number, rate: number, reader: Reader) {
    this.cell = cell
    this.left = limit
    this.rate = rate
    this.reader = reader
    const life = lifeOf(cell)
    life.wrappers = [...life.wrappers ?? [], this]
    switchTo(cell, boundOf(cell))
  }

  remove(): void {
    this.left = 0
    const life = lifeOf(this.cell)
    const others = life.wrappers?.filter((wrapper) => wrapper !== this) ?? []
    if (others.length === (life.wrappers?.length ?? 0)) return
    life.wrappers = others.length === 0 ? undefined : others
    switchTo(this.cell, boundOf(this.cell))
  }

  ended(): void {
    this.left = 0
    this.reader.ended()
  }

  wrap(program: Program): Program {
    const wrap = (handler: Handler | undefined, op: number): Handler | undefined =>
      handler === undefined ? undefined : (state, payload, self) => {
        // The message in hand when it was removed.
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
    if (this.left <= 0) return
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
    const went = this.reader.emit({
      tag: tagOf(op),
      from: sender === 0 ? undefined : sender as Pid,
      payload,
      at,
      millis,
      threw,
      skipped
    })
    if (!went) this.skipped += skipped + 1
    if (this.left > 0) return
    this.remove()
    this.reader.ended()
  }
}

const bounded = (option: string, value: number | undefined, otherwise: number, most: number): number => {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return value
  throw new InvalidOption({ option, issue: `must be a whole number from 1 to ${most}` })
}

export const traceOf = (ref: AnyRef, options?: TraceOptions): Stream.Stream<Traced, ActorElsewhere | ActorExited> =>
  Stream.unwrap(Effect.suspend((): Effect.Effect<Stream.Stream<Traced>, ActorElsewhere | ActorExited> => {
    const limit = bounded("limit", options?.limit, 1000, 1_000_000)
    const rate = bounded("perSecond", options?.perSecond, 100, 10_000)
    const cell = cellOf(ref)
    const away = notHere(cell)
    if (away !== undefined) return Effect.fail(away)
    if (!cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
    return Effect.succeed(
      Stream.callback<Traced>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() =>
            new Tracer(cell, limit, rate, {
              emit: (traced) => Queue.offerUnsafe(queue, traced),
              ended: () => Queue.endUnsafe(queue)
            })
          ),
          (tracer) => Effect.sync(() => tracer.remove())
        ), { bufferSize: 4096, strategy: "dropping" })
    )
  }))
