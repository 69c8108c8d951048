/**
 * `buffer` by `postMessage`: a block goes to and fro between this thread and a worker. `us_per_hop_…` clones it,
 * `transfer_us_per_hop_…` transfers it, `transfer_many_…` eight of them together. With `sharedarraybuffer` nothing is handed over: both see the same memory, and
 * take turns by messages.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { type Hops, hopsEach, many, perHop, rowOf } from "../buffers.ts"
import { mustBe } from "../measure.ts"
import { crossIsolate } from "./postmessageTells.ts"
import type { Program, Subject } from "../workload.ts"

type Memory = ArrayBuffer | SharedArrayBuffer

const mark = (memory: Memory): void => {
  const bytes = new Uint8Array(memory)
  bytes[0]++
  bytes[bytes.length - 1]++
}

const other = `
const { parentPort } = require("node:worker_threads")
parentPort.on("message", ({ memory, left, isMoved }) => {
  const bytes = new Uint8Array(memory)
  bytes[0]++
  bytes[bytes.length - 1]++
  parentPort.postMessage({ memory, left, isMoved }, isMoved ? [memory] : [])
})`

interface Ball {
  readonly memory: Memory
  readonly left: number
}

/** `count` hops of each block: there and back are two. */
const exchange = (worker: Worker, memories: ReadonlyArray<Memory>, isMoved: boolean, count: number) =>
  new Promise<ReadonlyArray<Memory>>((resolve) => {
    const over: Array<Memory> = []
    const post = (memory: Memory, left: number): void => {
      mark(memory)
      worker.postMessage({ memory, left, isMoved }, isMoved && memory instanceof ArrayBuffer ? [memory] : [])
    }
    worker.on("message", function back({ left, memory }: Ball) {
      if (left > 2) return post(memory, left - 2)
      if (over.push(memory) < memories.length) return
      worker.off("message", back)
      resolve(over)
    })
    for (const memory of memories) post(memory, count)
  })

const withWorker = async <A>(use: (worker: Worker) => Promise<A>): Promise<A> => {
  const worker = new Worker(other, { eval: true })
  await once(worker, "online")
  try {
    return await use(worker)
  } finally {
    await worker.terminate()
  }
}

const hops =
  (worker: Worker, make: (size: number) => Memory, isMoved: boolean, blocks = 1): Hops => async (size, count) => {
    const each = hopsEach(count, blocks)
    for (const memory of await exchange(worker, Array.from({ length: blocks }, () => make(size)), isMoved, each)) {
      mustBe(new Uint8Array(memory)[size - 1], each % 256, "the marks of all hops")
    }
    return each * blocks
  }

const posted: Program = (n, warm) =>
  withWorker(async (worker) => {
    const make = (size: number) => new ArrayBuffer(size)
    const cloned = await perHop(n, warm, "", true, hops(worker, make, false))
    const moved = await perHop(n, warm, "transfer_", false, hops(worker, make, true))
    const together = await perHop(n, warm, "transfer_many_", false, hops(worker, make, true, many))
    return rowOf(n, { ...cloned, ...moved, ...together })
  })

const shared: Program = (n, warm) =>
  withWorker(async (worker) =>
    rowOf(n, await perHop(n, warm, "", false, hops(worker, (size) => new SharedArrayBuffer(size), false)))
  )

export const postmessage: Subject = {
  name: "postmessage",
  version: process.version,
  programs: { "buffer": posted, "cross-isolate": crossIsolate }
}
export const sharedarraybuffer: Subject = {
  name: "sharedarraybuffer",
  version: process.version,
  programs: { buffer: shared }
}
