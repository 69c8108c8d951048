/** What a chaos run has workers do. Each message that is to be reconciled has a number in the ledger. */
import { Actor, ActorRef } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { Ledger } from "./ledger.ts"

export const Sink = Actor.make("ChaosSink", [
  Rpc.make("Mark", { payload: { id: Schema.Int, text: Schema.String } }),
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Crash", {}),
  Rpc.make("Exit", {}),
  Rpc.make("Throw", {})
])

export const SinkLive = Actor.module(
  import.meta.url,
  Sink.behavior({
    init: () => null,
    handlers: {
      Mark: (_, { id }) => Ledger.here().handled(id),
      Thread: () => Ledger.here().thread,
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

const large = "large ".repeat(2_000)

/** One in sixteen is too large for a record, and waits apart. */
export const textOf = (id: number): string => id % 16 === 0 ? large : "small"

/** Tells others, and watches them. `Seen`: the watches that it began, and how often each of them has ended. */
export const Source = Actor.make("ChaosSource", [
  Rpc.make("Pour", { payload: { to: ActorRef.schema(Sink), thread: Schema.Int, count: Schema.Int } }),
  /** Asks it; null: it has ended. */
  Rpc.make("Ask", { payload: { to: ActorRef.schema(Sink) }, success: Schema.NullOr(Schema.Int), error: Schema.String }),
  Rpc.make("Watch", { payload: { target: ActorRef.schema(Sink) }, success: Schema.Int }),
  Rpc.make("Link", { payload: { target: ActorRef.schema(Sink) } }),
  Rpc.make("Seen", { success: Schema.Struct({ downs: Schema.Array(Schema.Int), exits: Schema.Array(Schema.Int) }) })
])

interface Watching {
  /** By monitor: how many DOWNs. */
  readonly downs: Map<number, number>
  /** By PID of who is linked: how many exit signals. */
  readonly exits: Map<number, number>
}

export const SourceLive = Actor.module(
  import.meta.url,
  Source.behavior({
    init: (): Watching => ({ downs: new Map(), exits: new Map() }),
    handlers: {
      Pour: (_, { count, thread, to }, self) => {
        const ledger = Ledger.here()
        for (let n = 0; n < count; n++) {
          const id = ledger.next(thread)
          if (id === undefined) return
          ledger.sent(id, self.send(to, Sink.messages.Mark({ id, text: textOf(id) })) === "Accepted")
        }
      },
      Ask: (_, { to }) =>
        Effect.catch(
          to.ask(Sink.messages.Thread(), { timeout: "60 seconds" }),
          ({ message, reason }) =>
            reason._tag === "ActorExited" || reason._tag === "MailboxFull"
              ? Effect.succeed(null)
              : Effect.fail(message)
        ),
      Watch: ({ downs }, { target }, self) => {
        downs.set(self.monitor(target), 0)
        return downs.size
      },
      Link: ({ exits }, { target }, self) => {
        self.link(target)
        exits.set(target.pid, 0)
      },
      Seen: ({ downs, exits }) => ({ downs: [...downs.values()], exits: [...exits.values()] })
    },
    signals: {
      down: ({ downs }, { monitor }) => void downs.set(monitor, (downs.get(monitor) ?? 100) + 1),
      exit: ({ exits }, { from }) => void exits.set(from, (exits.get(from) ?? 100) + 1)
    }
  }),
  Layer.empty
)
