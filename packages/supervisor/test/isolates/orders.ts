/** Trees for orders from another isolate: children that fail with errors of their own, and trees that replace others. */
import { Actor } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Context, Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { threadId } from "node:worker_threads"
import { PlacedLive } from "./placed.ts"

export class NoDisk extends Schema.TaggedError<NoDisk>()("NoDisk", { free: Schema.Int }) {}
export class NoLicence extends Schema.TaggedError<NoLicence>()("NoLicence", {}) {}

export const Picky = Actor.make("Picky", [
  Rpc.make("Size", { success: Schema.Int }),
  Rpc.make("Thread", { success: Schema.Int })
])
const picky = Picky.behavior({
  init: (size: number) => size < 0 ? Effect.fail(new NoDisk({ free: size })) : Effect.succeed({ size }),
  handlers: { Size: ({ size }) => size, Thread: () => threadId }
})
export const PickyLive = Actor.module(import.meta.url, picky, Layer.empty, { error: NoDisk })

/** A child that fails, by its own schema. */
export const Failing = Supervisor.module(
  import.meta.url,
  Supervisor.make("failing", {}, [Supervisor.make("inner", {}, [Supervisor.child("picky", PickyLive, -5)])]),
  Layer.empty
)

/** The same below one that lives on main. */
export const FailingBelow = Supervisor.module(
  import.meta.url,
  Supervisor.make("outer", {}, [Supervisor.placed("failing", Failing, { place: "main" })]),
  Layer.empty
)

/** A child that no other isolate can import: its tree has the schema. */
export const FailingTree = Supervisor.module(
  import.meta.url,
  Supervisor.make("failing", {}, [Supervisor.child("picky", picky, -6)]),
  Layer.empty,
  { error: NoDisk }
)

/** Nobody has a schema. */
export const FailingPlain = Supervisor.module(
  import.meta.url,
  Supervisor.make("failing", {}, [Supervisor.child("picky", picky, -7)]),
  Layer.empty
)

/** Its Layer fails. */
export const Unlicensed = Supervisor.module(
  import.meta.url,
  Supervisor.make("unlicensed", {}, [Supervisor.child("first", PlacedLive, 0)]),
  Layer.effectDiscard(Effect.fail(new NoLicence())),
  { error: NoLicence }
)

/** Whose being there keeps others from starting. */
export const Lock = Actor.make("Lock", [])

/** Starts as long as nobody is called "lock". */
const once = Actor.module(
  import.meta.url,
  Actor.make("Once", []).behavior({
    init: (id: string) =>
      Effect.matchEffect(Actor.whereis(Lock, "lock"), {
        onSuccess: () => Effect.fail(new NoDisk({ free: 2 })),
        onFailure: () => Effect.succeed({ id })
      }),
    handlers: {}
  }),
  Layer.empty,
  { error: NoDisk }
)

export const Hall = Supervisor.module(
  import.meta.url,
  Supervisor.make("hall", { intensity: 100 }, [
    Supervisor.child("first", PlacedLive, 10),
    Supervisor.child("once", once, ""),
    Supervisor.make("inner", { intensity: 100 }, [Supervisor.child("deep", PlacedLive, 30)]),
    Supervisor.dynamic("pool", PickyLive, { intensity: 100 })
  ]),
  Layer.empty
)

/** What the children of the tree after it need. */
class Tune extends Context.Service<Tune, number>()("test/Tune") {}
const tuned = Actor.make("Placed", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })]).behavior({
  init: (from: number) => Effect.map(Tune, (n) => ({ n: from + n })),
  handlers: { Add: (state, by) => (state.n += by) }
})
export const HallV2 = Supervisor.module(
  import.meta.url,
  Supervisor.make("hall of its module", { intensity: 100 }, [
    Supervisor.child("first", PlacedLive, 20),
    Supervisor.make("inner", { intensity: 100 }, [
      Supervisor.child("deep", PlacedLive, 30),
      Supervisor.child("deeper", PlacedLive, 40)
    ]),
    Supervisor.child("tuned", tuned, 0)
  ]),
  Layer.succeed(Tune, 1000)
)
export const InnerV2 = Supervisor.module(
  import.meta.url,
  Supervisor.make("inner", { intensity: 100 }, [Supervisor.child("only", PlacedLive, 50)]),
  Layer.empty
)
