// Trees over several isolates whose workers, supervisors and children end at random (G248, G249).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type AskError } from "@myrmidonjs/actor"
import { type ChildNotRunning, Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Exit, Layer, Scope } from "effect"
import { fleetOf } from "../../actor/src/internal/isolate/fleet.ts"
import { hostOf } from "../../actor/src/internal/system.ts"
import { Life, lives, Spread } from "./isolates/lives.ts"

/** ms: workers may take their time to start again on a busy machine. */
const patience = 240_000
const ends = Number(process.env["MYRMIDON_ENDS"] ?? 12)

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

/** A small generator, the same everywhere. */
const generator = (seed: number) => (n: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return Math.floor(seed / 2 ** 16) % n
}

describe.runIf(nativeLoads)("trees over several isolates", () => {
  it.live(
    "G249: whoever ends, and however, all run again, nobody twice, and nobody is left in the end",
    () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const fleet = fleetOf(hostOf(system))!
        fleet.limits.restarts = Infinity
        const random = generator(11)
        const scope = yield* Scope.make()
        const many = { intensity: 1_000_000, period: "1 minute" } as const
        const app = yield* Scope.provide(
          Supervisor.start(Supervisor.make("app", many, [Supervisor.placed("spread", Spread, { place: "worker" })])),
          scope
        )
        const tree = yield* app.get("spread")
        // What does not run is asked again: it is being started.
        const until = <A>(effect: Effect.Effect<A, ChildNotRunning | AskError>): Effect.Effect<A> =>
          Effect.catch(effect, () => Effect.andThen(Effect.sleep(5), Effect.suspend(() => until(effect))))
        const { Crash, Exit: EndThread, Throw } = Life.messages
        for (let end = 0; end < ends; end++) {
          switch (random(6)) {
            case 0:
              yield* Effect.ignore((yield* until(tree.get("there"))).tell(EndThread()))
              break
            case 1:
              yield* Effect.ignore((yield* until(tree.get("last"))).tell(Throw()))
              break
            case 2: {
              const workers = (yield* system.info).isolates.filter(({ isolate }) => isolate !== 0)
              fleet.terminate(workers[random(workers.length)]?.isolate ?? 0)
              break
            }
            case 3:
              yield* Actor.kill(yield* until(tree.ref))
              break
            case 4:
              yield* Effect.ignore((yield* until(tree.get("main"))).tell(Crash()))
              break
            default: {
              const back = yield* until(tree.get("back"))
              yield* Actor.kill(yield* until(back.ref))
            }
          }
        }
        // It is all there again when all say so at once.
        const settled: Effect.Effect<void> = Effect.gen(function*() {
          const children = yield* until(tree.which)
          const back = yield* until(Effect.flatMap(tree.get("back"), (back) => back.which))
          const isWhole = [...children, ...back].every(({ status }) => status === "running")
          if (!isWhole) yield* Effect.andThen(Effect.sleep(5), settled)
        })
        yield* settled
        yield* Scope.close(scope, Exit.void)
        for (const [id, most] of lives.most) assert.strictEqual(most, 1, `${id} ran ${most} times at once`)
        for (const [id, now] of lives.now) assert.strictEqual(now, 0, `${id} is left`)
        assert.sameMembers(Array.from(lives.most.keys()), ["main", "back/one", "back/two"])
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 }))),
    patience
  )
})
