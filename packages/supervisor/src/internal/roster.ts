/**
 * The children of all dynamic supervisors of one system, found by PID: an array by slab index (G1), which costs a start
 * one store where a map would cost as much as the actor.
 *
 * A slot may be given out again before its last child was struck off; that child waits aside.
 */
import type { ActorSystem, AnyRef, SpawnOptions } from "@myrmidonjs/actor"

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

export class Roster {
  private readonly entries: Array<Entry | undefined> = []
  private readonly aside = new Map<AnyRef, Entry>()

  add(entry: Entry): void {
    const at = indexOf(entry.ref)
    const { entries } = this
    // Filled in order: a hole would turn the array into a dictionary.
    while (entries.length <= at) entries.push(undefined)
    const before = entries[at]
    if (before !== undefined) this.aside.set(before.ref, before)
    entries[at] = entry
  }

  find(ref: AnyRef): Entry | undefined {
    const entry = this.entries[indexOf(ref)]
    if (entry !== undefined && entry.ref === ref) return entry
    return this.aside.size === 0 ? undefined : this.aside.get(ref)
  }

  remove(entry: Entry): void {
    const at = indexOf(entry.ref)
    if (this.entries[at] === entry) this.entries[at] = undefined
    else this.aside.delete(entry.ref)
  }
}

const ofSystem = new WeakMap<ActorSystem["Service"], Roster>()

export const rosterOf = (system: ActorSystem["Service"]): Roster => {
  let roster = ofSystem.get(system)
  if (roster === undefined) ofSystem.set(system, roster = new Roster())
  return roster
}
