/**
 * `effect-handler` (of `Effect.sync`) and `effect-handler-fn` (of `fnUntraced`, one step): what an actor adds to an
 * Effect that its handler returns. 1,000 actors (their states fit the cache), chosen at random; before them, in the
 * same process, `runForkWith` of the same Effect on the same states with no actor around it, whose result is looked at
 * as an actor would.
 */
import { Actor } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import type { Program } from "../workload.ts"
import type { Open, Opened } from "./system.ts"

const actors = 1_000

interface State {
  n: number
}
interface By {
  readonly by: number
}
type Handler = (state: State, payload: By) => Effect.Effect<void>

const Worker = Actor.make("Worker", [Rpc.make("Add", { payload: { by: Schema.Int } })])
const { Add } = Worker.messages

const inActors = async ({ system }: Opened, n: number, warm: number, handler: Handler, tally: Tally) => {
  const WorkerLive = Worker.behavior({ init: (state: State) => state, handlers: { Add: handler } })
  const states = Array.from({ length: actors }, (): State => ({ n: 0 }))
  const refs = states.map((state) => system.spawnUnsafe(WorkerLive, state))
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      refs[x % actors].tellUnsafe(Add({ by: 1 }))
    })
    await done
    return tally.handled
  }, "in actors")
  mustBe(states.reduce((sum, state) => sum + state.n, 0), n + warm, "the sum of all states")
  return measured
}

const alone = async (n: number, warm: number, handler: Handler, tally: Tally): Promise<number> => {
  const states = Array.from({ length: actors }, (): State => ({ n: 0 }))
  const runFork = Effect.runForkWith(Context.empty())
  let x = 1
  let pending = 0
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      if (runFork(handler(states[x % actors], { by: 1 })).pollUnsafe() === undefined) pending++
    })
    await done
    return tally.handled
  }, "runForkWith alone")
  mustBe(pending, 0, "fibers that wait")
  return (measured.seconds * 1e9) / n
}

const beside = (handlerOf: (tally: Tally) => Handler) => (open: Open): Program => async (n, warm) => {
  const tally = new Tally()
  const handler = handlerOf(tally)
  const floor = await alone(n, warm, handler, tally)
  const measured = await inActors(await open(), n, warm, handler, tally)
  return { ...measured, extra: { run_fork_ns: floor, ratio: (measured.seconds * 1e9) / n / floor } }
}

export const effectHandler = beside((tally) => (state, { by }) =>
  Effect.sync(() => {
    state.n += by
    tally.hit()
  })
)

export const effectHandlerFn = beside((tally) =>
  Effect.fnUntraced(function*(state: State, { by }: By) {
    state.n += yield* Effect.succeed(by)
    tally.hit()
  })
)
