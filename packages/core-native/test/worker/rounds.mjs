/**
 * Starts and terminates workers that tick, are flooded from native threads, and wait for promises: the process must
 * live. `node packages/core-native/test/worker/rounds.mjs 100`
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"

const rounds = Number(process.argv[2] ?? 10)
for (let round = 0; round < rounds; round++) {
  const worker = new Worker(new URL("./busy.mjs", import.meta.url))
  const [message] = await once(worker, "message")
  if (message !== "running") throw new Error(`worker said ${message}`)
  // In the middle of whatever it does: it never stops by itself.
  await worker.terminate()
}
console.log(`${rounds} rounds`)
