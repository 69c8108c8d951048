/**
 * The hot path: one message, from the shard's pump into its handler.
 *
 * Nothing here allocates for a plain handler that was told something. The result's forms are tried in order: nothing,
 * plain, Exit, Effect, Deferred, Forwarded, Promise, plain object. An Effect that is done at once leaves the actor
 * free; else `true` is returned, and `shard.ready` follows when it is over. Never throws.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ExitReason } from "../ExitReason.ts"
import { type Down, ExitSignal, type MonitorRef } from "../ExitSignal.ts"
import type { Pid } from "../Pid.ts"
import type { Self } from "../Self.ts"
import { type Handler, OpFlag } from "./bound.ts"
import { withBuffers } from "./buffer/deliver.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { told } from "./crashed.ts"
import type { Host } from "./host.ts"
import { becameQuiet } from "./quiet.ts"
import { type Life, lifeOf, ownFiber } from "./life.ts"
import { startStream } from "./produce.ts"
import { abandonCall, answer, crash, finish } from "./reply.ts"
import { release, type Runner, take } from "./runner.ts"
import { selfOf } from "./self.ts"
import { StreamRequest } from "./stream.ts"
import { retitle } from "./titled.ts"

export const deliver = (
  host: Host,
  cell: Cell,
  op: number,
  payload: unknown,
  from: Pid | 0,
  call: Call | undefined
): boolean => {
  const bound = cell.bound
  let busy = false
  host.running = cell
  try {
    const plain = bound.plain[op]
    const life = cell.life
    if (life !== undefined) life.sender = from
    const result = plain !== undefined
      ? plain(cell.state, payload, undefined)
      : deliverFull(cell, op, payload, from, call !== undefined)
    if (result === undefined) {
      if (call !== undefined) answer(cell, op, call, Exit.void)
    } else if (typeof result !== "object" || result === null) {
      if (call !== undefined) answer(cell, op, call, Exit.succeed(result))
    } else {
      busy = settle(cell, op, result, call)
    }
  } catch (error) {
    crash(cell, error, call)
  }
  host.running = undefined
  const life = cell.life
  if (life !== undefined && (life.leaving !== undefined || life.quiet !== undefined)) turned(cell, life, busy)
  return busy
}

// What waited for the end of a handler. `busy`: it only waits.
const turned = (cell: Cell, life: Life, busy: boolean): void => {
  if (!busy) becameQuiet(life)
  leave(cell, life)
}

/** `self.stop` acts when no handler runs or waits any more. That it is to crash takes a canary back instead. */
export const leave = (cell: Cell, life: Life): void => {
  const reason = life.leaving
  if (reason === undefined || life.busy > 0 || life.closing) return
  life.leaving = undefined
  const canary = reason._tag === "Crashed" ? life.swap?.canary : undefined
  if (canary !== undefined) canary.crashed(reason)
  else cell.host.shard.exitSelf(cell, reason)
}

const deliverFull = (cell: Cell, op: number, payload: unknown, from: Pid | 0, asked: boolean): unknown => {
  const handler = cell.bound.full[op]
  // `become` may have dropped a tag that was queued under the behaviour before; its type does not allow that.
  if (handler === undefined) throw new TypeError(`${cell.bound.program.protocol} has no such message`)
  const self = selfOf(cell)
  const life = lifeOf(cell)
  life.sender = from
  life.asked = asked
  if (((cell.bound.flags[op] ?? 0) & OpFlag.Moves) === 0) return handle(cell, handler, payload, self)
  if (!StreamRequest.is(payload)) return withBuffers(payload, asked, () => handler(cell.state, payload, self))
  return withBuffers(payload.payload, asked, () => handle(cell, handler, payload, self))
}

const handle = (cell: Cell, handler: Handler, payload: unknown, self: Self.Any): unknown => {
  if (!StreamRequest.is(payload)) return handler(cell.state, payload, self)
  payload.produce = handler(cell.state, payload.payload, self)
  return payload
}

// Effect's own `isEffect` and `isExit` look by one function at objects of all shapes: that costs ten times the look.
const exitKey = "~effect/Exit"
if (!(exitKey in Exit.void)) throw new Error(`this version of effect marks an Exit otherwise than by ${exitKey}`)

const settle = (cell: Cell, op: number, result: object, call: Call | undefined): boolean => {
  if (Effect.TypeId in result) {
    if (exitKey in result) {
      finish(cell, op, result as Exit.Exit<unknown, unknown>, call)
      return false
    }
    return start(cell, op, result as Effect.Effect<unknown, unknown>, call)
  }
  if (StreamRequest.is(result)) {
    startStream(cell, op, result, call)
    return false
  }
  if (result instanceof Promise) {
    return start(cell, op, Effect.promise(() => result), call)
  }
  finish(cell, op, Exit.succeed(result), call)
  return false
}

