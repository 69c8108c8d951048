// G220, G263: when the event loop has its turn. The handlers move the clock.
import { assert, describe, it } from "vitest"
import { setup, TestClock } from "./host.ts"

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe("G220: the event loop has its turn", () => {
  it("after some 0.4 ms of a flood that does not grow", async () => {
    const clock = new TestClock()
    const { membrane, send, spawn } = setup({ clock })
    const cells = Array.from({ length: 100 }, (_, at) =>
      spawn(() => {
        clock.time += 0.001
        send(cells[(at * 7 + 1) % 100]!, at)
      }))
    for (let i = 0; i < 4096; i++) send(cells[i % 100]!, i)
    for (let i = 0; i < 10; i++) await turn()
    const waits: Array<number> = []
    for (let i = 0; i < 50; i++) {
      const before = clock.time
      await turn()
      waits.push(clock.time - before)
    }
    assert.isAbove(Math.min(...waits), 0.39)
    assert.isBelow(Math.max(...waits), 1)
    await membrane.close()
  })

  it("later while more is sent from there than is handled, so that it does not pile up", async () => {
    const clock = new TestClock()
    const { host, membrane, send, spawn } = setup({ clock })
    const cells = Array.from({ length: 100 }, () => spawn(() => void (clock.time += 0.001)))
    let most = 0
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 1000; j++) send(cells[j % 100]!, j)
      await turn()
      most = Math.max(most, (i + 1) * 1000 - host.handled)
    }
    // A turn and what is sent beside it.
    assert.isAtMost(most, 2000)
    await membrane.close()
  })

  it("later until what has piled up is gone, while as much is sent as before", async () => {
    const clock = new TestClock()
    const { host, membrane, send, spawn } = setup({ clock })
    const cells = Array.from({ length: 100 }, () => spawn(() => void (clock.time += 0.001)))
    let sent = 0
    const produce = (n: number): void => {
      for (const end = sent + n; sent < end; sent++) send(cells[sent % 100]!, sent)
    }
    produce(50_000)
    for (let i = 0; i < 200; i++) {
      produce(1000)
      await turn()
    }
    assert.isAtMost(sent - host.handled, 2000)
    await membrane.close()
  })

  it("after 1.6 ms whatever is queued", async () => {
    const clock = new TestClock()
    const { membrane, send, spawn } = setup({ clock })
    const cells = Array.from({ length: 100 }, () => spawn(() => void (clock.time += 0.001)))
    const waits: Array<number> = []
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 5000; j++) send(cells[j % 100]!, j)
      const before = clock.time
      await turn()
      waits.push(clock.time - before)
    }
    assert.isBelow(Math.max(...waits), 2.2)
    await membrane.close()
  })

  it("G263: after some 0.3 ms whatever is queued, where somebody has work for many in its turns", async () => {
    const clock = new TestClock()
    const { membrane, send, spawn } = setup({ clock })
    const cells = Array.from({ length: 100 }, () => spawn(() => void (clock.time += 0.0007)))
    const waits: Array<number> = []
    membrane.hasten(true)
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 5000; j++) send(cells[j % 100]!, j)
      const before = clock.time
      await turn()
      waits.push(clock.time - before)
    }
    assert.isBelow(Math.max(...waits), 0.4)
    await membrane.close()
  })

  it("G263: in small steps, so that a machine that becomes slow is seen in time", async () => {
    const clock = new TestClock()
    const { membrane, send, spawn } = setup({ clock })
    let pace = 0
    const cells = Array.from({ length: 100 }, () => spawn(() => void (clock.time += pace)))
    const waits: Array<number> = []
    membrane.hasten(true)
    for (let i = 0; i < 40; i++) {
      pace = i % 8 === 7 ? 0.002 : 0.0001
      for (let j = 0; j < 5000; j++) send(cells[j % 100]!, j)
      const before = clock.time
      await turn()
      waits.push(clock.time - before)
    }
    assert.isBelow(Math.max(...waits), 0.6)
    await membrane.close()
  })
})
