// What a handler may return and do, and what becomes of it.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  CurrentActor,
  ExitReason,
  Lane,
  Monitor,
  Pid,
  Reentrant,
  type Self,
  Traced
} from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Rpc } from "effect/rpc"
import { Boom, Counter, CounterLive, Get, Increment, Overflow, systems, testSystems } from "./fixtures.ts"

const Forms = Actor.make("Forms", [
  Rpc.make("Do", { payload: Schema.String, success: Schema.Unknown, error: Overflow })
])
const { Do } = Forms.messages
const later = Effect.promise(() => Promise.resolve("later"))

describe.each(systems)("Handlers on the %s", (_, system) => {
  it.effect("results are tried as Exit, Effect, Deferred, Forwarded, plain", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(20)
      const gate = Deferred.makeUnsafe<unknown, Overflow>()
      const FormsLive = Forms.behavior({
        init: () => ({ handled: 0 }),
        handlers: {
          Do: (state, form, self): unknown => {
            state.handled++
            switch (form) {
              case "plain":
                return { some: "object" }
              case "null":
                return null
              case "zero":
                return 0
              case "exit":
                return Exit.succeed("exit")
              case "fail":
                return Exit.fail(new Overflow({ limit: 1 }))
              case "sync":
                return Effect.sync(() => "sync")
              case "async":
                return later
              case "failing":
                return Effect.flatMap(later, () => Effect.fail(new Overflow({ limit: 2 })))
              case "deferred":
                return gate
              case "effect of deferred":
                return Effect.succeed(gate)
              case "forwarded":
                return self.forward(counter, Get())
              case "open":
                Deferred.doneUnsafe(gate, Exit.succeed("deferred"))
                return state.handled
              default:
                return undefined
            }
          }
        }
      })
      const forms = yield* FormsLive.spawn()
      const ask = (form: string) => forms.ask(Do(form))
      assert.deepStrictEqual(yield* ask("plain"), { some: "object" })
      assert.isNull(yield* ask("null"))
      assert.strictEqual(yield* ask("zero"), 0)
      assert.strictEqual(yield* ask("exit"), "exit")
      assert.strictEqual(yield* ask("sync"), "sync")
      assert.strictEqual(yield* ask("async"), "later")
      assert.strictEqual(yield* ask("forwarded"), 20)
      for (const form of ["fail", "failing"]) assert.strictEqual((yield* Effect.flip(ask(form)))._tag, "Overflow")
      const waiting = yield* Effect.forEach(["deferred", "effect of deferred"], (form) =>
        Effect.forkChild(ask(form), { startImmediately: true }))
      // The actor is free meanwhile: this is what answers them.
      assert.strictEqual(yield* ask("open"), 12)
      assert.deepStrictEqual(yield* Effect.forEach(waiting, Fiber.join), ["deferred", "deferred"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a throw, a defect and a rejected promise end the actor as Crashed; nothing ends the host", () =>
    Effect.gen(function*() {
      const bad: Record<string, () => unknown> = {
        throw: () => {
          throw new Error("thrown")
        },
        die: () => Effect.die(new Error("died")),
        reject: () => Promise.reject(new Error("rejected")),
        late: () => Effect.andThen(later, Effect.die(new Error("late"))),
        string: () => {
          throw "a string"
        },
        hostile: () => {
          throw {
            get message() {
              throw new Error("trap")
            }
          }
        }
      }
      const FormsLive = Forms.behavior({ init: () => 0, handlers: { Do: (_, form) => bad[form]!() as string } })
      for (
        const [form, message] of [
          ["throw", "thrown"],
          ["die", "died"],
          ["reject", "rejected"],
          ["late", "late"],
          ["string", "a string"],
          ["hostile", "[unprintable]"]
        ] as const
      ) {
        const { down, ref } = yield* FormsLive.spawnMonitored()
        const error = yield* Effect.flip(ref.ask(Do(form)))
        assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
        assert(error.reason.reason._tag === "Crashed")
        assert.strictEqual(error.reason.reason.error.message, message)
        assert.strictEqual((yield* down)._tag, "Crashed")
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("one message at a time while a handler waits, unless the rpc is Reentrant", () =>
    Effect.gen(function*() {
      const Door = Actor.make("Door", [
        Rpc.make("Wait", { success: Schema.Int }),
        Rpc.make("Peek", { success: Schema.Int }).annotate(Reentrant, true),
        Rpc.make("Count", { success: Schema.Int })
      ])
      const gate = yield* Deferred.make<void>()
      const DoorLive = Door.behavior({
        init: () => ({ n: 0 }),
        handlers: {
          Wait: (state) => Effect.map(Deferred.await(gate), () => state.n += 10),
          Peek: (state) => state.n,
          Count: (state) => ++state.n
        }
      })
      const door = yield* DoorLive.spawn()
      const waited = yield* Effect.forkChild(door.ask(Door.messages.Wait()), { startImmediately: true })
      // At the head of the queue it enters (G7); behind another it waits its turn (G6).
      assert.strictEqual(yield* door.ask(Door.messages.Peek()), 0)
      const counted = yield* Effect.forkChild(door.ask(Door.messages.Count()), { startImmediately: true })
      assert.isUndefined(counted.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(waited), 10)
      assert.strictEqual(yield* Fiber.join(counted), 11)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G266: a reply does not overtake a Reentrant message that the callee sent before it", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const peeked = yield* Deferred.make<void>()
      const Asker = Actor.make("Asker", [Rpc.make("Go"), Rpc.make("Peek").annotate(Reentrant, true)])
      const Callee = Actor.make("Callee", [
        Rpc.make("Question", { payload: { from: ActorRef.schema(Asker) }, success: Schema.Int })
      ])
      const callee = yield* Callee.behavior({
        init: () => 0,
        handlers: { Question: (_, { from }, self) => self.send(from, Asker.messages.Peek()) === "Accepted" ? 1 : 0 }
      }).spawn()
      const asker = yield* Asker.behavior({
        init: () => 0,
        handlers: {
          Go: (_, __, self) =>
            Effect.orDie(Effect.map(callee.ask(Callee.messages.Question({ from: self.ref })), (n) => {
              log.push(`answer ${n}`)
            })),
          Peek: () => {
            log.push("peek")
            Deferred.doneUnsafe(peeked, Exit.void)
          }
        }
      }).spawn()
      yield* asker.ask(Asker.messages.Go())
      yield* Deferred.await(peeked)
      assert.deepStrictEqual(log, ["peek", "answer 1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("priority overtakes what is queued, by the receiver's annotation", () =>
    Effect.gen(function*() {
      const Line = Actor.make("Line", [
        Rpc.make("Normal", { payload: Schema.Int }),
        Rpc.make("Urgent", { payload: Schema.Int }).annotate(Lane, "priority"),
        Rpc.make("Seen", { success: Schema.Array(Schema.Int) })
      ])
      const LineLive = Line.behavior({
        init: () => [] as Array<number>,
        handlers: {
          Normal: (seen, n) => void seen.push(n),
          Urgent: (seen, n) => void seen.push(n),
          Seen: (seen) => [...seen]
        }
      })
      const line = yield* LineLive.spawn()
      for (const n of [1, 2]) line.tellUnsafe(Line.messages.Normal(n))
      for (const n of [8, 9]) line.tellUnsafe(Line.messages.Urgent(n))
      assert.deepStrictEqual(yield* line.ask(Line.messages.Seen()), [8, 9, 1, 2])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("kill interrupts a waiting handler and closes its scope", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const started = yield* Deferred.make<void>()
      const FormsLive = Forms.behavior({
        init: () => 0,
        handlers: {
          Do: () =>
            Effect.addFinalizer(() => Effect.sync(() => void log.push("scope"))).pipe(
              Effect.andThen(Deferred.succeed(started, undefined)),
              Effect.andThen(Effect.never),
              Effect.onInterrupt(() => Effect.sync(() => void log.push("interrupted")))
            )
        }
      })
      const { down, ref } = yield* FormsLive.spawnMonitored()
      const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Do("x"))), { startImmediately: true })
      yield* Deferred.await(started)
      yield* Actor.kill(ref)
      assert.deepStrictEqual(yield* down, ExitReason.killed)
      const error = yield* Fiber.join(asked)
      assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.deepStrictEqual(log, ["interrupted", "scope"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("self: sender, tell, next, stop, children, state", () =>
    Effect.gen(function*() {
      const log: Array<unknown> = []
      const Node = Actor.make("Node", [
        Rpc.make("Start"),
        Rpc.make("Note", { payload: Schema.String }),
        Rpc.make("Quit", { success: Schema.String })
      ])
      const NodeLive = Node.behavior({
        init: (_: void, self) => {
          self.next(Node.messages.Note("first"))
          return "zero"
        },
        handlers: {
          Start: (_, __, self) => {
            self.tell(Node.messages.Note("told"))
            self.next(Node.messages.Note("next"))
            self.setState("one")
            log.push([self.sender, self.state])
          },
          Note: (state, note, self) => void log.push([note, state, self.sender === self.pid]),
          Quit: (_, __, self) => {
            self.stop(ExitReason.shutdown("done"))
            return "bye"
          }
        }
      })
      const { down, ref } = yield* NodeLive.spawnMonitored()
      yield* ref.tell(Node.messages.Start())
      assert.strictEqual(yield* ref.ask(Node.messages.Quit()), "bye")
      assert.deepStrictEqual(yield* down, ExitReason.shutdown("done"))
      assert.deepStrictEqual(log, [["first", "zero", true], [undefined, "one"], ["next", "one", true]])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("asking oneself is BadMessage", () =>
    Effect.gen(function*() {
      const FormsLive = Forms.behavior({
        init: () => 0,
        handlers: {
          Do: (_, form, self) =>
            form === "self" ? Effect.map(Effect.flip(self.ref.ask(Do("other"))), (error) => error) : "other"
        }
      })
      const forms = yield* FormsLive.spawn()
      const error = (yield* forms.ask(Do("self"))) as {
        readonly _tag: string
        readonly reason: { readonly _tag: string; readonly issue: string }
      }
      assert.strictEqual(error._tag, "AskError")
      assert.strictEqual(error.reason._tag, "BadMessage")
      assert.match(error.reason.issue, /^an actor that asks itself would wait for itself/)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an Effect below a handler finds the actor, and its tells carry it as their sender", () =>
    Effect.gen(function*() {
      const senders: Array<number | undefined> = []
      const Sink = Actor.make("Sink", [Rpc.make("Take", { success: Schema.Void })])
      const SinkLive = Sink.behavior({
        init: () => 0,
        handlers: { Take: (_, __, self) => void senders.push(self.sender) }
      })
      const sink = yield* SinkLive.spawn()
      const below = Effect.flatMap(
        CurrentActor,
        (self: Self.Any) => Effect.as(Effect.andThen(later, sink.tell(Sink.messages.Take())), self.pid)
      )
      const FormsLive = Forms.behavior({ init: () => 0, handlers: { Do: () => below } })
      const forms = yield* FormsLive.spawn()
      assert.strictEqual(yield* forms.ask(Do("")), forms.pid)
      yield* sink.ask(Sink.messages.Take())
      assert.deepStrictEqual(senders, [forms.pid, undefined])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("links and monitors: a trapped exit and a down are values of their own handlers", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const done = yield* Deferred.make<void>()
      const Boss = Actor.make("Boss", [Rpc.make("Watch", { payload: ActorRef.schema(Counter) })])
      const note = (value: unknown) => {
        seen.push(value)
        if (seen.length === 2) Deferred.doneUnsafe(done, Exit.void)
      }
      const BossLive = Boss.behavior({
        init: () => 0,
        handlers: {
          Watch: (_, ref, self) => {
            self.link(ref)
            self.monitor(ref)
            self.send(ref, Boom("child"))
          }
        },
        signals: {
          exit: (_, signal) => note([signal._tag, signal.from, signal.name, signal.reason._tag]),
          down: (_, down) => Effect.sync(() => note([down._tag, down.from, down.name, down.reason._tag]))
        }
      })
      const boss = yield* BossLive.spawn()
      const counter = yield* CounterLive.spawn(0, { name: "child" })
      yield* boss.tell(Boss.messages.Watch(counter))
      yield* Deferred.await(done)
      assert.sameDeepMembers(seen, [
        ["ExitSignal", counter.pid, "child", "Crashed"],
        ["Down", counter.pid, "child", "Crashed"]
      ])
      assert.isTrue(yield* Actor.isAlive(boss))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a child ends with its parent, by link and by a normal end alike", () =>
    Effect.gen(function*() {
      const Parent = Actor.make("Parent", [
        Rpc.make("Child", { success: ActorRef.schema(Counter) }),
        Rpc.make("End", { payload: Schema.Boolean })
      ])
      const ParentLive = Parent.behavior({
        init: () => 0,
        handlers: {
          Child: (_, __, self) => Effect.orDie(self.spawn(CounterLive, 1)),
          End: (_, badly, self) => {
            if (badly) throw new Error("end")
            self.stop()
          }
        }
      })
      for (const badly of [false, true]) {
        const parent = yield* ParentLive.spawn()
        const child = yield* parent.ask(Parent.messages.Child())
        assert.strictEqual(yield* child.ask(Get()), 1)
        const down = yield* Monitor.make(child)
        yield* parent.tell(Parent.messages.End(badly))
        assert.strictEqual((yield* down)._tag, badly ? "Crashed" : "Shutdown")
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("become: other handlers, the same state, from the next message on", () =>
    Effect.gen(function*() {
      const Light = Actor.make("Light", [Rpc.make("Toggle", { success: Schema.String })])
      const toggle = Light.messages.Toggle
      const Red = Light.behavior({ init: () => ({ n: 0 }), handlers: { Toggle: (state) => `red ${++state.n}` } })
      const Green = Light.behavior({
        init: () => ({ n: 0 }),
        handlers: {
          Toggle: (state, _, self) => {
            self.become(Red)
            return `green ${++state.n}`
          }
        }
      })
      const light = yield* Green.spawn()
      assert.strictEqual(yield* light.ask(toggle()), "green 1")
      assert.strictEqual(yield* light.ask(toggle()), "red 2")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G48: an Effect that never suspends yields, so that others run", () =>
    Effect.gen(function*() {
      let turns = 0
      const SpinLive = Forms.behavior({
        init: () => 0,
        handlers: { Do: () => Effect.forever(Effect.sync(() => void turns++), { disableYield: true }) }
      })
      const spin = yield* SpinLive.spawn()
      yield* spin.tell(Do("spin"))
      const counter = yield* CounterLive.spawn(0)
      for (let i = 1; i <= 20; i++) assert.strictEqual(yield* counter.ask(Increment({ by: 1 })), i)
      assert.isAbove(turns, 0)
      yield* Actor.kill(spin)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("self reaches every handler that can take it: declared, rest, default, arguments, fnUntraced", () =>
    Effect.gen(function*() {
      const pidRpc = <const Tag extends string>(tag: Tag) => Rpc.make(tag, { success: Schema.Number })
      const Takes = Actor.make("Takes", [
        pidRpc("Declared"),
        pidRpc("Rest"),
        pidRpc("Default"),
        pidRpc("Arguments"),
        pidRpc("Untraced"),
        pidRpc("Bound")
      ])
      const pidOf = (self: unknown): number => (self as Self.Any).pid
      const bound = {
        key: "pid" as const,
        handle(_: number, __: void, self: unknown) {
          return (self as Self.Any)[this.key]
        }
      }
      const handlers = {
        Declared: (_: number, __: void, self: unknown) => pidOf(self),
        Rest: (...args: ReadonlyArray<unknown>) => pidOf(args[2]),
        Default: (_: number, __: void, self: unknown = null) => pidOf(self),
        Arguments: function() {
          return pidOf(arguments[2])
        },
        Untraced: Effect.fnUntraced(function*(_: number, __: void, self: unknown) {
          return yield* Effect.succeed(pidOf(self))
        }),
        Bound: bound.handle.bind(bound)
      }
      const takes = yield* Takes.behavior({ init: () => 0, handlers }).spawn()
      for (const make of Object.values(Takes.messages)) {
        const message = make()
        assert.strictEqual(yield* takes.ask(message), takes.pid, message._tag)
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a Traced rpc runs in a span of its own", () =>
    Effect.gen(function*() {
      const Spanned = Actor.make("Spanned", [
        Rpc.make("Yes", { success: Schema.UndefinedOr(Schema.String) }).annotate(Traced, true),
        Rpc.make("No", { success: Schema.UndefinedOr(Schema.String) })
      ])
      const spanName = Effect.map(
        Effect.option(Effect.currentSpan),
        Option.match({
          onNone: () => undefined,
          onSome: (span) => `${span.name} ${String(span.attributes.get("actor.pid"))}`
        })
      )
      const SpannedLive = Spanned.behavior({ init: () => 0, handlers: { Yes: () => spanName, No: () => spanName } })
      const spanned = yield* Effect.withSpan(SpannedLive.spawn(), "outer")
      const { No, Yes } = Spanned.messages
      assert.strictEqual(yield* spanned.ask(Yes()), `Spanned.Yes ${Pid.print(spanned.pid)}`)
      assert.isUndefined(yield* spanned.ask(No()))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an answer after its asker is gone, and a second answer, vanish", () =>
    Effect.gen(function*() {
      const gate = Deferred.makeUnsafe<string>()
      const FormsLive = Forms.behavior({ init: () => 0, handlers: { Do: (_, form) => form === "wait" ? gate : form } })
      const forms = yield* FormsLive.spawn()
      const asker = yield* Effect.forkChild(forms.ask(Do("wait")), { startImmediately: true })
      yield* forms.ask(Do("sync"))
      yield* Fiber.interrupt(asker)
      Deferred.doneUnsafe(gate, Exit.succeed("late"))
      assert.strictEqual(yield* forms.ask(Do("after")), "after")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("Timers on the %s", (_, system) => {
  it.effect("after, at, every and cancel follow virtual time", () =>
    Effect.gen(function*() {
      const Clocked = Actor.make("Clocked", [
        Rpc.make("Tick", { payload: Schema.String }),
        Rpc.make("Seen", { success: Schema.Array(Schema.String) }),
        Rpc.make("Cancel", { success: Schema.UndefinedOr(Schema.Number) })
      ])
      const { Cancel, Seen, Tick } = Clocked.messages
      const ClockedLive = Clocked.behavior({
        init: (_: void, self) => {
          self.after("2 seconds", Tick("after"))
          self.at(1500, Tick("at"))
          self.at(-5, Tick("past"))
          return { seen: [] as Array<string>, timer: self.every("1 second", Tick("every")) }
        },
        handlers: {
          Tick: (state, what) => void state.seen.push(what),
          Seen: (state) => state.seen.splice(0),
          Cancel: (state, _, self) => self.cancel(state.timer)
        }
      })
      const clocked = yield* ClockedLive.spawn()
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* clocked.ask(Seen()), ["past"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* clocked.ask(Seen()), ["every"])
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* clocked.ask(Seen()), ["at"])
      yield* TestClock.adjust("500 millis")
      assert.sameMembers([...(yield* clocked.ask(Seen()))], ["every", "after"])
      assert.strictEqual(yield* clocked.ask(Cancel()), 999)
      assert.isUndefined(yield* clocked.ask(Cancel()))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* clocked.ask(Seen()), [])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
