/** A tree over several isolates whose children on the main thread count their lives. */
import { Actor } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Layer } from "effect"
import { Rpc } from "effect/rpc"

/** How many lives of each there are now, and the most that there ever were at once: of those on this thread. */
export const lives = { now: new Map<string, number>(), most: new Map<string, number>() }

const begin = (id: string): void => {
  const count = (lives.now.get(id) ?? 0) + 1
  lives.now.set(id, count)
  lives.most.set(id, Math.max(lives.most.get(id) ?? 0, count))
}

export const Life = Actor.make("Life", [Rpc.make("Crash", {}), Rpc.make("Exit", {}), Rpc.make("Throw", {})])
export const LifeLive = Actor.module(
  import.meta.url,
  Life.behavior({
    init: (id: string) =>
      Effect.as(
        Effect.acquireRelease(
          Effect.sync(() => begin(id)),
          () => Effect.sync(() => lives.now.set(id, lives.now.get(id)! - 1))
        ),
        { id }
      ),
    // Unless it is killed, its end takes a moment.
    terminate: () => Effect.sleep(5),
    handlers: {
      Crash: () => {
        throw new Error("on purpose")
      },
      Exit: () => process.exit(1),
      Throw: () =>
        void setImmediate(() => {
          throw new Error("outside of any handler")
        })
    }
  }),
  Layer.empty
)

const many = { intensity: 1_000_000, period: "1 minute" } as const

/** Lives on main, below one that lives on a worker. */
const Back = Supervisor.module(
  import.meta.url,
  Supervisor.make("back", many, [
    Supervisor.child("one", LifeLive, "back/one"),
    Supervisor.child("two", LifeLive, "back/two", { name: "back-two" })
  ]),
  Layer.empty
)

export const Spread = Supervisor.module(
  import.meta.url,
  Supervisor.make("spread", { ...many, strategy: "one_for_all" }, [
    Supervisor.child("there", LifeLive, "there"),
    Supervisor.child("main", LifeLive, "main", { place: "main" }),
    Supervisor.placed("back", Back, { place: "main" }),
    Supervisor.child("last", LifeLive, "last")
  ]),
  Layer.empty
)
