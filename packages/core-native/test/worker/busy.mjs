import { parentPort } from "node:worker_threads"
import { load, Runtime } from "../../src/index.ts"

const runtime = new Runtime({ keepAlive: true })
let handled = 0
const a = runtime.spawn((n) => {
  if (typeof n === "number" && ++handled === 2000) parentPort.postMessage("running")
  b.send({ n })
})
const b = runtime.spawn((message) => void a.send(message))
const waits = runtime.spawn(() => new Promise(() => {}))
waits.ask(1, { timeout: Infinity }).catch(() => {})
for (let i = 0; i < 16; i++) a.send(i)
load().flood(a.pid, 0, 2_000_000_000, 16)
