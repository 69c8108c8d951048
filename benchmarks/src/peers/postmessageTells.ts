/**
 * `cross-isolate` by `postMessage` of Node's worker threads: the way between isolates that needs no framework. Values are
 * cloned; there are no mailboxes, bounds or failures.
 */
import { Worker } from "node:worker_threads"
import { mustBe, now, produce } from "../measure.ts"
import { monotonicNs, sendOneByOne } from "../shapes.ts"
import type { Measured, Program } from "../workload.ts"

export const crossIsolate: Program = async (n, warm) => {
  const worker = new Worker(new URL("./postmessageSink.ts", import.meta.url))
  const ask = (question: "handled" | "median"): Promise<number> =>
    new Promise((resolve) => {
      worker.once("message", resolve)
      worker.postMessage({ ask: question }, [])
    })
  const batched = async (n: number, message: (i: number) => unknown): Promise<Measured> => {
    const start = now()
    await produce(n, (i) => worker.postMessage(message(i), []))
    const completed = await ask("handled")
    return { completed, seconds: (now() - start) / 1000 }
  }
  const bytes = new Uint8Array(64)
  const numbers = (n: number) => batched(n, (i) => i)
  const blocks = (n: number) => batched(n, () => bytes)
  const objects = (n: number) => batched(n, (i) => ({ id: i, name: "a name", on: true }))
  for (const program of [numbers, blocks, objects]) await program(warm)
  const number = await numbers(n), block = await blocks(n), object = await objects(n)
  for (const each of [number, block, object]) mustBe(each.completed, n, "messages handled on the worker")
  const oneByOne = async () => {
    await sendOneByOne(() => worker.postMessage({ sent: monotonicNs() }, []))
    return ask("median")
  }
  await oneByOne()
  const asleep = await oneByOne()
  worker.postMessage({ spin: true }, [])
  const awake = await oneByOne()
  await worker.terminate()
  const ns = (each: Measured) => (each.seconds * 1e9) / n
  return { ...number, extra: { ns_64b: ns(block), ns_object: ns(object), asleep_us: asleep, awake_us: awake } }
}
