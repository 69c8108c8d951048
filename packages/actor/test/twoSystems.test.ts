// Two systems in one process: a PID of one is nobody in the other (G235).
import { assert, describe, it } from "@effect/vitest"
import { Actor, type AnyRef, ExitReason, Pid } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { layers, turn } from "./fixtures.ts"

const Ref = Schema.Unknown as Schema.Schema<unknown> as Schema.Schema<AnyRef>
const Party = Actor.make("Party", [
  Rpc.make("Link", { payload: Ref }),
  Rpc.make("Unlink", { payload: Ref }),
  Rpc.make("Monitor", { payload: Ref }),
  Rpc.make("Send", { payload: Ref }),
  Rpc.make("Note", { payload: Schema.String }),
  Rpc.make("Wait"),
  Rpc.make("Log", { success: Schema.Array(Schema.String) })
])
const { Link, Log, Monitor, Note, Send, Unlink, Wait } = Party.messages
const gates: Array<Deferred.Deferred<void>> = []
const PartyLive = Party.behavior({
  init: (): Array<string> => [],
  handlers: {
    Link: (_, ref, self) => self.link(ref),
    Unlink: (_, ref, self) => {
      self.link(ref)
      self.unlink(ref)
    },
    Monitor: (_, ref, self) => void self.monitor(ref),
    Send: (log, ref, self) => {
      for (const text of ["one", "two"]) log.push(self.send(ref as Actor.Ref<typeof Party>, Note(text)))
    },
    Note: (log, text) => void log.push(text),
    Wait: () => Effect.suspend(() => Deferred.await(gates[0]!)),
    Log: (log) => [...log]
  },
  signals: {
    exit: (log, { from, reason }) => void log.push(`exit ${Pid.print(from)} ${ExitReason.print(reason)}`),
    down: (log, { from, reason }) => void log.push(`down ${Pid.print(from)} ${ExitReason.print(reason)}`)
  }
})

describe.each(layers)("two systems: the %s", (_, layer) => {
  const two = <A, E>(use: (here: Actor.Ref<typeof Party>, there: Actor.Ref<typeof Party>) => Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const [one, other] = [yield* Layer.build(layer({})), yield* Layer.build(layer({}))]
      const here = yield* Effect.provideContext(PartyLive.spawn(), one)
      const there = yield* Effect.provideContext(
        PartyLive.spawn(undefined, { mailbox: { capacity: 1, onFull: "suspend" } }),
        other
      )
      return yield* use(here, there)
    }).pipe(Effect.scoped)

  it.effect("G235: a link or a monitor finds nobody, and ties nothing", () =>
    two((here, there) =>
      Effect.gen(function*() {
        yield* here.tell(Link(there))
        yield* here.tell(Monitor(there))
        const ends = ["exit", "down"].map((what) => `${what} ${Pid.print(there.pid)} no such actor ever`)
        for (let turns = 0; turns < 100 && (yield* here.ask(Log())).length < 2; turns++) yield* turn
        assert.deepStrictEqual(yield* here.ask(Log()), ends)
        assert.deepStrictEqual((yield* Actor.info(here)).links, [])
        yield* here.tell(Unlink(there))
        yield* Actor.kill(there)
        yield* turn
        assert.deepStrictEqual(yield* here.ask(Log()), ends)
      })
    ))

  it.effect("G235: nor does one that has ended have a past here", () =>
    two((here, there) =>
      Effect.gen(function*() {
        yield* Actor.kill(there)
        assert.isFalse(yield* Actor.isAlive(there))
        yield* here.tell(Monitor(there))
        for (let turns = 0; turns < 100 && (yield* here.ask(Log())).length < 1; turns++) yield* turn
        assert.deepStrictEqual(yield* here.ask(Log()), [`down ${Pid.print(there.pid)} no such actor ever`])
      })
    ))

  it.effect("G235: a full mailbox there holds nobody here", () =>
    two((here, there) =>
      Effect.gen(function*() {
        const gate = gates[0] = Deferred.makeUnsafe<void>()
        yield* there.tell(Wait())
        yield* turn
        yield* here.tell(Send(there))
        assert.deepStrictEqual(yield* here.ask(Log()), ["Accepted", "MailboxFull"])
        assert.strictEqual((yield* Actor.info(there)).held, 0)
        Deferred.doneUnsafe(gate, Exit.void)
        assert.deepStrictEqual(yield* there.ask(Log()), ["one"])
      })
    ))
})
