/**
 * What users write, which types come out, and which programs must stay refused. Compiled, never run.
 */
import {
  Actor,
  ActorRef,
  ActorSystem,
  CurrentActor,
  ExitReason,
  Lane,
  Link,
  Monitor,
  Reentrant
} from "@myrmidonjs/actor"
import type {
  AskError,
  Behavior,
  DeadLetter,
  ExitSignal,
  InvalidOption,
  IsolateUnavailable,
  Message,
  NameNotFound,
  NativeUnavailable,
  ProtocolMismatch,
  SpawnError,
  TellError,
  TellOutcome,
  TimerRef
} from "@myrmidonjs/actor"
import { Config, Context, Deferred, Effect, Exit, Layer, Match, Schedule, Schema, Stream } from "effect"
import type { Scope } from "effect"
import { Rpc, RpcClient } from "effect/rpc"
import type { RpcGroup } from "effect/rpc"
import { expect } from "tstyche"
import type * as Generated from "../src/internal/generated/exitReason.ts"

type A<X> = X extends Effect.Effect<infer A, infer _E, infer _R> ? A : never
type E<X> = X extends Effect.Effect<infer _A, infer E, infer _R> ? E : never
type R<X> = X extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

// -- Counter: typed errors, plain value or Exit, the messages as values --------------------------------------------

class Overflow extends Schema.TaggedError<Overflow>()("Overflow", { limit: Schema.Int }) {}

const Counter = Actor.make("Counter", [
  Rpc.make("Increment", { payload: { by: Schema.Int }, success: Schema.Int, error: Overflow }),
  Rpc.make("Reset"),
  Rpc.make("Watch", { success: Schema.Int, stream: true })
])
const { Increment, Reset, Watch } = Counter.messages

const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: {
    Increment: (state, { by }) => state.n + by > 1000 ? Exit.fail(new Overflow({ limit: 1000 })) : (state.n += by),
    Reset: (state) => {
      state.n = 0
    },
    Watch: (state) => Stream.fromSchedule(Schedule.spaced("1 second")).pipe(Stream.map(() => state.n))
  }
})

export const counterProgram = Effect.gen(function*() {
  const counter = yield* CounterLive.spawn(0)
  yield* counter.tell(Increment({ by: 1 }))
  yield* counter.tell(Reset())
  const n = yield* counter.ask(Increment({ by: 2 }), { timeout: "1 second" })
  const seen = yield* counter.stream(Watch()).pipe(Stream.take(3), Stream.runCollect)
  expect<typeof n>().type.toBe<number>()
  expect<typeof seen>().type.toBe<Array<number>>()
  return n
}).pipe(
  Effect.catchTag("Overflow", (e) => Effect.succeed(e.limit)),
  // One reason picked out of one error; the others stay in the channel.
  Effect.catchReason("AskError", "ActorExited", (exited) => Effect.succeed(exited.pid)),
  Effect.scoped
)
expect<R<typeof counterProgram>>().type.toBe<ActorSystem>()
expect<E<typeof counterProgram>>().type.toBe<AskError | TellError | SpawnError>()

type CounterRef = Actor.Ref<typeof Counter>
declare const counter: CounterRef
const asked = counter.ask(Increment({ by: 1 }))
expect<typeof asked>().type.toBe<Effect.Effect<number, Overflow | AskError>>()
const reset = counter.ask(Reset())
expect<typeof reset>().type.toBe<Effect.Effect<void, AskError>>()
const told = counter.tellUnsafe(Increment({ by: 1 }))
expect<typeof told>().type.toBe<TellOutcome>()
// A literal is a message too; a constructor that checks is `make`.
export const literal = counter.ask({ _tag: "Increment", payload: { by: 1 } })
expect<typeof literal>().type.toBe<typeof asked>()
export const checked = Increment.make({ by: 1 })
// The two levels of reasons: why the ask failed, then why the actor ended.
export const why = asked.pipe(
  Effect.unwrapReason("AskError"),
  Effect.catchReason("ActorExited", "Crashed", (crashed) => Effect.logError(crashed.error.message))
)
expect<E<typeof why> extends infer X ? Extract<X, { _tag: "AskTimeout" | "Overflow" }>["_tag"] : never>().type.toBe<
  "AskTimeout" | "Overflow"
>()
// Messages are one discriminated union.
export const describe = (message: Actor.Messages<typeof Counter>): string =>
  Match.value(message).pipe(
    Match.tag("Increment", (m) => `+${m.payload.by}`),
    Match.tag("Reset", "Watch", (m) => m._tag),
    Match.exhaustive
  )

