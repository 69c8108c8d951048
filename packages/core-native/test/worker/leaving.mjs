// Blocks of a system that have left their holder, and that no payload has taken over: as in the middle of a send.
import { parentPort, workerData } from "node:worker_threads"
import { load } from "../../src/load.ts"
import { hopsOf } from "../hops.ts"

const buffers = new (load().NativeBuffers)(2 ** 30, false, workerData)
const { moved } = hopsOf(buffers)
const numbers = []
// More than are looked through at a time.
for (let i = 0; i < 100; i++) {
  const block = buffers.allocate(1000)
  const view = buffers.view(block).transfer()
  moved(block, view)
  buffers.depart(block, i % 2 === 0 ? view : undefined)
  numbers.push(block)
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort.postMessage(numbers)
setInterval(() => {}, 1000)
