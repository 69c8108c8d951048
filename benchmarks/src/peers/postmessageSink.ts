/** The other end of `postmessageTells.ts`. */
import { parentPort } from "node:worker_threads"
import { percentiles } from "../measure.ts"
import { monotonicNs } from "../shapes.ts"

interface Message {
  readonly ask?: "handled" | "median"
  readonly sent?: number
  readonly spin?: boolean
}

let handled = 0
let ways: Array<number> = []

const spin = (): void => void setImmediate(spin)

parentPort?.on("message", (message: Message | number | Uint8Array) => {
  if (typeof message !== "object" || message instanceof Uint8Array) {
    handled++
  } else if (message.ask === "handled") {
    parentPort?.postMessage(handled, [])
    handled = 0
  } else if (message.ask === "median") {
    parentPort?.postMessage(percentiles(Float64Array.from(ways)).p50 / 1000, [])
    ways = []
  } else if (message.sent !== undefined) {
    ways.push(monotonicNs() - message.sent)
  } else if (message.spin === true) {
    spin()
  } else {
    handled++
  }
})
