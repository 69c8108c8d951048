// Bytes of messages from other isolates that their receiver keeps (G237).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { Hoarder, HoarderLive } from "./hoarders.ts"

const { Checked, Plain, Show, Within } = Hoarder.messages

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

describe.runIf(nativeLoads)("bytes from another isolate", () => {
  it.live(
    "G237: stay what they were when they came, and share memory with those beside them",
    () =>
      Effect.gen(function*() {
        const hoarder = yield* HoarderLive.spawnOn("worker", undefined)
        const expected: Array<ReadonlyArray<number>> = []
        let sent = 0
        const next = (length: number): Uint8Array => {
          const value = sent++ & 0xff
          expected.push([value, length])
          return new Uint8Array(length).fill(value)
        }
        for (let round = 0; round < 20; round++) {
          for (let i = 0; i < 10; i++) {
            yield* hoarder.tell(Plain(next(100)))
            yield* hoarder.tell(Within({ name: "a", data: next(20), more: [next(200), next(1_000)] }))
            yield* hoarder.tell(Checked({ name: "b", data: next(300) }))
          }
          // Others go through the same memory meanwhile.
          yield* hoarder.ask(Show(), { timeout: "1 minute" })
        }
        const { pieces, values } = yield* hoarder.ask(Show(), { timeout: "1 minute" })
        assert.deepStrictEqual(values, expected)
        assert.isBelow(pieces, expected.length)
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 }))),
    patience
  )
})
