/**
 * G221: a question to an actor at rest, of whoever helps, does not go through the shard. What is the same with and
 * without is in `Membrane.test.ts`; here is what would differ if the call were forgotten, or overtook what came before.
 */
import { assert, describe, it } from "vitest"
import { type Question, setup, type TestCell, TestClock } from "./host.ts"

type Bench = ReturnType<typeof setup>
const KILLED = { _tag: "Killed" } as const

/** Sends until the handlers are proven short and nothing of the actors is in doubt. */
const prove = async ({ host, send }: Bench, cells: ReadonlyArray<TestCell>): Promise<void> => {
  for (const cell of cells) {
    const { handler } = cell
    let left = 100
    cell.handler = () => {
      if (--left > 0) send(cell, "proof")
    }
    send(cell, "proof")
    await host.until(() => left === 0)
    cell.handler = handler
  }
}

const bench = async (actors = 1): Promise<Bench & { readonly cells: ReadonlyArray<TestCell>; clock: TestClock }> => {
  const clock = new TestClock()
  const made = setup({ clock })
  const cells = Array.from({ length: actors }, () => made.spawn(() => {}))
  await prove(made, cells)
  await made.settled()
  return { ...made, cells, clock }
}

/** Asks as a caller that helps. Whether the event loop has had its turn is not the question here. */
const askHelping = async ({ ask, membrane }: Bench, cell: TestCell, payload: unknown, timeout?: number) => {
  while (!membrane.canHelp()) await new Promise((resolve) => setImmediate(resolve))
  const asked = ask(cell, payload, undefined, timeout)
  assert.strictEqual(asked.outcome, 0)
  membrane.help(asked.call)
  return asked
}

