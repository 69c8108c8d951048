/**
 * An isolate of the system `workerData`: its actor answers questions in capitals, but "never" not at all, and posts what
 * it is told otherwise.
 */
import { parentPort, workerData } from "node:worker_threads"
import { Completion, Flag, Submission } from "../../src/generated/layout.ts"
import { Isolate } from "../isolate.ts"

/** @param {unknown} message */
const say = (message) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  parentPort?.postMessage(message)
}
const isolate = new Isolate(workerData, (record, self) => {
  if (record.kind !== Completion.Message) return
  if ((record.flags & Flag.Call) === 0) return say(record.bytes ?? record.number)
  if (record.bytes === "never") return say("asked")
  self.submit({ kind: Submission.Reply, a: record.a, bytes: record.bytes?.toUpperCase() ?? "" })
})
const pid = isolate.spawn("echo")
isolate.turn()
say({ pid, isolate: isolate.native.isolate })
// The doorbell alone does not hold the thread.
setInterval(() => {}, 2 ** 30)
