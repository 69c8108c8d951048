/**
 * Every public function of the package, with what a caller without types may hand in for each of its arguments: refused by
 * the name of the argument and by what it is. Nothing throws from inside, hangs, or is taken where it can mean nothing.
 * One row is one argument; `fits` says which of the junk means something there. (G296)
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  AskError,
  ExitReason,
  HotSwap,
  Inspector,
  InvalidOption,
  Lane,
  Link,
  Monitor,
  Pid,
  Reentrant,
  type Self,
  SharedBuffer,
  SpawnError,
  Traced
} from "@myrmidonjs/actor"
import { Cause, Effect, Exit, Layer, Schema, type Scope, Stream } from "effect"
import { Rpc, RpcGroup } from "effect/rpc"
import { Counter, CounterLive, Get, nativeLoads, systems, Watch } from "./fixtures.ts"

const unprintable = {
  toString: () => {
    throw new Error("toString was called")
  },
  toJSON: () => {
    throw new Error("toJSON was called")
  }
}

/** With the words by which an error shows it. */
const junk: ReadonlyArray<readonly [value: unknown, shown: string]> = [
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [-1, "-1"],
  [0.5, "0.5"],
  [NaN, "NaN"],
  [true, "true"],
  ["", `""`],
  ["junk", `"junk"`],
  ["a\ud800", `"a\ufffd"`],
  ["x".repeat(100_000), "xxx…"],
  [Symbol("junk"), "Symbol(junk)"],
  [10n, "10n"],
  [10n ** 5_000n, "a bigint"],
  [[], "an array of 0"],
  [{}, "{}"],
  [Object.create(null), "{}"],
  [unprintable, "toString"],
  [{ junk: { deep: 1 } }, "junk"],
  [new Map(), "an object of Map"],
  [() => {}, "a function"]
]

type Is = (value: unknown) => boolean
const or = (...kinds: ReadonlyArray<Is>): Is => (value) => kinds.some((is) => is(value))
const isString: Is = (value) => typeof value === "string"
const isName: Is = (value) => typeof value === "string" && value !== "" && value !== "a\ud800"
const isNumber: Is = (value) => typeof value === "number"
const isBoolean: Is = (value) => typeof value === "boolean"
const isFunction: Is = (value) => typeof value === "function"
const isMissing: Is = (value) => value === undefined
const isFive: Is = (value) => value === 5
/** A bigint is so many ns. */
const isDuration: Is = (value) => value === 5 || value === 0.5 || typeof value === "bigint"
/** In which nothing is to be read. */
const isEmpty: Is = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
const isList: Is = (value) => Array.isArray(value)
const isOptions = or(isMissing, isEmpty)

type Row = readonly [
  what: string,
  /** The name by which it is refused. */
  option: string,
  call: (value: never) => unknown,
  fits?: Is
]

/** A row for each option of some options. */
const each = (
  what: string,
  call: (options: never) => unknown,
  options: Readonly<Record<string, Is | undefined>>,
  prefix = ""
): ReadonlyArray<Row> =>
  Object.entries(options).map(([option, fits]) => [
    `${what}, ${prefix}${option}`,
    `${prefix}${option}`,
    (value) => call({ [option]: value } as never),
    or(isMissing, fits ?? (() => false))
  ])

/** With what a call came to, when it was refused; whatever else it throws is shown as it is. */
const refusalOf = (outcome: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(outcome)) return undefined
  const error = Cause.squash(outcome.cause)
  return error instanceof SpawnError || (error instanceof AskError && error.reason._tag === "BadMessage")
    ? error.reason
    : error
}

/** Runs whatever a call has given: what is refused may be so when it is called, or when it runs. */
const run = (
  call: (value: never) => unknown,
  value: unknown
): Effect.Effect<Exit.Exit<unknown, unknown>, never, ActorSystem | Scope.Scope> =>
  Effect.suspend(() => {
    let given: unknown
    try {
      given = call(value as never)
    } catch (error) {
      return Effect.succeed(Exit.die(error))
    }
    const effect = Effect.isEffect(given)
      ? given
      : Stream.isStream(given)
      ? Stream.runDrain(given)
      : Layer.isLayer(given)
      ? Layer.build(given)
      : Effect.succeed(given)
    return Effect.exit(effect as Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>)
  })

