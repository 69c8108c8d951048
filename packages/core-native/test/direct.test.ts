/**
 * G206: messages to actors with nothing queued do not go through the shard. What is the same with and without is in
 * `Membrane.test.ts`; here is what would differ if the way around the shard were taken where it must not be.
 */
import { assert, describe, it } from "vitest"
import { setup, type TestCell, TestClock } from "./host.ts"

type Setup = ReturnType<typeof setup>

/** No handler is ever long, however busy the machine is. */
const still = (): Setup => setup({ clock: { now: () => 0, wakeIn: () => {} } })

/** Sends until the handlers are proven short and no message needs the shard any more. */
const prove = async ({ host, send }: Setup, cells: ReadonlyArray<TestCell>): Promise<void> => {
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

const reductionsOf = ({ membrane }: Setup, cell: TestCell): number => membrane.census.account(cell)!.reductions

/** So many messages to 32 actors in turn, each handled in so many ms of virtual time: in which order they were. */
const delivered = async (count: number, pace: number): Promise<ReadonlyArray<unknown>> => {
  const clock = new TestClock()
  const bench = setup({ clock })
  const { host, membrane, send, spawn } = bench
  const cells = Array.from({ length: 32 }, () => spawn(() => {}))
  await prove(bench, cells)
  const got: Array<unknown> = []
  for (const cell of cells) {
    cell.handler = (payload) => {
      clock.time += pace
      got.push(payload)
    }
  }
  for (let at = 0; at < count; at++) send(cells[at % 32]!, at)
  await host.until(() => got.length === count)
  await membrane.close()
  return got
}

describe("G206: direct delivery", () => {
  it("serves in the order of the sends, which the shard does not", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const got: Array<string> = []
    const cells = [spawn(() => {}), spawn(() => {})]
    const served = async (): Promise<string> => {
      cells.forEach((cell, at) => (cell.handler = (payload) => void got.push(`${at}${String(payload)}`)))
      for (const payload of ["a", "b"]) for (const cell of cells) send(cell, payload)
      await host.until(() => got.length === 4)
      return got.splice(0).join(" ")
    }
    assert.strictEqual(await served(), "0a 0b 1a 1b")
    await prove(bench, cells)
    assert.strictEqual(await served(), "0a 1a 0b 1b")
    await membrane.close()
  })

  it("G220: goes on while the event loop may wait: what is left to the shard would draw all that follows after it", async () => {
    const got = await delivered(1000, 0.0009)
    assert.deepStrictEqual(got, Array.from({ length: 1000 }, (_, at) => at))
  })

  it("leaves the rest to the shard after a millisecond, so that timers are looked at", async () => {
    const got = await delivered(1000, 0.002)
    const turned = got.findIndex((payload, at) => payload !== at)
    assert.isAtLeast(turned, 500)
    assert.isAtMost(turned, 500 + 64)
  })

  it("a conversation of thousands is counted to the message", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    let left = 20_000
    const cells: Array<TestCell> = [0, 1].map(() => spawn(() => {}))
    await prove(bench, cells)
    cells.forEach((cell, at) => {
      cell.handler = () => {
        if (left-- > 0) send(cells[1 - at]!, { at }, cell)
      }
    })
    send(cells[0]!, "serve")
    await host.until(() => left < 0)
    assert.deepStrictEqual(cells.map((cell) => reductionsOf(bench, cell)), [10_101, 10_100])
    const { queued, slots } = membrane.census.stats()
    assert.deepStrictEqual({ queued, slots }, { queued: 0, slots: 0 })
    await membrane.close()
  })

  it("G106: an account counts the message in hand, asked for in the middle of it", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const cell = spawn(() => {})
    await prove(bench, [cell])
    const seen: Array<number> = []
    cell.handler = () => void seen.push(reductionsOf(bench, cell))
    for (let i = 0; i < 10; i++) send(cell, i)
    await host.until(() => seen.length === 10)
    assert.deepStrictEqual(seen, [101, 102, 103, 104, 105, 106, 107, 108, 109, 110])
    await membrane.close()
  })

  it("keeps the order of one receiver when its first messages had to go through the shard", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const proven = Array.from({ length: 8 }, () => spawn(() => {}))
    await prove(bench, proven)
    const got: Array<number> = []
    const fresh = spawn((payload) => void got.push(payload as number))
    await bench.settled()
    // One after the other they send to it; it is unknown to the way around when the first message comes.
    proven.forEach((cell, at) => (cell.handler = () => void send(fresh, at * 2 + 1)))
    proven.forEach((cell, at) => {
      send(fresh, at * 2 - 16)
      send(cell, undefined)
    })
    await host.until(() => got.length === 16)
    assert.deepStrictEqual(got.filter((value) => value < 0), [-16, -14, -12, -10, -8, -6, -4, -2])
    // Each is of another sender.
    assert.deepStrictEqual(got.filter((value) => value > 0).sort((a, b) => a - b), [1, 3, 5, 7, 9, 11, 13, 15])
    await membrane.close()
  })

  it("G11: what is urgent overtakes what waits in the ring", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const got: Array<unknown> = []
    const cell = spawn(() => {})
    await prove(bench, [cell])
    cell.handler = (payload) => void got.push(payload)
    send(cell, "a")
    send(cell, "b")
    send(cell, "urgent", undefined, 1)
    await host.until(() => got.length === 3)
    assert.deepStrictEqual(got, ["urgent", "a", "b"])
    await membrane.close()
  })

  it("G8: a kill by a handler acts before the next message of the ring", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const [killer, victim] = [spawn(() => {}), spawn(() => {})]
    await prove(bench, [killer, victim])
    let late = 0
    victim.handler = () => void late++
    killer.handler = () => membrane.signals.exit(victim, undefined, { _tag: "Killed" })
    send(killer, undefined)
    for (let i = 0; i < 5; i++) send(victim, i)
    await host.until(() => host.letters.length === 5)
    assert.strictEqual(late, 0)
    assert.deepStrictEqual(host.letters.map((letter) => letter.payload), [0, 1, 2, 3, 4])
    await membrane.close()
  })

  it("G7: nothing enters while a handler waits, nor while it is suspended", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const got: Array<unknown> = []
    const cell = spawn(() => {})
    await prove(bench, [cell])
    cell.handler = (payload) => {
      got.push(payload)
      return payload === "waits"
    }
    send(cell, "waits")
    send(cell, "behind")
    await bench.settled()
    send(cell, "later")
    await bench.settled()
    assert.deepStrictEqual(got, ["waits"])
    membrane.ready(cell, 0)
    await host.until(() => got.length === 3)
    membrane.suspend(cell)
    send(cell, "held")
    await bench.settled()
    assert.deepStrictEqual(got, ["waits", "behind", "later"])
    membrane.resume(cell)
    await host.until(() => got.length === 4)
    await membrane.close()
  })

  it("G109: a flooded actor has its turn, then others theirs; one with a budget of its own never goes around", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const order: Array<string> = []
    const [flooded, light] = [spawn(() => {}), spawn(() => {})]
    const weighted = spawn(() => {}, { budget: 2 })
    await prove(bench, [flooded, light, weighted])
    flooded.handler = () => void order.push("flooded")
    weighted.handler = () => void order.push("weighted")
    light.handler = () => void order.push("light")
    for (let i = 0; i < 500; i++) send(flooded, i)
    send(light, undefined)
    await host.until(() => order.length === 501)
    // A turn on the way around, and one of the shard.
    assert.isAtMost(order.indexOf("light"), 128)
    order.length = 0
    for (let i = 0; i < 50; i++) send(weighted, i)
    send(light, undefined)
    await host.until(() => order.length === 51)
    assert.isAtMost(order.indexOf("light"), 2)
    await membrane.close()
  })

  it("G50: one that took long among short ones is in doubt, and the next time it is reported", async () => {
    let time = 0
    const bench = setup({ clock: { now: () => time, wakeIn: () => {} } })
    const { host, membrane, send, spawn } = bench
    const cell = spawn(() => {})
    await prove(bench, [cell])
    let done = 0
    cell.handler = () => {
      time += 20
      done++
    }
    send(cell, undefined)
    await host.until(() => done === 1)
    send(cell, undefined)
    await host.until(() => done === 2)
    await bench.settled()
    assert.deepStrictEqual(host.long, [20, 20])
    assert.isAtLeast(membrane.census.account(cell)!.millis, 39)
    await membrane.close()
  })

  it("what is left in the ring at the end is a dead letter once", async () => {
    const bench = still()
    const { host, membrane, send, spawn } = bench
    const cell = spawn(() => {})
    await prove(bench, [cell])
    let closing: Promise<void> | undefined
    cell.handler = (payload) => {
      if (payload === 3) closing = membrane.close()
    }
    const before = host.handled
    for (let i = 0; i < 10; i++) send(cell, i)
    await host.until(() => closing !== undefined)
    await closing
    assert.strictEqual(host.handled - before + host.letters.length, 10)
    assert.deepStrictEqual(host.letters.map((letter) => letter.payload), [4, 5, 6, 7, 8, 9])
  })
})
