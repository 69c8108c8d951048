// The failure that an actor ended by last is told to the shard once, and comes back as itself each time.
import { afterEach, assert, it } from "vitest"
import type { NativeShard, ReasonData } from "../src/binding.ts"
import type { ExitReason } from "../src/ExitReason.ts"
import { load } from "../src/load.ts"
import { setup, type TestCell } from "./host.ts"

const shards: NativeShard = load().NativeShard.prototype
const { keepReason, reason } = shards
/** What crossed: how often a failure was told, and how often it was asked for. */
const crossed = { kept: 0, asked: 0 }

afterEach(() => {
  Object.assign(shards, { keepReason, reason })
})

const failure = (message: string, stack?: string): ExitReason => {
  const error = { name: "Error", message, language: "typescript" as const }
  return { _tag: "Crashed", error: stack === undefined ? error : { ...error, stack } }
}

/** The ends of its actors, in order; an actor ends by what it is sent. */
const ends = () => {
  Object.assign(crossed, { kept: 0, asked: 0 })
  Object.assign(shards, {
    keepReason(this: NativeShard, data: ReasonData) {
      crossed.kept++
      return keepReason.call(this, data)
    },
    reason(this: NativeShard, word: number) {
      crossed.asked++
      return reason.call(this, word)
    }
  })
  const system = setup()
  const { host, membrane } = system
  const seen: Array<ExitReason> = []
  const dead = host.dead.bind(host)
  host.dead = (cell, reason) => {
    seen.push(reason)
    dead(cell, reason)
  }
  const spawn = (cleanup = false): TestCell => {
    const cell: TestCell = system.spawn((payload) => membrane.exitSelf(cell, payload as ExitReason), { cleanup })
    return cell
  }
  const end = async (...reasons: ReadonlyArray<ExitReason>): Promise<void> => {
    const target = seen.length + reasons.length
    for (const reason of reasons) system.send(spawn(), reason)
    await host.until(() => seen.length >= target)
  }
  return { ...system, spawn, seen, end }
}

it("a failure that comes again crosses once, whatever object it is", async () => {
  const { end, membrane, seen } = ends()
  const given = Array.from({ length: 5 }, () => failure("a", "at a"))
  for (const reason of given) await end(reason)
  assert.deepStrictEqual(seen, given)
  assert.deepStrictEqual(crossed, { kept: 1, asked: 0 })
  assert.isTrue(Object.isFrozen(seen[0]), "one object stands for many ends")
  await membrane.close()
})

it("a failure that its shard would change is asked back for", async () => {
  const { end, membrane, seen } = ends()
  await end(failure("half of \ud83d", "at \udc00"), failure("whole: \u{1f600}"))
  assert.deepStrictEqual(seen, [failure("half of \ufffd", "at \ufffd"), failure("whole: \u{1f600}")])
  assert.strictEqual(crossed.asked, 1)
  await membrane.close()
})

it("what is done to a failure after the end by it changes no end", async () => {
  const { end, membrane, seen } = ends()
  const error = { name: "Error", message: "a", language: "typescript" as const, more: 1 }
  await end({ _tag: "Crashed", error })
  error.message = "b"
  assert.deepStrictEqual(seen, [failure("a")])
  await end({ _tag: "Crashed", error })
  assert.deepStrictEqual(seen, [failure("a"), failure("b")])
  await membrane.close()
})

it("each actor ends by its own failure, also where several come between two ticks", async () => {
  const { end, membrane, seen } = ends()
  const given = [failure("a"), failure("b"), failure("b", "at b"), failure("a"), failure("a"), failure("b")]
  await end(...given)
  await end(...given)
  assert.deepStrictEqual(seen, [...given, ...given])
  await membrane.close()
})

it("whoever still cleans up ends by the failure that was kept before", async () => {
  const { end, host, membrane, seen, send, spawn } = ends()
  const cleaning: Array<TestCell> = []
  host.terminate = (cell) => void cleaning.push(cell)
  send(spawn(true), failure("first"))
  await end(failure("second"), failure("third"))
  assert.strictEqual(cleaning.length, 1)
  membrane.finished(cleaning[0]!)
  await end(failure("fourth"))
  await host.until(() => seen.length === 4)
  assert.sameDeepMembers(seen, ["first", "second", "third", "fourth"].map((message) => failure(message)))
  await membrane.close()
})
