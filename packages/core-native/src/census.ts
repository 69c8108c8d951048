/**
 * Who lives, and what they use and hold: walks and questions, which ingest first and deliver nothing.
 */
import type { InfoData, StatsData } from "./binding.ts"
import type { MembraneCall, MembraneCell } from "./host.ts"
import type { Reasons } from "./reasons.ts"
import type { Slots } from "./slots.ts"
import type { Submissions } from "./submissions.ts"
import type { Table } from "./table.ts"
import { USAGE_WORDS, Usages } from "./usages.ts"
import { generationOf, lowOf } from "./words.ts"
import type { Waiters } from "./waiters.ts"

export class Census<C extends MembraneCell, K extends MembraneCall> {
  readonly #submissions: Submissions<C, K>
  readonly #table: Table<C>
  readonly #slots: Slots
  readonly #waiters: Waiters<C>
  readonly #reasons: Reasons

  constructor(
    submissions: Submissions<C, K>,
    table: Table<C>,
    slots: Slots,
    waiters: Waiters<C>,
    reasons: Reasons
  ) {
    this.#submissions = submissions
    this.#table = table
    this.#slots = slots
    this.#waiters = waiters
    this.#reasons = reasons
  }

  everExisted(pid: number): boolean {
    if (this.#submissions.closed) return false
    this.#submissions.flush()
    return this.#submissions.ring.native.everExisted(lowOf(pid), generationOf(pid))
  }

  info(cell: C): InfoData | undefined {
    if (this.#submissions.closed) return undefined
    this.#submissions.flush()
    const info = this.#submissions.ring.native.info(cell.low, cell.generation)
    return info === null ? undefined : this.#withWaiters(cell, info)
  }

  // The shard knows of its actors; who is none waits here.
  #withWaiters(cell: C, info: InfoData): InfoData {
    const waiting = this.#waiters.count(cell)
    return waiting === 0 ? info : { ...info, held: info.held + waiting }
  }

  /** What an actor has used so far; undefined: it has ended. */
  account(cell: C): { readonly reductions: number; readonly millis: number } | undefined {
    if (this.#submissions.closed) return undefined
    const { ring } = this.#submissions
    // Swaps of thousands ask one after the other: while nothing is delivered, nothing is left to be settled.
    if (ring.pending > 0 || ring.unsettled) {
      this.#submissions.flush()
      ring.unsettled = this.#submissions.loop.pumping
    }
    const reductions = ring.reductionsOf(cell.low, cell.generation)
    return reductions < 0 ? undefined : { reductions, millis: ring.result / 1000 }
  }

  /** `kept`: of the reasons in the shard's table, those that this isolate keeps there. */
  stats(): StatsData & { readonly kept: number; readonly slots: number } {
    if (this.#submissions.closed) {
      const nothing = { actors: 0, queued: 0, bytes: 0, calls: 0, away: 0, asked: 0, payloads: 0, packets: 0 }
      return { ...nothing, kept: 0, slots: this.#slots.used }
    }
    this.#submissions.flush()
    return { ...this.#submissions.ring.native.stats(), kept: this.#reasons.kept, slots: this.#slots.used }
  }

  /** The `n` cells that have most of `by`, the highest first, ties by PID. */
  top(n: number, by: string): Array<readonly [cell: C, info: InfoData]> {
    if (this.#submissions.closed) return []
    this.#submissions.flush()
    return this.#submissions.ring.native.top(n, by).flatMap((info) => {
      const cell = this.#find(info.pid)
      return cell === undefined ? [] : [[cell, this.#withWaiters(cell, info)] as const]
    })
  }

  /** What all live cells have used and hold, by the same position in each. */
  usages(): Usages<C> {
    if (this.#submissions.closed) return new Usages(0)
    this.#submissions.flush()
    const words = this.#submissions.ring.native.usages()
    const usages = new Usages<C>(words.length / USAGE_WORDS)
    for (let at = 0; at < words.length; at += USAGE_WORDS) usages.add(this.#find(words[at]!), words, at)
    return usages
  }

  /** The PID of every live cell, in order of its spawn. */
  pids(): Float64Array {
    if (this.#submissions.closed) return new Float64Array(0)
    this.#submissions.flush()
    return this.#submissions.ring.native.live()
  }

  /** Every live cell, in order of its spawn. */
  cells(): Array<C> {
    return Array.from(this.pids(), (pid) => this.#find(pid)).filter((cell) => cell !== undefined)
  }

  #find(pid: number): C | undefined {
    return this.#table.find(lowOf(pid), generationOf(pid))
  }
}
