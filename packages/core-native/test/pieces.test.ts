/**
 * G237: bytes that a receiver keeps are its own, though those of many messages share memory. Two isolates of a system, both
 * on this thread, so that a batch is what the test makes it.
 */
import { assert, describe, it } from "vitest"
import type { Lent } from "../src/border.ts"
import { load } from "../src/load.ts"
import { setup } from "./host.ts"

const wire = 0x8001
const still = { now: () => 0, wakeIn: () => {} }

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

/** Sends payloads of these lengths, the first filled with 1; what was kept of each, and how it leaves. */
const keeping = async () => {
  const system = load().openSystem()
  const here = setup({ clock: still, system })
  const there = setup({ clock: still, system })
  const kept: Array<Uint8Array<ArrayBuffer>> = []
  const nobody = { replied: () => {}, deadLetter: () => {}, up: () => {}, down: () => {} }
  here.host.away = {
    ...nobody,
    deliver: (_cell, _op, payload) => {
      const lent = payload as Lent
      kept.push(lent.keep(lent.begin, lent.end - lent.begin))
      return false
    }
  }
  there.host.away = { ...nobody, deliver: () => false }
  const receiver = here.spawn(() => {})
  await here.settled()
  await there.settled()
  await new Promise(setImmediate)
  let sent = 0
  const send = async (lengths: ReadonlyArray<number>): Promise<void> => {
    for (const length of lengths) {
      const bytes = filled(length, ++sent & 0xff)
      assert.strictEqual(there.membrane.away.send(receiver.low, receiver.generation, wire, bytes, 0, 0, 0), 0)
    }
    while (kept.length < sent) await new Promise(setImmediate)
  }
  const close = async (): Promise<void> => {
    await there.membrane.close()
    await here.membrane.close()
  }
  return { kept, send, close }
}

const intact = (kept: ReadonlyArray<Uint8Array>): void => {
  for (const [at, bytes] of kept.entries()) {
    assert.deepStrictEqual(bytes, filled(bytes.length, (at + 1) & 0xff), `payload ${at}`)
  }
}

describe("G237: bytes that are kept", () => {
  it("stay what they were, whatever comes later, of whatever length", async () => {
    const { close, kept, send } = await keeping()
    const lengths = [0, 1, 64, 65, 100, 2_048, 2_049, 4_000, 65, 300]
    for (let batch = 0; batch < 20; batch++) await send(lengths)
    assert.deepStrictEqual(kept.map((bytes) => bytes.length), Array.from({ length: 20 }, () => lengths).flat())
    intact(kept)
    await close()
  })

  it("of a batch share memory, of at most 8 KiB; those of 64 bytes and less, or of more than 2 KiB, do not", async () => {
    const { close, kept, send } = await keeping()
    await send(Array.from({ length: 500 }, () => 100))
    // The first one leaves by itself.
    const buffers = new Set(kept.map((bytes) => bytes.buffer))
    assert.isBelow(buffers.size, 20)
    for (const buffer of buffers) assert.isAtMost(buffer.byteLength, 8_192)
    await send([64, 64, 64, 2_049, 2_049])
    for (const { buffer, length } of kept.slice(500)) assert.strictEqual(buffer.byteLength, length)
    intact(kept)
    await close()
  })

  it("cannot be transferred where others are in the same memory, and are nobody else's where they are alone", async () => {
    const { close, kept, send } = await keeping()
    await send([100])
    const [alone] = kept
    assert.strictEqual(structuredClone(alone!, { transfer: [alone!.buffer] }).length, 100)
    assert.strictEqual(alone!.length, 0)
    await send([100, 100, 100, 100])
    const shared = kept.find(({ buffer, length }) => buffer.byteLength > length)!
    assert.throws(() => structuredClone(shared, { transfer: [shared.buffer] }))
    const { buffer }: { readonly buffer: ArrayBuffer & { readonly transfer?: () => ArrayBuffer } } = shared
    assert.throws(() => buffer.transfer!())
    for (const [at, bytes] of kept.slice(1).entries()) assert.deepStrictEqual(bytes, filled(100, at + 2))
    await close()
  })
})
