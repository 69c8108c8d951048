import { runInNewContext } from "node:vm"
import { assert, describe, it } from "vitest"
import {
  ActorExited,
  AskTimeout,
  BadMessage,
  type Down,
  type ExitReason,
  type ExitSignal,
  InvalidOption,
  LimitReached,
  MailboxFull,
  NameTaken,
  type PlainSelf,
  Runtime,
  SystemStopped
} from "../src/index.ts"

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it resolved")
}

const counter = (runtime: Runtime) =>
  runtime.spawn({
    init: () => ({ n: 0 }),
    handlers: {
      add: (state, by: number) => (state.n += by),
      get: (state) => state.n,
      boom: () => {
        throw new TypeError("boom")
      },
      reject: () => Promise.reject(new RangeError("later")),
      never: () => new Promise<number>(() => {}),
      quit: (state, detail: string, self) => (self.stop({ _tag: "Shutdown", detail }), state.n)
    }
  })

describe("messages and answers", () => {
  it("handlers run in order on their state and answer", async () => {
    await using runtime = new Runtime()
    const actor = counter(runtime)
    for (let i = 1; i <= 100; i++) assert.strictEqual(actor.send("add", i), "Accepted")
    assert.strictEqual(await actor.ask("get"), 5050)
    assert.strictEqual(await actor.ask("add", 1), 5051)
  })

  it("one handler for all messages, with state through self", async () => {
    await using runtime = new Runtime()
    const actor = runtime.spawn((by: number, self) => (self.setState(self.state + by), self.state), { state: 10 })
    actor.send(1)
    assert.strictEqual(await actor.ask(2), 13)
  })

  it("a promise keeps its actor: the next message waits for it", async () => {
    await using runtime = new Runtime()
    const log: Array<string> = []
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const actor = runtime.spawn(async (name: string) => {
      log.push(`${name} in`)
      if (name === "a") await gate
      log.push(`${name} out`)
      return name
    })
    const answers = Promise.all([actor.ask("a"), actor.ask("b")])
    const other = counter(runtime)
    await other.ask("get")
    assert.deepStrictEqual(log, ["a in"])
    open()
    assert.deepStrictEqual(await answers, ["a", "b"])
    assert.deepStrictEqual(log, ["a in", "a out", "b in", "b out"])
  })

  it("an unknown tag is BadMessage, and so is asking oneself", async () => {
    await using runtime = new Runtime()
    const actor = counter(runtime)
    const untyped = actor as unknown as { send(tag: string): string; ask(tag: string): Promise<unknown> }
    assert.strictEqual(untyped.send("toString"), "BadMessage")
    assert.instanceOf(await rejection(untyped.ask("nope")), BadMessage)
    const self = runtime.spawn((_message: string): Promise<unknown> => self.ask("me"))
    // The refusal ends the asker, whose handler returned it.
    const error = await rejection(self.ask("go"))
    assert.instanceOf(error, ActorExited)
    assert.include(error.message, "cannot ask itself")
  })

  it("a full mailbox refuses, tells, and fails questions", async () => {
    await using runtime = new Runtime()
    const actor = runtime.spawn((_message: number) => new Promise<void>(() => {}), { mailbox: { capacity: 2 } })
    assert.deepStrictEqual([actor.send(1), actor.send(2), actor.send(3)], ["Accepted", "Accepted", "MailboxFull"])
    const error = await rejection(actor.ask(4))
    assert.instanceOf(error, MailboxFull)
    assert.deepStrictEqual([error.pid, error.capacity], [actor.pid, 2])
    actor.kill()
  })
})

