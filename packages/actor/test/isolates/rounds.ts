/**
 * Systems with worker isolates that are started, loaded and closed in the middle of it, or lose a worker before: each
 * round ends, and the next one starts.
 *
 * As a program: `node packages/actor/test/isolates/rounds.ts [rounds]`.
 */
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { strictEqual } from "node:assert/strict"
import { fileURLToPath } from "node:url"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { Counter, CounterLive } from "./modules.ts"

const { Add, Get } = Counter.messages

/** `ends`: a worker is ended by force before the system is closed. */
const round = (ends: boolean) =>
  Effect.gen(function*() {
    const fleet = fleetOf(hostOf(yield* ActorSystem))!
    const counters = yield* Effect.forEach([0, 1, 2, 3], () => CounterLive.spawnOn("worker", 0))
    const load = () => {
      for (let i = 0; i < 2_000; i++) counters[i % 4]!.tellUnsafe(Add(1))
    }
    load()
    strictEqual(yield* counters[0]!.ask(Get()), 500)
    load()
    if (ends) fleet.terminate(fleet.team.loads().find(({ isolate }) => isolate !== 0)!.isolate)
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 })))

export const rounds = (count: number) =>
  Effect.forEach(Array.from({ length: count }, (_, at) => at), (at) => round(at % 2 === 1), { discard: true })

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = Number(process.argv[2] ?? 10)
  await Effect.runPromise(rounds(count))
  console.log(`${count} rounds`)
}
