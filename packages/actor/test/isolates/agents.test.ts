// What agents do for others when not all goes well: parts of them, with another isolate that is played (G190 to G193).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, ExitReason, ExitReasonSchema, ReplaceFailed } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Queue, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { BehaviorImpl } from "../../src/internal/behaviorImpl.ts"
import { Call } from "../../src/internal/call.ts"
import type { Cell } from "../../src/internal/cell.ts"
import { Errands, type SpawnRequest } from "../../src/internal/isolate/agent.ts"
import { printOf } from "../../src/internal/isolate/fleet.ts"
import { Inspections, receiveTraced, sendTraced } from "../../src/internal/isolate/inspections.ts"
import { Seen } from "../../src/internal/isolate/inspectProtocol.ts"
import type { Host } from "../../src/internal/host.ts"
import { TeamOverview } from "../../src/internal/isolate/overview.ts"
import { StreamTable } from "../../src/internal/isolate/streams.ts"
import { SwapErrands } from "../../src/internal/isolate/swaps.ts"
import { Team } from "../../src/internal/isolate/team.ts"
import { Outcome } from "../../src/internal/shard.ts"
import { Reading } from "../../src/internal/stream.ts"
import { hostOf } from "../../src/internal/system.ts"
import type { UpgradeImpl } from "../../src/internal/upgrade.ts"
import { wireOf } from "../../src/internal/wire.ts"
import { nativeLoads, turn } from "../fixtures.ts"
import { Counter, CounterLive, Ticker, TickerLive } from "./modules.ts"
import { Account, toV2, V1 } from "./upgrades.ts"

const hostHere = Effect.map(ActorSystem, hostOf)

