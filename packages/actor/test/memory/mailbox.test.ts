// Lanes, bounds and policies, waiting handlers, dead letters, PIDs.
import { assert, describe, it } from "vitest"
import { Slab } from "../../src/internal/memory/slab.ts"
import { Flag, OnFull, Outcome } from "../../src/internal/shard.ts"
import { killed, makeSystem, normal } from "./harness.ts"

/** An actor whose first message makes it wait. */
const waits = (payload: unknown): boolean => payload === "wait"

describe("lanes", () => {
  it("next, then priority, then normal; FIFO in each", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits)
    s.tell(a, "wait")
    await s.take()
    s.tell(a, "n1")
    s.tell(a, "p1", undefined, Flag.Priority)
    s.tell(a, "x1", a, Flag.Next)
    s.tell(a, "n2")
    s.tell(a, "p2", undefined, Flag.Priority)
    s.tell(a, "x2", a, Flag.Next)
    s.shard.ready(a, 0)
    assert.deepStrictEqual(
      (await s.take()).map((event) => event.split(" ")[2]),
      ["x1", "x2", "p1", "p2", "n1", "n2"]
    )
  })

  it("G11: a next step runs before any queued message", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (payload, self) => {
      if (payload === 1) s.tell(self, "next", self, Flag.Next)
    })
    for (const n of [1, 2, 3]) s.tell(a, n)
    assert.deepStrictEqual(await s.take(), ["a got 1", "a got next from a", "a got 2", "a got 3"])
  })

  it("a down never overtakes the normal lane", async () => {
    const s = makeSystem()
    const w = s.spawn("w", waits)
    const a = s.spawn("a")
    s.shard.monitor(w, a, 1)
    s.tell(w, "wait")
    await s.take()
    s.tell(w, "before")
    s.shard.exit(a, undefined, killed)
    await s.take()
    s.tell(w, "after")
    s.tell(w, "urgent", undefined, Flag.Priority)
    s.shard.ready(w, 0)
    assert.deepStrictEqual(await s.take(), ["w got urgent", "w got before", "w down 1 of a Killed", "w got after"])
  })
})

describe("a handler that waits", () => {
  it("one message at a time: the next enters after ready", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits)
    s.tell(a, "wait")
    s.tell(a, 2)
    assert.deepStrictEqual(await s.take(), ["a got wait"])
    assert.strictEqual(s.shard.info(a)!.status, "busy")
    s.shard.ready(a, 3)
    assert.deepStrictEqual(await s.take(), ["a got 2"])
    assert.isAtLeast(s.shard.info(a)!.millis, 3)
  })

  it("G7: what may re-enter does, in its order and past what may not; the rest keeps its order", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits)
    s.tell(a, "wait")
    await s.take()
    s.tell(a, 1)
    s.tell(a, "r1", undefined, Flag.Reentrant)
    s.tell(a, 2)
    s.tell(a, "r2", undefined, Flag.Reentrant)
    s.tell(a, "rp", undefined, Flag.Reentrant | Flag.Priority)
    assert.deepStrictEqual(await s.take(), ["a got rp", "a got r1", "a got r2"])
    s.tell(a, "x", a, Flag.Reentrant | Flag.Next)
    assert.deepStrictEqual(await s.take(), ["a got x from a"])
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), ["a got 1", "a got 2"])
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("waits are counted: two re-entrant handlers need two ready", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits)
    s.tell(a, "wait", undefined, Flag.Reentrant)
    s.tell(a, "wait", undefined, Flag.Reentrant)
    s.tell(a, 1)
    assert.deepStrictEqual(await s.take(), ["a got wait", "a got wait"])
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), [])
    s.shard.ready(a, 0)
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), ["a got 1"])
  })

  it("kill ends an actor whose handler waits", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits)
    s.tell(a, "wait")
    s.tell(a, 1)
    await s.take()
    s.shard.exit(a, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["dead letter 1 to a Stopped", "a dead Killed"])
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), [])
  })

  it("a starting actor keeps its messages until it has started", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { starting: true })
    s.tell(a, 1)
    assert.deepStrictEqual(await s.take(), [])
    s.shard.started(a)
    assert.deepStrictEqual(await s.take(), ["a got 1"])
  })
})

