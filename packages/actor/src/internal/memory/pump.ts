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

/** Work since the last turn of the event loop after which one is asked for, and after which it is waited for. */
const ASK_FOR_TURN = 256
const WAIT_FOR_TURN = 4096
/** What a ms of measured handlers counts as. */
const WORK_PER_MILLI = 8192
/** ms after which the event loop gets its turn, and at most, while more is queued than when it last had one (G220). */
const RUN = 0.4
const LONG_RUN = 1.6
/** ms after which it gets it while somebody waits for it who has work for many (G263). */
const HASTY_RUN = 0.3
/** Actors that became runnable while the pump waits for its turn, after which it no longer does. */
const IMPATIENT = 1024
/** ms: nothing needs the process any more, and after so long it is let go. */
const LINGER = 50

export class Pump {
  private readonly macrotask = makeMacrotask()
  private readonly run: (woken: boolean) => void
  private readonly clock: ShardClock
  /** Whether the process is needed: a timer is armed, a call pending, or it was asked for. */
  private readonly needed: () => boolean

  private scheduled = false
  /** Scheduled for the next turn rather than the next microtask. */
  private onTurn = false
  private turnAsked = false
  private work = 0
  private impatience = 0
  /** Messages that were queued when the event loop last had its turn. */
  private backlog = 0
  /** Who waits for the next turn, and it is not to be put off. */
  private hasteners = 0
  /** Messages that may be left: with more of them the event loop waits longer. */
  private goal = 0
  private armedAt = Infinity
  private holding: TimerHandle | number | undefined = undefined
  private lingering = false

  constructor(run: (woken: boolean) => void, clock: ShardClock, needed: () => boolean) {
    this.run = run
    this.clock = clock
    this.needed = needed
  }

  /** There is work. Costs nothing when a run is scheduled. */
  wake(): void {
    if (this.scheduled) {
      if (this.onTurn && this.hasteners === 0 && ++this.impatience === IMPATIENT) microtask(this.runImpatiently)
      return
    }
    this.scheduled = true
    if (this.turnAsked && this.work > WAIT_FOR_TURN) this.onTurn = true
    else microtask(this.runNow)
  }

  /** There is more work, `queued` messages of it, after the event loop has had its turn. */
  yield(queued: number): void {
    this.backlog = queued
    this.scheduled = true
    this.onTurn = true
    this.askForTurn()
  }

  /**
   * A run begins, with so many messages queued: what was not there when the last one ended, the event loop has sent. So
   * many are to be handled besides, or a pile that is there already would stay.
   */
  begin(queued: number): void {
    const { backlog } = this
    this.goal = queued > backlog ? Math.max(0, backlog - (queued - backlog)) : backlog
  }

  /** Whether a run of `millis` is over with so many messages left: more would only become dearer. */
  isOver(millis: number, left: number): boolean {
    if (this.hasteners > 0) return millis >= HASTY_RUN
    return millis >= RUN && (left <= this.goal || millis > LONG_RUN)
  }

  /** Somebody waits for the next turn who has work for many (G263), or (`false`) has got it. */
  hasten(isWaiting: boolean): void {
    this.hasteners += isWaiting ? 1 : -1
  }

  /** Nothing is left to do. */
  rest(): void {
    this.backlog = 0
  }

  /** The event loop has waited long enough. */
  isWaiting(): boolean {
    return this.onTurn || this.turnAsked && this.work > WAIT_FOR_TURN
  }

  /** So much was done in a run, which took `millis` as far as that was measured. */
  did(messages: number, millis: number): void {
    this.work += messages + 4 + Math.round(millis * WORK_PER_MILLI)
    if (this.work > ASK_FOR_TURN) this.askForTurn()
  }

  /** Wakes the scheduler at `deadline` (monotonic ms). One that is armed for earlier stays: it finds nothing, and arms anew. */
  arm(deadline: number): void {
    if (deadline >= this.armedAt) return
    this.armedAt = deadline
    this.clock.wakeIn(Math.max(0, deadline - this.clock.now()), this.onAlarm)
  }

  /** There is no deadline. In lockstep that counts at once: an alarm for nothing is seen where time stops for it (G258). */
  disarm(): void {
    if (this.armedAt === Infinity) return
    this.armedAt = Infinity
    this.clock.wakeIn(undefined, this.onAlarm)
  }

  /** Holds the process, or lets it go a little later: a program that asks in a loop pays for neither. */
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
    this.run(false)
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
    this.run(true)
  }

  private readonly letGo = (): void => {
    this.lingering = false
    if (this.needed() || this.holding === undefined) return
    world.clearInterval?.(this.holding)
    this.holding = undefined
    this.disarm()
  }
}
