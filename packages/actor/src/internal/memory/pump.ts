/**
 * When the scheduler runs: at the end of the job that gave an idle shard work, and then by turns with the event loop.
 *
 * Needs nothing of Node: it takes what it finds among queueMicrotask, setImmediate, MessageChannel and setTimeout, and
 * does with promises alone in a bare context. The scheduler decides how long it runs; the pump keeps it from being
 * starved by a producer that loops on microtasks, and keeps it from starving the event loop in the same way.
 */
import type { ShardClock } from "../shard.ts"

interface TimerHandle {
  readonly ref?: () => void
  readonly unref?: () => void
}

interface World {
  readonly queueMicrotask?: (task: () => void) => void
  readonly setImmediate?: (task: () => void) => unknown
  readonly setTimeout?: (task: () => void, delay: number) => TimerHandle | number
  readonly setInterval?: (task: () => void, delay: number) => TimerHandle | number
  readonly clearInterval?: (handle: TimerHandle | number) => void
  readonly MessageChannel?: new() => {
    readonly port1: { onmessage: (() => void) | null }
    readonly port2: { readonly postMessage: (message: unknown) => void }
  }
}

const world = globalThis as unknown as World

const microtask: (task: () => void) => void = world.queueMicrotask !== undefined
  ? (task) => world.queueMicrotask!(task)
  : (task) => void Promise.resolve().then(task)

/** Runs tasks after the event loop has had its turn, where there is one. */
const makeMacrotask = (): (task: () => void) => void => {
  if (world.setImmediate !== undefined) return (task) => void world.setImmediate!(task)
  if (world.MessageChannel !== undefined) {
    const channel = new world.MessageChannel()
    const tasks: Array<() => void> = []
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a listener would have to start the port as well
    channel.port1.onmessage = () => tasks.shift()?.()
    return (task) => {
      tasks.push(task)
      channel.port2.postMessage(0)
    }
  }
  if (world.setTimeout !== undefined) return (task) => void world.setTimeout!(task, 0)
  return microtask
}

// Work is counted in messages; a millisecond of measured handlers counts as `WORK_PER_MILLI` of them.
const WORK_PER_MILLI = 8192
/** After so much work a turn of the event loop is asked for (`setImmediate`); the pump goes on meanwhile. */
const ASK_FOR_TURN = 256
/** After so much work the pump waits for that turn. */
const WAIT_FOR_TURN = 4096
/** ms: how long a run may take. */
const RUN = 0.4
/** ms: the same while more messages are queued than when the event loop last had its turn (G220). */
const LONG_RUN = 1.6
/** ms: the same while somebody with work for many actors waits for a turn (`hasten`, G263). */
const HASTY_RUN = 0.3
/** When so many actors became runnable while the pump waits for its turn, it does not wait any longer. */
const IMPATIENT = 1024
/** ms: how long the process is still held when nothing needs it any more. */
const LINGER = 50

export class Pump {
  private readonly macrotask = makeMacrotask()
  private readonly run: () => void
  private readonly clock: ShardClock
  /** Whether the process has to stay: a timer is armed, a call pending, or `keepAlive` was asked for. */
  private readonly needed: () => boolean

  /** A run is scheduled: for the next turn (`onTurn`), or else the next microtask. */
  private scheduled = false
  private onTurn = false
  /** A turn of the event loop was asked for, and has not come. */
  private turnAsked = false
  /** Work since the event loop last had its turn. */
  private work = 0
  /** Actors that became runnable while a run waits for its turn. */
  private impatience = 0
  /** Messages that were queued when the event loop last had its turn. */
  private backlog = 0
  /** How many wait for the next turn by `hasten`. */
  private hasteners = 0
  /** A run of more than `RUN` ms ends when no more messages than this are left. */
  private goal = 0
  /** ms: when the alarm that is set rings. */
  private armedAt = Infinity
  /** The interval that holds the process. */
  private holding: TimerHandle | number | undefined = undefined
  private lingering = false

