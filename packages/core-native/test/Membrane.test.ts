import { assert, describe, it } from "vitest"
import { setup, TestClock } from "./host.ts"

const KILLED = { _tag: "Killed" } as const
const NORMAL = { _tag: "Normal" } as const

describe("messages", () => {
  it("arrive in order with their payloads, op and sender, and give their slots back", async () => {
    const { host, membrane, send, spawn } = setup()
    const got: Array<unknown> = []
    const to = spawn((payload, _call, op, from) => void got.push([payload, op, from]))
    const from = spawn(() => {})
    const object = { a: 1 }
    for (const payload of [object, "text", undefined, null, 0, -0, 1.5, Number.NaN, 2 ** 53, -7]) {
      send(to, payload, from)
    }
    await host.until(() => got.length === 10)
    assert.deepStrictEqual(got.map((entry) => (entry as Array<unknown>)[0]), [
      object,
      "text",
      undefined,
      null,
      0,
      -0,
      1.5,
      Number.NaN,
      2 ** 53,
      -7
    ])
    assert.isTrue(Object.is((got[5] as Array<unknown>)[0], -0))
    assert.strictEqual((got[0] as Array<unknown>)[0], object)
    assert.deepStrictEqual(got.map((entry) => (entry as Array<unknown>).slice(1)), got.map(() => [1, from.pid]))
    assert.strictEqual(membrane.census.stats().slots, 0)
    await membrane.close()
  })

  it("a million of them between a thousand actors conserve their slots", async () => {
    const { host, membrane, send, spawn } = setup()
    let left = 200_000
    const cells = Array.from({ length: 1000 }, (_, i) =>
      spawn((payload) => {
        if (left-- > 0) send(cells[(i * 7 + 1) % 1000]!, { hop: payload })
      }))
    for (let i = 0; i < 3000; i++) send(cells[i % 1000]!, { hop: i })
    await host.until(() => host.handled === 203_000)
    assert.strictEqual(membrane.census.stats().slots, 0)
    assert.strictEqual(membrane.census.stats().queued, 0)
    await membrane.close()
  })

  it("more than the ring holds are sent in one go", async () => {
    const { host, membrane, send, spawn } = setup()
    const got: Array<unknown> = []
    const to = spawn((payload) => void got.push(payload))
    for (let i = 0; i < 10_000; i++) assert.strictEqual(send(to, { i }), 0)
    await host.until(() => got.length === 10_000)
    assert.deepStrictEqual(got.map((payload) => (payload as { readonly i: number }).i), Array.from(got.keys()))
    await membrane.close()
  })

  it("`next` enters before what is queued, also before what is already in the batch", async () => {
    const { host, membrane, send, spawn } = setup()
    const got: Array<unknown> = []
    const self = spawn((payload) => {
      got.push(payload)
      if (payload === "first") send(self, "next", self, 8)
    })
    for (const payload of ["first", "second", "third"]) send(self, payload)
    await host.until(() => got.length === 4)
    assert.deepStrictEqual(got, ["first", "next", "second", "third"])
    await membrane.close()
  })

  it("to a dead actor are dead letters with everything that they carried", async () => {
    const { host, membrane, send, settled, spawn } = setup()
    const dead = spawn(() => {})
    membrane.signals.exit(dead, undefined, KILLED)
    await settled()
    const payload = { x: 1 }
    assert.strictEqual(send(dead, payload), 0)
    assert.strictEqual(send(dead, 42), 0)
    await host.until(() => host.letters.length === 2)
    assert.deepStrictEqual(host.letters, [
      { to: dead.pid, from: 0, op: 1, payload, why: "NotAlive" },
      { to: dead.pid, from: 0, op: 1, payload: 42, why: "NotAlive" }
    ])
    assert.strictEqual(membrane.census.stats().slots, 0)
    await membrane.close()
  })
})

