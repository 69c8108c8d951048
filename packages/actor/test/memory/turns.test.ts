// G220, G263: when the event loop has its turn, of the twin. The handlers move the clock.
import { assert, describe, it } from "vitest"
import type { Cell } from "../../src/internal/cell.ts"
import { makeSystem } from "./harness.ts"

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A hundred actors whose handlers take a microsecond, and how many messages they have handled. */
const crowd = (s: ReturnType<typeof makeSystem>) => {
  const count = { handled: 0 }
  const cells = Array.from({ length: 100 }, () =>
    s.spawn("busy", () => {
      s.clock.time += 0.001
      count.handled++
    }))
  return { cells, count }
}

describe("G220: the event loop has its turn", () => {
  it("after some 0.4 ms of a flood that does not grow", async () => {
    const s = makeSystem()
    let left = 100_000
    const cells: ReadonlyArray<Cell> = Array.from({ length: 100 }, (_, at) =>
      s.spawn("relay", () => {
        s.clock.time += 0.001
        if (--left > 0) s.tell(cells[(at * 7 + 1) % 100]!, at)
      }))
    for (let i = 0; i < 4096; i++) s.tell(cells[i % 100]!, i)
    for (let i = 0; i < 10; i++) await turn()
    const waits: Array<number> = []
    for (let i = 0; i < 50; i++) {
      const before = s.clock.time
      await turn()
      waits.push(s.clock.time - before)
    }
    assert.isAbove(Math.min(...waits), 0.39)
    assert.isBelow(Math.max(...waits), 1)
    left = 0
    await s.settle()
  })

  it("later while more is sent from there than is handled, so that it does not pile up", async () => {
    const s = makeSystem()
    const { cells, count } = crowd(s)
    let most = 0
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 1000; j++) s.tell(cells[j % 100]!, j)
      await turn()
      most = Math.max(most, (i + 1) * 1000 - count.handled)
    }
    // A turn and what is sent beside it.
    assert.isAtMost(most, 2000)
  })

  it("later until what has piled up is gone, while as much is sent as before", async () => {
    const s = makeSystem()
    const { cells, count } = crowd(s)
    let sent = 0
    const produce = (n: number): void => {
      for (const end = sent + n; sent < end; sent++) s.tell(cells[sent % 100]!, sent)
    }
    produce(50_000)
    for (let i = 0; i < 200; i++) {
      produce(1000)
      await turn()
    }
    assert.isAtMost(sent - count.handled, 2000)
    await s.settle()
  })

  it("after 1.6 ms whatever is queued", async () => {
    const s = makeSystem()
    const cells = Array.from({ length: 100 }, () => s.spawn("busy", () => void (s.clock.time += 0.001)))
    const waits: Array<number> = []
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 5000; j++) s.tell(cells[j % 100]!, j)
      const before = s.clock.time
      await turn()
      waits.push(s.clock.time - before)
    }
    assert.isBelow(Math.max(...waits), 2.2)
    await s.settle()
  })

  // Those of 2 us are measured one by one, and the others many at a time.
  it.each([0.00025, 0.001, 0.002])(
    "G263: after some 0.3 ms whatever is queued, where somebody has work for many in its turns (handlers of %f ms)",
    async (took) => {
      const s = makeSystem()
      const cells = Array.from({ length: 100 }, () => s.spawn("busy", () => void (s.clock.time += took)))
      const waits: Array<number> = []
      s.shard.hasten(true)
      for (let i = 0; i < 20; i++) {
        for (let j = 0; j < 5000; j++) s.tell(cells[j % 100]!, j)
        const before = s.clock.time
        await turn()
        waits.push(s.clock.time - before)
      }
      assert.isBelow(Math.max(...waits), 0.4)
      await s.settle()
    }
  )
})
