// Calls and timers: linear tokens, coarse timeouts, exact deadlines.
import { assert, describe, it } from "vitest"
import { TURN } from "../../src/internal/memory/calls.ts"
import { Timer, Timers } from "../../src/internal/memory/timers.ts"
import { Flag, Outcome } from "../../src/internal/shard.ts"
import { crashed, killed, makeSystem, normal, nth } from "./harness.ts"

describe("calls", () => {
  it("an answered call is no longer pending, and never ends", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (_, __, call) => s.answer(call))
    s.ask(a, 1)
    assert.deepStrictEqual(await s.take(), ["a got ask 1", "call 1 answered"])
    assert.strictEqual(s.shard.stats().calls, 0)
    s.shard.exit(a, undefined, killed)
    await s.advance(60_000)
    assert.deepStrictEqual(await s.take(), ["a dead Killed"])
  })

  it("G19: the callee's end fails its calls at once with its reason, oldest first, and once", async () => {
    const s = makeSystem()
    const a = s.spawn("a", () => true)
    const calls = [1, 2, 3].map((id) => s.ask(a, id).call)
    await s.take()
    s.shard.exitSelf(a, crashed("x"))
    assert.deepStrictEqual(await s.take(), [
      "dead letter ask 2 to a Stopped",
      "dead letter ask 3 to a Stopped",
      "call 1 ended Exited Crashed(x)",
      "call 2 ended Exited Crashed(x)",
      "call 3 ended Exited Crashed(x)",
      "a dead Crashed(x)"
    ])
    for (const call of calls) s.answer(call)
    await s.advance(60_000)
    assert.deepStrictEqual(await s.take(), [])
  })

  it("G20, G21: a call times out, at most one turn of the sweep late and never early; the late answer is nobody's", async () => {
    const s = makeSystem()
    const a = s.spawn("a", () => true)
    for (const timeout of [0, 1, 15, 16, 17, 5000, 20_000]) {
      const { call } = s.ask(a, 1, timeout)
      if (timeout > 0) {
        await s.advance(timeout - 1)
        assert.notInclude(await s.take(), "call 1 ended Timeout -", `${timeout} ms: too early`)
      }
      await s.advance(1 + TURN)
      assert.include(await s.take(), "call 1 ended Timeout -", `${timeout} ms: too late`)
      s.answer(call)
      assert.deepStrictEqual(await s.take(), [])
    }
    assert.strictEqual(s.shard.stats().calls, 0)
  })

  it("an asker that helps has its answer at once, and leaves the event loop its turns", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (_, __, call) => {
      s.clock.time += 0.1
      s.answer(call)
    })
    let times = 0
    while (s.shard.canHelp()) {
      s.shard.help(s.askForHelp(a, 1))
      assert.deepStrictEqual(s.events.splice(0), ["a got ask 1", "call 1 answered"])
      assert.isBelow(++times, 100, "the event loop waits for ever")
    }
    assert.isAbove(times, 1)
    await s.settle()
    assert.isTrue(s.shard.canHelp())
    assert.strictEqual(s.shard.stats().calls, 0)
    assert.isFalse(makeSystem({ seed: 1n }).shard.canHelp(), "in lockstep")
  })

  it("G20: an asker that helps and gets no answer has its timeout", async () => {
    const s = makeSystem()
    const a = s.spawn("a", () => true)
    s.shard.help(s.askForHelp(a, 1, 50))
    assert.deepStrictEqual(await s.take(), ["a got ask 1"])
    await s.advance(49)
    assert.deepStrictEqual(await s.take(), [])
    await s.advance(1 + TURN)
    assert.deepStrictEqual(await s.take(), ["call 1 ended Timeout -"])
  })

  it("an answer in the callee's last handler wins over its end", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (_, self, call) => {
      s.shard.exitSelf(self, normal)
      s.answer(call)
    })
    s.ask(a, 1)
    assert.deepStrictEqual(await s.take(), ["a got ask 1", "call 1 answered", "a dead Normal"])
  })

  it("a call to the dead fails at once; to oneself it is refused; to a full mailbox it is the outcome alone", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { capacity: 1 })
    assert.strictEqual(s.ask(a, 1, 5000, a).outcome, Outcome.BadMessage)
    s.tell(a, 1)
    assert.strictEqual(s.ask(a, 2).outcome, Outcome.MailboxFull)
    assert.deepStrictEqual(await s.take(), ["a got 1"])
    s.shard.exitSelf(a, normal)
    assert.strictEqual(s.ask(a, 3).outcome, Outcome.Accepted)
    assert.deepStrictEqual(await s.take(), [
      "a dead Normal",
      "dead letter ask 3 to a NotAlive",
      "call 3 ended Exited NoProc(true)"
    ])
    assert.strictEqual(s.shard.stats().calls, 0)
  })

  it("an infinite call outlives any time and ends with its callee", async () => {
    const s = makeSystem()
    const a = s.spawn("a", () => true)
    s.ask(a, 1, Infinity)
    await s.advance(1e6)
    assert.deepStrictEqual(await s.take(), ["a got ask 1"])
    s.shard.exit(a, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["call 1 ended Exited Killed", "a dead Killed"])
  })

  it("random calls, answers, ends and time: each ends exactly once", async () => {
    const s = makeSystem()
    let x = 7
    const random = (below: number): number => {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      return (x >>> 0) % below
    }
    const actors = Array.from({ length: 5 }, (_, i) => s.spawn(`a${i}`, () => true))
    const open = new Map<number, ReturnType<typeof s.ask>["call"]>()
    const outcome = new Map<number, number>()
    let id = 0
    const collect = async (): Promise<void> => {
      for (const event of await s.take()) {
        const ended = /^call (\d+) (ended|answered)/.exec(event)
        if (ended === null) continue
        outcome.set(Number(ended[1]), (outcome.get(Number(ended[1])) ?? 0) + 1)
        open.delete(Number(ended[1]))
      }
    }
    for (let step = 0; step < 2000; step++) {
      const action = random(10)
      if (action < 6) {
        id++
        open.set(id, s.ask(nth(actors, random(5)), id, [1, 20, 300, 9000, Infinity][random(5)]).call)
      } else if (action < 8 && open.size > 0) s.answer([...open.values()][random(open.size)])
      else if (action === 8) await s.advance(random(400))
      else if (random(20) === 0) {
        const at = random(5)
        s.shard.exit(nth(actors, at), undefined, killed)
        await s.settle()
        actors[at] = s.spawn(`a${at}`, () => true)
      }
      if (step % 7 === 0) await collect()
    }
    for (const actor of actors) s.shard.exit(actor, undefined, killed)
    await collect()
    assert.strictEqual(outcome.size, id)
    assert.isTrue([...outcome.values()].every((times) => times === 1))
    assert.strictEqual(s.shard.stats().calls, 0)
    assert.strictEqual(open.size, 0)
  })
})