  constructor(run: () => void, clock: ShardClock, needed: () => boolean) {
    this.run = run
    this.clock = clock
    this.needed = needed
  }

  /** There is work: schedules a run, unless one is scheduled. */
  wake(): void {
    if (this.scheduled) {
      if (this.onTurn && this.hasteners === 0 && ++this.impatience === IMPATIENT) microtask(this.runImpatiently)
      return
    }
    this.scheduled = true
    if (this.turnAsked && this.work > WAIT_FOR_TURN) this.onTurn = true
    else microtask(this.runNow)
  }

  /** A run ends, and `queued` messages are left: the next one comes after the event loop has had its turn. */
  yield(queued: number): void {
    this.backlog = queued
    this.scheduled = true
    this.onTurn = true
    this.askForTurn()
  }

  /**
   * A run begins, with `queued` messages. Those that were not there when the last run ended were sent in the event
   * loop's turn; the run has to handle as many more than that, or a pile that is there already would stay.
   */
  begin(queued: number): void {
    const { backlog } = this
    this.goal = queued > backlog ? Math.max(0, backlog - (queued - backlog)) : backlog
  }

  /** Whether a run that has taken `millis` is to end, with so many messages left. */
  isOver(millis: number, left: number): boolean {
    if (this.hasteners > 0) return millis >= HASTY_RUN
    return millis >= RUN && (left <= this.goal || millis > LONG_RUN)
  }

  /** See `Shard.hasten`. */
  hasten(isWaiting: boolean): void {
    this.hasteners += isWaiting ? 1 : -1
  }

  /** A run ends, and nothing is left to do. */
  rest(): void {
    this.backlog = 0
  }

  /** Whether the event loop has to have its turn before anything else runs. */
  isWaiting(): boolean {
    return this.onTurn || this.turnAsked && this.work > WAIT_FOR_TURN
  }

  /** A run has ended: what it has handled, and the ms that it took, as far as they were measured. */
  did(messages: number, millis: number): void {
    this.work += messages + 4 + Math.round(millis * WORK_PER_MILLI)
    if (this.work > ASK_FOR_TURN) this.askForTurn()
  }

  /** Sets the alarm for `deadline` (monotonic ms). One for earlier stays: the run that it wakes sets the next one. */
  arm(deadline: number): void {
    if (deadline >= this.armedAt) return
    this.armedAt = deadline
    this.clock.wakeIn(Math.max(0, deadline - this.clock.now()), this.onAlarm)
  }

  /**
   * Takes the alarm back. Needed in lockstep alone, where virtual time would stop for an alarm without reason (G258).
   */
  disarm(): void {
    if (this.armedAt === Infinity) return
    this.armedAt = Infinity
    this.clock.wakeIn(undefined, this.onAlarm)
  }

  /**
   * Holds the process, or lets it go after `LINGER` ms: so a program that asks in a loop does not set timers each time.
   */
  hold(): void {
    if (world.setInterval === undefined) return
    if (this.needed()) {
      this.holding ??= world.setInterval(() => {}, 0x7fffffff)
    } else if (this.holding !== undefined && !this.lingering) {
      this.lingering = true
      world.setTimeout?.(this.letGo, LINGER)
    }
  }

  private askForTurn(): void {
    if (this.turnAsked) return
    this.turnAsked = true
    this.macrotask(this.turn)
  }

  private readonly runNow = (): void => {
    this.scheduled = false
    this.run()
  }

  private readonly turn = (): void => {
    this.turnAsked = false
    this.work = 0
    this.impatience = 0
    if (!this.onTurn) return
    this.onTurn = false
    this.runNow()
  }

  private readonly runImpatiently = (): void => {
    this.impatience = 0
    if (!this.onTurn) return
    this.onTurn = false
    this.runNow()
  }

  private readonly onAlarm = (): void => {
    this.armedAt = Infinity
    this.run()
  }

  private readonly letGo = (): void => {
    this.lingering = false
    if (this.needed() || this.holding === undefined) return
    world.clearInterval?.(this.holding)
    this.holding = undefined
    this.disarm()
  }
}
