/**
 * G204: what an isolate at rest sends to another one leaves at once, and a busy one looks for what comes. G319: what handlers
 * send leaves before their batch is over. Two isolates of a
 * system, both on this thread, so that what the one has sent is there, or is not, whenever the other looks.
 */
import { assert, describe, it } from "vitest"
import { Completion } from "../src/generated/layout.ts"
import type { AwayHost } from "../src/host.ts"
import { load } from "../src/load.ts"
import { type Question, setup, type TestCell } from "./host.ts"
import { Isolate } from "./isolate.ts"

const wire = 0x8001

const still = { now: () => 0, wakeIn: () => {} }

const receiving = (deliver: (payload: unknown) => void): AwayHost<TestCell, Question> => ({
  deliver: (_cell, _op, payload) => {
    deliver(payload)
    return false
  },
  replied: () => {},
  deadLetter: () => {},
  up: () => {},
  down: () => {}
})

/** An isolate with an actor that others send numbers to, and one that sends from outside of any actor. */
const pair = async () => {
  const system = load().openSystem()
  const here = setup({ clock: still, system })
  const there = setup({ clock: still, system })
  const got: Array<unknown> = []
  here.host.away = receiving((payload) => void got.push(payload))
  there.host.away = receiving(() => {})
  const receiver = here.spawn(() => {})
  await here.settled()
  await there.settled()
  // Its loop is at rest.
  await new Promise(setImmediate)
  const send = (payload: number): number =>
    there.membrane.away.send(receiver.low, receiver.generation, wire, payload, 0, 0, 0)
  const close = async (): Promise<void> => {
    await there.membrane.close()
    await here.membrane.close()
  }
  return { here, there, receiver, got, send, close }
}

describe("G204: between isolates", () => {
  it("a busy isolate takes in what has come, however long its actors talk to each other", async () => {
    const { close, got, here, send } = await pair()
    let left = 1_000
    let sentAt = 0
    let gotAt = 0
    const chatty = here.spawn(() => {
      left--
      if (left === 500) {
        sentAt = left
        assert.strictEqual(send(7), 0)
      }
      if (gotAt === 0 && got.length > 0) gotAt = left
      if (left > 0) here.send(chatty, left)
    })
    here.send(chatty, 0)
    await here.host.until(() => left === 0)
    assert.deepStrictEqual(got, [7])
    assert.isAbove(gotAt, sentAt - 100)
    await close()
  })

  it("what is sent from outside leaves before the send returns, what follows leaves with the turn, in order", async () => {
    const { close, got, here, send } = await pair()
    const counts: Array<number> = []
    const chatty = here.spawn(() => {})
    let left = 400
    chatty.handler = () => {
      // The sender's own turn comes after this one's: what its loop has not placed yet stays where it is.
      if (left === 400) { for (const payload of [1, 2, 3]) assert.strictEqual(send(payload), 0) }
      counts.push(got.length)
      if (--left > 0) here.send(chatty, left)
    }
    here.send(chatty, 0)
    await here.host.until(() => left === 0)
    assert.strictEqual(counts.at(-1), 1)
    await new Promise(setImmediate)
    await here.settled()
    assert.deepStrictEqual(got, [1, 2, 3])
    await close()
  })

  it("one after the end is accepted and goes nowhere", async () => {
    const { close, got, here, send, there } = await pair()
    await there.membrane.close()
    assert.strictEqual(send(1), 0)
    await here.settled()
    assert.deepStrictEqual(got, [])
    await close()
  })
})

describe("G319: out of a batch", () => {
  it("what the first handler sends leaves before the next one runs, then that of two, of four, in order", async () => {
    const system = load().openSystem()
    const there = setup({ clock: still, system })
    there.host.away = receiving(() => {})
    const got: Array<number> = []
    const here = new Isolate(system, ({ kind, number }) => {
      if (kind === Completion.Message) got.push(number)
    })
    const receiver = here.spawn()
    here.turn()
    const counts: Array<number> = []
    const senders = Array.from({ length: 12 }, (_, index) =>
      there.spawn(() => {
        // It takes in what has left, in the middle of the other one's batch.
        here.turn()
        counts.push(got.length)
        assert.strictEqual(
          there.membrane.away.send(receiver % 2 ** 32, Math.floor(receiver / 2 ** 32), wire, index, 0, 0, 0),
          0
        )
      }))
    await there.settled()
    await new Promise(setImmediate)
    for (const sender of senders) there.send(sender, 0)
    await there.host.until(() => counts.length === senders.length)
    await there.settled()
    here.turn()
    assert.deepStrictEqual(got, senders.map((_, index) => index))
    assert.deepStrictEqual(counts, [0, 1, 1, 3, 3, 3, 3, 7, 7, 7, 7, 7])
    await there.membrane.close()
    here.close()
  })

  it("what is left of it leaves before the event loop has its turn", async () => {
    const system = load().openSystem()
    let time = 0
    const there = setup({ clock: { now: () => time, wakeIn: () => {} }, system })
    there.host.away = receiving(() => {})
    const got: Array<number> = []
    const here = new Isolate(system, ({ kind, number }) => {
      if (kind === Completion.Message) got.push(number)
    })
    const receiver = here.spawn()
    here.turn()
    let handled = 0
    const senders = Array.from({ length: 2 }, (_, index) =>
      there.spawn(() => {
        there.membrane.away.send(receiver % 2 ** 32, Math.floor(receiver / 2 ** 32), wire, index, 0, 0, 0)
        if (++handled === 2) time += 10
      }))
    await there.settled()
    await new Promise(setImmediate)
    for (const sender of senders) there.send(sender, 0)
    await there.host.until(() => handled === 2)
    here.turn()
    assert.deepStrictEqual(got, [0, 1])
    await there.membrane.close()
    here.close()
  })
})
