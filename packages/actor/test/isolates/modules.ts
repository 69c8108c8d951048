/** Behaviours that workers import. What a test reads of them is all in their answers: a worker shares nothing. */
import { Actor, ActorRef, SharedBuffer } from "@myrmidonjs/actor"
import { Context, Effect, Exit, Layer, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { existsSync } from "node:fs"
import { threadId } from "node:worker_threads"

export class TooMuch extends Schema.TaggedError<TooMuch>()("TooMuch", { limit: Schema.Int }) {}

export const Counter = Actor.make("Counter", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int, error: TooMuch }),
  Rpc.make("AddAll", { payload: { numbers: Schema.Array(Schema.Int), note: Schema.String }, success: Schema.Int }),
  Rpc.make("Bytes", { payload: Schema.Uint8Array, success: Schema.Uint8Array }),
  Rpc.make("Pass", { payload: SharedBuffer.schema, success: SharedBuffer.schema }),
  Rpc.make("Take", { payload: { buffer: SharedBuffer.schema }, success: Schema.Int }),
  Rpc.make("Get", { success: Schema.Int }),
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Crash", {}),
  Rpc.make("Never", { success: Schema.Int }),
  Rpc.make("Block", { payload: Schema.String }),
  Rpc.make("Burn", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("BadReply", { success: Schema.Int }),
  Rpc.make("Exit", { payload: Schema.Int }),
  Rpc.make("Throw", {})
])

export const Relay = Actor.make("Relay", [
  Rpc.make("To", { payload: { counter: ActorRef.schema(Counter), by: Schema.Int } }),
  Rpc.make("Forward", { payload: { counter: ActorRef.schema(Counter) }, success: Schema.Int })
])

export class Greeting extends Context.Service<Greeting, { readonly text: string; readonly built: number }>()(
  "test/Greeting"
) {}

let built = 0
const GreetingLive = Layer.effect(Greeting, Effect.sync(() => ({ text: "hello", built: ++built })))

export const CounterLive = Actor.module(
  import.meta.url,
  Counter.behavior({
    init: (start: number) => start < 0 ? Effect.fail(new TooMuch({ limit: 0 })) : Effect.succeed({ n: start }),
    handlers: {
      Add: (state, by) => {
        if (by > 1000) return Effect.fail(new TooMuch({ limit: 1000 }))
        return Effect.succeed(state.n += by)
      },
      AddAll: (state, { numbers }) => (state.n += numbers.reduce((sum, each) => sum + each, 0)),
      Bytes: (_, bytes) => bytes.map((byte) => byte ^ 0xff),
      Pass: (_, buffer) => {
        buffer.bytes()[0]!++
        return buffer
      },
      Take: (_, { buffer }) => buffer.bytes().reduce((sum, byte) => sum + byte, 0),
      Get: (state) => state.n,
      Thread: () => threadId,
      Crash: () => {
        throw new Error("on purpose")
      },
      Never: () => Effect.never,
      // Holds its thread until there is a file with that name.
      Block: (_, file) => {
        while (!existsSync(file));
      },
      // Holds its thread for so many ms.
      Burn: (_, millis) => {
        const end = performance.now() + millis
        while (performance.now() < end);
        return threadId
      },
      BadReply: () => "no number" as unknown as number,
      Exit: (_, code) => process.exit(code),
      Throw: () =>
        void setImmediate(() => {
          throw new Error("outside of any handler")
        })
    }
  }),
  Layer.empty,
  { error: TooMuch, args: Schema.Number }
)

export const RelayLive = Actor.module(
  import.meta.url,
  Relay.behavior({
    init: () => null,
    handlers: {
      To: (_, { by, counter }, self) => void self.send(counter, Counter.messages.Add(by)),
      Forward: (_, { counter }, self) => self.forward(counter, Counter.messages.Get())
    }
  }),
  Layer.empty
)

export const Greeter = Actor.make("Greeter", [
  Rpc.make("Greet", { payload: Schema.String, success: Schema.Struct({ text: Schema.String, built: Schema.Int }) })
])
export const GreeterLive = Actor.module(
  import.meta.url,
  Greeter.behavior({
    init: () => null,
    handlers: {
      Greet: (_, name) => Effect.map(Greeting, ({ built, text }) => ({ text: `${text} ${name}`, built }))
    }
  }),
  GreetingLive
)

