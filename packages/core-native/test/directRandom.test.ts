/**
 * G206 under random programs: actors that send to each other in all lanes, wait, are suspended, killed and spawned anew,
 * while most messages need no way through the shard. What holds of every program is checked as it runs.
 */
import { assert, describe, it } from "vitest"
import { setup, type TestCell } from "./host.ts"

const PRIORITY = 1
const REENTRANT = 16
const KILLED = { _tag: "Killed" } as const
const ACTORS = 24
const MESSAGES = 6_000

interface Letter {
  readonly from: number
  readonly to: number
  readonly flags: number
  readonly number: number
}

const xorshift32 = (x: number): number => {
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  return x >>> 0
}

describe("G206: direct delivery", () => {
  it.each(Array.from({ length: 12 }, (_, at) => at + 1))("keeps the rules in random program %i", async (seed) => {
    // No handler is ever long, however busy the machine is.
    const { host, membrane, send, settled, spawn } = setup({ clock: { now: () => 0, wakeIn: () => {} } })
    let x = seed * 2_654_435_761 >>> 0 || 1
    const below = (n: number): number => (x = xorshift32(x)) % n
    // One behaviour: proven short by all of them together.
    const bound = { meter: undefined }
    const cells: Array<TestCell> = []
    const dead = new Set<TestCell>()
    const waiting = new Set<TestCell>()
    const suspended = new Set<TestCell>()
    const open = new Map<number, Letter>()
    const last = new Map<string, number>()
    const handled = new Map<TestCell, number>()
    let sent = 0

    const letter = (from: TestCell, to: TestCell): void => {
      if (sent === MESSAGES) return
      const flags = below(20) === 0 ? PRIORITY : below(20) === 0 ? REENTRANT : 0
      const number = ++sent
      open.set(number, { from: from.pid, to: to.pid, flags, number })
      assert.strictEqual(send(to, open.get(number), from, flags), 0)
    }
    const act = (cell: TestCell): boolean => {
      const other = (): TestCell => cells[below(cells.length)]!
      const fanOut = below(3)
      for (let i = 0; i < fanOut; i++) letter(cell, other())
      switch (below(150)) {
        case 0: {
          const victim = other()
          membrane.signals.exit(victim, undefined, KILLED)
          dead.add(victim)
          waiting.delete(victim)
          suspended.delete(victim)
          cells[cells.indexOf(victim)] = start()
          break
        }
        case 1: {
          const held = other()
          membrane.suspend(held)
          suspended.add(held)
          break
        }
        case 2:
          for (const held of suspended) membrane.resume(held)
          suspended.clear()
          break
        case 3:
          for (const held of waiting) membrane.ready(held, 0)
          waiting.clear()
          break
        case 4:
          if (dead.has(cell) || waiting.has(cell)) break
          waiting.add(cell)
          return true
      }
      return false
    }
    const start = (): TestCell => {
      const cell = spawn((payload) => {
        const { flags, from, number, to } = payload as Letter
        assert.strictEqual(to, cell.pid)
        assert.isFalse(dead.has(cell), "delivered to one that was killed")
        assert.isFalse(suspended.has(cell), "delivered to one that is suspended")
        assert.isTrue(!waiting.has(cell) || flags === REENTRANT, "delivered beside a handler that waits")
        assert.isTrue(open.delete(number), "delivered twice")
        // One that may re-enter passes others of its lane.
        if (flags !== REENTRANT) {
          const lane = `${from} ${to} ${flags}`
          assert.isAbove(number, last.get(lane) ?? 0, "out of order")
          last.set(lane, number)
        }
        handled.set(cell, (handled.get(cell) ?? 0) + 1)
        return act(cell)
      })
      ;(cell as { bound: object }).bound = bound
      return cell
    }
    for (let i = 0; i < ACTORS; i++) cells.push(start())
    while (sent < MESSAGES) {
      for (let i = 0; i < 50; i++) letter(cells[below(ACTORS)]!, cells[below(ACTORS)]!)
      await settled()
      for (const held of suspended) membrane.resume(held)
      suspended.clear()
      for (const held of waiting) membrane.ready(held, 0)
      waiting.clear()
    }
    // Each round may leave others waiting or suspended.
    for (let round = 0; round < 1_000 && open.size > host.letters.length; round++) {
      await settled()
      for (const held of suspended) membrane.resume(held)
      suspended.clear()
      for (const held of waiting) membrane.ready(held, 0)
      waiting.clear()
    }
    await settled()
    for (const { payload } of host.letters) assert.isTrue(open.delete((payload as Letter).number), "lost twice")
    assert.strictEqual(open.size, 0)
    for (const cell of cells) {
      assert.strictEqual(membrane.census.account(cell)?.reductions, handled.get(cell) ?? 0)
    }
    const { queued, slots } = membrane.census.stats()
    assert.deepStrictEqual({ queued, slots }, { queued: 0, slots: 0 })
    await membrane.close()
  })
})
