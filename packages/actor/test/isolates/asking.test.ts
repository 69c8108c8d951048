// How agents are asked while there is no room for a question (G113, G191, G195).
import { assert, describe, it } from "@effect/vitest"
import { AskError, AskTimeout, MailboxFull, type Pid } from "@myrmidonjs/actor"
import { Duration, Effect, Exit, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Cell } from "../../src/internal/cell.ts"
import { messages, patientStream, watchdog } from "../../src/internal/isolate/asking.ts"

const pid = 1 as Pid
const full = new AskError({ tag: "IsAlive", reason: new MailboxFull({ pid, capacity: 1 }) })
const silent = new AskError({ tag: "IsAlive", reason: new AskTimeout({ after: Duration.seconds(1) }) })
/** Answers from this question on. */
const agentOf = (ask: () => Effect.Effect<unknown, AskError>): Cell => ({ pid, ask }) as never

describe("questions to agents", () => {
  it.effect("an isolate without room for a question is not silent", () =>
    Effect.gen(function*() {
      let asked = 0
      const agent = agentOf(() => Effect.suspend(() => ++asked % 10 === 0 ? Effect.succeed(true) : Effect.fail(full)))
      const watching = yield* Effect.forkChild(watchdog(agent, 1_000), { startImmediately: true })
      yield* TestClock.adjust(10_000)
      assert.isUndefined(watching.pollUnsafe())
      assert.isAbove(asked, 10)
      yield* Fiber.interrupt(watching)
    }))

  it.effect("one that never has room is, and so is one that does not answer", () =>
    Effect.gen(function*() {
      for (const error of [full, silent]) {
        const watching = yield* Effect.forkChild(watchdog(agentOf(() => Effect.fail(error)), 1_000), {
          startImmediately: true
        })
        yield* TestClock.adjust(1_100)
        assert.deepStrictEqual(watching.pollUnsafe(), Exit.fail(error))
      }
    }))

  it.effect("a question for a stream is asked again until there is room", () =>
    Effect.gen(function*() {
      let asked = 0
      const agent = {
        pid,
        stream: () => Stream.suspend(() => ++asked < 5 ? Stream.fail(full) : Stream.make(1, 2))
      } as unknown as Cell
      const reading = yield* Effect.forkChild(
        Stream.runCollect(patientStream(agent, messages["myrmidon/IsAlive"]({ pid }))),
        { startImmediately: true }
      )
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(yield* Fiber.join(reading), [1, 2])
      const failing = { pid, stream: () => Stream.fail(silent) } as unknown as Cell
      const failed = Stream.runDrain(patientStream(failing, messages["myrmidon/IsAlive"]({ pid })))
      assert.strictEqual(yield* Effect.flip(failed), silent)
    }))
})
