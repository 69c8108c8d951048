/**
 * Stream replies, the actor's half: a child fiber, which holds up neither mailbox nor handler, ends with the actor, and
 * waits where the reader is slow.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { OpFlag } from "./bound.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { checkSuccess } from "./codecs.ts"
import { begunBefore } from "./journal.ts"
import { lifeOf, ownFiber } from "./life.ts"
import { abandonCall, answer, crash } from "./reply.ts"
import { tagOf } from "./opcodes.ts"
import { Runner } from "./runner.ts"
import { sent } from "./send.ts"
import { Outcome } from "./shard.ts"
import type { StreamRequest } from "./stream.ts"

/** Runs what the handler returned, into the reader's queue. */
export const startStream = (cell: Cell, op: number, request: StreamRequest, call: Call | undefined): void => {
  const stream = request.produce
  if (call === undefined) return
  const canary = cell.life?.swap?.canary
  if (request.cancelled) return canary?.streamBegan().over(false)
  // What it comes to is nobody's; unheard it would end the process.
  if (stream instanceof Promise) stream.catch(() => {})
  if (!Stream.isStream(stream)) return crash(cell, new TypeError("the handler of a stream must return a Stream"), call)
  const life = lifeOf(cell)
  const begun = canary?.streamBegan() ?? begunBefore
  const runner = new Runner(cell, Scope.makeUnsafe())
  const isChecked = ((cell.bound.flags[op] ?? 0) & OpFlag.Checked) !== 0
  const offer = (produced: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> => {
    const items = isChecked ? produced.map((item) => checked(cell, op, item)) : produced
    if (life.wrappers !== undefined) {
      for (const item of items) sent(cell, "item", call.asker, tagOf(op), item, Outcome.Accepted)
    }
    return request.offer(items)
  }
  const produced = Stream.runForEachArray(stream as Stream.Stream<unknown, unknown>, offer)
  const fiber = runner.run(Effect.onExit(drained(request, produced), (exit) => Scope.close(runner.scope, exit)))
  ownFiber(life, fiber)
  begun.canary?.fibers.add(fiber)
  request.cancel = () => fiber.interruptUnsafe()
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    begun.canary?.fibers.delete(fiber)
    request.cancel = undefined
    request.over()
    if (life.closing || request.cancelled) return begun.over(false)
    // It was interrupted with its version.
    if (begun.hasGoneBack) return abandonCall(cell, call, life.swap?.crash)
    // A stream that dies is a defect of the actor, as any handler's is.
    if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) return crash(cell, Cause.squash(exit.cause), call, begun)
    answer(cell, op, call, Exit.isSuccess(exit) ? Exit.void : exit, true, begun)
    begun.over(true)
  })
}

// Its end comes behind all that it has offered, but for a crash, which waits for nobody.
const drained = (
  request: StreamRequest,
  produced: Effect.Effect<void, unknown>
): Effect.Effect<void, unknown> =>
  request.drained === undefined ?
    produced :
    Effect.flatMap(Effect.exit(produced), (exit) =>
      Exit.isFailure(exit) && (Cause.hasDies(exit.cause) || Cause.hasInterrupts(exit.cause))
        ? exit
        : Effect.andThen(request.drained!, exit))

const checked = (cell: Cell, op: number, item: unknown): unknown => {
  const found = checkSuccess(cell.bound, op, item)
  if (Exit.isSuccess(found)) return found.value
  throw new TypeError(`a stream item does not fit its schema: ${String(Cause.squash(found.cause))}`)
}