const start = (
  cell: Cell,
  op: number,
  effect: Effect.Effect<unknown, unknown>,
  call: Call | undefined
): boolean => {
  const life = lifeOf(cell)
  const runner = take(cell, life)
  const fiber = runner.run(effect)
  const exit = fiber.pollUnsafe()
  if (exit !== undefined && runner.scope.state._tag === "Empty") {
    finish(cell, op, exit, call)
    return false
  }
  const waiting = new Waiting(cell, life, op, call, runner)
  ownFiber(life, fiber)
  life.swap?.canary?.fibers.add(fiber)
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    life.swap?.canary?.fibers.delete(fiber)
    waiting.ran(exit)
  })
  return waiting.suspend()
}

/** A handler whose Effect was not done at once, or whose scope has to be closed. */
class Waiting {
  private readonly cell: Cell
  private readonly life: Life
  private readonly op: number
  private readonly call: Call | undefined
  private readonly runner: Runner
  /** The behaviour that it belongs to; another one has been brought back meanwhile when it is not the actor's. */
  private readonly epoch: number
  private done = false
  private suspended = false

  constructor(cell: Cell, life: Life, op: number, call: Call | undefined, runner: Runner) {
    this.cell = cell
    this.life = life
    this.op = op
    this.call = call
    this.runner = runner
    this.epoch = life.epoch
  }

  ran(exit: Exit.Exit<unknown, unknown>): void {
    if (release(this.life, this.runner, exit, (exit) => this.over(exit))) this.over(exit)
  }

  /** true: the actor is busy from now on. */
  suspend(): boolean {
    if (this.done) return false
    this.suspended = true
    this.life.busy++
    return true
  }

  private over(exit: Exit.Exit<unknown, unknown>): void {
    const { call, cell, life, op } = this
    this.done = true
    if (this.suspended) life.busy--
    if (life.closing) return
    if (life.epoch !== this.epoch) return this.passed()
    // As in `deliver`: a result that cannot even be looked at (a revoked proxy) is a crash.
    try {
      finish(cell, op, exit, call)
    } catch (error) {
      crash(cell, error, call)
    }
    if (!this.suspended) return
    if (life.quiet !== undefined) becameQuiet(life)
    leave(cell, life)
    cell.host.shard.ready(cell, 0)
  }

  // Its version was rolled back, and it was interrupted with it.
  private passed(): void {
    const { call, cell, life } = this
    if (call !== undefined) abandonCall(cell, call, life.swap?.crash)
    if (!this.suspended) return
    if (life.quiet !== undefined) becameQuiet(life)
    cell.host.shard.ready(cell, 0)
  }
}

// -- signals ----------------------------------------------------------------------------------------------------------

const deliverSignal = (host: Host, cell: Cell, run: () => unknown): boolean => {
  let busy = false
  host.running = cell
  try {
    const result = run()
    if (typeof result === "object" && result !== null) busy = settle(cell, 0, result, undefined)
  } catch (error) {
    crash(cell, error)
  }
  host.running = undefined
  const life = cell.life
  if (life !== undefined && (life.leaving !== undefined || life.quiet !== undefined)) turned(cell, life, busy)
  return busy
}

const above = (value: unknown): unknown => Object.getPrototypeOf(value)
// What the schema of the class stands on, below `titled`: it makes the same of fields that need not be checked, which the
// shard's do not. To check them would read a stack that nobody may want (G271).
const Unchecked = above(above(above(ExitSignal)))

/**
 * A signal as the shard tells it. Its stack would show this pump and nothing of who died, and costs more than all the
 * rest of it, now that nobody looks through a reason that this system has made.
 */
export const signalOf = (from: Pid | 0, name: string | undefined, reason: ExitReason): ExitSignal => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const fields = { _tag: "ExitSignal", from, name, reason }
  const signal = Reflect.construct(Unchecked as typeof ExitSignal, [fields], ExitSignal) as ExitSignal
  Error.stackTraceLimit = limit
  if (name !== undefined) retitle(signal)
  return signal
}

export const deliverExit = (
  host: Host,
  cell: Cell,
  from: Pid | 0,
  reason: ExitReason,
  named: string | undefined
): boolean => {
  const handler = cell.bound.program.options.signals?.exit
  if (handler === undefined) return false
  return deliverSignal(host, cell, () => {
    lifeOf(cell).sender = from
    const name = named ?? (from === 0 ? undefined : host.nameOf(from))
    return handler(cell.state, signalOf(from, name, reason), selfOf(cell))
  })
}

export const deliverDown = (host: Host, cell: Cell, ref: number, from: Pid, reason: ExitReason): boolean => {
  const life = lifeOf(cell)
  const name = life.watched?.get(ref)
  if (name !== undefined) life.watched?.delete(ref)
  const handler = cell.bound.program.options.signals?.down
  if (handler === undefined) return false
  return deliverSignal(host, cell, () => {
    life.sender = from
    const down: Down = { _tag: "Down", monitor: ref as MonitorRef, from, name, reason: told(reason) }
    return handler(cell.state, down, selfOf(cell))
  })
}
