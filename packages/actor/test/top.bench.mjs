// @ts-nocheck: plain JavaScript, run by hand against the sources.
// What the questions of accounts take with 100,000 actors: `node packages/actor/test/top.bench.mjs [--memory]`. The best
// and the middle one of 21 rounds, in ms.
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { Actor, ActorSystem } from "../src/index.ts"

const ACTORS = 100_000
const ROUNDS = 21
const Work = Actor.make("Work", [Rpc.make("Do"), Rpc.make("Sync", { success: Schema.Void })])
const { Do, Sync } = Work.messages
const WorkLive = Work.behavior({ init: () => 0, handlers: { Do: () => {}, Sync: () => {} } })
const system = process.argv.includes("--memory") ? ActorSystem.layerMemory() : ActorSystem.layer()

const measured = (name, ask) =>
  Effect.gen(function*() {
    const times = []
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      yield* ask
      times.push(performance.now() - start)
    }
    times.sort((a, b) => a - b)
    console.log(`${name.padEnd(26)} best ${times[0].toFixed(2)}, middle ${times[ROUNDS >> 1].toFixed(2)}`)
  })

const program = Effect.gen(function*() {
  const { behaviors, spawnUnsafe, top } = yield* ActorSystem
  const actors = Array.from({ length: ACTORS }, () => spawnUnsafe(WorkLive, undefined))
  // Reductions in no order, and a few of everything.
  for (const [at, actor] of actors.entries()) for (let i = (at * 7919) % 13; i > 0; i--) actor.tellUnsafe(Do())
  yield* actors[0].ask(Sync())
  yield* Effect.promise(() => new Promise((done) => setTimeout(done, 500)))
  for (const by of ["reductions", "time", "mailbox", "memory"]) yield* measured(`top(10, "${by}")`, top(10, by))
  yield* measured(`top(1000, "reductions")`, top(1000, "reductions"))
  yield* measured(`top(10000, "reductions")`, top(10_000, "reductions"))
  yield* measured("behaviors", behaviors)
})

await Effect.runPromise(Effect.provide(program, system))
