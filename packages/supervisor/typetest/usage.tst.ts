/**
 * What users write, which types come out, and which programs must stay refused. Compiled, never run.
 */
import {
  Actor,
  type ActorRef,
  type ActorSystem,
  type AskError,
  type Behavior,
  type SpawnError
} from "@myrmidonjs/actor"
import {
  type ChildNotRunning,
  type ChildPresent,
  type ChildStartError,
  type Dynamic,
  type InvalidSpec,
  Supervisor
} from "@myrmidonjs/supervisor"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { Rpc } from "effect/rpc"
import type { RpcGroup } from "effect/rpc"
import { expect } from "tstyche"

type A<X> = X extends Effect.Effect<infer A, infer _E, infer _R> ? A : never
type E<X> = X extends Effect.Effect<infer _A, infer E, infer _R> ? E : never
type R<X> = X extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}
class Db extends Context.Service<Db, { readonly load: (id: string) => Effect.Effect<number, DbDown> }>()("app/Db") {}
class Audit extends Context.Service<Audit, { readonly write: (n: number) => Effect.Effect<void> }>()("app/Audit") {}

const Counter = Actor.make("Counter", [Rpc.make("Increment", { success: Schema.Int })])
const CounterLive = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Increment: (state) => ++state.n } })
const Account = Actor.make("Account", [Rpc.make("Balance", { success: Schema.Int })])
const AccountLive = Account.behavior({
  init: (id: string) => Effect.flatMap(Db, (db) => db.load(id)),
  handlers: { Balance: (balance) => balance }
})
type AccountRpcs = typeof Account extends { readonly group: RpcGroup.RpcGroup<infer Rpcs> } ? Rpcs : never

class TheCounter extends Actor.Service<TheCounter>()("app/TheCounter", Counter) {}
class Accounts extends Context.Service<Accounts, Dynamic<AccountRpcs, string, DbDown>>()("app/Accounts") {}

// -- the services of a tree: what children need and do not provide to each other -------------------------------------

const Tree = Supervisor.make("app", { strategy: "rest_for_one", intensity: 3, period: "5 seconds" }, [
  Supervisor.child("counter", CounterLive, 0, { name: "counter", provides: TheCounter }),
  Supervisor.dynamic("accounts", AccountLive, { provides: Accounts }),
  Supervisor.make("edge", { intensity: 10 }, [
    Supervisor.effect("asks", Effect.flatMap(TheCounter, (counter) => counter.ask(Counter.messages.Increment()))),
    Supervisor.effect("log", Effect.flatMap(Audit, (audit) => audit.write(1)), { restart: "transient" }),
    Supervisor.scoped("pool", Effect.acquireRelease(Effect.succeed(5), () => Effect.void))
  ])
])
const TreeLive = Supervisor.layer(Tree)
expect<Layer.Success<typeof TreeLive>>().type.toBe<TheCounter | Accounts>()
expect<Layer.Services<typeof TreeLive>>().type.toBe<Db | Audit | ActorSystem>()
expect<Layer.Error<typeof TreeLive>>().type.toBe<ChildStartError<SpawnError> | InvalidSpec>()

const started = Supervisor.start(Tree)
expect<R<typeof started>>().type.toBe<Db | Audit | ActorSystem | Scope.Scope>()
expect<E<typeof started>>().type.toBe<ChildStartError<SpawnError> | InvalidSpec>()

// -- handles ---------------------------------------------------------------------------------------------------------

declare const app: A<typeof started>
const counter = app.get("counter")
expect<E<typeof counter>>().type.toBe<ChildNotRunning>()
expect<A<typeof counter>>().type.toBeAssignableTo<Actor.Ref<typeof Counter>>()
const edge = app.get("edge")
declare const running: A<typeof edge>
const pool = running.get("pool")
expect<A<typeof pool>>().type.toBe<number>()
const accounts = app.get("accounts")
declare const many: A<typeof accounts>
const account = many.start("a-1")
expect<A<typeof account>>().type.toBe<ActorRef<AccountRpcs>>()
expect<E<typeof account>>().type.toBe<DbDown | SpawnError>()
const restarted = app.restart("counter")
expect<E<typeof restarted>>().type.toBe<ChildNotRunning | ChildPresent | ChildStartError<SpawnError>>()
const added = app.start(Supervisor.child("another", AccountLive, "a-2"))
expect<E<typeof added>>().type.toBe<
  ChildNotRunning | ChildPresent | InvalidSpec | ChildStartError<DbDown | SpawnError>
>()
expect<R<typeof added>>().type.toBe<Db | ActorSystem>()

// -- refused ---------------------------------------------------------------------------------------------------------

// @ts-expect-error! no such child
app.get("counters")
// @ts-expect-error! the service is of another protocol
Supervisor.child("account", AccountLive, "a-1", { provides: TheCounter })
// @ts-expect-error! the child's arguments
Supervisor.child("counter", CounterLive, "zero")
// @ts-expect-error! no such strategy
Supervisor.make("app", { strategy: "one_for_none" }, [])
// @ts-expect-error! children are values of this package
Supervisor.make("app", {}, [CounterLive])
// @ts-expect-error! the arguments of its children
many.start(5)
// @ts-expect-error! what is restored are the arguments
Supervisor.child("counter", CounterLive, 0, { restoreFrom: Supervisor.stateStore<string>() })
declare const anyBehavior: Behavior<AccountRpcs, string, number, DbDown, Db>
expect(Supervisor.child("account", anyBehavior, "a-1").id).type.toBe<"account">()

// -- on other isolates ------------------------------------------------------------------------------------------------

class NoDisk extends Schema.TaggedError<NoDisk>()("NoDisk", {}) {}
const Room = Actor.make("Room", [])
const RoomLive = Actor.module(
  import.meta.url,
  Room.behavior({
    init: (name: string) => name === "" ? Effect.fail(new NoDisk()) : Effect.succeed({ name }),
    handlers: {}
  }),
  Layer.empty,
  { error: NoDisk }
)
const Rooms = Supervisor.module(
  import.meta.url,
  Supervisor.make("rooms", {}, [Supervisor.child("lobby", RoomLive, ""), Supervisor.dynamic("all", RoomLive)]),
  Layer.empty
)
const Away = Supervisor.start(Supervisor.make("app", {}, [Supervisor.placed("east", Rooms, { place: "worker" })]))
expect<E<typeof Away>>().type.toBe<ChildStartError<SpawnError | NoDisk> | InvalidSpec>()
const east = Effect.flatMap(Away, (app) => app.get("east"))
declare const there: A<typeof east>

const annex = there.start(Supervisor.child("annex", RoomLive, ""))
expect<A<typeof annex>>().type.toBe<A<ReturnType<typeof RoomLive.spawn>>>()
expect<E<typeof annex>>().type.toBe<
  ChildPresent | ChildNotRunning | ChildStartError<SpawnError | NoDisk> | InvalidSpec | AskError
>()
there.start(Supervisor.placed("wing", Rooms))
there.start(Supervisor.dynamic("more", RoomLive))
expect(there.start).type.not.toBeCallableWith(Supervisor.child("plain", CounterLive, 0))
expect(there.start).type.not.toBeCallableWith(Supervisor.effect("loop", Effect.never))
expect(there.start).type.not.toBeCallableWith(Supervisor.make("sub", {}, []))
Supervisor.change({} as A<typeof there.ref>, Supervisor.placed("east", Rooms))
const all = there.get("all")
declare const rooms: A<typeof all>
expect<E<ReturnType<typeof rooms.start>>>().type.toBe<SpawnError | NoDisk>()
