// G263: whoever works through many in turns of the event loop has each of them in time.
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Cell } from "../src/internal/cell.ts"
import { Turn } from "../src/internal/turn.ts"

it.effect("G263: who waits for its turn says so, and that it waits no longer, also when it gives up", () =>
  Effect.gen(function*() {
    const told: Array<boolean> = []
    let time = 0
    const host = { clock: { now: () => time += 0.1 }, shard: { hasten: (waits: boolean) => told.push(waits) } }
    const cell = { host } as unknown as Cell
    const turn = new Turn()
    while (!turn.step(cell));
    assert.deepStrictEqual(told, [])
    yield* turn.next
    assert.deepStrictEqual(told, [true, false])
    assert.isFalse(turn.step(cell), "a new turn has its own time")
    while (!turn.step(cell));
    const waiting = yield* Effect.forkChild(turn.next, { startImmediately: true })
    assert.deepStrictEqual(told, [true, false, true])
    yield* Fiber.interrupt(waiting)
    assert.deepStrictEqual(told, [true, false, true, false])
  }))
