// Exit signals, links, monitors, and the order of a death.
import { assert, describe, it } from "vitest"
import { crashed, killed, makeSystem, normal, nth, shutdown } from "./harness.ts"

describe("exit signals", () => {
  it("L1: a linked peer dies of the same reason, a trapping one gets the signal and lives", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    const b = s.spawn("b")
    const t = s.spawn("t", undefined, { trapExit: true })
    s.shard.link(a, b)
    s.shard.link(t, a)
    s.shard.exitSelf(a, crashed("died"))
    assert.deepStrictEqual(await s.take(), [
      "a dead Crashed(died)",
      "b dead Crashed(died)",
      "t exit of a Crashed(died)"
    ])
    assert.isFalse(s.shard.isAlive(b))
    assert.isTrue(s.shard.isAlive(t))
  })

  it("L2: link to self, a double link, one unlink: no link is left", async () => {
    const s = makeSystem()
    const [a, b] = [s.spawn("a"), s.spawn("b")]
    s.shard.link(a, a)
    s.shard.link(a, b)
    s.shard.link(b, a)
    assert.deepStrictEqual(s.shard.info(a)!.links, [b.pid])
    s.shard.unlink(b, a)
    assert.deepStrictEqual(s.shard.info(a)!.links, [])
    s.shard.exit(b, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["b dead Killed"])
  })

  it("L3: exit with Normal does not end another, nor does a link to one that ended so", async () => {
    const s = makeSystem()
    const [a, b] = [s.spawn("a"), s.spawn("b")]
    s.shard.exit(a, b, normal)
    s.shard.link(a, b)
    s.shard.exitSelf(b, normal)
    assert.deepStrictEqual(await s.take(), ["b dead Normal"])
    assert.isTrue(s.shard.isAlive(a))
  })

  it("L5: kill cannot be trapped; a link exit of reason Killed can, all along a chain", async () => {
    const s = makeSystem()
    const head = s.spawn("head", undefined, { trapExit: true })
    const chain = Array.from({ length: 9 }, (_, i) => s.spawn(`c${i}`))
    s.shard.link(head, nth(chain, 0))
    for (let i = 1; i < 9; i++) s.shard.link(nth(chain, i - 1), nth(chain, i))
    s.shard.exit(nth(chain, 8), undefined, killed)
    const events = await s.take()
    assert.strictEqual(events.at(-1), "head exit of c0 Killed")
    s.shard.exit(head, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["head dead Killed"])
  })

  it("L7: after unlink no exit of that link arrives, also when it was on its way", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { trapExit: true })
    const b = s.spawn("b")
    s.shard.link(a, b)
    s.shard.exitSelf(b, crashed("x"))
    s.shard.unlink(a, b)
    s.tell(a, "barrier")
    assert.deepStrictEqual(await s.take(), ["b dead Crashed(x)", "a got barrier"])
  })

  it("G33: unlink takes back an exit that is queued", async () => {
    const s = makeSystem()
    const a = s.spawn("a", (payload) => payload === "wait", { trapExit: true })
    const b = s.spawn("b")
    s.shard.link(a, b)
    s.tell(a, "wait")
    await s.take()
    s.shard.exit(b, undefined, killed)
    await s.take()
    assert.strictEqual(s.shard.info(a)!.mailbox, 1)
    s.shard.unlink(a, b)
    s.tell(a, "barrier")
    s.shard.ready(a, 0)
    assert.deepStrictEqual(await s.take(), ["a got barrier"])
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("G34: Normal ends an actor that sends it to itself", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    s.shard.exit(a, a, normal)
    assert.deepStrictEqual(await s.take(), ["a dead Normal"])
  })

  it("a signal of an old link is void when the pair was linked again", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { trapExit: true })
    const b = s.spawn("b")
    s.shard.link(a, b)
    s.shard.exitSelf(b, crashed("x"))
    s.shard.unlink(a, b)
    s.shard.link(a, b)
    assert.deepStrictEqual(await s.take(), ["b dead Crashed(x)", "a exit of b NoProc(true)"])
  })

  it("L9: a link to a dead actor is an exit NoProc; to one that never was says so", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { trapExit: true })
    const b = s.spawn("b")
    s.shard.exitSelf(b, normal)
    await s.take()
    s.shard.link(a, b)
    const never = s.shard.cellOf(77 as never)
    s.shard.link(a, never)
    assert.deepStrictEqual(await s.take(), ["a exit of b NoProc(true)", "a exit of <77> NoProc(false)"])
  })

  it("L14: once an exit was handled it is not alive, has no info, no name", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { name: "the a" })
    assert.strictEqual(s.shard.whereis("the a"), a)
    s.shard.exit(a, undefined, shutdown)
    await s.settle()
    assert.isFalse(s.shard.isAlive(a))
    assert.isUndefined(s.shard.info(a))
    assert.isUndefined(s.shard.whereis("the a"))
  })

  it("L15: a parent that is gone at open reaps its child; an abandoned child sends nothing", async () => {
    const s = makeSystem()
    const parent = s.spawn("parent", undefined, { trapExit: true })
    const child = s.spawn("child", undefined, { parent, starting: true, watcher: parent, watchRef: 4, name: "n" })
    s.tell(child, "early")
    s.shard.abandon(child)
    s.tell(parent, "barrier")
    assert.deepStrictEqual(await s.take(), ["dead letter early to child Stopped", "parent got barrier"])
    assert.deepStrictEqual(s.shard.info(parent)!.links, [])
    assert.isUndefined(s.shard.whereis("n"))
    s.shard.exit(parent, undefined, killed)
    await s.take()
    s.spawn("orphan", undefined, { parent })
    assert.deepStrictEqual(await s.take(), ["orphan dead NoProc(true)"])
  })

  it("at most 256 signals are handled between two messages, and none is lost", async () => {
    const s = makeSystem()
    const hub = s.spawn("hub")
    const leaves = Array.from({ length: 1000 }, (_, i) => s.spawn(`l${i}`))
    for (const leaf of leaves) s.shard.link(hub, leaf)
    const by = s.spawn("by")
    s.shard.exit(hub, undefined, killed)
    s.tell(by, "x")
    const events = await s.take()
    assert.strictEqual(events.filter((event) => event.includes("dead")).length, 1001)
    assert.isBelow(events.indexOf("by got x"), 600)
    assert.strictEqual(s.shard.stats().actors, 1)
  })
})