describe("agents", () => {
  it("a worker whose own script a bundler has left behind says so", () => {
    const [script, onWindows] = [new URL("file:///app/o%20ut/worker.js"), new URL("file:///C:/app/worker.js")]
    const lost = (path: string, by = "") => new Error(`Cannot find module '${path}'${by}`)
    const advice = /worker\.js'\. Is @myrmidonjs\/actor bundled\?/
    assert.match(printOf(lost("/app/o ut/worker.js"), script), advice)
    assert.match(printOf(lost("C:\\app\\worker.js"), onWindows), advice)
    // The program's own, which a module of it imports.
    assert.notMatch(printOf(lost("/app/src/worker.js", " imported from /app/o ut/worker.js"), script), /bundled/)
    assert.strictEqual(printOf(new Error("boom")), "boom")
  })

  it.live("a spawn that is given up while its module is imported is nobody's mistake", () =>
    Effect.gen(function*() {
      const errands = new Errands(yield* hostHere)
      const request: SpawnRequest = {
        url: `data:text/javascript,await new Promise(() => {})`,
        protocol: "Never",
        version: "1",
        ordinal: 0,
        args: null,
        owner: 1,
        ticket: 1,
        name: null,
        capacity: null,
        onFull: null,
        sendTimeout: null,
        initTimeout: null,
        budget: null
      }
      const answer = errands.spawn(request)
      yield* errands.cancel(1, 1)
      // An interruption would end the question as a crash of the agent, and be logged as one.
      const error = yield* Effect.flip(Deferred.await(answer))
      assert.strictEqual(error._tag === "SpawnError" ? error.reason._tag : error._tag, "OwnerStopped")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live("G192: a step that comes right behind its group finds it", () =>
    Effect.gen(function*() {
      const errands = new SwapErrands(yield* hostHere)
      yield* V1.spawn(1)
      const group = errands.group({
        upgrade: (toV2 as unknown as UpgradeImpl).key!,
        chosen: { pids: null, tree: null },
        together: false,
        options: { timeout: 5_000, keep: 2, concurrency: 1, canary: null },
        owner: 1,
        group: 1
      })
      const reading = yield* Effect.forkChild(Stream.runCollect(group), { startImmediately: true })
      errands.step(1, 1, { _tag: "Stop", reason: { _tag: "Killed" } })
      const [done] = yield* Fiber.join(reading)
      assert.strictEqual(done?._tag === "Done" ? done.share.swapped : undefined, 0)
      assert.strictEqual(errands.size, 0)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live("G190: that a reader has gone is said again while there is no room for it", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const callee = host.shard.cellOf(1 as never)
      let left = 3
      const agent = {
        target: () => agent,
        bound: { flags: [], host, shard: { send: () => --left > 0 ? Outcome.MailboxFull : Outcome.Accepted } },
        host,
        tellUnsafe: () => --left > 0 ? "MailboxFull" : "Accepted"
      } as unknown as Cell
      Object.assign(agent.bound, { flags: new Proxy([], { get: () => 1 }) })
      const streams = new StreamTable({ host, here: 0, agent, agentAbout: () => agent } as unknown as Team)
      const queue = yield* Queue.make<unknown, unknown>()
      const reading = new Reading(undefined, queue, 16, new Call(0, callee, undefined))
      streams.ask(reading, callee, undefined)
      reading.close!()
      assert.strictEqual(streams.size, 0)
      while (left > 0) yield* turn
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live("G193: an isolate that ends while others are waited for is counted once", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const row = { protocol: "P", version: "1", actors: 1, reductions: 20, millis: 0, mailbox: 0, memory: 0 }
      const slow = yield* Deferred.make<ReadonlyArray<typeof row>>()
      let isThere = true
      let answer: Effect.Effect<ReadonlyArray<typeof row>> = Effect.succeed([])
      const agents = [
        { isolate: 1, agent: { ask: () => Effect.succeed([row]) } },
        { isolate: 2, agent: { ask: () => answer } }
      ]
      const there = () => agents.filter(({ isolate }) => isolate !== 1 || isThere)
      const overview = new TeamOverview({
        host,
        here: 0,
        loads: there,
        agentOf: (isolate: number) => there().find((each) => each.isolate === isolate)?.agent
      } as unknown as Team)
      const handled = Effect.map(
        overview.behaviors,
        (rows) => rows.find(({ protocol }) => protocol === "P")?.reductions
      )
      assert.strictEqual(yield* handled, 20)
      answer = Deferred.await(slow)
      const waiting = yield* Effect.forkChild(handled, { startImmediately: true })
      isThere = false
      overview.down(1)
      yield* Deferred.succeed(slow, [])
      assert.strictEqual(yield* Fiber.join(waiting), 20)
      assert.strictEqual(yield* handled, 20)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.effect("G193: a Rust shard that does not answer is left out, and what it said before is not forgotten", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const row = { protocol: "P", version: "rust p::P", actors: 1, reductions: 20, millis: 0, mailbox: 0, memory: 8 }
      const info = { pid: 1, name: undefined, reductions: 20, millis: 0, mailbox: 0, memory: 8, links: [] }
      let answers: Effect.Effect<ReadonlyArray<unknown>> = Effect.succeed([[row], [row]])
      const rust = { behaviors: () => answers, top: () => answers }
      const shard = { usages: () => host.shard.usages(), top: () => [], border: { rust } }
      const overview = new TeamOverview({
        host: { shard, accounts: host.accounts },
        here: 0,
        loads: () => [{ isolate: 1, shard: 11, isRust: true }, { isolate: 2, shard: 12, isRust: true }],
        agentOf: () => undefined
      } as unknown as Team)
      const of = Effect.map(overview.behaviors, (rows) => rows.find(({ protocol }) => protocol === "P"))
      assert.deepInclude(yield* of, { actors: 2, reductions: 40, memory: 16 })
      answers = Effect.succeed([undefined, [{ ...row, reductions: 30 }]])
      assert.deepInclude(yield* of, { actors: 1, reductions: 50 })
      answers = Effect.succeed([undefined, [info]])
      assert.deepStrictEqual(yield* overview.top(5, "reductions"), [info as never])
      // Not even the pool that waits for them.
      answers = Effect.never
      const waiting = yield* Effect.forkChild(overview.top(5, "time"), { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* Fiber.join(waiting), [])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live("G195: what a trace shows of a payload that does not cross is null, and harms no agent", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const wire = wireOf(host, [])
      const circle: Record<string, unknown> = {}
      circle["self"] = circle
      const deep = Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], 1)
      const seen = [circle, "\ud800", deep, () => 1, { n: [1, "two", null] }, "text"].map((payload) => {
        const traced = {
          _tag: "Out",
          kind: "tell",
          tag: "Show",
          to: undefined,
          outcome: "Accepted",
          at: 1,
          skipped: 0
        } as const
        const sent = host.codec.of(Schema.Array(Seen)).encode([sendTraced(wire, { ...traced, payload })])
        assert.isTrue(Exit.isSuccess(sent), String(Exit.isFailure(sent) && sent.cause))
        const received = host.codec.of(Schema.Array(Seen)).decode(Exit.isSuccess(sent) ? sent.value : new Uint8Array())
        assert.isTrue(Exit.isSuccess(received))
        const [only] = (received as Exit.Success<ReadonlyArray<typeof Seen.Type>>).value
        const { payload: shown, ...fields } = receiveTraced(wire, only!)
        const { to: _, ...known } = traced
        assert.deepStrictEqual(fields as object, known)
        return shown
      })
      assert.deepStrictEqual(seen, [null, null, null, null, { n: [1, "two", null] }, "text"])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.effect("G195: an actor does not stand still for ever for whoever replaces its state and falls silent", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const inspections = new Inspections(host)
      const account = yield* V1.spawn(5)
      const { url, ordinal } = (V1 as unknown as BehaviorImpl).module!
      const running = { protocol: "Account", version: "1", module: { url, ordinal } }
      const reading = yield* Effect.forkChild(Stream.runDrain(inspections.replace(account.pid, running, 1, 1)), {
        startImmediately: true
      })
      const asking = yield* Effect.forkChild(account.ask(Account.messages.Balance(), { timeout: Infinity }))
      yield* TestClock.adjust(host.options.isolateSilence - 1)
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust(2)
      assert.strictEqual((yield* Effect.flip(Fiber.join(reading)))._tag, "ReplaceFailed")
      assert.strictEqual(yield* Fiber.join(asking), 5)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.effect("G154: of a Rust shard that does not answer nothing is known, and nobody waits for ever", () =>
    Effect.gen(function*() {
      const { options, shard } = yield* hostHere
      const rust = { has: () => true, info: () => Effect.never, setSuspended: () => Effect.never }
      const border = { isolate: 0, rust, isolates: () => [{ isolate: 3, shard: 0 }] }
      const team = new Team(
        { options, shard: { border } } as unknown as Host,
        undefined as never,
        undefined as never,
        () => undefined,
        () => Effect.void
      )
      const cell = shard.cellOf(1 as never)
      const asked = Effect.all([
        Effect.flip(team.info(cell)),
        Effect.flip(team.setSuspended(cell, true)),
        team.isAlive(cell)
      ], {
        concurrency: "unbounded"
      })
      const asking = yield* Effect.forkChild(asked, { startImmediately: true })
      yield* TestClock.adjust(options.isolateSilence + 1)
      const [info, held, isAlive] = yield* Fiber.join(asking)
      assert.deepInclude(info.reason, { _tag: "NodeUnreachable", because: "silent" })
      assert.deepInclude(held.reason, { _tag: "NodeUnreachable", because: "silent" })
      assert.isTrue(isAlive)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live("G24: the reason of a crash crosses, whatever was thrown", () =>
    Effect.gen(function*() {
      const host = yield* hostHere
      const circle: Record<string, unknown> = {}
      circle["self"] = circle
      const error = new RangeError("no \ud800")
      for (const defect of [error, "\ud800", { message: "\ud800", name: "\udfff" }, circle, Symbol("s"), 1n]) {
        const crossed = host.codec.of(ExitReasonSchema).encode(ExitReason.crashed(defect))
        assert.isTrue(Exit.isSuccess(crossed), String(Exit.isFailure(crossed) && crossed.cause))
        const failed = host.codec.of(ReplaceFailed).encode(new ReplaceFailed({ cause: defect }))
        assert.isTrue(Exit.isSuccess(failed), String(Exit.isFailure(failed) && failed.cause))
      }
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.live.runIf(nativeLoads)(
    "G155: what a program says of its mailboxes is nothing to them",
    () =>
      Effect.gen(function*() {
        const many = Effect.forEach(
          Array.from({ length: 40 }, (_, at) => at),
          (at) => Effect.flatMap(CounterLive.spawnOn("worker", at), (counter) => counter.ask(Counter.messages.Get())),
          { concurrency: "unbounded" }
        )
        assert.strictEqual((yield* many).length, 40)
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        const sums = yield* Effect.forEach(
          [1, 2, 3, 4, 5, 6],
          (n) => Stream.runSum(ticker.stream(Ticker.messages.Count(n))),
          { concurrency: 2 }
        )
        assert.deepStrictEqual(sums, [1, 3, 6, 10, 15, 21])
      }).pipe(
        Effect.scoped,
        Effect.provide(ActorSystem.layer({ isolates: 1, mailbox: { capacity: 2, onFull: "drop-oldest" } }))
      ),
    60_000
  )
})