// @ts-expect-error! a payload of the wrong type
Increment({ by: "one" })
// @ts-expect-error! a payload is missing
Increment()
// @ts-expect-error! Reset has no payload
Reset({ by: 1 })
// @ts-expect-error! a stream is not asked for
counter.ask(Watch())
// @ts-expect-error! and not told
counter.tell(Watch())
// @ts-expect-error! and a single answer is not streamed
counter.stream(Reset())
// @ts-expect-error! not in the protocol
counter.tell({ _tag: "Explode", payload: undefined })
// @ts-expect-error! init takes a number
CounterLive.spawn("zero")
Counter.behavior({
  init: () => ({ n: 0 }),
  // @ts-expect-error! Watch has no handler
  handlers: { Increment: () => 1, Reset: () => {} }
})
Counter.behavior({
  init: () => ({ n: 0 }),
  handlers: {
    Increment: () => 1,
    Reset: () => {},
    Watch: () => Stream.make(1),
    // @ts-expect-error! a typo is not an extra handler
    Resset: () => {}
  }
})
Counter.behavior({
  init: () => ({ n: 0 }),
  handlers: {
    // @ts-expect-error! success is a number
    Increment: () => "one",
    Reset: () => {},
    Watch: () => Stream.make(1)
  }
})
Counter.behavior({
  init: () => ({ n: 0 }),
  handlers: {
    // @ts-expect-error! an error that the protocol does not declare
    Increment: () => Effect.fail(new Error("no")),
    Reset: () => {},
    Watch: () => Stream.make(1)
  }
})
Counter.behavior({
  init: () => ({ n: 0 }),
  handlers: {
    // @ts-expect-error! the state has no such field
    Increment: (state) => state.m,
    Reset: () => {},
    Watch: () => Stream.make(1)
  }
})

// -- Services: R and E of init, handlers and terminate arrive at spawn; primitive state; Scope belongs to the actor ---

class Db extends Context.Service<Db, { readonly load: (id: string) => Effect.Effect<number, DbDown> }>()("app/Db") {}
class Audit extends Context.Service<Audit, { readonly write: (n: number) => Effect.Effect<void> }>()("app/Audit") {}
class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}

const Account = Actor.make("Account", [
  Rpc.make("Deposit", { payload: { cents: Schema.Int }, success: Schema.Int }),
  Rpc.make("Balance", { success: Schema.Int }),
  Rpc.make("WaitFor", { payload: Schema.Int, success: Schema.Int })
])
const AccountLive = Account.behavior({
  init: (id: string) =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.log("closed")) // the actor's own Scope: not in R
      const db = yield* Db
      return yield* db.load(id) // the state is a number
    }),
  handlers: {
    // A primitive is replaced, not mutated.
    Deposit: (balance, { cents }, self) => {
      self.setState(balance + cents)
      return Effect.as(Audit.use((audit) => audit.write(cents)), self.state)
    },
    Balance: (balance) => balance,
    // Answers later and stays free meanwhile.
    WaitFor: () => Deferred.makeUnsafe<number>()
  },
  terminate: (balance, reason) => ExitReason.isFailure(reason) ? Audit.use((audit) => audit.write(balance)) : undefined
})
expect<typeof AccountLive extends Behavior<infer _P, infer _A, infer S, infer _E, infer _R> ? S : never>().type.toBe<
  number
>()
const spawned = AccountLive.spawn("a-1")
expect<E<typeof spawned>>().type.toBe<DbDown | SpawnError>()
expect<R<typeof spawned>>().type.toBe<Db | Audit | ActorSystem | Scope.Scope>()
const detached = AccountLive.spawnDetached("a-1")
expect<R<typeof detached>>().type.toBe<Db | Audit | ActorSystem>()
Account.behavior({
  init: () => 0,
  handlers: {
    // @ts-expect-error! the next state is a number
    Deposit: (balance, _, self) => (self.setState("rich"), balance),
    Balance: (balance) => balance,
    WaitFor: (balance) => balance
  }
})
// A payload that is no struct.
expect<ReturnType<typeof Account.messages.WaitFor>>().type.toBe<Message<"WaitFor", number>>()
export const bulk = Effect.gen(function*() {
  const ready = yield* Actor.provide(CounterLiveE)
  const system = yield* ActorSystem
  return Array.from({ length: 100_000 }, (_, i) => system.spawnUnsafe(ready, i)) // sync, no Effect per actor
})
const CounterLiveE = Counter.behavior({
  init: (n: number) => ({ n }),
  handlers: {
    Increment: (s) => Effect.as(Audit.use((a) => a.write(1)), s.n),
    Reset: () => {},
    Watch: () => Stream.empty
  }
})
export const refused = Effect.map(ActorSystem, (system) => {
  // @ts-expect-error! it needs Audit: `Actor.provide` first
  system.spawnUnsafe(CounterLiveE, 1)
})

