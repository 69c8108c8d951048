// Holds blocks in every way there is, and never ends by itself.
import { parentPort } from "node:worker_threads"
import { load } from "../../src/load.ts"
import { hopsOf } from "../hops.ts"

const size = 8 * 2 ** 20
const buffers = new (load().NativeBuffers)(2 ** 30, false)
const { moved } = hopsOf(buffers)
const views = []
for (let i = 0; i < 8; i++) {
  const block = buffers.allocate(size)
  // Touched, so that it is there.
  const view = buffers.view(block).transfer()
  moved(block, view)
  new Uint8Array(view).fill(1)
  if (i % 2 === 0) buffers.depart(block, view)
  else views.push(view)
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort.postMessage(buffers.bytes)
setInterval(() => views.length, 1000)