describe("policies", () => {
  it("reject: exactly the bound is accepted, of both lanes together", () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { capacity: 3 })
    assert.strictEqual(s.tell(a, 1), Outcome.Accepted)
    assert.strictEqual(s.tell(a, 2, undefined, Flag.Priority), Outcome.Accepted)
    assert.strictEqual(s.tell(a, 3), Outcome.Accepted)
    assert.strictEqual(s.tell(a, 4), Outcome.MailboxFull)
    assert.strictEqual(s.tell(a, 4, undefined, Flag.Priority), Outcome.MailboxFull)
    assert.strictEqual(s.tell(a, 5, a, Flag.Next), Outcome.Accepted)
    assert.strictEqual(s.shard.info(a)!.mailbox, 4)
  })

  it("what is no message is never refused: stop, down and trapped exits", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits, { capacity: 1, trapExit: true })
    const b = s.spawn("b")
    s.tell(a, "wait")
    await s.take()
    s.tell(a, 1)
    s.shard.link(a, b)
    s.shard.monitor(a, b, 1)
    s.shard.exit(b, undefined, killed)
    await s.take()
    s.shard.stop(a, normal)
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), ["a got 1", "a exit of b Killed", "a down 1 of b Killed", "a dead Normal"])
  })

  it("drop-newest: the new message is the dead letter, and its call fails", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { capacity: 1, onFull: OnFull["drop-newest"] })
    s.tell(a, 1)
    assert.strictEqual(s.tell(a, 2), Outcome.Accepted)
    assert.strictEqual(s.ask(a, 7).outcome, Outcome.Accepted)
    assert.deepStrictEqual(await s.take(), [
      "dead letter 2 to a Dropped",
      "dead letter ask 7 to a Dropped",
      "call 7 ended MailboxFull -",
      "a got 1"
    ])
    assert.strictEqual(s.shard.stats().calls, 0)
  })

  it("drop-oldest: the oldest of the normal lane makes room, a call fails, downs stay", async () => {
    const s = makeSystem()
    const a = s.spawn("a", waits, { capacity: 2, onFull: OnFull["drop-oldest"] })
    const b = s.spawn("b")
    s.shard.monitor(a, b, 1)
    s.tell(a, "wait")
    await s.take()
    s.shard.exit(b, undefined, killed)
    await s.take()
    s.tell(a, "p", undefined, Flag.Priority)
    s.ask(a, 7)
    s.tell(a, 2)
    s.tell(a, 3)
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), [
      "dead letter ask 7 to a Dropped",
      "call 7 ended MailboxFull -",
      "dead letter 2 to a Dropped",
      "a got p",
      "a down 1 of b Killed",
      "a got 3"
    ])
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("suspend: the overflowing message is accepted, and its sender gets no slice until low water", async () => {
    const s = makeSystem()
    const r = s.spawn("r", waits, { capacity: 2, onFull: OnFull.suspend })
    s.tell(r, "wait")
    await s.take()
    const outcomes: Array<number> = []
    const a = s.spawn("a", (payload, self) => {
      outcomes.push(s.tell(r, payload, self))
    })
    for (const n of [1, 2, 3, 4]) s.tell(a, n)
    assert.deepStrictEqual(await s.take(), ["a got 1", "a got 2", "a got 3"])
    assert.strictEqual(s.shard.info(a)!.status, "suspended")
    assert.deepStrictEqual(outcomes, [0, 0, 0])
    // While a message is held, a second one of the same sender (a fiber of it) is refused.
    assert.strictEqual(s.tell(r, "second", a), Outcome.MailboxFull)
    s.shard.ready(r, 0)
    const events = await s.take()
    assert.deepStrictEqual(
      events.filter((event) => event.startsWith("r")),
      ["r got 1 from a", "r got 2 from a", "r got 3 from a", "r got 4 from a"]
    )
    assert.strictEqual(s.shard.info(a)!.status, "idle")
  })

  it("suspend: after sendTimeout the held message is a dead letter, and the sender goes on", async () => {
    const s = makeSystem()
    const r = s.spawn("r", waits, { capacity: 1, onFull: OnFull.suspend, sendTimeout: 100 })
    s.tell(r, "wait")
    await s.take()
    s.tell(r, 1)
    const a = s.spawn("a", (payload, self) => void s.tell(r, payload, self))
    s.tell(a, 2)
    await s.take()
    s.tell(a, "on")
    await s.advance(99)
    assert.deepStrictEqual(await s.take(), [])
    await s.advance(1)
    assert.deepStrictEqual(await s.take(), ["dead letter 2 to r from a MailboxFull", "a got on"])
    assert.strictEqual(s.shard.info(a)!.status, "suspended")
  })

  it("suspend: a self-send and a sender that is no actor are refused", () => {
    const s = makeSystem()
    const r = s.spawn("r", undefined, { capacity: 1, onFull: OnFull.suspend })
    s.tell(r, 1)
    assert.strictEqual(s.tell(r, 2), Outcome.MailboxFull)
    assert.strictEqual(s.tell(r, 2, r), Outcome.MailboxFull)
  })

  it("suspend: the receiver's death turns held messages into dead letters and frees the senders", async () => {
    const s = makeSystem()
    const r = s.spawn("r", waits, { capacity: 1, onFull: OnFull.suspend })
    s.tell(r, "wait")
    await s.take()
    s.tell(r, 1)
    const a = s.spawn("a")
    s.tell(r, 2, a)
    s.tell(a, "on")
    s.shard.exit(r, undefined, killed)
    assert.deepStrictEqual((await s.take()).sort(), [
      "a got on",
      "dead letter 1 to r Stopped",
      "dead letter 2 to r from a Stopped",
      "r dead Killed"
    ])
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("awaitRoom resumes at low water, at the end, or never after its undo", async () => {
    const s = makeSystem()
    const r = s.spawn("r", waits, { capacity: 4 })
    s.tell(r, "wait")
    await s.take()
    for (const n of [1, 2, 3, 4]) s.tell(r, n)
    const resumed: Array<string> = []
    s.shard.awaitRoom(r, () => resumed.push("first"))
    s.shard.awaitRoom(r, () => resumed.push("undone"))()
    await s.settle()
    assert.deepStrictEqual(resumed, [])
    s.shard.ready(r, 0)
    await s.settle()
    assert.deepStrictEqual(resumed, ["first"])
    s.tell(r, "wait")
    await s.settle()
    for (const n of [1, 2, 3, 4]) s.tell(r, n)
    s.shard.awaitRoom(r, () => resumed.push("ended"))
    s.shard.exit(r, undefined, killed)
    await s.settle()
    s.shard.awaitRoom(r, () => resumed.push("dead"))
    await s.settle()
    assert.deepStrictEqual(resumed, ["first", "ended", "dead"])
  })
})

