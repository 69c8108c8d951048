/** What worker isolates import: the actors of `scale`, `cross-isolate` and `fair-worker`. */
import { Actor } from "@myrmidonjs/actor"
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { burn, percentiles, produce, Tally, xorshift32 } from "../measure.ts"
import { fairShape, monotonicNs } from "../shapes.ts"

/** Actors of one isolate, the messages between them, and the time that each takes. */
export const scaleShape = { actors: 10_000, burnMs: 0.002 } as const

const Worked = Actor.make("Worked", [Rpc.make("Work", { payload: Schema.Int })])
const { Work } = Worked.messages

/** A producer of messages for actors of its own isolate. */
export const Load = Actor.make("Load", [Rpc.make("Run", { payload: Schema.Int, success: Schema.Int })])

export const LoadLive = Actor.module(
  import.meta.url,
  Load.behavior({
    init: (_: void, self) => {
      const tally = new Tally()
      const WorkedLive = Worked.behavior({
        init: () => ({ n: 0 }),
        handlers: {
          Work: (state, by) => {
            burn(scaleShape.burnMs)
            state.n += by
            tally.hit()
          }
        }
      })
      const actors = Array.from({ length: scaleShape.actors }, () => self.spawnUnsafe(WorkedLive, undefined))
      return { tally, actors, x: 1 }
    },
    handlers: {
      Run: (state, n) => {
        const answer = Deferred.makeUnsafe<number>()
        const done = state.tally.expect(n)
        void produce(n, () => {
          state.x = xorshift32(state.x)
          state.actors[state.x % scaleShape.actors].tellUnsafe(Work(1))
        })
        void done.then(() => Deferred.doneUnsafe(answer, Exit.succeed(state.tally.handled)))
        return answer
      }
    }
  }),
  Layer.empty
)

/** Counts what comes from another isolate, and how long it took to come. */
export const Sink = Actor.make("Sink", [
  Rpc.make("Number", { payload: Schema.Number }),
  Rpc.make("Bytes", { payload: Schema.Uint8Array }),
  Rpc.make("Small", { payload: { id: Schema.Int, name: Schema.String, on: Schema.Boolean } }),
  Rpc.make("Sent", { payload: Schema.Number }),
  /** Keeps its isolate awake, or no more. */
  Rpc.make("Spin", { payload: Schema.Boolean }),
  Rpc.make("Turn", {}),
  Rpc.make("Handled", { success: Schema.Int }),
  /** The median of the ways since the last question, us. */
  Rpc.make("Median", { success: Schema.Number })
])

export const SinkLive = Actor.module(
  import.meta.url,
  Sink.behavior({
    init: () => ({ handled: 0, ways: new Array<number>(), spins: false }),
    handlers: {
      Number: (state) => void state.handled++,
      Bytes: (state) => void state.handled++,
      Small: (state) => void state.handled++,
      Sent: (state, at) => void state.ways.push(monotonicNs() - at),
      Spin: (state, on, self) => {
        state.spins = on
        if (on) self.tell(Sink.messages.Turn())
      },
      Turn: (state, _, self) => {
        if (state.spins) self.tell(Sink.messages.Turn())
      },
      Handled: (state) => {
        const { handled } = state
        state.handled = 0
        return handled
      },
      Median: (state) => {
        const { p50 } = percentiles(Float64Array.from(state.ways.splice(0)))
        return p50 / 1000
      }
    }
  }),
  Layer.empty
)

const Heavy = Actor.make("HeavyElsewhere", [Rpc.make("BurnElsewhere")])
export const { BurnElsewhere } = Heavy.messages

export const HeavyElsewhereLive = Actor.module(
  import.meta.url,
  Heavy.behavior({
    init: () => undefined,
    handlers: {
      BurnElsewhere: (_state, _, self) => {
        burn(fairShape.burnMs)
        self.tell(BurnElsewhere())
      }
    }
  }),
  Layer.empty
)