const check = (rows: ReadonlyArray<Row>): Effect.Effect<void, never, ActorSystem | Scope.Scope> =>
  Effect.gen(function*() {
    const wrong: Array<string> = []
    for (const [what, option, call, fits] of rows) {
      for (const [value, shown] of junk) {
        if (fits?.(value) === true) continue
        const outcome = yield* run(call, value)
        const error = refusalOf(outcome)
        const text = error === undefined ? "taken" : error instanceof Error ? error.message : "no Error"
        const isNamed = error instanceof InvalidOption
          ? error.option === option
          : error instanceof Error && "issue" in error && String(error.issue).startsWith(`${option}: `)
        // What an option of the junk itself is called, when junk is given for options.
        const isUnread = text.includes("unknown; known are")
        const isShown = text.includes(shown) || text.endsWith(" ms")
        if (!isUnread && !(isNamed && isShown) || text.length > 400) {
          wrong.push(`${what}, given ${shown}: ${text.slice(0, 300)}`)
        }
      }
    }
    assert.deepStrictEqual(wrong, [])
  })

const any = (value: unknown) => value as never

const One = Rpc.make("One")

const making: ReadonlyArray<Row> = [
  ["Actor.make, name", "name", (name) => Actor.make(name, []), isName],
  ["Actor.make, rpcs", "rpcs", (rpcs) => Actor.make("Junk", rpcs), isList],
  ["Actor.make, one rpc", "rpcs", (rpc) => Actor.make("Junk", [One, rpc])],
  ["Actor.fromRpcGroup, name", "name", (name) => Actor.fromRpcGroup(name, RpcGroup.make(One)), isName],
  ["Actor.fromRpcGroup, group", "group", (group) => Actor.fromRpcGroup("Junk", group)],
  ["annotate, key", "key", (key) => Counter.annotate(key, any(1))],
  ["annotate Lane", "Lane of One", (lane) => Actor.make("Junk", [One.annotate(Lane, lane)])],
  ["annotate Reentrant", "Reentrant of One", (is) => Actor.make("Junk", [One.annotate(Reentrant, is)]), isBoolean],
  ["annotate Traced", "Traced of One", (is) => Actor.make("Junk", [One.annotate(Traced, is)]), isBoolean],
  ["behavior", "options", (options) => Counter.behavior(options), isEmpty],
  ...each(
    "behavior",
    (options) => Actor.make("Junk", []).behavior({ init: () => 0, handlers: {}, ...(options as object) }),
    {
      init: isFunction,
      handlers: isEmpty,
      signals: isEmpty,
      terminate: isFunction,
      version: isString,
      state: undefined,
      mailbox: isEmpty
    }
  ),
  [
    "behavior, a handler",
    "handlers.One",
    (One) => Actor.make("Junk", [Rpc.make("One")]).behavior({ init: () => 0, handlers: { One } }),
    isFunction
  ],
  ...each("behavior", (signals) => Actor.make("Junk", []).behavior({ init: () => 0, handlers: {}, signals }), {
    exit: isFunction,
    down: isFunction
  }).map(([what, option, call, fits]): Row => [what, `signals.${option}`, call, fits!]),
  ["Actor.Service, id", "id", (id) => Actor.Service()(id, Counter), isName],
  ["Actor.Service, protocol", "protocol", (protocol) => Actor.Service()("junk", protocol)],
  ["Actor.provide", "behavior", (behavior) => Actor.provide(behavior)],
  ["Actor.module, url", "url", (url) => Actor.module(url, CounterLive, Layer.empty)],
  ["Actor.module, behavior", "behavior", (behavior) => Actor.module(import.meta.url, behavior, Layer.empty)],
  ["Actor.module, layer", "layer", (layer) => Actor.module(import.meta.url, CounterLive, layer)],
  [
    "Actor.module, options",
    "options",
    (options) => Actor.module(import.meta.url, CounterLive, Layer.empty, options),
    isOptions
  ],
  ...each("Actor.module", (options) => Actor.module(import.meta.url, CounterLive, Layer.empty, options), {
    args: undefined,
    error: undefined
  }),
  ["Actor.client", "to", (to) => Actor.client(to)],
  ["Actor.layerRpcHandlers, protocol", "protocol", (to) => Actor.layerRpcHandlers(to, CounterLive.spawn(0))],
  ["Actor.layerRpcHandlers, to", "to", (to) => Actor.layerRpcHandlers(Counter, to)],
  ["Actor.layerRpcHandlers, a recipient", "to", (to) => Actor.layerRpcHandlers(Counter, Effect.succeed(to))],
  ["Actor.fingerprint", "protocol", (protocol) => Actor.fingerprint(protocol)],
  ["ActorRef.schema", "protocol", (protocol) => ActorRef.schema(protocol)],
  ["ExitReason.noProc", "everExisted", (everExisted) => ExitReason.noProc(everExisted), isBoolean],
  ["ExitReason.shutdown", "detail", (detail) => ExitReason.shutdown(detail), or(isMissing, isString)],
  ["ExitReason.print", "reason", (reason) => ExitReason.print(reason)],
  ["ExitReason.isFailure", "reason", (reason) => ExitReason.isFailure(reason)],
  ["Pid.print", "pid", (pid) => Pid.print(pid), isFive]
]

