// @ts-nocheck: plain JavaScript, run by hand against the sources.
// What the twin's objects take: `node --expose-gc packages/actor/test/memory/size.mjs` (Node 24, 64 bits). It prints the
// constants of `src/internal/memory/footprint.ts`, each the median of five growths of the heap by 100,000 of a kind.
import { Call } from "../../src/internal/call.ts"
import { Aside } from "../../src/internal/memory/aside.ts"
import { MemoryCell } from "../../src/internal/memory/cell.ts"
import { LinkHalf } from "../../src/internal/memory/links.ts"
import { LetterPool } from "../../src/internal/memory/mailbox.ts"
import { Watch } from "../../src/internal/memory/monitors.ts"
import { Hold } from "../../src/internal/memory/room.ts"
import { Slab } from "../../src/internal/memory/slab.ts"
import { Timer, Timers } from "../../src/internal/memory/timers.ts"

const N = 100_000
const nobody = {}
const cellOf = (index) => new MemoryCell(index, 0, nobody, nobody)

const kinds = {
  CELL: () => {
    const slab = new Slab()
    for (let i = 0; i < N; i++) slab.put(slab.next(), cellOf(i))
    return slab
  },
  LETTER: () => {
    const pool = new LetterPool()
    return Array.from({ length: N }, () => pool.message(1, undefined, undefined))
  },
  ASIDE: () => Array.from({ length: N }, () => new Aside()),
  // A map or a set of up to four; what each of more takes comes on top.
  MAP: () => Array.from({ length: N }, () => new Map().set(nobody, nobody)),
  ENTRY: () => new Map(Array.from({ length: N }, (_, i) => [i, nobody])),
  LINK: () => Array.from({ length: N }, () => new LinkHalf()),
  WATCH: () => Array.from({ length: N }, (_, i) => new Watch(nobody, nobody, i)),
  TIMER: () => {
    const heap = new Timers()
    for (let i = 0; i < N; i++) heap.arm(new Timer(nobody, i, 1, undefined, 0, 0, undefined), i)
    return heap
  },
  HOLD: () => Array.from({ length: N }, () => new Hold(nobody, nobody, undefined)),
  NAME: () => new Map(Array.from({ length: N }, (_, i) => [`actor-${i}`, nobody])),
  CALL: () => Array.from({ length: N }, () => new Call(1, nobody, undefined))
}
// Of the arrays that hold them here, and not there.
const held = { LETTER: 8, ASIDE: 8, MAP: 8, LINK: 8, WATCH: 8, HOLD: 8, CALL: 8 }

const used = () => {
  globalThis.gc()
  globalThis.gc()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

for (const [kind, make] of Object.entries(kinds)) {
  const rounds = Array.from({ length: 5 }, () => {
    const before = used()
    const made = make()
    const bytes = (used() - before) / N - (held[kind] ?? 0)
    if (made === undefined) throw new Error("it must live until here")
    return bytes
  })
  console.log(`${kind.padEnd(8)} ${Math.round(rounds.sort((a, b) => a - b)[2])}`)
}
