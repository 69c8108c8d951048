/**
 * `buffer` by `postMessage`: a block goes to and fro between this thread and a worker. `us_per_hop_…` clones it,
 * `transfer_us_per_hop_…` transfers it. With `sharedarraybuffer` nothing is handed over: both see the same memory, and
 * take turns by messages.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { perHop, rowOf } from "../buffers.ts"
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
parentPort.on("message", ({ memory, isMoved }) => {
  const bytes = new Uint8Array(memory)
  bytes[0]++
  bytes[bytes.length - 1]++
  parentPort.postMessage({ memory, isMoved }, isMoved ? [memory] : [])
})`

/** `count` hops: there and back are two. */
const exchange = (worker: Worker, memory: Memory, isMoved: boolean, count: number): Promise<Memory> =>
  new Promise((resolve) => {
    let left = count + count % 2
    const post = (memory: Memory): void => {
      mark(memory)
      worker.postMessage({ memory, isMoved }, isMoved && memory instanceof ArrayBuffer ? [memory] : [])
    }
    worker.on("message", function back({ memory }: { readonly memory: Memory }) {
      left -= 2
      if (left > 0) return post(memory)
      worker.off("message", back)
      resolve(memory)
    })
    post(memory)
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
  (worker: Worker, make: (size: number) => Memory, isMoved: boolean) => async (size: number, count: number) => {
    const memory = await exchange(worker, make(size), isMoved, count)
    mustBe(new Uint8Array(memory)[size - 1], (count + count % 2) % 256, "the marks of all hops")
  }

const posted: Program = (n, warm) =>
  withWorker(async (worker) => {
    const make = (size: number) => new ArrayBuffer(size)
    const cloned = await perHop(n, warm, "", true, hops(worker, make, false))
    const moved = await perHop(n, warm, "transfer_", false, hops(worker, make, true))
    return rowOf(n, { ...cloned, ...moved })
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