describe("G221: a question on the stack of who asks", () => {
  it("is answered and counted, of one callee and of many by turns, and leaves nothing behind", async () => {
    const it = await bench(100)
    const got: Array<number> = []
    it.cells.forEach((cell, at) => {
      cell.handler = (_, call) => {
        got.push(at)
        it.membrane.answered(call!)
      }
    })
    for (let i = 0; i < 1000; i++) await askHelping(it, it.cells[0]!, i)
    for (let i = 0; i < 1000; i++) await askHelping(it, it.cells[i % 100]!, i)
    assert.strictEqual(got.length, 2000)
    assert.strictEqual(it.membrane.census.account(it.cells[0]!)!.reductions, 100 + 1000 + 10)
    assert.strictEqual(it.membrane.census.account(it.cells[99]!)!.reductions, 100 + 10)
    const { calls, queued, slots } = it.membrane.census.stats()
    assert.deepStrictEqual({ calls, queued, slots }, { calls: 0, queued: 0, slots: 0 })
    await it.membrane.close()
  })

  it("G6: comes behind what was sent before", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    const got: Array<unknown> = []
    cell.handler = (payload, call) => {
      got.push(payload)
      if (call !== undefined) it.membrane.answered(call)
    }
    for (let i = 0; i < 50; i++) {
      while (!it.membrane.canHelp()) await new Promise((resolve) => setImmediate(resolve))
      it.send(cell, `told ${i}`)
      await askHelping(it, cell, `asked ${i}`)
    }
    assert.deepStrictEqual(got, Array.from({ length: 100 }, (_, i) => `${i % 2 === 0 ? "told" : "asked"} ${i >> 1}`))
    await it.membrane.close()
  })

  it("G106: is counted while its handler runs, which may have everything ingested and answer then", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    const seen: Array<number> = []
    cell.handler = (_, call) => {
      const { calls } = it.membrane.census.stats()
      seen.push(it.membrane.census.account(cell)!.reductions, calls)
      it.membrane.answered(call!)
    }
    for (let i = 0; i < 3; i++) await askHelping(it, cell, i)
    assert.deepStrictEqual(seen, [101, 1, 102, 1, 103, 1])
    assert.strictEqual(it.membrane.census.stats().calls, 0)
    await it.membrane.close()
  })

  it("G19: one that has no answer yet ends with its callee, whether that ends itself or is killed", async () => {
    const it = await bench(2)
    const [self, victim] = it.cells as [TestCell, TestCell]
    self.handler = () => it.membrane.exitSelf(self, { _tag: "Shutdown" })
    assert.deepStrictEqual(await (await askHelping(it, self, 1)).ended, { end: 1, reason: { _tag: "Shutdown" } })
    const { ended } = await askHelping(it, victim, 1)
    it.membrane.signals.exit(victim, undefined, KILLED)
    assert.deepStrictEqual(await ended, { end: 1, reason: KILLED })
    // And one to somebody who has gone is not delivered.
    const after = await askHelping(it, victim, 1)
    assert.deepStrictEqual(await after.ended, { end: 1, reason: { _tag: "NoProc", everExisted: true } })
    await it.membrane.close()
  })

  it("G20, G21: one that has no answer ends in time, and its late answer finds nobody", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    let late: Question | undefined
    cell.handler = (_, call) => {
      late ??= call
      if (call !== late) it.membrane.answered(call!)
    }
    const { ended } = await askHelping(it, cell, 1, 50)
    // Its callee goes on.
    await askHelping(it, cell, 2)
    await it.settled()
    it.clock.advance(70)
    assert.deepStrictEqual(await ended, { end: 2, reason: undefined })
    it.membrane.answered(late!)
    await askHelping(it, cell, 3)
    assert.strictEqual(it.membrane.census.stats().calls, 0)
    await it.membrane.close()
  })

  it("G7: does not enter while a handler waits, nor while its callee is suspended", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    const got: Array<unknown> = []
    cell.handler = (payload, call) => {
      got.push(payload)
      it.membrane.answered(call!)
      return payload === "waits"
    }
    await askHelping(it, cell, "waits")
    const behind = (await askHelping(it, cell, "behind")).call
    await it.settled()
    assert.deepStrictEqual(got, ["waits"])
    it.membrane.ready(cell, 0)
    await it.host.until(() => got.length === 2)
    assert.notStrictEqual(behind.token, 0)
    it.membrane.suspend(cell)
    await askHelping(it, cell, "held")
    await it.settled()
    assert.deepStrictEqual(got, ["waits", "behind"])
    it.membrane.resume(cell)
    await it.host.until(() => got.length === 3)
    await it.membrane.close()
  })

  it("G8: what its handler does to others comes before the next question", async () => {
    const it = await bench(2)
    const [killer, victim] = it.cells as [TestCell, TestCell]
    let late = 0
    victim.handler = () => void late++
    killer.handler = (_, call) => {
      it.membrane.signals.exit(victim, undefined, KILLED)
      it.membrane.answered(call!)
    }
    await askHelping(it, killer, 1)
    const { ended } = await askHelping(it, victim, 1)
    assert.strictEqual((await ended).end, 1)
    assert.strictEqual(late, 0)
    await it.membrane.close()
  })

  it("G50: each is measured; a long one is reported, and charged to its actor alone", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    cell.handler = (_, call) => {
      it.clock.time += 20
      it.membrane.answered(call!)
    }
    for (let i = 0; i < 20; i++) await askHelping(it, cell, i)
    assert.deepStrictEqual(it.host.long, Array.from({ length: 20 }, () => 20))
    const { millis } = it.membrane.census.account(cell)!
    assert.isAtLeast(millis, 400)
    assert.isBelow(millis, 401)
    await it.membrane.close()
  })

  it("nobody helps from inside of it, and a host that throws leaves the loop as it was", async () => {
    const it = await bench()
    const [cell] = it.cells as [TestCell]
    const may: Array<boolean> = []
    const boom = new Error("of the host")
    const seen: Array<unknown> = []
    const before = process.listeners("unhandledRejection")
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => void seen.push(error))
    try {
      cell.handler = (payload, call) => {
        may.push(it.membrane.canHelp())
        if (payload === "throw") throw boom
        it.membrane.answered(call!)
      }
      await askHelping(it, cell, "throw")
      await askHelping(it, cell, "answer")
      await it.settled()
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepStrictEqual(may, [false, false])
      assert.deepStrictEqual(seen, [boom])
    } finally {
      process.removeAllListeners("unhandledRejection")
      for (const listener of before) process.on("unhandledRejection", listener)
    }
    await it.membrane.close()
  })
})