describe("full mailboxes", () => {
  it("MailboxFull is exact, to the message", async () => {
    const { host, membrane, send, spawn } = setup()
    const got: Array<unknown> = []
    const to = spawn((payload) => void got.push(payload), { capacity: 3 })
    const outcomes = Array.from({ length: 5 }, (_, i) => send(to, { i }))
    assert.deepStrictEqual(outcomes, [0, 0, 0, 1, 1])
    await host.until(() => got.length === 3)
    assert.strictEqual(send(to, "room again"), 0)
    await host.until(() => got.length === 4)
    assert.deepStrictEqual([host.letters, membrane.census.stats().slots], [[], 0])
    await membrane.close()
  })

  it("G14: MailboxFull is exact from the first message on, however full the ring is when its actor is spawned", async () => {
    for (const name of [undefined, "small"]) {
      for (let before = 1020; before <= 1024; before++) {
        const { membrane, send, settled, spawn } = setup()
        const other = spawn(() => {})
        await settled()
        for (let i = 0; i < before; i++) send(other, i)
        const small = spawn(() => {}, { capacity: 2, name })
        assert.deepStrictEqual([send(small, 1), send(small, 2), send(small, 3)], [0, 0, 1], `${name} ${before}`)
        await membrane.close()
      }
    }
  })

  it("is exact at the default capacity too, and a refused call leaves no token", async () => {
    const { ask, membrane, send, spawn } = setup()
    const to = spawn(() => {}, { starting: true })
    let accepted = 0
    while (send(to, accepted) === 0) accepted++
    assert.strictEqual(accepted, 65_536)
    assert.strictEqual(ask(to, "?").outcome, 1)
    assert.strictEqual(membrane.census.stats().calls, 0)
    await membrane.close()
  })

  it("drop-oldest and drop-newest make dead letters; a dropped call fails with MailboxFull", async () => {
    const { ask, host, membrane, send, spawn } = setup()
    const oldest = spawn(() => {}, { capacity: 2, onFull: 2, starting: true })
    const question = ask(oldest, "asked")
    for (const payload of ["a", "b"]) assert.strictEqual(send(oldest, payload), 0)
    assert.deepStrictEqual(await question.ended, { end: 3, reason: undefined })
    const newest = spawn(() => {}, { capacity: 1, onFull: 1, starting: true })
    for (const payload of ["c", "d"]) assert.strictEqual(send(newest, payload), 0)
    await host.until(() => host.letters.length === 2)
    assert.deepStrictEqual(host.letters.map(({ payload, why }) => [payload, why]), [["asked", "Dropped"], [
      "d",
      "Dropped"
    ]])
    await membrane.close()
  })

  it("awaitRoom is told at low water, and when the actor ends", async () => {
    const { host, membrane, send, spawn } = setup()
    const to = spawn(() => {}, { capacity: 2, starting: true })
    send(to, 1)
    send(to, 2)
    assert.strictEqual(send(to, 3), 1)
    const room = new Promise<string>((resolve) => void membrane.awaitRoom(to, () => resolve("room")))
    membrane.started(to)
    assert.strictEqual(await room, "room")
    const other = spawn(() => {}, { capacity: 1, starting: true })
    send(other, 1)
    const gone = new Promise<string>((resolve) => void membrane.awaitRoom(other, () => resolve("gone")))
    membrane.signals.exit(other, undefined, KILLED)
    assert.strictEqual(await gone, "gone")
    await host.until(() => host.letters.length === 1)
    await membrane.close()
  })
})

