/**
 * `effect-handler`: what an actor adds to an Effect that its handler returns. 1,000 actors (their states fit the
 * cache), chosen at random; beside each figure, `runForkWith` of the same Effect on the same state with no actor
 * around it, whose result is looked at as an actor would.
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
      refs[x % actors]!.tellUnsafe(Add({ by: 1 }))
    })
    await done
    return tally.handled
  })
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
      if (runFork(handler(states[x % actors]!, { by: 1 })).pollUnsafe() === undefined) pending++
    })
    await done
    return tally.handled
  })
  mustBe(pending, 0, "fibers that wait")
  return (measured.seconds * 1e9) / n
}

export const effectHandler = (open: Open): Program => async (n, warm) => {
  const opened = await open()
  const tally = new Tally()
  const sync: Handler = (state, { by }) =>
    Effect.sync(() => {
      state.n += by
      tally.hit()
    })
  const untraced: Handler = Effect.fnUntraced(function*(state: State, { by }: By) {
    state.n += yield* Effect.succeed(by)
    tally.hit()
  })
  const syncAlone = await alone(n, warm, sync, tally)
  const measured = await inActors(opened, n, warm, sync, tally)
  const untracedAlone = await alone(n, warm, untraced, tally)
  const untracedIn = await inActors(opened, n, warm, untraced, tally)
  const ns = (measured.seconds * 1e9) / n
  const untracedNs = (untracedIn.seconds * 1e9) / n
  return {
    ...measured,
    extra: {
      run_fork_ns: syncAlone,
      ratio: ns / syncAlone,
      fn_untraced_ns: untracedNs,
      run_fork_fn_untraced_ns: untracedAlone,
      fn_untraced_ratio: untracedNs / untracedAlone
    }
  }
}
