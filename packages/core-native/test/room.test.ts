/**
 * G205: room on the way to another isolate, by messages and by bytes. Two isolates of a system, both on this thread, so that
 * nothing is taken on the other side while the one sends.
 */
import { assert, describe, it } from "vitest"
import type { AwayHost } from "../src/host.ts"
import { load } from "../src/load.ts"
import { type Question, setup, type TestCell } from "./host.ts"

const WIRE = 0x8001
const ACCEPTED = 0
const MAILBOX_FULL = 1
/** Packets that are on the way before others wait beside it. */
const PATH = 1_100

const still = { now: () => 0, wakeIn: () => {} }

const pair = async () => {
  const system = load().openSystem()
  const here = setup({ clock: still, system })
  const there = setup({ clock: still, system })
  const got: Array<number> = []
  const lost: Array<unknown> = []
  const receiving = (deliver: (length: number) => void): AwayHost<TestCell, Question> => ({
    deliver: (_cell, _op, payload) => {
      if (typeof payload === "object") deliver("begin" in payload ? payload.end - payload.begin : payload.length)
      return false
    },
    replied: () => {},
    deadLetter: (...letter) => void lost.push(letter),
    up: () => {},
    down: () => {}
  })
  here.host.away = receiving((length) => void got.push(length))
  there.host.away = receiving(() => {})
  const receiver = here.spawn(() => {})
  await here.settled()
  await there.settled()
  await new Promise(setImmediate)
  const send = (payload: number | Uint8Array, from?: TestCell): number =>
    there.membrane.away.send(
      receiver.low,
      receiver.generation,
      WIRE,
      payload,
      from?.low ?? 0,
      from?.generation ?? 0,
      0
    )
  const close = async (): Promise<void> => {
    await there.membrane.close()
    await here.membrane.close()
  }
  return { close, got, here, lost, send, there }
}

const settled = async ({ here, there }: Awaited<ReturnType<typeof pair>>, done: () => boolean): Promise<void> => {
  while (!done()) {
    await here.settled()
    await there.settled()
    await new Promise(setImmediate)
  }
}

describe("G205: room between isolates", () => {
  it("what is accepted behind a large message arrives", async () => {
    const both = await pair()
    const { close, got, lost, send, there } = both
    for (let n = 0; n < PATH; n++) assert.strictEqual(send(n), ACCEPTED)
    const large = new Uint8Array(60 * 2 ** 20)
    const small = new Uint8Array(4_096)
    const sent: Array<number> = []
    const offer = (bytes: Uint8Array): void => void (send(bytes) === ACCEPTED && sent.push(bytes.length))
    // The second one fills the way, and nobody has looked since it was asked for the first.
    offer(large)
    offer(large)
    for (let n = 0; n < 500; n++) offer(small)
    assert.isAtLeast(sent.length, 2)
    await settled(both, () => got.length + lost.length >= sent.length)
    assert.deepStrictEqual(lost, [])
    assert.deepStrictEqual(got, sent)
    // And a sender that may be held goes on.
    const sender = there.spawn(() => {})
    assert.strictEqual(send(small, sender), ACCEPTED)
    await close()
  })

  it("G113: a way that is full of bytes refuses, and 64 MiB are on it at most, and one message", async () => {
    const both = await pair()
    const { close, got, lost, send } = both
    const large = new Uint8Array(40 * 2 ** 20)
    let accepted = 0
    while (send(large) === ACCEPTED) accepted++
    // One is on the way, and full of it; two wait beside it.
    assert.isAtMost(accepted, 5)
    assert.strictEqual(send(large), MAILBOX_FULL)
    assert.strictEqual(send(1), MAILBOX_FULL)
    await settled(both, () => got.length + lost.length >= accepted)
    assert.deepStrictEqual([got.length, lost.length], [accepted, 0])
    await close()
  })

  it("G140: after the end a message is a dead letter with its payload, however it would have travelled", async () => {
    const { close, here, send, there } = await pair()
    await there.membrane.close()
    const buried: Array<unknown> = []
    there.host.away = {
      ...there.host.away!,
      deadLetter: (_to, _from, _op, payload) => void buried.push(payload)
    }
    const small = Uint8Array.of(1, 2, 3)
    const large = new Uint8Array(10_000).fill(7)
    const packed = Object.assign(Uint8Array.of(4, 0, 0, 0, 0), { holdsBuffers: true as const })
    const sent = [7, small, large, packed]
    assert.deepStrictEqual(sent.map((payload) => send(payload)), sent.map(() => ACCEPTED))
    // What they were made of may be written to at once.
    large.fill(8)
    // More than there is room for.
    for (let n = 0; n < 200; n++) assert.strictEqual(send(new Uint8Array(4_000).fill(n)), ACCEPTED)
    assert.isFalse(there.membrane.away.reply(1, 0, packed))
    assert.isFalse(there.membrane.away.forward(1, here.spawn(() => {}).low, 1, WIRE, packed, 0, 0, 0))
    while (buried.length < sent.length + 200) await new Promise(setImmediate)
    assert.deepStrictEqual(
      buried.slice(0, 4).map((each) => typeof each === "object" ? [...each as Uint8Array] : each),
      [
        7,
        [1, 2, 3],
        Array.from({ length: 10_000 }, () => 7),
        [4, 0, 0, 0, 0]
      ]
    )
    assert.deepStrictEqual(
      buried.slice(4).map((each) => (each as Uint8Array)[0]),
      Array.from({ length: 200 }, (_, n) => n)
    )
    await close()
  })
})
