/**
 * The children of all dynamic supervisors of one system, found by PID: a table by slab index (G1), which costs a start
 * one store where a map would cost as much as the actor; in chunks, so that growing it copies nothing.
 *
 * A slot may be given out again before its last child was struck off, and another isolate has slots of the same
 * numbers; that child waits aside.
 */
import type { ActorSystem, AnyRef, Pid, SpawnOptions } from "@myrmidonjs/actor"

/** One child over its restarts. */
export class Entry {
  /** Its last one, while it is being started again. */
  ref: AnyRef
  readonly args: unknown
  readonly options: SpawnOptions | undefined
  restarts = 0
  /** Where it stands among those that run; -1: it does not. */
  at = -1

  constructor(ref: AnyRef, args: unknown, options: SpawnOptions | undefined) {
    this.ref = ref
    this.args = args
    this.options = options
  }
}

// Shifts take the low half of a PID, of which 24 bits are the index.
const indexOf = (ref: AnyRef): number => (ref.pid >>> 0) & 0xffffff

/** Slots of a chunk, as a power of two. */
const bits = 10
const within = (1 << bits) - 1

type Chunk = Array<Entry | undefined>

export class Roster {
  private readonly chunks: Array<Chunk | undefined> = []
  private readonly aside = new Map<Pid, Entry>()

  add(entry: Entry): void {
    const slot = indexOf(entry.ref)
    const chunk = this.chunks[slot >>> bits] ?? this.grow(slot >>> bits)
    const before = chunk[slot & within]
    if (before !== undefined) this.aside.set(before.ref.pid, before)
    chunk[slot & within] = entry
  }

  private grow(to: number): Chunk {
    // Filled in order: a hole would turn the array into a dictionary.
    while (this.chunks.length < to) this.chunks.push(undefined)
    return this.chunks[to] = new Array<undefined>(1 << bits).fill(undefined)
  }

  find(ref: AnyRef): Entry | undefined {
    const slot = indexOf(ref)
    const entry = this.chunks[slot >>> bits]?.[slot & within]
    // Of an actor of another isolate there are several refs.
    if (entry !== undefined && (entry.ref === ref || entry.ref.pid === ref.pid)) return entry
    return this.aside.size === 0 ? undefined : this.aside.get(ref.pid)
  }

  remove(entry: Entry): void {
    const slot = indexOf(entry.ref)
    const chunk = this.chunks[slot >>> bits]
    if (chunk?.[slot & within] === entry) chunk[slot & within] = undefined
    else this.aside.delete(entry.ref.pid)
  }
}

const ofSystem = new WeakMap<ActorSystem["Service"], Roster>()

export const rosterOf = (system: ActorSystem["Service"]): Roster => {
  let roster = ofSystem.get(system)
  if (roster === undefined) ofSystem.set(system, roster = new Roster())
  return roster
}
