// G263: whoever works through many in turns of the event loop has each of them in time.
import { assert, it } from "@effect/vitest"
import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type { Cell } from "../src/internal/cell.ts"
import { hostOf } from "../src/internal/system.ts"
import { Turn } from "../src/internal/turn.ts"

it.effect("G263: who waits for its turn says so, and that it waits no longer, also when it gives up", () =>
  Effect.gen(function*() {
    const told: Array<boolean> = []
    let time = 0
    const host = { clock: { now: () => time += 0.1 }, shard: { hasten: (waits: boolean) => told.push(waits) } }
    const cell = { host } as unknown as Cell
    const turn = new Turn()
    while (!turn.step(cell));
    assert.deepStrictEqual(told, [])
    yield* turn.next
    assert.deepStrictEqual(told, [true, false])
    assert.isFalse(turn.step(cell), "a new turn has its own time")
    while (!turn.step(cell));
    const waiting = yield* Effect.forkChild(turn.next, { startImmediately: true })
    assert.deepStrictEqual(told, [true, false, true])
    yield* Fiber.interrupt(waiting)
    assert.deepStrictEqual(told, [true, false, true, false])
  }))

it.effect("G263: who is interrupted anywhere on the way to its turn leaves nobody waiting", () =>
  Effect.gen(function*() {
    for (let at = 0; at < 12; at++) {
      let waiting = 0, time = 0
      const hasten = (waits: boolean): void => void (waiting += waits ? 1 : -1)
      const cell = { host: { clock: { now: () => time += 0.1 }, shard: { hasten } } } as unknown as Cell
      const turn = new Turn()
      while (!turn.step(cell));
      // A fiber that gives way before one of its steps, and is interrupted there.
      let step = 0
      const tasks: Array<() => void> = []
      const own: Scheduler.Scheduler = {
        executionMode: "async",
        shouldYield: () => step++ === at,
        makeDispatcher: () => ({ scheduleTask: (task) => void tasks.push(task), flush: () => {} })
      }
      const fiber = Effect.runFork(turn.next, { scheduler: own })
      while (step <= at && tasks.length > 0) tasks.shift()!()
      fiber.interruptUnsafe()
      for (let left = 100; left > 0 && tasks.length > 0; left--) tasks.shift()!()
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(waiting, 0, `before step ${at}`)
    }
  }))

it.effect("G263: the listing of all is a turn's work, and the change of those who were chosen begins in another turn", () =>
  Effect.gen(function*() {
    const Idle = Actor.make("Idle", [])
    const V1 = Idle.behavior({ init: (n: number) => ({ n }), handlers: {} })
    const V2 = Idle.behavior({ version: "2", init: (n: number) => ({ n }), handlers: {} })
    const host = hostOf(yield* ActorSystem)
    for (let n = 0; n < 8; n++) yield* V1.spawn(n)
    const did: Array<string> = []
    let time = 0
    const { hasten, pids } = host.shard
    Object.assign(host, { clock: { ...host.clock, now: () => time } })
    Object.assign(host.shard, {
      pids: () => {
        did.push("listed")
        time += 0.15
        return pids.call(host.shard)
      },
      hasten: (waits: boolean) => {
        if (waits) did.push("turn")
        hasten.call(host.shard, waits)
      }
    })
    const upgrade = HotSwap.upgrade(V1, V2, { migrate: (old) => (did.push("changed"), old) })
    yield* HotSwap.swapAll(upgrade, {
      where: () => {
        did.push("looked at")
        time += 0.02
        return true
      }
    })
    const each = (what: string) => Array.from({ length: 8 }, () => what)
    assert.deepStrictEqual(did, ["listed", "turn", ...each("looked at"), "turn", ...each("changed")])
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
