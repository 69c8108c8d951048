// Nothing is left of what is over: some thousands of each kind, by the entries of every table (G219). A million of each,
// and the memory they leave: `npm run check -- leaks`.
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect, References } from "effect"
import { systems } from "./fixtures.ts"
import { kinds, leaking } from "./leaks/kinds.ts"
import { reckon } from "./leaks/reckoning.ts"

const quietly = Effect.provideService(References.MinimumLogLevel, "None")

describe.each(systems)("leaks on the %s", (_, system) => {
  it.effect.each(kinds)("G219: $name", (kind) =>
    Effect.gen(function*() {
      const { problems } = yield* reckon(yield* ActorSystem, kind, 2_000, false)
      assert.deepStrictEqual(problems, [])
    }).pipe(quietly, Effect.provide(system)))

  it.effect.each(leaking)("whoever counts finds $name", (kind) =>
    Effect.gen(function*() {
      const { problems } = yield* reckon(yield* ActorSystem, kind, 10_000, kind.name.startsWith("objects"))
      assert.isAbove(problems.length, 0)
    }).pipe(quietly, Effect.provide(system)))
})