describe("ends", () => {
  it("a throw or a rejection is the actor's end, and the asker's error at once", async () => {
    await using runtime = new Runtime()
    for (const [tag, name] of [["boom", "TypeError"], ["reject", "RangeError"]] as const) {
      const actor = counter(runtime)
      const end = actor.monitor()
      const error = await rejection(actor.ask(tag))
      assert.instanceOf(error, ActorExited)
      const { pid, reason } = error
      assert.strictEqual(pid, actor.pid)
      assert.strictEqual(reason._tag === "Crashed" && reason.error.name, name)
      assert.deepStrictEqual(await end, reason)
    }
  })

  it("a kill ends a waiting handler and fails its asker; whoever asks later learns that it is gone", async () => {
    await using runtime = new Runtime()
    const actor = counter(runtime)
    const asked = rejection(actor.ask("never"))
    actor.kill()
    assert.deepStrictEqual((await asked as ActorExited).reason, { _tag: "Killed" })
    assert.deepStrictEqual((await rejection(actor.ask("get")) as ActorExited).reason, {
      _tag: "NoProc",
      everExisted: true
    })
    assert.deepStrictEqual(await actor.monitor(), { _tag: "NoProc", everExisted: true })
  })

  it("a question can time out or be given up", async () => {
    await using runtime = new Runtime()
    const actor = runtime.spawn((_message: string) => new Promise<string>(() => {}))
    const late = await rejection(actor.ask("x", { timeout: 1 }))
    assert.instanceOf(late, AskTimeout)
    assert.strictEqual(late.after, 1)
    const controller = new AbortController()
    const given = rejection(actor.ask("y", { signal: controller.signal, timeout: Infinity }))
    controller.abort("enough")
    assert.strictEqual(await given, "enough")
    assert.strictEqual(await rejection(actor.ask("z", { signal: controller.signal })), "enough")
    assert.instanceOf(await rejection(actor.ask("z", { timeout: -1 })), InvalidOption)
    actor.kill()
  })

  it("links end together, an exit handler traps, a down handler is told", async () => {
    await using runtime = new Runtime()
    const signals: Array<ExitSignal> = []
    const downs: Array<Down> = []
    let told = (): void => {}
    const both = new Promise<void>((resolve) => (told = resolve))
    const count = (): void => {
      if (signals.length + downs.length === 2) told()
    }
    const child = counter(runtime)
    const linked = runtime.spawn((_message: string) => {}, { link: child })
    const parent = runtime.spawn({
      init: () => 0,
      handlers: { watch: (_state, _message: string, self) => void self.monitor(child) },
      exit: (_state, signal) => {
        signals.push(signal)
        count()
      },
      down: (_state, down) => {
        downs.push(down)
        count()
      }
    }, { link: child })
    await parent.ask("watch", "now")
    const end = linked.monitor()
    const reason: ExitReason = { _tag: "Shutdown", detail: "done" }
    assert.strictEqual(await child.ask("quit", "done"), 0)
    await both
    assert.deepStrictEqual(await end, reason)
    assert.deepStrictEqual(signals, [{ _tag: "ExitSignal", from: child.pid, reason }])
    assert.deepStrictEqual(downs.map(({ _tag, from, reason }) => ({ _tag, from, reason })), [
      { _tag: "Down", from: child.pid, reason }
    ])
  })

  it("stop comes behind what is queued, and kills after its timeout", async () => {
    await using runtime = new Runtime()
    const seen: Array<number> = []
    const orderly = runtime.spawn((n: number) => void seen.push(n))
    for (let n = 0; n < 10; n++) orderly.send(n)
    assert.deepStrictEqual(await orderly.stop(), { _tag: "Shutdown" })
    assert.strictEqual(seen.length, 10)
    const stuck = runtime.spawn((_message: number) => new Promise<void>(() => {}))
    stuck.send(1)
    assert.deepStrictEqual(await stuck.stop({ timeout: 1 }), { _tag: "Killed" })
    assert.instanceOf(await rejection(stuck.stop({ timeout: -1 })), InvalidOption)
  })

  it("an aborted watch is forgotten", async () => {
    await using runtime = new Runtime()
    const actor = counter(runtime)
    const controller = new AbortController()
    let told = false
    void actor.monitor({ signal: controller.signal }).then(() => (told = true))
    const other = actor.monitor()
    controller.abort()
    actor.kill()
    await other
    assert.isFalse(told)
  })
})

