/**
 * The actors of the soak, and what they count. Every message is counted when its handler is entered.
 */
import { Actor, ActorRef, ExitReason, HotSwap } from "@myrmidonjs/actor"
import { Effect, Schema, type Scope } from "effect"
import { Rpc } from "effect/rpc"
import type { Random } from "./random.ts"

export const Worker = Actor.make("Worker", [
  Rpc.make("Work", { payload: Schema.Int }),
  /** Waits a while. */
  Rpc.make("Wait", { payload: Schema.Int }),
  Rpc.make("Crash"),
  Rpc.make("Leave"),
  Rpc.make("Unlink")
])
export const { Crash, Leave, Unlink, Wait, Work } = Worker.messages
export type WorkerRef = Actor.Ref<typeof Worker>

export interface Counts {
  handled: number
  /** Lives of actors that have begun, and those whose scope has closed. */
  begun: number
  over: number
}

const boom = new Error("boom")

interface State {
  readonly key: string
  sum: number
}

/** `deaf` ones trap exit signals and ignore them; of all starts one in fifty fails. */
export const workers = (counts: Counts, random: Random, deaf: boolean) => {
  const init = (key: string): Effect.Effect<State, never, Scope.Scope> =>
    Effect.suspend(() => {
      if (random.below(50) === 0) throw boom
      counts.begun++
      return Effect.as(Effect.addFinalizer(() => Effect.sync(() => void counts.over++)), { key, sum: 0 })
    })
  const behavior = (version: string, factor: number, isBad = false) =>
    Worker.behavior({
      version,
      init,
      handlers: {
        Work: (state, by) => {
          counts.handled++
          if (isBad) throw boom
          state.sum += by * factor
        },
        Wait: (_, millis) => {
          counts.handled++
          if (isBad) throw boom
          return Effect.sleep(millis)
        },
        Crash: () => {
          counts.handled++
          throw boom
        },
        Leave: (_, __, self) => {
          counts.handled++
          self.stop(random.below(2) === 0 ? ExitReason.normal : ExitReason.shutdown())
        },
        Unlink: (_, __, self) => {
          counts.handled++
          return Effect.flatMap(
            Actor.info(self.ref),
            ({ links }) =>
              Effect.forEach(links, (pid) => Effect.map(ActorRef.fromPid(Worker, pid), (ref) => self.unlink(ref)))
          ).pipe(Effect.ignore)
        }
      },
      ...deaf ? { signals: { exit: () => {} } } : undefined
    })
  const first = behavior("1", 1), second = behavior("2", 2), bad = behavior("bad", 3, true)
  return {
    first,
    there: HotSwap.upgrade(first, second, {}),
    back: HotSwap.upgrade(second, first, {}),
    badly: HotSwap.upgrade(first, bad, {})
  }
}