// -- Ping-pong: refs in payloads, sends from handlers, a ref with more messages where fewer are needed -------------

const Pinger = Actor.make("Pinger", [Rpc.make("Pong", { payload: { left: Schema.Int } })])
const Ponger = Actor.make("Ponger", [
  Rpc.make("Ping", { payload: { left: Schema.Int, from: ActorRef.schema(Pinger) } })
])
const { Pong } = Pinger.messages
const { Ping } = Ponger.messages

const PongerLive = Ponger.behavior({
  init: () => undefined,
  handlers: { Ping: (_, { from, left }, self) => void self.send(from, Pong({ left: left - 1 })) }
})
const PingerLive = Pinger.behavior({
  init: (ponger: Actor.Ref<typeof Ponger>) => ({ ponger }),
  handlers: {
    Pong: (state, { left }, self) => {
      if (left === 0) self.stop()
      else self.send(state.ponger, Ping({ left, from: self.ref }))
    }
  }
})
export const pingPong = Effect.gen(function*() {
  const ponger = yield* PongerLive.spawn()
  const { down, ref } = yield* PingerLive.spawnMonitored(ponger)
  yield* ref.tell(Pong({ left: 10_000 }))
  const reason = yield* down
  expect<typeof reason>().type.toBe<ExitReason>()
})
// @ts-expect-error! Ping goes to a Ponger
export const wrongWay = (ref: Actor.Ref<typeof Pinger>) => ref.tell(Ping({ left: 1, from: ref }))
const Resettable = Actor.make("Resettable", [Rpc.make("Reset")])
export const narrowed: Actor.Ref<typeof Resettable> = counter
// @ts-expect-error! the other way round there would be no handler
export const widened: CounterRef = narrowed

// -- Timers, priority, `next`, forwarding, become: all take message values -----------------------------------------

const Session = Actor.make("Session", [
  Rpc.make("Open"),
  Rpc.make("Touch"),
  Rpc.make("Expire").annotate(Lane, "priority"),
  Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int, error: Overflow })
])
const { Expire, Open } = Session.messages
export const SessionLive = Session.behavior({
  init: (counter: CounterRef, self) => {
    self.next(Open()) // before anything queued
    return { counter, timer: self.after("30 seconds", Expire()) }
  },
  handlers: {
    Open: () => Effect.log("open"),
    Touch: (state, _, self) => {
      self.cancel(state.timer)
      state.timer = self.after("30 seconds", Expire())
    },
    Expire: (_, __, self) => self.stop(ExitReason.shutdown("idle")),
    Add: (state, { by }, self) => self.forward(state.counter, Increment({ by })) // the asker now waits for the counter
  }
})
const SessionClosing = Session.behavior({
  init: (_: never): { counter: CounterRef; timer: TimerRef } => _,
  handlers: { Open: () => {}, Touch: () => {}, Expire: () => {}, Add: () => Exit.fail(new Overflow({ limit: 0 })) }
})
export const SessionTwoPhase = Session.behavior({
  init: (counter: CounterRef, self) => ({ counter, timer: self.after(1000, Expire()) }),
  handlers: {
    Open: () => {},
    Touch: () => {},
    Expire: (_, __, self) => self.become(SessionClosing),
    Add: () => 1
  }
})
Session.behavior({
  init: (counter: CounterRef) => ({ counter }),
  handlers: {
    Open: (_, __, self) => {
      // @ts-expect-error! another state
      self.become(SessionClosing)
    },
    // @ts-expect-error! a timer carries the actor's own messages
    Touch: (_, __, self) => void self.after(5, Increment({ by: 1 })),
    Expire: () => {},
    // @ts-expect-error! Reset answers void, the asker expects a number
    Add: (state, _, self) => self.forward(state.counter, Reset())
  }
})

// -- Annotations, mailboxes, options ---------------------------------------------------------------------------------