describe("the runtime", () => {
  it("G24: what is thrown has the same name and message as for an actor of Effect", async () => {
    await using runtime = new Runtime()
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("asked")
      }
    })
    const thrown: ReadonlyArray<readonly [what: unknown, name: string, message: string]> = [
      [new RangeError("far"), "RangeError", "far"],
      ["text", "Error", "text"],
      [undefined, "Error", "undefined"],
      [{ a: 1 }, "Error", "{\"a\":1}"],
      [{ _tag: "Overdrawn", message: "by 3" }, "Overdrawn", "by 3"],
      [runInNewContext("new TypeError('of another realm')"), "TypeError", "of another realm"],
      [Object.create(null), "Error", "{}"],
      [hostile, "Error", "[unprintable]"]
    ]
    for (const [what, name, message] of thrown) {
      const actor = runtime.spawn(() => {
        throw what
      })
      const { reason } = await rejection(actor.ask(undefined)) as ActorExited
      assert(reason._tag === "Crashed")
      assert.deepStrictEqual([reason.error.name, reason.error.message], [name, message])
    }
  })

  it("names have one holder", async () => {
    await using runtime = new Runtime()
    const first = runtime.spawn((_message: string) => {}, { name: "db" })
    assert.strictEqual(runtime.whereis("db"), first)
    const taken = ((): unknown => {
      try {
        return runtime.spawn((_message: string) => {}, { name: "db" })
      } catch (error) {
        return error
      }
    })()
    assert.instanceOf(taken, NameTaken)
    assert.deepStrictEqual([taken.taken, taken.holder], ["db", first.pid])
    assert.strictEqual(runtime.stats().actors, 1)
  })

  it("wrong options are refused by name", () => {
    assert.throws(() => new Runtime({ maxActors: 0 }), InvalidOption, "maxActors")
    assert.throws(() => new Runtime({ maxActors: 1.5 }), InvalidOption, "maxActors")
    assert.throws(() => new Runtime({ longSchedule: 0 }), InvalidOption, "longSchedule")
    assert.throws(() => new Runtime({ mailbox: { capacity: 0 } }), InvalidOption, "mailbox.capacity")
    assert.throws(() => new Runtime({ mailbox: { sendTimeout: -1 } }), InvalidOption, "mailbox.sendTimeout")
    for (const onFull of ["block", "constructor", "toString"]) {
      assert.throws(() => new Runtime({ mailbox: { onFull: onFull as "reject" } }), InvalidOption, "mailbox.onFull")
    }
    for (
      const [option, value] of [
        ["mailbox", 5],
        ["onDeadLetter", 5],
        ["onLongSchedule", "no"],
        ["keepAlive", "yes"]
      ] as const
    ) {
      assert.throws(() => new Runtime({ [option]: value }), InvalidOption, option)
    }
  })

  it("what cannot be spawned is refused by name, and leaves nothing", async () => {
    await using runtime = new Runtime()
    const spawn = runtime.spawn.bind(runtime) as (what: unknown, options?: object) => unknown
    const init = (): number => 0
    for (
      const [what, options, option] of [
        [undefined, {}, "actor"],
        [5, {}, "actor"],
        [{}, {}, "init"],
        [{ init }, {}, "handlers"],
        [{ init, handlers: null }, {}, "handlers"],
        [{ init, handlers: {}, exit: 5 }, {}, "exit"],
        [{ init, handlers: {}, down: 5 }, {}, "down"],
        [init, { name: "" }, "name"],
        [init, { name: 5 }, "name"],
        [init, { name: "a\ud800" }, "name"],
        [init, { link: {} }, "link"],
        [init, { mailbox: 5 }, "mailbox"]
      ] as const
    ) {
      try {
        spawn(what, options)
        assert.fail(`spawned ${option}`)
      } catch (error) {
        assert.instanceOf(error, InvalidOption)
        assert.strictEqual(error.option, option)
      }
    }
    assert.strictEqual(runtime.stats().actors, 0)
  })

  it("an exit reason that is none ends whose handler said it, and nobody else", async () => {
    await using runtime = new Runtime()
    const stopping = {
      init: () => 0,
      handlers: { stop: (_state: number, reason: ExitReason, self: PlainSelf<number>) => self.stop(reason) }
    }
    const garbage = [
      null,
      5,
      "Killed",
      {},
      { _tag: "toString" },
      { _tag: "Shutdown", detail: 5 },
      { _tag: "Crashed" },
      { _tag: "Crashed", error: { name: "x", message: "y", language: "cobol" } },
      { _tag: "NoProc" },
      { _tag: "NodeUnreachable", node: "n" },
      { _tag: "NodeRestarted" },
      { _tag: "IsolateDown" }
    ]
    for (const reason of garbage) {
      const actor = runtime.spawn(stopping)
      const end = actor.monitor()
      assert.instanceOf(await rejection(actor.ask("stop", reason as ExitReason)), ActorExited)
      const told = await end
      assert.strictEqual(told._tag === "Crashed" && told.error.name, "InvalidOption", JSON.stringify(reason))
    }
    const reasons: ReadonlyArray<ExitReason> = [
      { _tag: "Normal" },
      { _tag: "Shutdown", detail: "x" },
      { _tag: "Killed" },
      { _tag: "Crashed", error: { name: "x", message: "y", language: "python" } },
      { _tag: "NoProc", everExisted: true },
      { _tag: "NodeUnreachable", node: "n", because: "silent" },
      { _tag: "NodeRestarted", node: "n" },
      { _tag: "IsolateDown", isolate: 3 }
    ]
    for (const reason of reasons) {
      const actor = runtime.spawn(stopping)
      const end = actor.monitor()
      actor.send("stop", reason)
      assert.deepStrictEqual(await end, reason)
    }
  })

  it("an init that throws is the spawner's, and leaves nothing; a table needs functions", async () => {
    await using runtime = new Runtime()
    assert.throws(() =>
      runtime.spawn({
        init: () => {
          throw new Error("no state")
        },
        handlers: {}
      }), "no state")
    assert.throws(
      () => runtime.spawn({ init: () => 0, handlers: { x: 1 as unknown as () => void } }),
      InvalidOption,
      "handlers.x"
    )
    assert.strictEqual(runtime.stats().actors, 0)
  })

  it("the limit of actors is an error", async () => {
    await using runtime = new Runtime({ maxActors: 2 })
    counter(runtime)
    counter(runtime)
    assert.throws(() => counter(runtime), LimitReached)
  })

  it("what is not delivered is told", async () => {
    const letters: Array<unknown> = []
    await using runtime = new Runtime({ onDeadLetter: ({ message, to, why }) => void letters.push([message, to, why]) })
    const actor = runtime.spawn((_message: string) => {})
    actor.kill()
    await actor.monitor()
    actor.send("late")
    await counter(runtime).ask("get")
    assert.deepStrictEqual(letters, [["late", actor.pid, "NotAlive"]])
  })

  it("G274: a dead letter of a table has its tag, also after its actor's end", async () => {
    const letters: Array<unknown> = []
    const runtime = new Runtime({ onDeadLetter: ({ message, tag, why }) => void letters.push([tag, message, why]) })
    const full = runtime.spawn({
      init: () => 0,
      handlers: { wait: () => new Promise<void>(() => {}), note: (_state: number, _text: string) => {} }
    }, { mailbox: { capacity: 1, onFull: "drop-newest" } })
    full.send("wait")
    await counter(runtime).ask("get")
    full.send("note", "kept")
    full.send("note", "dropped")
    await counter(runtime).ask("get")
    full.kill()
    await full.monitor()
    full.send("note", "late")
    const single = runtime.spawn((_message: string) => {})
    single.kill()
    single.send("untagged")
    await runtime.shutdown()
    full.send("wait")
    await rejection(full.ask("note", "asked"))
    assert.deepStrictEqual(letters, [
      ["note", "dropped", "Dropped"],
      ["note", "kept", "Stopped"],
      ["note", "late", "NotAlive"],
      [undefined, "untagged", "Stopped"],
      ["wait", undefined, "NotAlive"],
      ["note", "asked", "NotAlive"]
    ])
  })

  it("shutdown drains, kills what does not end, and twice is once", async () => {
    const runtime = new Runtime()
    const seen: Array<number> = []
    const orderly = runtime.spawn((n: number) => void seen.push(n))
    const stuck = runtime.spawn((_message: number) => new Promise<void>(() => {}))
    stuck.send(1)
    for (let n = 0; n < 1000; n++) orderly.send(n)
    const stuckEnd = stuck.monitor()
    // Long enough for a machine that is busy, or an addon that is watched by a sanitizer, to drain the first.
    const first = runtime.shutdown({ timeout: 500 })
    assert.strictEqual(runtime.shutdown(), first)
    assert.throws(() => counter(runtime), SystemStopped)
    await first
    assert.strictEqual(seen.length, 1000)
    assert.deepStrictEqual(await stuckEnd, { _tag: "Killed" })
    await runtime.shutdown()
  })

  it("after shutdown a send is accepted as a dead letter, and a question ends with NoProc", async () => {
    const letters: Array<unknown> = []
    const runtime = new Runtime({ onDeadLetter: ({ message }) => void letters.push(message) })
    const actor = counter(runtime)
    await runtime.shutdown()
    assert.strictEqual(actor.send("add", 1), "Accepted")
    assert.deepStrictEqual((await rejection(actor.ask("get")) as ActorExited).reason, {
      _tag: "NoProc",
      everExisted: true
    })
    assert.deepStrictEqual(letters, [1, undefined])
    actor.kill()
    actor.link(actor)
    assert.strictEqual(runtime.stats().actors, 0)
    assert.isUndefined(runtime.whereis("x"))
  })
})