const Caller = Actor.make("Caller", [
  Rpc.make("Call", { payload: Schema.Any, success: Schema.Any }),
  Rpc.make("Rang")
])
const CallerLive = Caller.behavior({
  init: () => 0,
  handlers: {
    Call: (_, use, self) => Effect.map(run(use as never, self), (exit) => [exit]) as Effect.Effect<unknown>,
    Rang: () => {}
  }
})

describe.each(systems)("junk on the %s", (name, system) => {
  it.effect("G296: what makes something", () => check(making).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G296: systems, spawns, refs", () =>
    Effect.gen(function*() {
      const layer = name === "native" ? ActorSystem.layer : ActorSystem.layerMemory
      const backend = name === "native" ? "native" as const : "memory" as const
      const system = yield* ActorSystem
      const counter = yield* CounterLive.spawn(0, { name: "counter" })
      const named = yield* ActorRef.named(Counter, "counter")
      const ofSystem: Readonly<Record<string, Is | undefined>> = {
        maxActors: isFive,
        maxBufferBytes: isFive,
        mailbox: isEmpty,
        shutdownTimeout: isDuration,
        shutdownDeadline: isDuration,
        longSchedule: isDuration,
        validate: isBoolean,
        keepAlive: isBoolean,
        onDeadLetter: isFunction
      }
      const ofNative = {
        isolates: isFive,
        rustShards: isFive,
        addon: (value: unknown) => isString(value) && value !== "",
        isolateSilence: isDuration,
        importSilence: isDuration
      }
      const ofSpawn: Readonly<Record<string, Is | undefined>> = {
        name: isName,
        mailbox: isEmpty,
        initTimeout: isDuration,
        budget: isFive
      }
      const ofMailbox = { capacity: isFive, onFull: undefined, sendTimeout: isDuration }
      yield* check([
        ["ActorSystem.layer", "options", (options) => layer(options), isOptions],
        ...each("ActorSystem.layer", layer, name === "native" ? { ...ofSystem, ...ofNative } : ofSystem),
        ...each("ActorSystem.layer", (mailbox) => layer({ mailbox }), ofMailbox).map(
          ([what, option, call, fits]): Row => [what, `mailbox.${option}`, call, fits!]
        ),
        ["ActorSystem.layerTest", "options", (options) => ActorSystem.layerTest(options), isEmpty],
        ["ActorSystem.layerTest, seed", "seed", (seed) =>
          ActorSystem.layerTest({ seed, backend }), (value) =>
          value === 10n],
        [
          "ActorSystem.layerTest, backend",
          "backend",
          (backend) =>
            ActorSystem.layerTest({ seed: 1n, backend }),
          isMissing
        ],
        ["ActorSystem.layerConfig", "options", (options) =>
          ActorSystem.layerConfig(options), isEmpty],
        ["spawnUnsafe, behavior", "behavior", (behavior) => system.spawnUnsafe(behavior, 0)],
        ["spawnUnsafe, options", "options", (options) => system.spawnUnsafe(CounterLive, 0, options), isOptions],
        ["top, n", "n", (n) => system.top(n, "time"), isFive],
        ["top, by", "by", (by) => system.top(1, by)],
        ["whenGone", "isolate", (isolate) => system.whenGone(isolate), isFive],
        ["spawn, options", "options", (options) => CounterLive.spawn(0, options), isOptions],
        ...each("spawn", (options) => CounterLive.spawn(0, options), ofSpawn),
        ...each("spawn", (mailbox) => CounterLive.spawn(0, { mailbox }), ofMailbox).map(
          ([what, option, call, fits]): Row => [what, `mailbox.${option}`, call, fits!]
        ),
        ["spawnLinked, use", "use", (use) => CounterLive.spawnLinked(0, use), isFunction],
        ["spawnLinked, what use gives", "use", (given) => CounterLive.spawnLinked(0, () => given)],
        ["ask, options", "options", (options) => counter.ask(Get(), options), isOptions],
        ["ask by name, options", "options", (options) => named.ask(Get(), options), isOptions],
        ["ask, timeout", "timeout", (timeout) => counter.ask(Get(), { timeout }), or(isMissing, isDuration)],
        ["stream, options", "options", (options) => counter.stream(Watch(), options), isOptions],
        ["stream by name, options", "options", (options) => named.stream(Watch(), options), isOptions],
        [
          "stream, bufferSize",
          "bufferSize",
          (bufferSize) => counter.stream(Watch(), { bufferSize }),
          or(isMissing, isFive)
        ],
        ["ActorRef.named, protocol", "protocol", (protocol) => ActorRef.named(protocol, "counter")],
        ["ActorRef.named, name", "name", (name) => ActorRef.named(Counter, name), isString],
        ["ActorRef.namedFor, behavior", "behavior", (behavior) => ActorRef.namedFor(behavior, "counter")],
        ["ActorRef.namedFor, name", "name", (name) => ActorRef.namedFor(CounterLive, name), isString],
        ["ActorRef.fromPid, protocol", "protocol", (protocol) => ActorRef.fromPid(protocol, counter.pid)],
        ["ActorRef.fromPid, pid", "pid", (pid) => ActorRef.fromPid(Counter, pid), isNumber],
        ["ActorRef.fromPidFor, behavior", "behavior", (behavior) => ActorRef.fromPidFor(behavior, counter.pid)],
        ["ActorRef.fromPidFor, pid", "pid", (pid) => ActorRef.fromPidFor(CounterLive, pid), isNumber],
        ["Actor.whereis, protocol", "protocol", (protocol) => Actor.whereis(protocol, "counter")],
        ["Actor.whereis, name", "name", (name) => Actor.whereis(Counter, name), isString],
        ["Actor.stop", "ref", (ref) => Actor.stop(ref)],
        ["Actor.stop, options", "options", (options) => Actor.stop(counter, options), isOptions],
        ["Actor.stop, timeout", "timeout", (timeout) => Actor.stop(counter, { timeout }), or(isMissing, isDuration)],
        ["Actor.kill", "ref", (ref) => Actor.kill(ref)],
        ["Actor.exit", "ref", (ref) => Actor.exit(ref, ExitReason.killed)],
        ["Actor.exit, reason", "reason", (reason) => Actor.exit(counter, reason)],
        ["Actor.suspend", "ref", (ref) => Actor.suspend(ref)],
        ["Actor.resume", "ref", (ref) => Actor.resume(ref)],
        ["Actor.info", "ref", (ref) => Actor.info(ref)],
        ["Actor.isAlive", "ref", (ref) => Actor.isAlive(ref)],
        ["Link.exit", "ref", (ref) => Link.exit(ref)],
        ["Link.linked, self", "self", (self) => Link.linked(self, counter)],
        ["Link.linked, ref", "ref", (ref) => Link.linked(Effect.void, ref)],
        ["Link.signals", "refs", (refs) => Link.signals(refs), or(isString, isList, (value) => value instanceof Map)],
        ["Link.signals, one", "ref", (ref) => Link.signals([counter, ref])],
        ["Monitor.make", "ref", (ref) => Monitor.make(ref)],
        ["Monitor.downs", "refs", (refs) => Monitor.downs(refs), or(isString, isList, (value) => value instanceof Map)],
        ["Monitor.downs, one", "ref", (ref) => Monitor.downs([ref])],
        ["SharedBuffer.allocate", "bytes", (bytes) => SharedBuffer.allocate(bytes), isFive],
        ["SharedBuffer.copy", "buffer", (buffer) => SharedBuffer.copy(buffer)]
      ])
      for (const [value] of junk) {
        assert.isFalse(Counter.messages.Get.is(value as never))
        assert.isFalse(Pid.isPid(value) && value !== 5)
        assert.strictEqual(Pid.parse(value as never)._tag, "None")
        assert.strictEqual(ExitReason.crashed(value)._tag, "Crashed")
      }
      assert.strictEqual(yield* counter.ask(Get()), 0)
      assert.strictEqual((yield* system.info).actors, 1)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G296: the actor itself", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const caller = yield* CallerLive.spawn()
      const { Call, Rang } = Caller.messages
      type Own = Self<Rpc.Any, number>
      const inside = (use: (self: Own) => unknown) =>
        Effect.flatMap(caller.ask(Call(use)), ([exit]: [Exit.Exit<unknown, unknown>]) => exit)
      const ofChild: Readonly<Record<string, Is | undefined>> = {
        name: isName,
        budget: isFive,
        link: isBoolean,
        monitor: isBoolean,
        onEnd: isFunction
      }
      const spawn = (options: never) => inside((self) => self.spawn(CounterLive, 0, options))
      yield* check([
        ["self.stop", "reason", (reason) => inside((self) => self.stop(reason)), isMissing],
        ["self.send, to", "to", (to) => inside((self) => self.send(to, any(Get())))],
        ["self.forward, to", "to", (to) => inside((self) => self.forward(to, any(Get())))],
        ["self.next", "message", (message) => inside((self) => self.next(message))],
        ["self.after, message", "message", (message) => inside((self) => self.after(5, message))],
        ["self.every, message", "message", (message) => inside((self) => self.every(5, message))],
        ["self.after, delay", "delay", (delay) => inside((self) => self.after(delay, any(Rang()))), isDuration],
        ["self.every, interval", "interval", (every) => inside((self) => self.every(every, any(Rang()))), isDuration],
        ["self.at, time", "time", (time) => inside((self) => self.at(time, any(Rang()))), isNumber],
        ["self.link", "ref", (ref) => inside((self) => self.link(ref))],
        ["self.unlink", "ref", (ref) => inside((self) => self.unlink(ref))],
        ["self.monitor", "ref", (ref) => inside((self) => self.monitor(ref))],
        ["self.demonitor", "monitor", (monitor) => inside((self) => self.demonitor(monitor)), isNumber],
        ["self.cancel", "timer", (timer) => inside((self) => self.cancel(timer)), isNumber],
        ["self.become", "behavior", (behavior) => inside((self) => self.become(behavior))],
        ["self.spawn", "behavior", (behavior) => inside((self) => self.spawn(behavior, any(0)))],
        ["self.begin", "behavior", (behavior) => inside((self) => self.begin(behavior, any(0)))],
        ["self.spawnUnsafe", "behavior", (behavior) => inside((self) => self.spawnUnsafe(behavior, any(0)))],
        ["self.spawn, options", "options", spawn, isOptions],
        ...each("self.spawn", spawn, ofChild)
      ])
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G296: swaps and looks inside", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const inspector = yield* Inspector
      const same = HotSwap.upgrade(CounterLive, CounterLive)
      const untyped = HotSwap.upgrade as unknown as (from: unknown, to: unknown) => unknown
      const ofSwap: Readonly<Record<string, Is | undefined>> = {
        canary: isEmpty,
        timeout: isDuration,
        keep: isFive
      }
      const ofGroup = { ...ofSwap, where: isFunction, tree: undefined, together: isBoolean, concurrency: isFive }
      const ofCanary = { messages: isFive, within: isDuration, maxRollbacks: isFive }
      yield* check([
        ["HotSwap.upgrade, from", "behavior", (from) => untyped(from, CounterLive)],
        ["HotSwap.upgrade, to", "behavior", (to) => HotSwap.upgrade(CounterLive, to)],
        [
          "HotSwap.upgrade, options",
          "options",
          (options) => HotSwap.upgrade(CounterLive, CounterLive, options),
          isOptions
        ],
        ...each("HotSwap.upgrade", (options) => HotSwap.upgrade(CounterLive, CounterLive, options), {
          migrate: isFunction,
          copy: isFunction,
          back: isFunction
        }),
        ["HotSwap.andThen, first", "upgrade", (first) => HotSwap.andThen(first, same)],
        ["HotSwap.andThen, second", "upgrade", (second) => HotSwap.andThen(same, second)],
        ["HotSwap.module, url", "url", (url) => HotSwap.module(url, same)],
        ["HotSwap.module, upgrade", "upgrade", (upgrade) => HotSwap.module(import.meta.url, upgrade)],
        ["HotSwap.swap, ref", "ref", (ref) => HotSwap.swap(ref, same)],
        ["HotSwap.swap, upgrade", "upgrade", (upgrade) => HotSwap.swap(counter, upgrade)],
        ["HotSwap.swap, options", "options", (options) => HotSwap.swap(counter, same, options), isOptions],
        ...each("HotSwap.swap", (options) => HotSwap.swap(counter, same, options), ofSwap),
        ...each("HotSwap.swap", (canary) => HotSwap.swap(counter, same, { canary }), ofCanary).map(
          ([what, option, call, fits]): Row => [what, `canary.${option}`, call, fits!]
        ),
        ["HotSwap.swapAll, upgrade", "upgrade", (upgrade) => HotSwap.swapAll(upgrade)],
        ["HotSwap.swapAll, options", "options", (options) => HotSwap.swapAll(same, options), isOptions],
        ...each("HotSwap.swapAll", (options) => HotSwap.swapAll(same, options), ofGroup),
        ["HotSwap.plan, upgrade", "upgrade", (upgrade) => HotSwap.plan(upgrade)],
        ["HotSwap.plan, options", "options", (options) => HotSwap.plan(same, options), isOptions],
        ...each("HotSwap.plan", (options) => HotSwap.plan(same, options), {
          sample: isFive,
          timeout: isDuration,
          where: isFunction
        }),
        ["HotSwap.rollback, ref", "ref", (ref) => HotSwap.rollback(ref)],
        ["HotSwap.rollback, options", "options", (options) => HotSwap.rollback(counter, options), isOptions],
        ...each("HotSwap.rollback", (options) => HotSwap.rollback(counter, options), {
          version: isString,
          timeout: isDuration
        }),
        ["HotSwap.watch, url", "url", (url) => HotSwap.watch(url, () => HotSwap.swapAll(same))],
        ["HotSwap.watch, apply", "apply", (apply) => HotSwap.watch(import.meta.url, apply), isFunction],
        ["Inspector.getState, ref", "ref", (ref) => inspector.getState(ref, CounterLive)],
        ["Inspector.getState, running", "behavior", (running) => inspector.getState(counter, running)],
        ["Inspector.replaceState, ref", "ref", (ref) => inspector.replaceState(ref, CounterLive, any(() => 1))],
        ["Inspector.replaceState, f", "f", (f) => inspector.replaceState(counter, CounterLive, f), isFunction],
        ["Inspector.trace, ref", "ref", (ref) => inspector.trace(ref)],
        ["Inspector.trace, options", "options", (options) => inspector.trace(counter, options), isOptions],
        ...each("Inspector.trace", (options) => inspector.trace(counter, options), {
          limit: isFive,
          perSecond: isFive,
          direction: undefined
        }),
        ["Inspector.statistics", "ref", (ref) => inspector.statistics(ref)]
      ])
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Inspector.layer, system))))
})

