/**
 * Bytes that are really held by this isolate: V8's live objects and buffers once the garbage is out, and on the native
 * backend the tables of Rust beside them. Resident memory would say less: pages that the map left empty are used again.
 */
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

export const heldMemory = Effect.gen(function*() {
  const system = yield* ActorSystem
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  // Twice: what the first finds dead may hold the last reference to more.
  if (typeof collect === "function") { for (let time = 0; time < 2; time++) collect() }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  const info = yield* system.info
  return heapUsed + arrayBuffers + (system.backend === "native" ? info.bytes : 0)
})
