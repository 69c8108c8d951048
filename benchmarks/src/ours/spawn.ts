/** `spawn` by `ActorSystem.spawnUnsafe`, and `spawn-effect` by `Behavior.spawn`: default mailboxes, typed refs held. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { spawnShape } from "../shapes.ts"
import type { Program } from "../workload.ts"
import { CounterLive, type CounterRef } from "./counter.ts"
import type { Open } from "./system.ts"

/** The default is a million actors, and the warm-up's stay alive beside the measured ones. */
const options = { maxActors: 4_000_000 }

export const spawn = (open: Open): Program => async (n, warm) => {
  const { close, system } = await open(options)
  const held: Array<CounterRef> = []
  return spawnShape(n, warm, async (n) => {
    const first = held.length
    for (let i = 0; i < n; i++) held.push(system.spawnUnsafe(CounterLive, 0))
    return held.length - first
  }, close)
}

export const spawnEffect = (open: Open): Program => async (n, warm) => {
  const { run } = await open(options)
  const held: Array<CounterRef> = []
  const scope = Scope.makeUnsafe()
  return spawnShape(n, warm, (n) =>
    run(
      Effect.gen(function*() {
        const first = held.length
        for (let i = 0; i < n; i++) held.push(yield* CounterLive.spawn(0))
        return held.length - first
      }).pipe(Scope.provide(scope))
    ), () => run(Scope.close(scope, Exit.void)))
}
