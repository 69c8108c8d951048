// The failures that actors ended by last stay with their isolate, and come back as themselves each time.
import { afterEach, assert, describe, it } from "vitest"
import type { NativeShard, ReasonData } from "../src/binding.ts"
import type { ExitReason } from "../src/ExitReason.ts"
import { load } from "../src/load.ts"
import { setup, type TestCell } from "./host.ts"

const shards: NativeShard = load().NativeShard.prototype
const { holdReason, reason, tellReason } = shards
/** What crossed: words that were taken, failures that were told, and those that were asked for. */
const crossed = { held: 0, told: 0, asked: 0 }

afterEach(() => {
  Object.assign(shards, { holdReason, reason, tellReason })
})

const failure = (message: string, stack?: string): ExitReason => {
  const error = { name: "Error", message, language: "typescript" as const }
  return { _tag: "Crashed", error: stack === undefined ? error : { ...error, stack } }
}

/** The ends of its actors, in order; an actor ends by what it is sent. */
const ends = (joined?: number) => {
  Object.assign(crossed, { held: 0, told: 0, asked: 0 })
  Object.assign(shards, {
    holdReason(this: NativeShard, data?: ReasonData) {
      crossed.held++
      if (data !== undefined) crossed.told++
      return holdReason.call(this, data)
    },
    tellReason(this: NativeShard, word: number, data: ReasonData) {
      crossed.told++
      tellReason.call(this, word, data)
    },
    reason(this: NativeShard, word: number) {
      crossed.asked++
      return reason.call(this, word)
    }
  })
  const system = setup(joined === undefined ? {} : { system: joined })
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

it("a failure that comes again has one word, whatever object it is, and a shard that is alone is not told it", async () => {
  const { end, membrane, seen } = ends()
  const given = Array.from({ length: 5 }, () => failure("a", "at a"))
  for (const reason of given) await end(reason)
  assert.deepStrictEqual(seen, given)
  assert.deepStrictEqual(crossed, { held: 1, told: 0, asked: 0 })
  assert.isTrue(Object.isFrozen(seen[0]), "one object stands for many ends")
  await membrane.close()
})

it("a text that no shard could give back is mended, as it would be on its way", async () => {
  const { end, membrane, seen } = ends()
  await end(failure("half of \ud83d", "at \udc00"), failure("whole: \u{1f600}"))
  assert.deepStrictEqual(seen, [failure("half of \ufffd", "at \ufffd"), failure("whole: \u{1f600}")])
  assert.strictEqual(crossed.asked, 0)
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

it("whoever still cleans up ends by the failure that was held before", async () => {
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

describe("G271: a failure of its host's own", () => {
  /** Its stack counts how often it is read. */
  const own = (message: string) => {
    const counted = { reads: 0 }
    const error = {
      name: "Error",
      message,
      language: "typescript" as const,
      get stack() {
        counted.reads++
        return `at ${message}`
      }
    }
    return { counted, reason: { _tag: "Crashed", error } as ExitReason }
  }
  const spawnOwn = ({ membrane, spawn }: ReturnType<typeof ends>, cleanup = false): TestCell => {
    const cell = spawn(cleanup)
    cell.handler = (payload) => membrane.exitSelf(cell, payload as ExitReason, true)
    return cell
  }

  it("comes back as the same object, unread, however many there are", async () => {
    const system = ends()
    const { host, membrane, seen, send } = system
    const failures = Array.from({ length: 300 }, (_, at) => own(String(at)))
    for (const [at, { reason }] of failures.entries()) {
      send(spawnOwn(system), reason)
      await host.until(() => seen.length > at)
    }
    assert.isTrue(seen.every((reason, at) => reason === failures[at]!.reason))
    assert.deepStrictEqual(failures.map(({ counted }) => counted.reads), failures.map(() => 0))
    assert.deepStrictEqual([crossed.told, crossed.asked], [0, 0])
    assert.isAtMost(crossed.held, 64 + 32, "words are used again")
    await membrane.close()
  })

  it("is told when there are too many before their ends are over, and read back then", async () => {
    const system = ends()
    const { host, membrane, seen, send } = system
    const cleaning: Array<TestCell> = []
    host.terminate = (cell) => void cleaning.push(cell)
    const failures = Array.from({ length: 100 }, (_, at) => own(String(at)))
    for (const { reason } of failures) send(spawnOwn(system, true), reason)
    while (cleaning.length < failures.length) await new Promise<void>((resolve) => setImmediate(resolve))
    assert.deepStrictEqual([crossed.told, failures.filter(({ counted }) => counted.reads > 0).length], [64, 64])
    for (const cell of cleaning) membrane.finished(cell)
    await host.until(() => seen.length === 100)
    assert.deepStrictEqual(seen.map(textOf), failures.map((_, at) => [String(at), `at ${at}`]))
    assert.isAtLeast(crossed.asked, 64)
    await membrane.close()
  })

  it("is told at once where other isolates may ask", async () => {
    const system = ends(load().openSystem())
    const { host, membrane, seen, send } = system
    const { counted, reason } = own("a")
    send(spawnOwn(system), reason)
    await host.until(() => seen.length === 1)
    assert.deepStrictEqual([crossed.told, counted.reads > 0, seen[0] === reason], [1, true, true])
    await membrane.close()
  })
})

const textOf = (reason: ExitReason): ReadonlyArray<string | undefined> =>
  reason._tag === "Crashed" ? [reason.error.message, reason.error.stack] : []
