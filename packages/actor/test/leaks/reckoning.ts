/**
 * Whether a kind leaves something behind. Its operations are done in stretches; after each, once all is quiet,
 *
 * - every table of the system is as full as it was before, to the entry,
 * - memory, after full collections, has grown by less than an object an operation in at least one of the stretches
 *   after the first. The first one warms up, and what an allocator or a compiler keeps comes once; a leak comes in each.
 */
import { type ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { hostOf } from "../../src/internal/system.ts"
import type { MemoryShard } from "../../src/internal/memory/shard.ts"
import { turn } from "../fixtures.ts"
import type { Kind } from "./kinds.ts"
import { nothingSeen, ProbeLive, Tick } from "./probe.ts"

const stretches = 4
/** Operations between two looks at the rest of the world. */
const batch = 1_000
/** Turns of the event loop in which everything comes to rest. */
const patience = 10_000

/** Words of failures that an isolate keeps: `MOST_HELD` of `packages/core-native/src/reasons.ts`. */
const mostKept = 64

/** Bytes of an operation that stay: in V8's heap, and beside it. */
export const most = { heap: 4, native: 8 }

type Tables = Readonly<Record<string, number>>

export interface Row {
  readonly kind: string
  readonly seconds: number
  /** Bytes that an operation leaves, by V8's account, and of the rest of the process. */
  readonly heap: number
  readonly native: number
  readonly problems: ReadonlyArray<string>
}

/** Entries of every table. What only counts up, and room for entries, is none. */
const tablesOf = (system: ActorSystem["Service"]): Tables => {
  const host = hostOf(system)
  const { shard } = host
  const { bytes: _, ...stats } = shard.stats()
  const tables: Record<string, number> = {
    watches: host.watches.size,
    stops: host.stopGroups.size,
    cleanups: host.cleanups.size,
    closers: host.closers.length,
    buffers: host.buffers.bytes()
  }
  // The native shard says more than a shard has to.
  for (const [name, value] of Object.entries(stats)) {
    if (typeof value === "number" && name !== "retired") tables[name] = value
  }
  // Of the failures that actors ended by the isolate keeps the words of some (G271): no record stands for these.
  const { kept, reasons } = tables
  if (kept !== undefined && reasons !== undefined) {
    tables["reasons"] = reasons - kept
    tables["kept"] = Math.max(kept, mostKept)
  }
  if (shard.backend === "memory") {
    const { names, outside, timers } = shard as MemoryShard
    tables["names"] = names["holders"].size
    tables["outside"] = outside["byRef"].size
    tables["timers"] = timers["timers"].length
  }
  return tables
}

const differences = (before: Tables, after: Tables): ReadonlyArray<string> =>
  Object.keys(before).filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name]} before, ${after[name]} after`)

setFlagsFromString("--expose-gc")
const gc = runInNewContext("gc") as () => void

/** Finalizers run in turns of their own, and free what only they held. */
const memory = Effect.gen(function*() {
  for (let i = 0; i < 6; i++) {
    gc()
    yield* turn
  }
  const { arrayBuffers, heapTotal, heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed + arrayBuffers, native: rss - heapTotal }
})

/** `isMeasured`: whether memory decides, too; of few operations it says nothing. */
export const reckon = Effect.fnUntraced(function*(
  system: ActorSystem["Service"],
  { make, name }: Kind,
  operations: number,
  isMeasured: boolean
) {
  // What a batch tells of is given back with the next one: somebody has to be sent something.
  const other = yield* ProbeLive.spawn(nothingSeen())
  const run = yield* make
  yield* turn
  const before = tablesOf(system)
  const stretch = Math.ceil(operations / stretches)
  const problems: Array<string> = []
  const began = performance.now()

  const rested = Effect.gen(function*() {
    for (let turns = 0; turns < patience; turns++) {
      if (differences(before, tablesOf(system)).length === 0) return
      other.tellUnsafe(Tick())
      yield* turn
    }
    problems.push(...differences(before, tablesOf(system)))
  })
  const someOf = Effect.fnUntraced(function*(count: number, from: number) {
    for (let done = 0; done < count; done += batch) {
      yield* run(Math.min(batch, count - done), from + done)
      yield* turn
    }
    yield* rested
  })

  let heap = Infinity
  let native = Infinity
  let last: { readonly heap: number; readonly native: number } | undefined
  for (let at = 0; at < stretches && problems.length === 0; at++) {
    yield* someOf(stretch, at * stretch)
    if (!isMeasured) continue
    const now = yield* memory
    if (last !== undefined) {
      heap = Math.min(heap, (now.heap - last.heap) / stretch)
      native = Math.min(native, (now.native - last.native) / stretch)
    }
    last = now
  }
  if (isMeasured && problems.length === 0) {
    if (heap > most.heap) problems.push(`${heap.toFixed(1)} bytes of heap an operation`)
    if (native > most.native) problems.push(`${native.toFixed(1)} bytes beside the heap an operation`)
  }
  const seconds = (performance.now() - began) / 1000
  return { kind: name, seconds, heap, native, problems } satisfies Row
}, Effect.scoped)