describe("control", () => {
  it("a kill from a handler acts before the next message of the same batch", async () => {
    const { host, membrane, send, settled, spawn } = setup()
    const victim = spawn(() => void host.log.push("victim ran"))
    const killer = spawn(() => membrane.signals.exit(victim, killer, KILLED))
    send(killer, "go")
    for (let i = 0; i < 5; i++) send(victim, i)
    await settled()
    assert.notInclude(host.log, "victim ran")
    assert.deepStrictEqual(
      host.letters.map((letter) => [letter.payload, letter.why]),
      [0, 1, 2, 3, 4].map((i) => [i, "Stopped"])
    )
    assert.strictEqual(membrane.census.stats().slots, 0)
    await membrane.close()
  })

  it("an actor that ends itself does not get the rest of its slice", async () => {
    const { host, membrane, send, settled, spawn } = setup()
    const got: Array<unknown> = []
    const actor = spawn((payload) => {
      got.push(payload)
      if (payload === 1) membrane.exitSelf(actor, NORMAL)
    })
    for (let i = 0; i < 4; i++) send(actor, i)
    await settled()
    assert.deepStrictEqual(got, [0, 1])
    assert.deepStrictEqual(host.letters.map((letter) => letter.payload), [2, 3])
    await membrane.close()
  })

  it("a handler that waits holds up its actor alone, and `ready` lets it go on", async () => {
    const { host, membrane, send, settled, spawn } = setup()
    const got: Array<unknown> = []
    const actor = spawn((payload) => {
      got.push(payload)
      return payload === "wait"
    })
    for (const payload of ["wait", "after"]) send(actor, payload)
    await settled()
    assert.deepStrictEqual(got, ["wait"])
    assert.strictEqual(membrane.census.info(actor)!.status, "busy")
    membrane.ready(actor, 0)
    await host.until(() => got.length === 2)
    await membrane.close()
  })

  it("links, trapped exits, monitors and outside watches tell the reason, the crash with its error", async () => {
    const { host, membrane, spawn } = setup()
    const reasons: Array<unknown> = []
    const dead = host.dead.bind(host)
    host.dead = (cell, reason) => {
      reasons.push(reason)
      dead(cell, reason)
    }
    const crashes = spawn(() => {})
    const linked = spawn(() => {}, { parent: crashes })
    const traps = spawn(() => {}, { parent: crashes, trapExit: true })
    const watcher = spawn(() => {})
    membrane.signals.monitor(watcher, crashes, 7)
    membrane.signals.watch(crashes, 8)
    const error = { name: "Error", message: "böse \u{1f41c}", stack: "at home", language: "typescript" } as const
    membrane.exitSelf(crashes, { _tag: "Crashed", error })
    const index = (pid: number): number => pid & 0xffffff
    await host.until(() => host.log.length === 5)
    assert.sameMembers(host.log, [
      `dead ${index(crashes.pid)} Crashed`,
      `dead ${index(linked.pid)} Crashed`,
      `exit ${index(traps.pid)} from ${index(crashes.pid)} Crashed`,
      `down ${index(watcher.pid)} ref 7 from ${index(crashes.pid)} Crashed`,
      "outsideDown 8 Crashed"
    ])
    assert.deepStrictEqual(reasons, [{ _tag: "Crashed", error }, { _tag: "Crashed", error }])
    await membrane.close()
  })

  it("demonitor answers whether a down was or will be delivered", async () => {
    const { host, membrane, settled, spawn } = setup()
    const target = spawn(() => {})
    const watcher = spawn(() => {})
    membrane.signals.monitor(watcher, target, 1)
    membrane.signals.monitor(watcher, target, 2)
    assert.isTrue(membrane.signals.demonitor(watcher, 1))
    assert.isFalse(membrane.signals.demonitor(watcher, 1))
    membrane.signals.exit(target, undefined, KILLED)
    await settled()
    assert.isFalse(membrane.signals.demonitor(watcher, 2))
    assert.deepStrictEqual(host.log.filter((line) => line.startsWith("down")).length, 1)
    await membrane.close()
  })

  it("a cleanup comes before the end, and an abandoned actor never was", async () => {
    const { host, membrane, settled, spawn } = setup()
    const cleans = spawn(() => {}, { cleanup: true })
    membrane.stop(cleans, { _tag: "Shutdown", detail: "please" })
    await host.until(() => host.log.length === 1)
    assert.deepStrictEqual(host.log, [`terminate ${cleans.low & 0xffffff} Shutdown`])
    membrane.finished(cleans)
    await host.until(() => host.log.length === 2)
    const watcher = spawn(() => {})
    const never = spawn(() => {}, { starting: true, parent: watcher, watcher, watchRef: 3 })
    membrane.abandon(never)
    await settled()
    assert.isFalse(host.log.some((line) => line.startsWith("down")))
    assert.isTrue(membrane.isAlive(watcher.low, watcher.generation))
    await membrane.close()
  })
})

