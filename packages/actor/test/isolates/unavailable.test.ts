// Modules that cannot be had (G155), in each of the ways in which that happens.
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorSystem, HotSwap, type SpawnError } from "@myrmidonjs/actor"
import { Effect, Layer } from "effect"
import { Rpc } from "effect/rpc"
import { nativeLoads } from "../fixtures.ts"
import { Dying, NoLicence, WithoutSchema, WithSchema } from "./layers.ts"
import { CounterLive } from "./modules.ts"

const layers = new URL("./layers.ts", import.meta.url).href

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

const Nowhere = Actor.make("Nowhere", [Rpc.make("Never", {})])
const behavior = Nowhere.behavior({ init: () => 0, handlers: { Never: () => {} } })
const source = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
const spawned = (url: string) =>
  Effect.map(
    Effect.flip(Actor.module(url, behavior, Layer.empty).spawnOn("worker", undefined)),
    (error) => (error as SpawnError).reason
  )

describe.runIf(nativeLoads)("modules that cannot be had", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 1, importSilence: 2_000, isolateSilence: 2_000 }), {
    excludeTestServices: true,
    timeout: patience
  })((it) => {
    for (
      const [what, url, issue] of [
        ["there is no such file", new URL("./nowhere.ts", import.meta.url).href, /nowhere\.ts/],
        ["it is no module", source("]"), /Unexpected token/],
        ["it throws", source("throw new Error('on purpose')"), /on purpose/],
        ["it throws nothing", source("throw undefined"), /undefined/],
        ["it throws what has no text", source("throw { toString() { throw new Error('odd') } }"), /cannot be imported/],
        ["it throws what has no prototype", source("throw Object.create(null)"), /cannot be imported/],
        ["it imports what is not there", source("import 'no-such-package-of-anybody'"), /no-such-package/],
        ["it awaits what fails", source("await Promise.reject(new Error('later'))"), /later/],
        ["it registers nothing", source("export default 5"), /registers no behaviour of Nowhere/],
        ["nothing is known of such addresses", "nowhere:at/all", /nowhere:/],
        ["it awaits what never comes", source("await new Promise(() => {})"), /after 2s/]
      ] as const
    ) {
      it.effect(`G155: ${what}`, () =>
        Effect.gen(function*() {
          const reason = yield* spawned(url)
          assert.deepInclude(reason, { _tag: "ModuleUnavailable", url })
          assert.match((reason as { issue: string }).issue, issue)
          // The isolate lives, and imports others.
          yield* CounterLive.spawnOn("worker", 1)
        }).pipe(Effect.scoped))
    }

    it.effect("G155: a Layer that fails says why, by its schema or as InitCrashed, and is tried again by the next spawn", () =>
      Effect.gen(function*() {
        for (const tries of [1, 2]) {
          assert.deepStrictEqual(
            yield* Effect.flip(WithSchema.spawnOn("worker", undefined)),
            new NoLicence({ tries })
          )
        }
        for (const [behavior, text] of [[WithoutSchema, /NoLicence/], [Dying, /no licence/]] as const) {
          for (const on of ["worker", "main"] as const) {
            const { reason } = (yield* Effect.flip(behavior.spawnOn(on, undefined))) as SpawnError
            assert(reason._tag === "InitCrashed")
            assert.match(reason.message, text)
            assert.match(reason.message, /^the Layer of module .*layers\.ts failed: crashed: /)
            assert.strictEqual(reason.layer, layers)
          }
        }
        assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0)
      }).pipe(Effect.scoped))

    it.effect("G155: an address that is no text, or a behaviour that is none, is refused where it is said", () =>
      Effect.sync(() => {
        assert.throws(() => Actor.module(undefined as never, behavior, Layer.empty), /url/)
        assert.throws(() => Actor.module("", behavior, Layer.empty), /url/)
        assert.throws(() => Actor.module(import.meta.url, {} as never, Layer.empty), /behavior/i)
        assert.throws(() => Actor.module(import.meta.url, behavior, undefined as never), /layer/)
        assert.throws(() => HotSwap.module(undefined as never, HotSwap.upgrade(behavior, behavior)), /url/)
      }))
  })
})