describe("timers", () => {
  it("a message comes when its time is over, not before, from the actor itself", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    s.shard.startTimer(a, 1, 100, false, 0, "tick", 0)
    await s.advance(99)
    assert.deepStrictEqual(await s.take(), [])
    await s.advance(1)
    assert.deepStrictEqual(await s.take(), ["a got tick from a"])
    assert.isUndefined(s.shard.cancelTimer(a, 1))
  })

  it("equal deadlines fire in the order of their start", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    for (let ref = 1; ref <= 50; ref++) s.shard.startTimer(a, ref, 100 - (ref % 3), false, 0, ref, 0)
    await s.advance(100)
    const refs = (await s.take()).map((event) => Number(event.split(" ")[2]))
    const expected = [2, 1, 0].flatMap((rest) =>
      Array.from({ length: 50 }, (_, i) => i + 1).filter((ref) => ref % 3 === rest)
    )
    assert.deepStrictEqual(refs, expected)
  })

  it("a repeating timer keeps its beat and skips what it missed", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    s.shard.startTimer(a, 1, 10, true, 0, "tick", 0)
    await s.advance(35)
    assert.strictEqual((await s.take()).length, 3)
    // A handler that holds the thread for 42 ms, from 35 to 77: one tick at 77, the next at 80.
    const b = s.spawn("b", () => void (s.clock.time += 42))
    s.tell(b, 1)
    await s.settle()
    await s.advance(2)
    assert.deepStrictEqual((await s.take()).filter((event) => event.startsWith("a")), ["a got tick from a"])
    await s.advance(1)
    assert.deepStrictEqual(await s.take(), ["a got tick from a"])
    assert.strictEqual(s.shard.cancelTimer(a, 1), 10)
    await s.advance(100)
    assert.deepStrictEqual(await s.take(), [])
  })

  it("cancel answers with the time left, 0 for a queued message, undefined for none", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (payload) => payload === "wait")
    s.shard.startTimer(a, 1, 100, false, 0, "one", 0)
    s.shard.startTimer(a, 2, 10, false, 0, "two", Flag.Priority)
    await s.advance(5)
    assert.strictEqual(s.shard.cancelTimer(a, 1), 95)
    assert.isUndefined(s.shard.cancelTimer(a, 1))
    s.tell(a, "wait")
    await s.take()
    await s.advance(10)
    assert.strictEqual(s.shard.info(a)!.mailbox, 1)
    assert.strictEqual(s.shard.cancelTimer(a, 2), 0)
    assert.strictEqual(s.shard.info(a)!.mailbox, 0)
    s.shard.ready(a, 0)
    s.tell(a, "barrier")
    assert.deepStrictEqual(await s.take(), ["a got barrier"])
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("G45: at most one message of a timer waits, it is not bounded out, and the beat goes on", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (payload) => payload === "wait", { capacity: 1 })
    s.tell(a, "wait")
    await s.take()
    s.tell(a, 1)
    s.shard.startTimer(a, 1, 10, true, 0, "tick", 0)
    await s.advance(35)
    assert.strictEqual(s.shard.info(a)!.mailbox, 2)
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), ["a got 1", "a got tick from a"])
    await s.advance(5)
    assert.deepStrictEqual(await s.take(), ["a got tick from a"])
  })

  it("calls and timers that are due together end in the order of their deadlines", async () => {
    const s = makeSystem()
    const a = s.spawn("a", () => true)
    s.ask(a, 1, 100)
    const b = s.spawn("b")
    s.shard.startTimer(b, 1, 200, false, 0, "late", 0)
    s.shard.startTimer(b, 2, 50, false, 0, "soon", 0)
    await s.take()
    s.clock.time += 300
    await s.advance(0)
    assert.deepStrictEqual(await s.take(), ["call 1 ended Timeout -", "b got soon from b", "b got late from b"])
  })

  it("the heap gives 100,000 timers back in order, whatever is cancelled meanwhile", () => {
    const timers = new Timers()
    let x = 1
    const random = (): number => {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      return x >>> 0
    }
    const all = Array.from({ length: 100_000 }, (_, ref) => {
      const timer = new Timer(undefined as never, ref, 0, undefined, 0, 0, undefined)
      timers.arm(timer, random() % 1000)
      return timer
    })
    const cancelled = new Set<number>()
    for (let i = 0; i < 50_000; i++) {
      const timer = nth(all, random() % all.length)
      timers.disarm(timer)
      cancelled.add(timer.ref)
    }
    let lastDeadline = -1
    let lastRef = -1
    let count = 0
    for (;;) {
      const timer = timers.due(Infinity)
      if (timer === undefined) break
      assert.isFalse(cancelled.has(timer.ref))
      assert.isTrue(timers.lastDue > lastDeadline || (timers.lastDue === lastDeadline && timer.ref > lastRef))
      lastDeadline = timers.lastDue
      lastRef = timer.ref
      count++
    }
    assert.strictEqual(count, all.length - cancelled.size)
  })
})
