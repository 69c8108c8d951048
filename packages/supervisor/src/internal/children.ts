/**
 * The children that run below one dynamic supervisor, in no order: found by ref, and taken out, in O(1).
 *
 * A child without options that was never started again is its ref and its arguments, and no object of its own: one that
 * lives as long as the actor is copied by the collector as often as the actor is, and was half of what supervision
 * added to a start. In rows, so that growing copies nothing.
 *
 * Owner: the incarnation.
 */
import type { AnyRef, SpawnOptions } from "@myrmidonjs/actor"
import type { Roster } from "./roster.ts"

/** A child over its restarts. */
export class Entry {
  /** Its last one, while it is being started again. */
  ref: AnyRef
  readonly args: unknown
  readonly options: SpawnOptions | undefined
  restarts = 0

  constructor(ref: AnyRef, args: unknown, options: SpawnOptions | undefined) {
    this.ref = ref
    this.args = args
    this.options = options
  }
}

/** Children of a row, as a power of two. */
const bits = 9
const within = (1 << bits) - 1

/** Of each child its ref, and its `Entry` or its arguments. */
type Row = Array<unknown>

export class Children {
  size = 0
  /** In the roster, while any of them is. */
  number = 0
  /** Those before it are in the roster; the others come with the next look, or when there is a row of them. */
  private listed = 0
  private readonly roster: Roster
  // The first one grows, so that few children take little.
  private readonly rows: Array<Row> = [[]]

  constructor(roster: Roster) {
    this.roster = roster
  }

  /** `what`: its `Entry`, or its arguments alone. */
  add(ref: AnyRef, what: unknown): void {
    const at = this.size
    if ((at & within) === 0 && at > 0) this.list()
    this.size++
    const row = this.rows[at >>> bits] ?? this.grow()
    const place = (at & within) * 2
    if (place === row.length) row.push(ref, what)
    else {
      row[place] = ref
      row[place + 1] = what
    }
  }

  // A row at a time at most: a start that looks its child's place up costs a fifth more.
  private list(): void {
    if (this.listed === 0) this.number = this.roster.enter(this)
    for (; this.listed < this.size; this.listed++) this.roster.add(this, this.refAt(this.listed), this.listed)
  }

  private grow(): Row {
    const row: Row = new Array<undefined>(2 << bits).fill(undefined)
    this.rows.push(row)
    return row
  }

  refAt(at: number): AnyRef {
    return this.rows[at >>> bits]![(at & within) * 2] as AnyRef
  }

  private whatAt(at: number): unknown {
    return this.rows[at >>> bits]![(at & within) * 2 + 1]
  }

  /** Where it stands, until one is taken out; -1: it is none of them. */
  find(ref: AnyRef): number {
    if (this.size === 0) return -1
    if (this.listed < this.size) this.list()
    return this.roster.find(this, ref)
  }

  restartsAt(at: number): number {
    const what = this.whatAt(at)
    return what instanceof Entry ? what.restarts : 0
  }

  /** Takes out who was found; the last one takes its place. What `add` was given. */
  take(at: number): unknown {
    const what = this.whatAt(at)
    this.roster.remove(this, this.refAt(at), at)
    const last = this.listed = --this.size
    if (at !== last) {
      const ref = this.refAt(last)
      const row = this.rows[at >>> bits]!
      const place = (at & within) * 2
      row[place] = ref
      row[place + 1] = this.whatAt(last)
      this.roster.move(this, ref, last, at)
    }
    const row = this.rows[last >>> bits]!
    const place = (last & within) * 2
    row[place] = undefined
    row[place + 1] = undefined
    if (last === 0) this.roster.leave(this.number)
    // One that is empty is kept for the next child.
    if (this.rows.length > (last >>> bits) + 2) this.rows.pop()
    return what
  }

  refs(): Array<AnyRef> {
    return Array.from({ length: this.size }, (_, at) => this.refAt(at))
  }
}