describe("cleanup", () => {
  it("terminate comes before dead, and messages of that time are dead letters", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { cleanup: true })
    s.shard.exit(a, undefined, shutdown)
    assert.deepStrictEqual(await s.take(), ["a terminate Shutdown"])
    s.tell(a, "late")
    s.shard.exit(a, undefined, crashed("second"))
    assert.deepStrictEqual(await s.take(), ["dead letter late to a NotAlive"])
    s.shard.finished(a)
    s.shard.finished(a)
    assert.deepStrictEqual(await s.take(), ["a dead Shutdown"])
  })

  it("G25, G26: while it cleans up it is invisible, its calls have ended, its name is free; its links learn at the end", async () => {
    const s = makeSystem()
    const w = s.spawn("w", undefined, { trapExit: true })
    const a = s.spawn("a", () => true, { cleanup: true, name: "n" })
    s.shard.link(w, a)
    s.shard.monitor(w, a, 1)
    s.ask(a, 5)
    await s.take()
    s.shard.exit(a, undefined, shutdown)
    assert.deepStrictEqual(await s.take(), ["call 5 ended Exited Shutdown", "a terminate Shutdown"])
    assert.isFalse(s.shard.isAlive(a))
    assert.isUndefined(s.shard.whereis("n"))
    s.shard.link(w, a)
    s.shard.finished(a)
    assert.deepStrictEqual(await s.take(), ["a dead Shutdown", "w exit of a Shutdown", "w down 1 of a Shutdown"])
  })

  it("a kill during cleanup ends it at once, and finished comes too late", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { cleanup: true })
    s.shard.exit(a, undefined, shutdown)
    await s.take()
    s.shard.exit(a, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["a dead Killed"])
    s.shard.finished(a)
    assert.deepStrictEqual(await s.take(), [])
  })

  it("stop is served in order behind what is queued", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { cleanup: true })
    s.tell(a, 1)
    s.shard.stop(a, normal)
    s.tell(a, 2)
    assert.deepStrictEqual(await s.take(), ["a got 1", "dead letter 2 to a Stopped", "a terminate Normal"])
    s.shard.finished(a)
    assert.deepStrictEqual(await s.take(), ["a dead Normal"])
  })

  it("an actor that ends itself finishes its handler, and handles nothing more", async () => {
    const s = makeSystem()
    const b = s.spawn("b")
    const a = s.spawn("a", (_, self) => {
      s.shard.exitSelf(self, normal)
      s.tell(b, "last words", self)
      s.tell(self, "too late", self)
    })
    s.tell(a, 1)
    s.tell(a, 2)
    assert.deepStrictEqual((await s.take()).sort(), [
      "a dead Normal",
      "a got 1",
      "b got last words from a",
      "dead letter 2 to a Stopped",
      "dead letter too late to a from a NotAlive"
    ])
  })

  it("G8: kill acts between two messages of one slice, also of a behaviour that is proven short", async () => {
    const s = makeSystem()
    const other = s.spawn("other")
    for (let i = 0; i < 40; i++) {
      s.tell(other, i)
      await s.settle()
    }
    await s.take()
    const a = s.spawn("a", (payload, self) => {
      if (payload === 1) s.shard.exit(self, undefined, killed)
    })
    for (const n of [0, 1, 2, 3]) s.tell(a, n)
    assert.deepStrictEqual(await s.take(), [
      "a got 0",
      "a got 1",
      "dead letter 2 to a Stopped",
      "dead letter 3 to a Stopped",
      "a dead Killed"
    ])
  })
})

