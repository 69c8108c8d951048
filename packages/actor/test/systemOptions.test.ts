// Options of systems: each Layer knows its own, and no other's.
import { describe, it } from "@effect/vitest"
import { ActorSystem, InvalidOption } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { assert } from "vitest"

const nativeIsHere = process.env["MYRMIDON_NO_NATIVE"] === undefined

/** What the Layer of these options says. */
const refusedBy = (layer: (options: never) => ReturnType<typeof ActorSystem.layer>, options: object) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(Effect.scoped(Effect.provide(Effect.asVoid(ActorSystem), layer(options as never))))
    assert.instanceOf(error, InvalidOption)
    return [error.option, /known are (.*)/.exec(error.issue)?.[1]?.split(", ") ?? [], error.issue] as const
  })

describe("options of systems", () => {
  it.effect("G307: seed and backend are layerTest's: another Layer refuses what it would not follow", () =>
    Effect.gen(function*() {
      for (const option of ["seed", "backend"]) {
        const options = { [option]: option === "seed" ? 1n : "native" }
        const layers = nativeIsHere ? [ActorSystem.layerMemory, ActorSystem.layer] : [ActorSystem.layerMemory]
        for (const layer of layers) {
          const [refused, known] = yield* refusedBy(layer, options)
          assert.strictEqual(refused, option)
          assert.notInclude(known, option)
        }
      }
    }))

  it.effect("G307: what a Layer names as known are its own options", () =>
    Effect.gen(function*() {
      const [, ofTest] = yield* refusedBy(ActorSystem.layerTest, { seed: 1n, isolates: 2 })
      assert.includeMembers([...ofTest], ["seed", "backend", "mailbox"])
      assert.notInclude(ofTest, "isolates")
      const [, ofTwin] = yield* refusedBy(ActorSystem.layerMemory, { isolates: 2 })
      assert.include(ofTwin, "mailbox")
      assert.notIncludeMembers([...ofTwin], ["isolates"])
    }))

  it.effect("G307: of an option that another Layer knows it is said which", () =>
    Effect.gen(function*() {
      const [, , isolates] = yield* refusedBy(ActorSystem.layerMemory, { isolates: 2 })
      assert.match(isolates, /^an option of ActorSystem\.layer, and of no other; known are /)
      const [, , seed] = yield* refusedBy(ActorSystem.layerMemory, { seed: 1n })
      assert.match(seed, /^an option of ActorSystem\.layerTest, and of no other; known are /)
      const [, , typo] = yield* refusedBy(ActorSystem.layerMemory, { isolate: 2 })
      assert.match(typo, /^unknown; known are /)
    }))
})
