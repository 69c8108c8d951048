/**
 * Where the children of all dynamic supervisors of one system stand, by PID: a table by slab index (G1), which costs a
 * start two stores where a map would cost as much as the actor; in chunks, so that growing it copies nothing; of
 * numbers, so that the collector neither looks at it nor moves it.
 *
 * A slot may be given out again before its last child was struck off, and another isolate has slots of the same
 * numbers; that child waits aside.
 */
import type { ActorSystem, AnyRef, Pid } from "@myrmidonjs/actor"
import type { Children } from "./children.ts"

// Shifts take the low half of a PID, of which 24 bits are the index.
const indexOf = (ref: AnyRef): number => (ref.pid >>> 0) & 0xffffff

/** Slots of a chunk, as a power of two. */
const bits = 10
const within = (1 << bits) - 1

interface Place {
  readonly children: Children
  at: number
}

export class Roster {
  /** By slab index; in each chunk the number of the children that it belongs to, and where it stands among them. */
  private readonly chunks: Array<Int32Array | undefined> = []
  /** By number; 0 is nobody. */
  private readonly all: Array<Children | undefined> = [undefined]
  private readonly free: Array<number> = []
  private readonly aside = new Map<Pid, Place>()

  /** A number for children of whom the first is added. */
  enter(children: Children): number {
    const number = this.free.pop() ?? this.all.length
    this.all[number] = children
    return number
  }

  /** None of them is left. */
  leave(number: number): void {
    this.all[number] = undefined
    this.free.push(number)
  }

  add(children: Children, ref: AnyRef, at: number): void {
    const slot = indexOf(ref)
    const chunk = this.chunks[slot >>> bits] ?? this.grow(slot >>> bits)
    const place = (slot & within) << 1
    if (chunk[place] !== 0) this.putAside(this.all[chunk[place]!]!, chunk[place | 1]!)
    chunk[place] = children.number
    chunk[place | 1] = at
  }

  private putAside(children: Children, at: number): void {
    this.aside.set(children.refAt(at).pid, { children, at })
  }

  private grow(to: number): Int32Array {
    // Filled in order: a hole would turn the array into a dictionary.
    while (this.chunks.length < to) this.chunks.push(undefined)
    return this.chunks[to] = new Int32Array(2 << bits)
  }

  /** Where among `children`, who have a number, it stands; -1: it does not. */
  find(children: Children, ref: AnyRef): number {
    const slot = indexOf(ref)
    const chunk = this.chunks[slot >>> bits]
    const place = (slot & within) << 1
    if (chunk !== undefined && chunk[place] === children.number) {
      const at = chunk[place | 1]!
      const found = children.refAt(at)
      // Of an actor of another isolate there are several refs.
      if (found === ref || found.pid === ref.pid) return at
    }
    if (this.aside.size === 0) return -1
    const aside = this.aside.get(ref.pid)
    return aside !== undefined && aside.children === children ? aside.at : -1
  }

  /** It stands somewhere else now. */
  move(children: Children, ref: AnyRef, from: number, to: number): void {
    const slot = indexOf(ref)
    const chunk = this.chunks[slot >>> bits]!
    const place = (slot & within) << 1
    if (chunk[place] === children.number && chunk[place | 1] === from) chunk[place | 1] = to
    else this.aside.get(ref.pid)!.at = to
  }

  remove(children: Children, ref: AnyRef, at: number): void {
    const slot = indexOf(ref)
    const chunk = this.chunks[slot >>> bits]!
    const place = (slot & within) << 1
    if (chunk[place] === children.number && chunk[place | 1] === at) chunk[place] = 0
    else this.aside.delete(ref.pid)
  }
}

const ofSystem = new WeakMap<ActorSystem["Service"], Roster>()

export const rosterOf = (system: ActorSystem["Service"]): Roster => {
  let roster = ofSystem.get(system)
  if (roster === undefined) ofSystem.set(system, roster = new Roster())
  return roster
}