describe("monitors", () => {
  it("M1: each monitor ends in one down: with the reason, or NoProc", async () => {
    const s = makeSystem()
    const w = s.spawn("w")
    const a = s.spawn("a")
    s.shard.monitor(w, a, 1)
    s.shard.monitor(w, a, 2)
    s.shard.watch(a, 9)
    s.shard.exitSelf(a, crashed("x"))
    assert.deepStrictEqual((await s.take()).sort(), [
      "a dead Crashed(x)",
      "down 9 of a Crashed(x)",
      "w down 1 of a Crashed(x)",
      "w down 2 of a Crashed(x)"
    ])
    s.shard.monitor(w, a, 3)
    s.shard.watch(a, 10)
    assert.deepStrictEqual((await s.take()).sort(), ["down 10 of a NoProc(true)", "w down 3 of a NoProc(true)"])
  })

  it("M2, M5: demonitor, also after the death, leaves exactly the other downs", async () => {
    const s = makeSystem()
    // The watcher waits, so that the downs are queued letters when the second is taken back.
    const w = s.spawn("w", (payload) => payload === "wait")
    const a = s.spawn("a")
    for (const ref of [1, 2, 3, 4]) s.shard.monitor(w, a, ref)
    assert.isTrue(s.shard.demonitor(w, 1))
    s.tell(w, "wait")
    await s.take()
    s.shard.exit(a, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["a dead Killed"])
    assert.strictEqual(s.shard.info(w)!.mailbox, 3)
    assert.isTrue(s.shard.demonitor(w, 3))
    assert.strictEqual(s.shard.info(w)!.mailbox, 2)
    s.shard.ready(w, 0)
    assert.deepStrictEqual(await s.take(), ["w down 2 of a Killed", "w down 4 of a Killed"])
    assert.isFalse(s.shard.demonitor(w, 2))
    assert.strictEqual(s.shard.stats().queued, 0)
  })

  it("an outside watch that was given up stays silent", async () => {
    const s = makeSystem()
    const a = s.spawn("a")
    s.shard.watch(a, 1)
    s.shard.watch(a, 2)
    s.shard.unwatch(1)
    s.shard.exit(a, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["a dead Killed", "down 2 of a Killed"])
  })

  it("M7: a monitor of oneself never fires, and a dead watcher hears nothing", async () => {
    const s = makeSystem()
    const [a, b] = [s.spawn("a"), s.spawn("b")]
    s.shard.monitor(a, a, 1)
    s.shard.monitor(a, b, 2)
    s.shard.exit(a, undefined, killed)
    await s.settle()
    s.shard.exit(b, undefined, killed)
    assert.deepStrictEqual(await s.take(), ["a dead Killed", "b dead Killed"])
  })

  it("M10: what the target sent before it died comes before its down, also a held message", async () => {
    const s = makeSystem()
    const w = s.spawn("w", (payload) => payload === "wait", { capacity: 1, onFull: 3 })
    s.tell(w, "wait")
    await s.take()
    const a = s.spawn("a", (_, self) => {
      s.tell(w, 1, self)
      s.tell(w, 2, self)
      s.shard.exitSelf(self, crashed("x"))
    })
    s.shard.monitor(w, a, 7)
    s.tell(a, "go")
    await s.take()
    s.shard.ready(w, 0)
    assert.deepStrictEqual(await s.take(), ["w got 1 from a", "w got 2 from a", "w down 7 of a Crashed(x)"])
  })

  it("a name is free, and timers are gone, before any signal of the death is seen", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { name: "n" })
    const w = s.spawn("w", undefined, { trapExit: true })
    s.shard.link(a, w)
    const seen: Array<unknown> = []
    s.onDead.push(() => seen.push(s.shard.whereis("n"), s.shard.stats().actors))
    s.shard.startTimer(a, 1, 10, false, 0, "tick", 0)
    s.shard.exit(a, undefined, killed)
    await s.take()
    assert.deepStrictEqual(seen, [undefined, 1])
    await s.advance(100)
    assert.deepStrictEqual(await s.take(), [])
  })
})

describe("names", () => {
  it("a name in use answers with its holder, and nothing was done", async () => {
    const s = makeSystem()
    const a = s.spawn("a", undefined, { name: "n" })
    const b = s.shard.reserve(s.newBound())
    const holder = s.shard.open(b, {
      name: "n",
      capacity: 1,
      onFull: 0,
      sendTimeout: 1,
      budget: 64,
      trapExit: false,
      cleanup: false,
      starting: false,
      parent: a,
      watcher: undefined,
      watchRef: 0
    })
    assert.strictEqual(holder, a.pid)
    assert.isFalse(s.shard.isAlive(b))
    assert.deepStrictEqual(s.shard.info(a)!.links, [])
    s.shard.release(b)
    assert.strictEqual(s.shard.stats().actors, 1)
  })
})