describe("names, timers, calls", () => {
  it("a name has one holder, which the loser is told, and is free again at once", async () => {
    const { membrane, settled, spawn } = setup()
    const holder = spawn(() => {}, { name: "käse" })
    assert.strictEqual(membrane.whereis("käse"), holder)
    assert.throws(() => spawn(() => {}, { name: "käse" }), `taken by ${holder.pid}`)
    membrane.signals.exit(holder, undefined, KILLED)
    await settled()
    assert.isUndefined(membrane.whereis("käse"))
    spawn(() => {}, { name: "käse" })
    await membrane.close()
  })

  it("timers fire in virtual time, repeat, and say what is left when cancelled", async () => {
    const clock = new TestClock()
    const { host, membrane, settled, spawn } = setup({ clock, seed: 1n })
    const got: Array<unknown> = []
    const actor = spawn((payload) => void got.push(payload))
    membrane.timing.start(actor, 1, 100, false, 1, "once", 0)
    membrane.timing.start(actor, 2, 40, true, 1, "beat", 0)
    membrane.timing.start(actor, 3, 1000, false, 1, "never", 0)
    await settled()
    clock.advance(40)
    await host.until(() => got.length === 1)
    clock.advance(40)
    await host.until(() => got.length === 2)
    clock.advance(20)
    await host.until(() => got.length === 3)
    assert.deepStrictEqual(got, ["beat", "beat", "once"])
    assert.strictEqual(membrane.timing.cancel(actor, 3), 900)
    assert.isUndefined(membrane.timing.cancel(actor, 1))
    assert.isDefined(membrane.timing.cancel(actor, 2))
    await settled()
    assert.isFalse(clock.armed)
    await membrane.close()
  })

  it("a call ends by answer, timeout, or its callee's end; what comes late finds nobody", async () => {
    const clock = new TestClock()
    const { ask, host, membrane, settled, spawn } = setup({ clock, seed: 1n })
    const asked: Array<ReturnType<typeof ask>["call"] | undefined> = []
    const callee = spawn((_payload, call) => void asked.push(call))
    const slow = ask(callee, 1, undefined, 50)
    await host.until(() => asked.length === 1)
    assert.strictEqual(asked[0], slow.call)
    clock.advance(100)
    assert.deepStrictEqual(await slow.ended, { end: 2, reason: undefined })
    membrane.answered(slow.call)
    const second = ask(callee, 2)
    await host.until(() => asked.length === 2)
    membrane.signals.exit(callee, undefined, KILLED)
    assert.deepStrictEqual(await second.ended, { end: 1, reason: { _tag: "Killed" } })
    assert.deepStrictEqual(await ask(callee, 3).ended, { end: 1, reason: { _tag: "NoProc", everExisted: true } })
    assert.strictEqual(ask(callee, 4, callee).outcome, 4)
    await settled()
    assert.strictEqual(membrane.census.stats().calls, 0)
    await membrane.close()
  })
})

describe("a caller that helps", () => {
  it("has its answer at once, and leaves the event loop its turns", async () => {
    const clock = new TestClock()
    const { ask, membrane, settled, spawn } = setup({ clock })
    let answered = 0
    const callee = spawn((_payload, call) => {
      clock.time += 0.1
      answered++
      membrane.answered(call!)
    })
    const helps = (): boolean => {
      if (!membrane.canHelp()) return false
      const before = answered
      membrane.help(ask(callee, 1).call)
      assert.strictEqual(answered, before + 1)
      return true
    }
    let times = 0
    while (helps()) assert.isBelow(++times, 10, "the event loop waits for ever")
    assert.isAbove(times, 1)
    // Whoever asks now waits; the loop goes on by itself once the event loop has had its turn.
    ask(callee, 1)
    assert.strictEqual(answered, times)
    await settled()
    assert.strictEqual(answered, times + 1)
    assert.isTrue(helps())
    await settled()
    assert.strictEqual(membrane.census.stats().calls, 0)
    await membrane.close()
  })

  it("is never a handler, and nobody is in lockstep", async () => {
    const may: Array<boolean> = []
    const { host, membrane, send, spawn } = setup()
    send(spawn(() => void may.push(membrane.canHelp())), 1)
    await host.until(() => may.length === 1)
    assert.deepStrictEqual(may, [false])
    await membrane.close()
    const seeded = setup({ seed: 1n })
    assert.isFalse(seeded.membrane.canHelp())
    await seeded.membrane.close()
  })

  it("G20: and gets no answer has its timeout, whatever else goes on", async () => {
    const clock = new TestClock()
    const { ask, membrane, send, settled, spawn } = setup({ clock })
    const other = spawn(() => {})
    const callee = spawn(() => true)
    assert.isTrue(membrane.canHelp())
    const { call, ended } = ask(callee, 1, undefined, 50)
    membrane.help(call)
    let end: unknown
    void ended.then((it) => end = it)
    for (let i = 0; i < 3; i++) {
      send(other, i)
      await settled()
    }
    clock.advance(49)
    await settled()
    assert.isUndefined(end)
    clock.advance(17)
    await settled()
    assert.deepStrictEqual(end, { end: 2, reason: undefined })
    assert.strictEqual(membrane.census.stats().calls, 0)
    await membrane.close()
  })
})