export const Ticker = Actor.make("Ticker", [
  Rpc.make("Count", { payload: Schema.Int, success: Schema.Int, error: TooMuch, stream: true }),
  Rpc.make("Forever", { success: Schema.Int, stream: true }),
  Rpc.make("Silent", { success: Schema.Int, stream: true }),
  Rpc.make("Sized", {
    payload: Schema.Array(Schema.Int),
    success: Schema.Struct({ at: Schema.Date, bytes: Schema.Uint8Array }),
    stream: true
  }),
  Rpc.make("Wrong", { success: Schema.Int, stream: true }),
  Rpc.make("Dies", { success: Schema.Int, stream: true }),
  Rpc.make("State", { success: Schema.Struct({ produced: Schema.Int, stopped: Schema.Int }) })
])
export const TickerLive = Actor.module(
  import.meta.url,
  Ticker.behavior({
    init: () => ({ produced: 0, stopped: 0 }),
    handlers: {
      Count: (_, n) =>
        Stream.concat(Stream.range(1, n), n > 5000 ? Stream.fail(new TooMuch({ limit: 5000 })) : Stream.empty),
      Forever: (state) =>
        Stream.fromEffectRepeat(Effect.sync(() => ++state.produced)).pipe(
          Stream.rechunk(1),
          Stream.ensuring(Effect.sync(() => void state.stopped++))
        ),
      Silent: (state) => Stream.ensuring(Stream.never, Effect.sync(() => void state.stopped++)),
      Sized: (_, sizes) =>
        Stream.fromIterable(sizes.map((size) => ({ at: new Date(size), bytes: new Uint8Array(size) }))),
      Wrong: () => Stream.make(1, "two" as never),
      Dies: () => Stream.concat(Stream.make(1, 2), Stream.die(new Error("on purpose"))),
      State: (state) => state
    }
  }),
  Layer.empty
)

/** Reads what a ticker counts. */
export const Summer = Actor.make("Summer", [
  Rpc.make("Sum", { payload: { ticker: ActorRef.schema(Ticker), n: Schema.Int }, success: Schema.Int })
])
export const SummerLive = Actor.module(
  import.meta.url,
  Summer.behavior({
    init: () => null,
    handlers: { Sum: (_, { n, ticker }) => Effect.orDie(Stream.runSum(ticker.stream(Ticker.messages.Count(n)))) }
  }),
  Layer.empty
)

/** Its state is no plain data. */
export const Odd = Actor.make("Odd", [Rpc.make("Size", { success: Schema.Int })])
export const OddLive = Actor.module(
  import.meta.url,
  Odd.behavior({ init: () => new WeakMap<object, number>(), handlers: { Size: () => 0 } }),
  Layer.empty
)

/** What it needs is never there. */
export const Stuck = Actor.make("Stuck", [])
export const StuckLive = Actor.module(
  import.meta.url,
  Stuck.behavior({ init: () => Effect.as(Greeting, null), handlers: {} }),
  Layer.effect(Greeting, Effect.never)
)

/** Never gets ready. */
export const Slow = Actor.make("Slow", [])
export const SlowLive = Actor.module(
  import.meta.url,
  Slow.behavior({ init: () => Effect.never, handlers: {} }),
  Layer.empty
)

/** Makes a great many events and dead letters in one turn. */
export const Flood = Actor.make("Flood", [
  Rpc.make("Pour", { payload: { events: Schema.Int, letters: Schema.Int } }),
  Rpc.make("Refuse", { payload: Schema.Int, error: TooMuch })
])
const Drain = Actor.make("Drain", [Rpc.make("Drop", { payload: Schema.Unknown })])
const DrainLive = Drain.behavior({ init: () => null, handlers: { Drop: () => {} } })
export const FloodLive = Actor.module(
  import.meta.url,
  Flood.behavior({
    init: () => null,
    handlers: {
      Pour: (_, { events, letters }, self) => {
        // Nobody asks, so that each refusal is the event `TellFailed`.
        for (let n = 0; n < events; n++) self.tell(Flood.messages.Refuse(n))
        const drain = self.spawnUnsafe(DrainLive, undefined, { mailbox: { capacity: 1, onFull: "drop-newest" } })
        for (let n = 0; n < letters; n++) {
          // Now and then what is no plain data, and crosses without its payload.
          self.send(drain, Drain.messages.Drop(n % 1_000 === 1 ? () => n : n))
        }
      },
      Refuse: (_, limit) => Exit.fail(new TooMuch({ limit }))
    }
  }),
  Layer.empty
)