const Door = Actor.make("Door", [
  Rpc.make("Open").annotate(Reentrant, true),
  Rpc.make("Close", { payload: Schema.Int }).annotate(Lane, "priority")
])
export const DoorLive = Door.behavior({
  mailbox: { capacity: 8, onFull: "suspend", sendTimeout: "1 second" },
  init: (_: void, self) => self.at(new Date(0), Door.messages.Close(1)),
  handlers: {
    Open: (timer, _, self) => {
      const left = self.cancel(timer)
      expect<typeof left>().type.toBe<number | undefined>()
      const at = self.at("2030-01-01T00:00:00Z", Door.messages.Open())
      expect<typeof at>().type.toBe<TimerRef>()
      // @ts-expect-error! a timer carries the actor's own messages
      self.at(0, Reset())
    },
    Close: () => {}
  }
})
// @ts-expect-error! no such lane
Rpc.make("Open").annotate(Lane, "urgent")
export const memory = ActorSystem.layerMemory({
  keepAlive: true,
  onDeadLetter: (letter) => {
    expect<typeof letter>().type.toBe<DeadLetter>()
    if (letter.why === "Dropped") return
  }
})
expect<typeof memory>().type.toBe<Layer.Layer<ActorSystem, InvalidOption>>()
const configured = ActorSystem.layerConfig({ maxActors: Config.Int("MAX_ACTORS"), validate: Config.succeed(true) })
expect<typeof configured>().type.toBe<
  Layer.Layer<ActorSystem, NativeUnavailable | InvalidOption | IsolateUnavailable | Config.ConfigError>
>()
const seeded = ActorSystem.layerTest({ seed: 1n, backend: "native", mailbox: { capacity: 2 } })
expect<typeof seeded>().type.toBe<Layer.Layer<ActorSystem, NativeUnavailable | InvalidOption>>()
// @ts-expect-error! a seed is a bigint
ActorSystem.layerTest({ seed: 1 })
// @ts-expect-error! no such backend
ActorSystem.layerTest({ seed: 1n, backend: "rust" })
// The Schema, written by hand, is the union that is generated of the Rust enum.
expect<ExitReason>().type.toBe<Generated.ExitReason>()

// -- Trap exits and monitors: signals as typed handlers ------------------------------------------------------------

const Pool = Actor.make("Pool", [Rpc.make("Submit", { payload: { job: Schema.String } })])
const PoolLive = Pool.behavior({
  init: (size: number, self) => {
    const workers = new Map<number, CounterRef>()
    for (let i = 0; i < size; i++) {
      const worker = self.spawnUnsafe(CounterLive, i, { link: true })
      workers.set(worker.pid, worker)
    }
    return { workers, lost: 0 }
  },
  handlers: { Submit: (state, _, self) => state.workers.forEach((w) => void self.send(w, Increment({ by: 1 }))) },
  signals: {
    exit: (state, signal, self) => {
      expect<typeof signal>().type.toBe<ExitSignal>()
      state.lost++
      if (signal.reason._tag === "Killed") return self.stop(signal.reason)
      return Effect.flatMap(Audit, (audit) => audit.write(state.lost))
    },
    down: (state, down) => {
      if (down.reason._tag === "NodeRestarted") state.workers.delete(down.from)
    }
  }
})
Pool.behavior({
  init: () => 0,
  handlers: { Submit: () => {} },
  signals: {
    // @ts-expect-error! nobody would see this error: handle it, or crash with a defect
    exit: () => Effect.fail(new DbDown())
  }
})
expect<R<ReturnType<typeof PoolLive.spawn>>>().type.toBe<Audit | ActorSystem | Scope.Scope>()

// -- A fiber linked to an actor ------------------------------------------------------------------------------------

export const report = (ref: CounterRef) =>
  ref.stream(Watch()).pipe(Stream.runForEach((n) => Effect.log(n)), Link.linked(ref))
expect<E<ReturnType<typeof report>>>().type.toBe<AskError | ExitSignal>()
export const guarded = Effect.raceFirst(Effect.never, Link.exit(counter)).pipe(
  Effect.catchReason("ExitSignal", "NodeUnreachable", ({ node }) => Effect.logWarning(`lost ${node}`))
)
export const owned = CounterLive.spawnLinked(0, (ref) => ref.ask(Increment({ by: 1 })))
expect<typeof owned>().type.toBe<Effect.Effect<number, Overflow | AskError | SpawnError | ExitSignal, ActorSystem>>()
export const waits = Effect.flatten(Monitor.make(counter))
expect<A<typeof waits>>().type.toBe<ExitReason>()
export const nested = Effect.flatMap(CurrentActor, (self) => Effect.sync(() => self.monitor(counter)))

// -- An init made by Effect.fn ----------------------------------------------------------------------------------------

