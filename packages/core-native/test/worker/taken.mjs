// Gives the memory of a block to its parent, and ends.
import { parentPort } from "node:worker_threads"
import { load } from "../../src/load.ts"
import { hopsOf } from "../hops.ts"

const buffers = new (load().NativeBuffers)(2 ** 30, false)
const { moved } = hopsOf(buffers)
const block = buffers.allocate(2 ** 22)
const view = buffers.view(block).transfer()
moved(block, view)
new Uint8Array(view).fill(7)
const taken = view.transfer()
parentPort.postMessage(taken, [taken])