describe.each(systems)("a revoked proxy on the %s", (_, system) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()

  it.effect("G223: is refused as a ref by its name, though it throws at whatever is asked of it", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const caller = yield* CallerLive.spawn()
      const inside = (use: (self: Self<Rpc.Any, number>) => unknown) =>
        Effect.flatMap(caller.ask(Caller.messages.Call(use)), ([exit]: [Exit.Exit<unknown, unknown>]) => exit)
      const calls: Readonly<Record<string, (ref: never) => unknown>> = {
        stop: (ref) => Actor.stop(ref),
        kill: (ref) => Actor.kill(ref),
        exit: (ref) => Actor.exit(ref, ExitReason.killed),
        suspend: (ref) => Actor.suspend(ref),
        resume: (ref) => Actor.resume(ref),
        info: (ref) => Actor.info(ref),
        isAlive: (ref) => Actor.isAlive(ref),
        "Link.exit": (ref) => Link.exit(ref),
        "Link.linked": (ref) => Link.linked(Effect.void, ref),
        "Link.signals": (ref) => Link.signals([ref]),
        "Monitor.make": (ref) => Monitor.make(ref),
        "Monitor.downs": (ref) => Monitor.downs([ref]),
        "self.link": (ref) => inside((self) => self.link(ref)),
        "self.unlink": (ref) => inside((self) => self.unlink(ref)),
        "self.monitor": (ref) => inside((self) => self.monitor(ref)),
        swap: (ref) => HotSwap.swap(ref, HotSwap.upgrade(CounterLive, CounterLive)),
        rollback: (ref) => HotSwap.rollback(ref),
        getState: (ref) => inspector.getState(ref, CounterLive),
        trace: (ref) => inspector.trace(ref),
        statistics: (ref) => inspector.statistics(ref)
      }
      const told: Record<string, string> = {}
      for (const [what, call] of Object.entries(calls)) told[what] = String(refusalOf(yield* run(call, proxy)))
      const one = (text: string) => text.slice(text.indexOf("ref")).split("\n")[0]
      assert.deepStrictEqual(
        Object.entries(told).map(([what, text]) => [what, one(text)]),
        Object.keys(calls).map((what) => [what, "ref: must be an ActorRef, is an object"])
      )
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Inspector.layer, system))))

  it.effect("G223: and as the receiver of what an actor sends or passes on", () =>
    Effect.gen(function*() {
      const caller = yield* CallerLive.spawn()
      for (const what of ["send", "forward"] as const) {
        const use = (self: Self<Rpc.Any, number>) => (self[what] as (...args: Array<unknown>) => unknown)(proxy, Get())
        const [exit] = yield* caller.ask(Caller.messages.Call(use))
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : exit.value
        assert(error instanceof InvalidOption, `${what}: ${error}`)
        assert.deepStrictEqual([error.option, error.issue], ["to", "must be an ActorRef or a NamedRef, is an object"])
      }
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.runIf(nativeLoads)("options of a test", () => {
  it.effect("G296: they belong to a test alone", () =>
    Effect.gen(function*() {
      for (const layer of [ActorSystem.layer, ActorSystem.layerMemory]) {
        const error = yield* Effect.flip(Layer.build(layer({ seed: 1n } as never)))
        assert(error instanceof InvalidOption)
        assert.strictEqual(error.option, "seed")
      }
    }).pipe(Effect.scoped))
})
