// The systems that every test of this folder runs over, and the actors that several of them use.
import {
  Actor,
  type ActorExited,
  ActorSystem,
  type AnyRef,
  type SystemEvent,
  type SystemOptions
} from "@myrmidonjs/actor"
import { Effect, Exit, Layer, Schema, type Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"

export type AnyLayer = Layer.Layer<ActorSystem, unknown>

export const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

/** The same, for a test that wants options of its own. */
export const layers: ReadonlyArray<readonly [name: string, layer: (options: SystemOptions) => AnyLayer]> = [
  ["twin", ActorSystem.layerMemory],
  ...nativeLoads ? [["native", ActorSystem.layer] as const] : []
]

/** Name and Layer of the twin, and of the native system where its binary is. */
export const systems: ReadonlyArray<readonly [name: string, system: AnyLayer]> = [
  ["twin", ActorSystem.layerMemory()],
  ...nativeLoads ? [["native", ActorSystem.layer()] as const] : []
]

/** Under virtual time and a seeded order. */
export const testSystems: ReadonlyArray<readonly [name: string, system: AnyLayer]> = [
  ["twin", ActorSystem.layerTest({ seed: 1n })],
  ...nativeLoads ? [["native", ActorSystem.layerTest({ seed: 1n, backend: "native" })] as const] : []
]

/** One turn of the event loop. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** What the system tells from now on, as long as the scope is open; the list grows. */
export const collectEvents: Effect.Effect<ReadonlyArray<SystemEvent>, never, ActorSystem | Scope.Scope> = Effect.gen(
  function*() {
    const events: Array<SystemEvent> = []
    const system = yield* ActorSystem
    yield* Effect.forkScoped(
      Stream.runForEach(system.events, (event) => Effect.sync(() => void events.push(event))),
      { startImmediately: true }
    )
    yield* turn
    return events
  }
)

/**
 * An actor that stands still. How many turns of the event loop its shard takes for what it has to do depends on the
 * machine: a turn of the shard ends by the clock, and the slice of an actor that has answered is over with the next one.
 */
export const atRest = (ref: AnyRef): Effect.Effect<Actor.ActorInfo, ActorExited> =>
  Effect.gen(function*() {
    for (let turns = 0;; turns++) {
      const info = yield* Actor.info(ref)
      if (info.status !== "runnable") return info
      if (turns === 10_000) return yield* Effect.die(new Error("it never stands still"))
      yield* turn
    }
  })

export class Overflow extends Schema.TaggedError<Overflow>()("Overflow", { limit: Schema.Int }) {}

export const Counter = Actor.make("Counter", [
  Rpc.make("Increment", { payload: { by: Schema.Int }, success: Schema.Int, error: Overflow }),
  Rpc.make("Get", { success: Schema.Int }),
  Rpc.make("Reset"),
  Rpc.make("Boom", { payload: Schema.String }),
  Rpc.make("Stuck"),
  Rpc.make("Watch", { success: Schema.Int, stream: true })
])
export const { Boom, Get, Increment, Reset, Stuck, Watch } = Counter.messages

export const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: {
    Increment: (state, { by }) => state.n + by > 1000 ? Exit.fail(new Overflow({ limit: 1000 })) : (state.n += by),
    Get: (state) => state.n,
    Reset: (state) => {
      state.n = 0
    },
    Boom: (_, message) => {
      throw new TypeError(message)
    },
    Stuck: () => Effect.never,
    Watch: (state) => Stream.sync(() => state.n).pipe(Stream.forever, Stream.take(1000))
  }
})
