/** The actors that the kinds of `kinds.ts` put to use: one that links end, and one that traps. */
import { Actor, Reentrant, type Self, SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Schema, Stream } from "effect"
import { Rpc, type RpcGroup } from "effect/rpc"

export const Probe = Actor.make("Probe", [
  Rpc.make("Note", { payload: Schema.Unknown }),
  Rpc.make("Tick"),
  Rpc.make("Boom", { payload: Schema.String }),
  // What the actor is to do: a `Deed`.
  Rpc.make("Do", { payload: Schema.Any }),
  Rpc.make("Echo", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Later", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Never", { success: Schema.Int }),
  Rpc.make("Meanwhile", { success: Schema.Int }).annotate(Reentrant, true),
  // To whom it is passed on: a `ProbeRef`.
  Rpc.make("Pass", { payload: Schema.Any, success: Schema.Int }),
  Rpc.make("Items", { success: Schema.Int, stream: true }),
  Rpc.make("Take", { payload: SharedBuffer.schema, success: Schema.Int })
])
export const { Boom, Do, Echo, Items, Later, Meanwhile, Never, Note, Pass, Take, Tick } = Probe.messages

export type ProbeRef = Actor.Ref<typeof Probe>
export type Deed = (self: Self<RpcGroup.Rpcs<typeof Probe.group>, Seen>) => void

/** What has happened to the actors that share it. */
export interface Seen {
  notes: number
  ticks: number
  exits: number
  downs: number
}
export const nothingSeen = (): Seen => ({ notes: 0, ticks: 0, exits: 0, downs: 0 })

type Own = Parameters<Deed>[0]

const handlers = {
  Note: (seen: Seen) => void seen.notes++,
  Tick: (seen: Seen) => void seen.ticks++,
  Boom: (_: Seen, message: string) => {
    throw new Error(message)
  },
  Do: (_: Seen, deed: Deed, self: Own) => deed(self),
  Echo: (_: Seen, n: number) => n,
  Later: (_: Seen, n: number) => Effect.as(Effect.yieldNow, n),
  Never: () => Effect.never,
  Meanwhile: () => Effect.never,
  Pass: (_: Seen, to: ProbeRef, self: Own) => self.forward(to, Echo(1)),
  Items: () => Stream.make(1, 2, 3),
  Take: (_: Seen, buffer: SharedBuffer) => buffer.byteLength
}
const down = (seen: Seen) => void seen.downs++

export const ProbeLive = Probe.behavior({ version: "1", init: (seen: Seen) => seen, handlers, signals: { down } })
export const ProbeNext = Probe.behavior({ version: "2", init: (seen: Seen) => seen, handlers, signals: { down } })
export const Trapping = Probe.behavior({
  init: (seen: Seen) => seen,
  handlers,
  signals: { down, exit: (seen) => void seen.exits++ }
})

/** Its `init` waits, and fails. */
export const Failing = Probe.behavior({
  init: (seen: Seen) => Effect.as(Effect.andThen(Effect.yieldNow, Effect.fail("no state")), seen),
  handlers
})
