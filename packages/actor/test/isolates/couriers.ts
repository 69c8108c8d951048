/** Behaviours of workers that are given buffers, and end with them on their way. */
import { Actor, ActorRef, ActorSystem, SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { existsSync } from "node:fs"

const { schema } = SharedBuffer

/** Has a buffer, and gives it when it is asked. */
export const Keeper = Actor.make("Keeper", [Rpc.make("Fetch", { success: schema })])

export const Courier = Actor.make("Courier", [
  Rpc.make("Take", { payload: { buffer: schema } }),
  Rpc.make("Block", { payload: Schema.String }),
  Rpc.make("Late", { payload: { buffer: schema, file: Schema.String }, success: schema }),
  Rpc.make("Fetch", { payload: { keeper: ActorRef.schema(Keeper) } }),
  Rpc.make("Die", { payload: { buffer: schema }, success: schema }),
  Rpc.make("Hoard", { payload: Schema.Int, success: Schema.Int, error: Schema.String }),
  Rpc.make("Give", { success: schema }),
  Rpc.make("Pass", { payload: { buffer: schema, looks: Schema.Boolean }, success: schema }),
  Rpc.make("Both", { payload: { first: schema, second: schema } }),
  Rpc.make("Tally", { payload: { note: Schema.String, all: Schema.Array(schema) } }),
  Rpc.make("Tallied", { success: Schema.Array(Schema.String) }),
  Rpc.make("Huge", {
    payload: { buffer: schema, bytes: Schema.Int },
    success: Schema.Struct({ text: Schema.String, buffer: schema })
  })
])

// Holds its thread.
const block = (file: string): void => {
  while (!existsSync(file));
}

export const CourierLive = Actor.module(
  import.meta.url,
  Courier.behavior({
    init: (): { hoard: SharedBuffer | undefined; tallies: Array<string> } => ({ hoard: undefined, tallies: [] }),
    handlers: {
      // Its isolate's own look at the account, too.
      Hoard: (state, bytes) =>
        Effect.gen(function*() {
          state.hoard = yield* SharedBuffer.allocate(bytes)
          return (yield* (yield* ActorSystem).info).bufferBytes
        }).pipe(Effect.mapError(({ _tag }) => _tag)),
      Give: (state) => state.hoard!,
      Pass: (_, { buffer, looks }) => {
        if (looks) buffer.bytes()[0]!++
        return buffer
      },
      Both: () => {},
      Tally: ({ tallies }, { all, note }) => {
        const marks = all.map((buffer) => buffer.bytes()[0]!)
        tallies.push(`${note.length} and ${all.length}: ${marks.reduce((sum, mark) => sum + mark, 0)}`)
      },
      Tallied: ({ tallies }) => tallies.splice(0),
      Huge: (_, { buffer, bytes }) => ({ text: "x".repeat(bytes), buffer }),
      Take: () => {},
      Block: (_, file) => block(file),
      Late: (_, { buffer, file }) => {
        block(file)
        return buffer
      },
      Fetch: (_, { keeper }) => Effect.orDie(Effect.asVoid(keeper.ask(Keeper.messages.Fetch(), { timeout: Infinity }))),
      Die: (_, { buffer }) => {
        queueMicrotask(() => process.exit(1))
        return buffer
      }
    }
  }),
  Layer.empty
)