describe("dead letters", () => {
  it("a message to the dead is accepted and a dead letter, told from the pump alone", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    s.shard.exitSelf(a, normal)
    await s.take()
    assert.strictEqual(s.tell(a, 1), Outcome.Accepted)
    assert.deepStrictEqual(s.events, [])
    assert.deepStrictEqual(await s.take(), ["dead letter 1 to a NotAlive"])
  })

  it("close: all is dead letters, nothing can be reserved, a second close does nothing", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { name: "n", cleanup: true })
    s.tell(a, 1)
    void s.shard.close()
    void s.shard.close()
    s.tell(a, 2)
    assert.deepStrictEqual(await s.take(), [
      "dead letter 1 to a Stopped",
      "a dead Killed",
      "dead letter 2 to a NotAlive"
    ])
    assert.throws(() => s.shard.reserve(s.newBound()), "stopped")
    assert.isUndefined(s.shard.whereis("n"))
  })
})

describe("PIDs", () => {
  it("fresh indexes rise, freed slots come first and in FIFO order, with a new generation", async () => {
    const s = makeSystem()
    const [a, b, c] = [s.spawn("a"), s.spawn("b"), s.spawn("c")]
    assert.deepStrictEqual([a, b, c].map((cell) => cell.pid as number), [1, 2, 3])
    s.shard.exitSelf(b, normal)
    s.shard.exitSelf(a, normal)
    assert.strictEqual(s.spawn("early").low, 4, "a slot is free only when the signals of its life are out")
    await s.settle()
    const d = s.spawn("d")
    const e = s.spawn("e")
    const f = s.spawn("f")
    assert.deepStrictEqual([d, e, f].map((cell) => [cell.low, cell.generation]), [[2, 1], [1, 1], [5, 0]])
    assert.deepStrictEqual([...s.shard.cells()].map((cell) => cell.low), [3, 4, 2, 1, 5])
    assert.strictEqual(s.shard.cellOf(d.pid), d)
    assert.isFalse(s.shard.isAlive(s.shard.cellOf(b.pid)))
  })

  it("a slot whose generations are spent retires", () => {
    const slab = new Slab(2)
    const lives: Array<Array<number>> = []
    for (let i = 0; i < 4; i++) {
      const index = slab.next()
      lives.push([index, slab.generationOf(index)])
      slab.end(index)
      slab.free(index)
    }
    assert.deepStrictEqual(lives, [[1, 0], [1, 1], [1, 2], [2, 0]])
    assert.strictEqual(slab.retired, 1)
    assert.isTrue(slab.everExisted(1, 2))
    assert.isFalse(slab.everExisted(3, 0))
  })

  it("maxActors is a limit, and says so", () => {
    const s = makeSystem({ maxActors: 1 })
    s.spawn("a")
    try {
      s.shard.reserve(s.newBound())
      assert.fail("a second actor")
    } catch (error) {
      assert.include(error as object, { _tag: "LimitReached", limit: 1 })
    }
  })

  it("a cell that was made for a PID before its actor finds the actor later", async () => {
    const s = makeSystem()
    const early = s.shard.cellOf(1 as never)
    const a = s.spawn("a")
    assert.isTrue(s.shard.isAlive(early))
    s.tell(early, 1)
    assert.deepStrictEqual(await s.take(), ["a got 1"])
    s.shard.exit(a, undefined, killed)
    await s.take()
    assert.isFalse(s.shard.isAlive(early))
  })
})