const Named = Actor.make("Named", [Rpc.make("Get", { success: Schema.Int })])
const begin = Effect.fn(function*(n: number) {
  yield* Effect.void
  return { n }
})
const NamedLive = Named.behavior({ init: begin, handlers: { Get: (state) => state.n } })
expect(NamedLive.spawn).type.toBeCallableWith(1)
expect(NamedLive.spawn).type.not.toBeCallableWith("1")
// Written where it is used, it is looked at last by TypeScript: the handlers beside it have to say their state.
Named.behavior({
  init: Effect.fn(function*(n: number) {
    yield* Effect.void
    return { n }
  }),
  // @ts-expect-error! of type 'unknown'
  handlers: { Get: (state) => state.n }
})
export const annotated = Named.behavior({
  init: Effect.fn(function*(n: number) {
    yield* Effect.void
    return { n }
  }),
  handlers: { Get: (state: { readonly n: number }) => state.n }
})
expect(annotated.spawn).type.toBeCallableWith(1)
expect(annotated.spawn).type.not.toBeCallableWith("1")

// -- other isolates ------------------------------------------------------------------------------------------------------

const CounterElsewhere = Actor.module(import.meta.url, CounterLive, Layer.empty)
export const everywhere = Effect.gen(function*() {
  const { isolates } = yield* (yield* ActorSystem).info
  return yield* Effect.forEach(isolates, ({ isolate }) => CounterElsewhere.spawnOn(isolate, 0))
})
// @ts-expect-error! not the number of an isolate
CounterElsewhere.spawnOn(1, 0)

// -- names, layers, clients --------------------------------------------------------------------------------------------

export const getOrStart = CounterLive.spawnDetached(0, { name: "counter" }).pipe(
  Effect.catchReason("SpawnError", "NameTaken", ({ name }) => Actor.whereis(Counter, name))
)
expect<E<typeof getOrStart>>().type.toBe<SpawnError | NameNotFound | ProtocolMismatch | IsolateUnavailable>()

export const inTest = counterProgram.pipe(Effect.provide(ActorSystem.layerTest({ seed: 42n })))
export const native = counterProgram.pipe(Effect.provide(ActorSystem.layer({ maxActors: 2 })))
expect<R<typeof inTest>>().type.toBe<never>()
// @ts-expect-error! an option that does not exist
ActorSystem.layerMemory({ isolates: 2 })

type CounterRpcs = RpcGroup.Rpcs<typeof Counter.group>
const twice = <E>(client: RpcClient.RpcClient<CounterRpcs, E>) =>
  Effect.zipWith(client.Increment({ by: 1 }), client.Increment({ by: 1 }), (a, b) => a + b)
const overActor = twice(Actor.client(counter))
expect<E<typeof overActor>>().type.toBe<Overflow | AskError>()
export const overHttp = Effect.flatMap(RpcClient.make(Counter.group), twice)
const strict = (client: RpcClient.FromGroup<typeof Counter.group>) => client.Reset()
// @ts-expect-error! code that knows no failure of the medium cannot take an actor, which may die
strict(Actor.client(counter))

// -- Payloads that are anything ------------------------------------------------------------------------------------

const Box = Actor.make("Box", [
  Rpc.make("Any", { payload: Schema.Any }),
  Rpc.make("Unknown", { payload: Schema.Unknown })
])
expect(Box.messages.Any).type.toBeCallableWith(1)
expect(Box.messages.Unknown).type.toBeCallableWith("x")
expect(Box.messages.Unknown.make).type.toBeCallableWith("x")
expect(Reset).type.not.toBeCallableWith(1)
expect(Increment).type.not.toBeCallableWith()

// -- Code without types: `any` needs no service, and fails with nothing that is declared ----------------------------------

const Loose = Actor.make("Loose", [Rpc.make("Parse", { payload: Schema.String, success: Schema.Any })])
const loose = Loose.behavior({
  init: (text: string) => JSON.parse(text),
  handlers: { Parse: (_, text) => JSON.parse(text) }
})
const looseSpawned = loose.spawn("{}")
expect<R<typeof looseSpawned>>().type.toBe<ActorSystem | Scope.Scope>()
expect<E<typeof looseSpawned>>().type.toBe<SpawnError>()

// -- A function that handlers share, and what it says of itself ---------------------------------------------------------

const again = (state: { n: number }, self: Actor.Self<typeof Loose, { n: number }>): number => {
  self.after("1 second", Loose.messages.Parse("{}"))
  return state.n
}
Loose.behavior({ init: () => ({ n: 1 }), handlers: { Parse: (state, _, self) => again(state, self) } })
