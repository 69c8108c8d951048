/** A worker's actor that starts others on the main thread, and these: one that goes at once, one that is deaf. */
import { Actor, ActorRef, type ActorSystem } from "@myrmidonjs/actor"
import { Effect, Layer, Schema, Scope } from "effect"
import { Rpc } from "effect/rpc"

export const Child = Actor.make("OrphanChild", [])
const deaf = { exit: () => {} }

export const PlainLive = Actor.module(
  import.meta.url,
  Child.behavior({ version: "plain", init: () => null, handlers: {} }),
  Layer.empty
)
export const DeafLive = Actor.module(
  import.meta.url,
  Child.behavior({ version: "deaf", init: () => null, handlers: {}, signals: deaf }),
  Layer.empty
)
/** It begins to end at once, and takes longer than others have. */
export const SlowLive = Actor.module(
  import.meta.url,
  Child.behavior({
    version: "slow",
    init: () => null,
    handlers: {},
    signals: { exit: (_, { reason }, self) => self.stop(reason) },
    terminate: () => Effect.sleep(600)
  }),
  Layer.empty
)

export const Parent = Actor.make("OrphanParent", [
  Rpc.make("Start", { payload: Schema.Literals(["plain", "deaf", "slow"]), success: ActorRef.schema(Child) }),
  Rpc.make("Exit", {})
])
const kinds = { plain: PlainLive, deaf: DeafLive, slow: SlowLive }

export const ParentLive = Actor.module(
  import.meta.url,
  Parent.behavior({
    init: () => Effect.map(Effect.context<ActorSystem>(), (context) => ({ context, scope: Scope.makeUnsafe() })),
    handlers: {
      Start: ({ context, scope }, kind) =>
        kinds[kind].spawnOn("main", undefined).pipe(
          Effect.orDie,
          Effect.provideService(Scope.Scope, scope),
          Effect.provideContext(context)
        ),
      Exit: () => process.exit(1)
    }
  }),
  Layer.empty
)
