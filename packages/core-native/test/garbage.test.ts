/**
 * Every public function of the small API, with what a caller without types may hand in: a typed error that names the
 * argument or the option, no crash, nobody harmed, nothing left behind.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "vitest"
import { ActorExited, BadMessage, formatPid, InvalidOption, load, NameTaken, type Pid, Runtime } from "../src/index.ts"

/** Throws at whatever is asked of it. */
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Anything that is not of one of the kinds. */
const garbage = (...kinds: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  [
    ["null", null],
    ["number", 5],
    ["number", NaN],
    ["number", -1],
    ["number", 1e300],
    ["string", ""],
    ["string", "x"],
    ["boolean", true],
    ["symbol", Symbol("x")],
    ["bigint", 10n],
    ["array", []],
    ["object", {}],
    ["object", Object.create(null)],
    ["object", { toString: 5 }],
    ["revoked", revoked({})],
    ["object", {
      toString: () => {
        throw new Error("toString was called")
      },
      get [Symbol.toStringTag](): string {
        throw new Error("toStringTag was read")
      }
    }],
    ["string", "x".repeat(100_000)],
    ["bigint", 10n ** 5_000n],
    ["object", new Map()],
    ["function", () => {}]
  ].filter(([kind]) => !kinds.includes(kind as string)).map(([, value]) => value)

const times = (): ReadonlyArray<unknown> => [NaN, -1, -0.5, -Infinity, 2 ** 31, 1e300, ...garbage("number")]

/** Options that hold one wrong value, and what is no options at all. */
const options = (wrong: Record<string, ReadonlyArray<unknown>>): ReadonlyArray<readonly [unknown, string]> => [
  ...garbage("object").map((value) => [value, "options"] as const),
  [{ unknown: 1 }, "unknown"],
  [{ unknown: undefined }, "unknown"],
  [{ [Symbol.iterator]: 1 }, "Symbol(Symbol.iterator)"],
  ...Object.entries(wrong).flatMap(([option, values]) => values.map((value) => [{ [option]: value }, option] as const))
]

const mailboxes: ReadonlyArray<readonly [unknown, string]> = [
  ...garbage("object").map((value) => [{ mailbox: value }, "mailbox"] as const),
  [{ mailbox: { unknown: 1 } }, "mailbox.unknown"],
  ...[0, 1.5, 2 ** 31, ...garbage()].filter((value) => value !== 5).map(
    (capacity) => [{ mailbox: { capacity } }, "mailbox.capacity"] as const
  ),
  ...garbage().map((onFull) => [{ mailbox: { onFull } }, "mailbox.onFull"] as const),
  ...[-1, NaN, 2 ** 24, ...garbage("number")].map(
    (sendTimeout) => [{ mailbox: { sendTimeout } }, "mailbox.sendTimeout"] as const
  )
]

/** What a call throws, or rejects with; undefined: neither. */
const thrownBy = async (call: () => unknown): Promise<unknown> => {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

const assertRefuses = async (call: (value: unknown) => unknown, cases: ReadonlyArray<readonly [unknown, string]>) => {
  for (const [value, option] of cases) {
    const error = await thrownBy(() => call(value))
    assert(error instanceof InvalidOption, `${option}: ${inspect(value)}: ${String(error)}`)
    assert.strictEqual(error.option, option)
    // By a word of what it is, however large that is.
    assert.isBelow(error.message.length, 300)
    if (!error.issue.includes("is unknown")) assert.match(error.issue, /^must be .*, is ./s)
  }
}

const named = (option: string, values: ReadonlyArray<unknown>) => values.map((value) => [value, option] as const)

/** A promise and its ends. */
const gate = <A>() => {
  let resolve = (_value: A): void => {}
  let reject = (_error: unknown): void => {}
  const promise = new Promise<A>((ok, no) => {
    resolve = ok
    reject = no
  })
  return { promise, resolve, reject }
}

/** As a caller without types sees it. */
type Untyped = { readonly [name: string]: (...args: ReadonlyArray<unknown>) => unknown }
const untyped = (value: object): Untyped => value as Untyped

const table = () => ({ init: () => 0, handlers: { get: (state: number) => state } })

describe("garbage (G217)", () => {
  it("new Runtime", async () => {
    await assertRefuses((value) => new Runtime(value as object), [
      ...options({
        maxActors: [0, 1.5, 2 ** 24, NaN, ...garbage("number")],
        longSchedule: [0, -1, NaN, ...garbage("number")],
        keepAlive: garbage("boolean"),
        onDeadLetter: garbage("function"),
        onLongSchedule: garbage("function")
      }),
      ...mailboxes
    ])
    assert.throws(() => new Runtime({ maxActors: 0 }), "maxActors must be an integer from 1 to 16777215")
  })

  it("spawn", async () => {
    await using runtime = new Runtime()
    await using other = new Runtime()
    const stranger = other.spawn(() => {})
    const { spawn } = untyped({ spawn: runtime.spawn.bind(runtime) })
    await assertRefuses((value) => spawn!(value), named("actor", garbage("function", "object", "array")))
    await assertRefuses((init) => spawn!({ ...table(), init }), named("init", garbage("function")))
    await assertRefuses((handlers) => spawn!({ ...table(), handlers }), named("handlers", garbage("object")))
    await assertRefuses((get) => spawn!({ ...table(), handlers: { get } }), named("handlers.get", garbage("function")))
    await assertRefuses((exit) => spawn!({ ...table(), exit }), named("exit", garbage("function")))
    await assertRefuses((down) => spawn!({ ...table(), down }), named("down", garbage("function")))
    const wrong = [
      ...options({ name: ["a\ud800", ...garbage("string"), ""], link: [stranger, ...garbage()] }),
      ...mailboxes
    ]
    await assertRefuses((value) => spawn!(() => {}, value), wrong)
    await assertRefuses((value) => spawn!(table(), value), [...wrong, [{ state: 1 }, "state"]])
    for (const option of ["exits", "Down", "state", Symbol("x")]) {
      await assertRefuses((value) => spawn!(value), [[{ ...table(), [option]: 1 }, String(option)]])
    }
    assert.strictEqual(runtime.stats().actors, 0)
  })

  it("whatever a handler throws, or an init rejects with, is the reason of its actor's end", async () => {
    await using runtime = new Runtime()
    for (const value of [undefined, ...garbage()]) {
      const thrower = runtime.spawn(() => {
        throw value
      })
      const rejecter = runtime.spawn({ init: () => Promise.reject(value), handlers: {} })
      const ends = [thrower.monitor(), rejecter.monitor()]
      assert.instanceOf(await thrownBy(() => thrower.ask(0)), ActorExited)
      for (const end of await Promise.all(ends)) assert.strictEqual(end._tag, "Crashed")
    }
    assert.strictEqual(runtime.stats().actors, 0)
  })

  it("whereis: what can be nobody's name finds nobody", async () => {
    await using runtime = new Runtime()
    runtime.spawn(() => {}, { name: "a\ufffd" })
    await assertRefuses((value) => runtime.whereis(value as string), named("name", garbage("string")))
    for (const name of ["", "a\ud800", "b"]) assert.isUndefined(runtime.whereis(name))
  })

  it("shutdown, also the second", async () => {
    const runtime = new Runtime()
    const wrong = options({ timeout: times() })
    await assertRefuses((value) => runtime.shutdown(value as object), wrong)
    runtime.spawn(() => {})
    assert.strictEqual(runtime.stats().actors, 1)
    await runtime.shutdown()
    await assertRefuses((value) => runtime.shutdown(value as object), wrong)
  })

  it("send and ask: any message is one, no tag but those of the table is", async () => {
    await using runtime = new Runtime()
    const echo = runtime.spawn((message: unknown) => typeof message)
    const actor = runtime.spawn(table())
    for (const value of [undefined, ...garbage()]) {
      assert.strictEqual(echo.send(value), "Accepted")
      assert.strictEqual(await echo.ask(value), typeof value)
      assert.strictEqual(untyped(actor)["send"]!(value), "BadMessage")
      assert.instanceOf(await thrownBy(() => untyped(actor)["ask"]!(value)), BadMessage)
    }
    const wrong = options({ timeout: times(), signal: garbage() })
    await assertRefuses((value) => echo.ask("x", value as object), wrong)
    await assertRefuses((value) => actor.ask("get", undefined, value as object), wrong)
    assert.strictEqual(await actor.ask("get"), 0)
    assert.strictEqual(runtime.stats().calls, 0)
  })

  it("link, monitor, stop, from outside and from a handler", async () => {
    await using runtime = new Runtime()
    await using other = new Runtime()
    const stranger = other.spawn(() => {})
    const actor = runtime.spawn(table())
    const handles = named("other", [undefined, stranger, { pid: actor.pid }, ...garbage()])
    await assertRefuses((value) => untyped(actor)["link"]!(value), handles)
    await assertRefuses((value) => actor.monitor(value as object), options({ signal: garbage() }))
    await assertRefuses((value) => actor.stop(value as object), options({ timeout: times() }))
    const judge = runtime.spawn((call: (self: Untyped) => unknown, self) => thrownBy(() => call(untyped(self))))
    await assertRefuses(async (value) => {
      throw await judge.ask((self) => self["link"]!(value))
    }, handles)
    await assertRefuses(async (value) => {
      throw await judge.ask((self) => self["monitor"]!(value))
    }, handles)
    await assertRefuses(
      async (value) => {
        throw await judge.ask((self) => self["stop"]!(value))
      },
      named("reason", [
        ...garbage(),
        { _tag: "Shutdown", detail: 5 },
        { _tag: "Crashed" },
        { _tag: "Crashed", error: { name: "E", message: 5, language: "typescript" } },
        { _tag: "NoProc" },
        { _tag: "NodeUnreachable", node: "n", because: "gone" },
        { _tag: "IsolateDown", isolate: 0.5 },
        {
          get _tag(): string {
            throw new Error("read")
          }
        }
      ])
    )
    assert.strictEqual(await actor.ask("get"), 0)
    assert.strictEqual(other.stats().actors, 1)
  })

  it("formatPid and load", async () => {
    await assertRefuses((value) => formatPid(value as Pid), named("pid", [0.5, 2 ** 53, NaN, -1, ...garbage("number")]))
    await assertRefuses((value) => load(value as string), named("addon", ["", "file:%", ...garbage("string")]))
    const error = await thrownBy(() => load("/nowhere/x.node"))
    assert.include(String(error), "NativeUnavailable")
  })
})

describe("an asynchronous init (G218)", () => {
  it("is waited for: the first message meets its state", async () => {
    await using runtime = new Runtime()
    const begun = gate<{ n: number }>()
    const actor = runtime.spawn({
      init: () => begun.promise,
      handlers: { add: (state, by: number) => (state.n += by) }
    }, { name: "slow" })
    assert.strictEqual(actor.send("add", 1), "Accepted")
    const answer = actor.ask("add", 2)
    assert.strictEqual(runtime.whereis("slow"), actor)
    begun.resolve({ n: 10 })
    assert.strictEqual(await answer, 13)
  })

  it("that rejects ends its actor with its reason, for whoever asked, watches or is linked", async () => {
    await using runtime = new Runtime()
    const begun = gate<number>()
    const actor = runtime.spawn({ init: () => begun.promise, handlers: { get: () => 1 } })
    const linked = runtime.spawn(() => {}, { link: actor })
    const asked = thrownBy(() => actor.ask("get"))
    const ends = [actor.monitor(), linked.monitor()]
    begun.reject(new RangeError("no state"))
    const error = await asked
    assert(error instanceof ActorExited && error.reason._tag === "Crashed")
    assert.deepStrictEqual([error.reason.error.name, error.reason.error.message], ["RangeError", "no state"])
    for (const end of await Promise.all(ends)) assert.deepStrictEqual(end, error.reason)
    assert.strictEqual(runtime.stats().actors, 0)
  })

  it("whose actor is gone, or never was, is nobody's", async () => {
    await using runtime = new Runtime()
    const begun = gate<number>()
    const init = () => begun.promise
    const killed = runtime.spawn({ init, handlers: {} })
    killed.kill()
    assert.strictEqual((await killed.monitor())._tag, "Killed")
    const stopped = runtime.spawn({ init, handlers: {} }).stop({ timeout: 1 })
    assert.deepStrictEqual(await stopped, { _tag: "Killed" })
    runtime.spawn(() => {}, { name: "taken" })
    assert.throws(() => runtime.spawn({ init, handlers: {} }, { name: "taken" }), NameTaken)
    // Nothing hears of it: vitest fails for a rejection that is not handled.
    begun.reject(new Error("late"))
    assert.strictEqual(runtime.stats().actors, 1)
  })

  it("is no reason for a shutdown to hang", async () => {
    const runtime = new Runtime()
    const actor = runtime.spawn({ init: () => new Promise<number>(() => {}), handlers: {} })
    const end = actor.monitor()
    await runtime.shutdown({ timeout: 1 })
    assert.deepStrictEqual(await end, { _tag: "Killed" })
  })
})

describe("what a table is asked", () => {
  it("takes a timeout and a signal behind the payload", async () => {
    await using runtime = new Runtime()
    const never = runtime.spawn({
      init: () => 0,
      handlers: { wait: () => new Promise<number>(() => {}), add: (state, by: number) => state + by }
    })
    assert.strictEqual(await never.ask("add", 1, { timeout: 1000 }), 1)
    const late = await thrownBy(() => never.ask("wait", undefined, { timeout: 1 }))
    assert.strictEqual((late as { readonly after: number }).after, 1)
    const controller = new AbortController()
    const given = thrownBy(() => never.ask("add", 1, { signal: controller.signal }))
    controller.abort("enough")
    assert.strictEqual(await given, "enough")
    never.kill()
  })

  it("an init that shuts its runtime down spawns nobody", async () => {
    const runtime = new Runtime()
    const ended: Array<Promise<void>> = []
    const init = () => void ended.push(runtime.shutdown())
    const error = await thrownBy(() => runtime.spawn({ init, handlers: {} }))
    assert.strictEqual((error as { readonly _tag: string })._tag, "SystemStopped")
    await Promise.all(ended)
  })
})
