import { assert, describe, it } from "vitest"
import { Arg, type HotCalls, type NativeShard } from "../src/binding.ts"
import { load } from "../src/load.ts"
import { setup, TestClock } from "./host.ts"

const KILLED = { _tag: "Killed" } as const
const NORMAL = { _tag: "Normal" } as const

describe("the loop", () => {
  it("goes on when a host throws where none may: what it did not get to is still in the mailboxes", async () => {
    const { host, membrane, send, spawn } = setup()
    const got: Array<unknown> = []
    const boom = new Error("of the host")
    const seen: Array<unknown> = []
    const before = process.listeners("unhandledRejection")
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => void seen.push(error))
    try {
      const cells = Array.from({ length: 3 }, (_, i) =>
        spawn((payload) => {
          if (i === 1 && payload === 0) throw boom
          got.push(`${i}: ${String(payload)}`)
        }))
      for (const payload of [0, 1]) for (const cell of cells) send(cell, payload)
      await host.until(() => got.length === 5)
      assert.sameMembers(got, ["0: 0", "0: 1", "1: 1", "2: 0", "2: 1"])
      assert.deepStrictEqual(seen, [boom])
      await membrane.close()
    } finally {
      process.removeAllListeners("unhandledRejection")
      for (const listener of before) process.on("unhandledRejection", listener)
    }
  })

  it("does not starve the event loop beside an endless conversation", async () => {
    const { membrane, send, spawn } = setup()
    const a = spawn(() => void send(b, 1, a))
    const b = spawn(() => void send(a, 1, b))
    send(a, 1)
    await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setImmediate(resolve))
    // The conversation has not ended, and still a timer and an immediate came through.
    assert.strictEqual(membrane.census.stats().queued, 1)
    await membrane.close()
  })

  it("reports a handler that holds the thread, once, and lets timers run after it", async () => {
    const { host, membrane, send, spawn } = setup()
    const light: Array<number> = []
    const heavy = spawn(() => {
      const end = performance.now() + 12
      while (performance.now() < end);
    })
    const other = spawn(() => void light.push(host.handled))
    for (let i = 0; i < 3; i++) send(heavy, i)
    send(other, 1)
    await host.until(() => host.handled === 4)
    // The heavy slice ends after its first message: the light actor waits for one handler, not for three.
    assert.deepStrictEqual(light, [2])
    assert.isAtLeast(host.long.length, 1)
    assert.isAtLeast(host.long[0]!, 12)
    await membrane.close()
  })

  it("runs deferred tasks, in order, charged to their actor", async () => {
    const { host, membrane, settled, spawn } = setup()
    const ran: Array<number> = []
    const actor = spawn(() => {})
    for (let i = 0; i < 200; i++) membrane.defer(() => ran.push(i), actor)
    // How many turns they take is a matter of time.
    while (ran.length < 200) await settled()
    assert.deepStrictEqual(ran, Array.from({ length: 200 }, (_, i) => i))
    assert.isUndefined(host.letters[0])
    await membrane.close()
  })

  it("what its shard has waited for before it delivers is nobody's time (G312)", async () => {
    const prototype = load().NativeShard.prototype as NativeShard
    const { attach } = prototype
    const clock = new TestClock()
    let waits = 0
    // As a tick that has looked for more, and found it.
    prototype.attach = function(this: NativeShard, target: object) {
      attach.call(this, target)
      const ring = target as HotCalls & { readonly args: Float64Array }
      const { tick } = ring
      ring.tick = () => {
        tick()
        if (ring.args[Arg.MAX] === 0 || ring.args[Arg.ANSWER] === 0) return
        waits++
        clock.time += 5
        ring.args[Arg.MAX] = -1
      }
    }
    try {
      const { host, membrane, send, spawn } = setup({ clock })
      const actor = spawn(() => {})
      send(actor, 1)
      await host.until(() => host.handled === 1)
      assert.deepStrictEqual([waits, membrane.census.info(actor)?.micros], [1, 0])
      await membrane.close()
    } finally {
      prototype.attach = attach
    }
  })

  it("a seed makes the same order again", async () => {
    const run = async (seed: bigint): Promise<Array<string>> => {
      const { host, membrane, send, spawn } = setup({ seed, clock: new TestClock() })
      const order: Array<string> = []
      const cells = Array.from({ length: 8 }, (_, i) => spawn((payload) => void order.push(`${i}:${String(payload)}`)))
      for (let n = 0; n < 5; n++) for (const cell of cells) send(cell, n)
      await host.until(() => order.length === 40)
      await membrane.close()
      return order
    }
    assert.deepStrictEqual(await run(7n), await run(7n))
    assert.notDeepEqual(await run(7n), await run(8n))
  })
})

