/**
 * `Self`, as one object per actor that asks for it. Every member is a plain call into the actor's own shard.
 */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { AnyRef } from "../ActorRef.ts"
import { ExitReason } from "../ExitReason.ts"
import type { MonitorRef } from "../ExitSignal.ts"
import type { Message } from "../Message.ts"
import type { Pid } from "../Pid.ts"
import type { ChildOptions, Self, TimerRef } from "../Self.ts"
import type { TellOutcome } from "../TellError.ts"
import { Cell, cellOf } from "./cell.ts"
import type { SelfOfCell } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { Forward, type Target, targetOf } from "./forward.ts"
import { invalid } from "./invalid.ts"
import { lifeOf } from "./life.ts"
import { millisOf } from "./mailbox.ts"
import { checkedReason } from "./reason.ts"
import { outcomes, payloadFor, refused, sendMessage, sentToNobody, wrongMessage } from "./send.ts"
import { Flag, Outcome } from "./shard.ts"

type Untyped = Message<string, unknown>

const parts: ReadonlySet<string> = new Set(
  ["year", "month", "day", "hour", "minute", "second", "millisecond"] satisfies ReadonlyArray<
    keyof DateTime.DateTime.PartsForMath | keyof DateTime.DateTime.Parts
  >
)

// Effect reads what is none of them as 0.
const isTime = (time: unknown): boolean => {
  if (typeof time === "number" || typeof time === "string") return true
  if (typeof time !== "object" || time === null) return false
  if (time instanceof Date || DateTime.isDateTime(time) || "epochMilliseconds" in time) return true
  const keys = Object.keys(time)
  return keys.length > 0 && keys.every((key) => parts.has(key))
}

const epochMillis = (time: DateTime.DateTime.Input): number => {
  try {
    if (isTime(time)) return DateTime.toEpochMillis(DateTime.makeUnsafe(time))
  } catch {
    // Told below.
  }
  throw invalid("time", "a point in time", time)
}

const refOf = <A>(option: string, ref: A): A => {
  if (typeof ref === "number") return ref
  throw invalid(option, "what this actor was given for it", ref)
}

// As `isA`, but its own: every send from an actor comes by.
const cellIn = (to: unknown): Cell | undefined => {
  try {
    return to instanceof Cell ? to : undefined
  } catch {
    return undefined
  }
}

class SelfImpl {
  readonly "~cell": Cell

  constructor(cell: Cell) {
    this["~cell"] = cell
  }

  get ref(): Cell {
    return this["~cell"]
  }

  get pid(): Pid {
    return this["~cell"].pid
  }

  get name(): string | undefined {
    return this["~cell"].life?.name
  }

  get sender(): Pid | undefined {
    const sender = this["~cell"].life?.sender
    return sender === undefined || sender === 0 ? undefined : sender as Pid
  }

  get state(): unknown {
    return this["~cell"].state
  }

  setState(next: unknown): void {
    this["~cell"].state = next
  }

  stop(reason: ExitReason = ExitReason.normal): void {
    const cell = this["~cell"]
    const life = lifeOf(cell)
    life.leaving ??= checkedReason(reason)
    cell.host.leaveIfIdle(cell, life)
  }

  send(to: Target & { readonly tellUnsafe: (message: Untyped) => TellOutcome }, message: Untyped): TellOutcome {
    const target = cellIn(to) ?? targetOf(to).target()
    if (target === undefined) {
      const told = to.tellUnsafe(message)
      sentToNobody(this["~cell"], "tell", message, told === "Accepted" ? Outcome.Accepted : Outcome.BadMessage)
      return told
    }
    const outcome = sendMessage(target, message, this["~cell"])
    return outcome === Outcome.Accepted ? "Accepted" : refused(target, message, this["~cell"], outcome)
  }

  tell(message: Untyped): TellOutcome {
    const cell = this["~cell"]
    const outcome = sendMessage(cell, message, cell)
    return outcome === Outcome.Accepted ? "Accepted" : refused(cell, message, cell, outcome)
  }

  next(message: Untyped): void {
    const cell = this["~cell"]
    const outcome = sendMessage(cell, message, cell, Flag.Next)
    if (outcome === Outcome.BadMessage) throw wrongMessage(cell, message)
    if (outcome !== Outcome.Accepted) throw new RangeError(`self.next: ${outcomes[outcome]}`)
  }

  after(delay: Duration.Input, message: Untyped): TimerRef {
    return this.arm(millisOf("delay", delay, Number.MAX_SAFE_INTEGER, 0), false, message)
  }

  at(time: DateTime.DateTime.Input, message: Untyped): TimerRef {
    return this.arm(Math.max(0, epochMillis(time) - this["~cell"].host.wallClock()), false, message)
  }

  every(interval: Duration.Input, message: Untyped): TimerRef {
    return this.arm(millisOf("interval", interval, Number.MAX_SAFE_INTEGER), true, message)
  }

  private arm(delay: number, repeat: boolean, message: Untyped): TimerRef {
    const cell = this["~cell"]
    const ref = cell.host.nextRef()
    const op = Envelope.op(message)
    const { flags, payload } = payloadFor(cell, op, message)
    cell.host.shard.startTimer(cell, ref, delay, repeat, op, payload, flags)
    return ref as TimerRef
  }

  cancel(timer: TimerRef): number | undefined {
    const cell = this["~cell"]
    return cell.host.shard.cancelTimer(cell, refOf("timer", timer))
  }

  link(ref: AnyRef): void {
    const cell = this["~cell"]
    cell.host.shard.link(cell, cellOf(ref))
  }

  unlink(ref: AnyRef): void {
    const cell = this["~cell"]
    cell.host.shard.unlink(cell, cellOf(ref))
  }

  monitor(ref: AnyRef): MonitorRef {
    const cell = this["~cell"], target = cellOf(ref)
    const monitor = cell.host.nextRef()
    const name = target.life?.name
    if (name !== undefined) (lifeOf(cell).watched ??= new Map()).set(monitor, name)
    cell.host.shard.monitor(cell, target, monitor)
    return monitor as MonitorRef
  }

  demonitor(monitor: MonitorRef): boolean {
    const cell = this["~cell"]
    refOf("monitor", monitor)
    cell.life?.watched?.delete(monitor)
    return cell.host.shard.demonitor(cell, monitor)
  }

  spawn(behavior: unknown, args: unknown, options?: ChildOptions): Effect.Effect<unknown, unknown, unknown> {
    return this["~cell"].host.spawnChild(this["~cell"], behavior, args, options)
  }

  begin(behavior: unknown, args: unknown, options?: ChildOptions): Cell | Effect.Effect<Cell, unknown> {
    return this["~cell"].host.spawnChildBegun(this["~cell"], behavior, args, options)
  }

  spawnUnsafe(behavior: unknown, args: unknown, options?: ChildOptions): Cell {
    return this["~cell"].host.spawnChildNow(this["~cell"], behavior, args, options)
  }

  become(behavior: unknown): void {
    this["~cell"].host.become(this["~cell"], behavior)
  }

  forward(to: Target, message: Untyped): Forward {
    return new Forward(targetOf(to), message)
  }
}

/** The one `Self` of an actor. */
export const selfOf = (cell: Cell): Self.Any => {
  const life = lifeOf(cell)
  // What a handler may do with it was checked where the behaviour was made.
  return life.self ??= new SelfImpl(cell) as unknown as SelfOfCell
}
