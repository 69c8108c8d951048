/** Trees that workers import. */
import { Actor, type ActorSystem } from "@myrmidonjs/actor"
import { type Dynamic, Supervisor } from "@myrmidonjs/supervisor"
import { Context, Effect, Layer, Schema } from "effect"
import { Rpc, type RpcGroup } from "effect/rpc"
import { threadId } from "node:worker_threads"
import { Placed, PlacedLive } from "./placed.ts"

/** Which lives of a child there are at once, as whoever asks first makes it: it stands where the system was opened. */
export const Register = Actor.make("Register", [
  Rpc.make("Begins", { payload: Schema.String }),
  Rpc.make("Ends", { payload: Schema.String }),
  Rpc.make("Lines", { success: Schema.Array(Schema.String) })
])
export const RegisterLive = Register.behavior({
  init: (): { readonly lines: Array<string> } => ({ lines: [] }),
  handlers: {
    Begins: ({ lines }, id) => void lines.push(`+${id}`),
    Ends: ({ lines }, id) => void lines.push(`-${id}`),
    Lines: ({ lines }) => lines
  }
})

const tell = (message: Actor.Messages<typeof Register>): Effect.Effect<void, never, ActorSystem> =>
  Effect.ignore(Effect.flatMap(Actor.whereis(Register, "register"), (register) => register.tell(message)))

/** Takes its time to end, whatever ends it, unless it is killed. */
export const Lingerer = Actor.make("Lingerer", [
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Crash", {}),
  Rpc.make("Exit", {})
])
let ends = 0
const lingers = Lingerer.behavior({
  init: (id: string) =>
    Effect.map(
      Effect.andThen(tell(Register.messages.Begins(id)), Effect.context<ActorSystem>()),
      (context) => ({ id, context })
    ),
  handlers: {
    Thread: () => threadId,
    Crash: () => {
      throw new Error("on purpose")
    },
    Exit: () => process.exit(1)
  },
  signals: { exit: (_, { reason }, self) => self.stop(reason) },
  terminate: ({ context, id }) =>
    Effect.provideContext(
      // The first of "other" longer than any start takes.
      Effect.andThen(Effect.sleep(id === "other" && ends++ === 0 ? 5_000 : 30), tell(Register.messages.Ends(id))),
      context
    )
})
export const LingererLive = Actor.module(import.meta.url, lingers, Layer.empty)

export const Floor = Supervisor.module(
  import.meta.url,
  Supervisor.make("floor", { intensity: 100, period: "1 minute" }, [
    Supervisor.child("first", PlacedLive, 10, { name: "floor-first" }),
    Supervisor.child("second", LingererLive, "second", { name: "floor-second" }),
    Supervisor.make("inner", { intensity: 100 }, [Supervisor.child("deep", PlacedLive, 30)]),
    Supervisor.dynamic("pool", PlacedLive, { intensity: 100 })
  ]),
  Layer.empty
)

/** Its own children live on two isolates. */
export const Wide = Supervisor.module(
  import.meta.url,
  Supervisor.make("wide", { intensity: 100, period: "1 minute" }, [
    Supervisor.child("here", LingererLive, "here", { name: "wide-here" }),
    Supervisor.child("main", LingererLive, "main", { name: "wide-main", place: "main" }),
    Supervisor.child("other", LingererLive, "other", { place: "main" }),
    Supervisor.placed("floor", Floor, { place: "main" })
  ]),
  Layer.empty
)

/** What others find by its service. */
export class First extends Actor.Service<First>()("test/First", Placed) {}
type PlacedRpcs = typeof Placed extends { readonly group: RpcGroup.RpcGroup<infer Rpcs> } ? Rpcs : never
export class Pool extends Context.Service<Pool, Dynamic<PlacedRpcs, number, never>>()("test/Pool") {}

export const Giving = Supervisor.module(
  import.meta.url,
  Supervisor.make("giving", { intensity: 100 }, [
    Supervisor.child("first", PlacedLive, 10, { provides: First }),
    Supervisor.make("inner", {}, [Supervisor.dynamic("pool", PlacedLive, { provides: Pool })])
  ]),
  Layer.empty
)

/** Its last child never starts. */
export const Broken = Supervisor.module(
  import.meta.url,
  Supervisor.make("broken", {}, [
    Supervisor.child("fine", LingererLive, "fine"),
    Supervisor.child(
      "bad",
      Placed.behavior({
        init: (): { n: number } => {
          throw new Error("on purpose")
        },
        handlers: {
          Add: (s, by) => (s.n += by),
          Thread: () => threadId,
          Crash: () => {},
          Block: () => {},
          End: () => {}
        }
      }),
      undefined
    )
  ]),
  Layer.empty
)