describe("other threads", () => {
  it.each([1, 64])("a flood through inbox and doorbell arrives whole and in order, %i at a time", async (batch) => {
    const { host, membrane, spawn } = setup()
    const n = 100_000
    let next = 0
    const to = spawn((payload) => {
      if (payload === next) next++
    })
    membrane.keepAlive(true)
    load().flood(to.pid, 1, n, batch)
    await host.until(() => host.handled === n)
    assert.strictEqual(next, n)
    assert.deepStrictEqual(host.letters, [])
    await membrane.close()
  })

  it("a flood ends when its shard does", async () => {
    const { host, membrane, spawn } = setup()
    const to = spawn(() => {})
    membrane.keepAlive(true)
    load().flood(to.pid, 1, 2_000_000_000, 16)
    await host.until(() => host.handled > 1000)
    await membrane.close()
    assert.throws(() => load().flood(to.pid, 1, 1, 1), "no such shard")
  })
})

describe("the end", () => {
  it("close makes everything left a dead letter, ends calls and actors, and is idempotent", async () => {
    const { ask, host, membrane, send, spawn } = setup()
    const actor = spawn(() => {}, { starting: true })
    send(actor, "queued")
    const question = ask(actor, "asked")
    await Promise.all([membrane.close(), membrane.close()])
    assert.strictEqual((await question.ended).end, 1)
    assert.deepStrictEqual(host.letters.map((letter) => letter.payload), ["queued", "asked"])
    assert.deepStrictEqual(host.log, [`dead ${actor.low & 0xffffff} Killed`])
    assert.strictEqual(membrane.census.stats().slots, 0)
    assert.isTrue(membrane.closed)
  })

  it("after the end a send is a dead letter, a call ends with NoProc, a question has no answer, and nothing throws", async () => {
    const { ask, host, membrane, send, spawn } = setup()
    const actor = spawn(() => {})
    await membrane.close()
    for (let i = 0; i < 5000; i++) assert.strictEqual(send(actor, { i }), 0)
    await host.until(() => host.letters.length === 5000)
    assert.deepStrictEqual((await ask(actor, 1).ended).reason, { _tag: "NoProc", everExisted: true })
    assert.isFalse(membrane.takePid())
    assert.isFalse(membrane.isAlive(actor.low, actor.generation))
    assert.isUndefined(membrane.whereis("x"))
    assert.isUndefined(membrane.census.info(actor))
    assert.isFalse(membrane.signals.demonitor(actor, 1))
    assert.deepStrictEqual(membrane.census.cells(), [])
    membrane.signals.exit(actor, undefined, KILLED)
    membrane.stop(actor, NORMAL)
    membrane.exitSelf(actor, { _tag: "Shutdown", detail: "late" })
    assert.strictEqual(membrane.census.stats().slots, 0)
  })

  it("slots are reused with another generation, and as many actors live as may", async () => {
    const { host, membrane, spawn } = setup({ maxActors: 300 })
    const first = Array.from({ length: 300 }, () => spawn(() => {}))
    assert.throws(() => spawn(() => {}), "no PID")
    for (const cell of first) membrane.signals.exit(cell, undefined, KILLED)
    await host.until(() => host.log.length === 300)
    const again = Array.from({ length: 300 }, () => spawn(() => {}))
    assert.deepStrictEqual(new Set(again.map((cell) => cell.low)), new Set(first.map((cell) => cell.low)))
    assert.isTrue(again.every((cell) => cell.generation === 1))
    await membrane.close()
  })
})
