import { parentPort } from "node:worker_threads"
import { load, Runtime } from "../../src/index.ts"

const runtime = new Runtime({ keepAlive: true })
let handled = 0
const a = runtime.spawn((n) => {
  if (typeof n !== "number") b.send("pass")
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  else if (++handled === 2000) parentPort?.postMessage("running")
})
const b = runtime.spawn((message) => void a.send(message))
const waits = runtime.spawn(() => new Promise(() => {}))
waits.ask(1, { timeout: Infinity }).catch(() => {})
for (let i = 0; i < 3000; i++) a.send("pass")
load().flood(a.pid, 0, 2_000_000_000, 16)
