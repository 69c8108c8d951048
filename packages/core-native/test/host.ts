/**
 * A host without behaviours for tests of the membrane: every cell has a function, and everything that comes back is
 * written down. Waiting is for the event: `until` resolves when the loop has told what it waits for.
 */
import { systemClock } from "../src/clock.ts"
import type { ExitReason } from "../src/ExitReason.ts"
import type {
  AwayHost,
  MembraneCall,
  MembraneCell,
  MembraneClock,
  MembraneHost,
  OpenOptions,
  Why
} from "../src/host.ts"
import { load } from "../src/load.ts"
import { Membrane } from "../src/Membrane.ts"
import { generationOf, lowOf, pidOf } from "../src/words.ts"

type Handler = (payload: unknown, call: Question | undefined, op: number, from: number) => boolean | void

export class TestCell implements MembraneCell {
  readonly low: number
  readonly generation: number
  readonly bound = { meter: undefined }
  state: unknown = {}
  handler: Handler
  constructor(pid: number, handler: Handler) {
    this.low = lowOf(pid)
    this.generation = generationOf(pid)
    this.handler = handler
  }
  get pid(): number {
    return pidOf(this.low, this.generation)
  }
}

export interface Question extends MembraneCall {
  readonly ended: (end: number, reason: ExitReason | undefined) => void
}

export interface Letter {
  readonly to: number
  readonly from: number
  readonly op: number
  readonly payload: unknown
  readonly why: Why
}

export class TestHost implements MembraneHost<TestCell, Question> {
  readonly log: Array<string> = []
  readonly letters: Array<Letter> = []
  readonly long: Array<number> = []
  /** Of a shard in a system. */
  away: AwayHost<TestCell, Question> | undefined = undefined
  handled = 0
  readonly #waiting: Array<{ readonly ready: () => boolean; readonly resolve: () => void }> = []

  /** Resolves once the loop has told something after which `ready` holds. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  #told(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]!.ready()) this.#waiting.splice(i, 1)[0]!.resolve()
    }
  }

  deliver(cell: TestCell, op: number, payload: unknown, from: number, call: Question | undefined): boolean {
    this.handled++
    const waits = cell.handler(payload, call, op, from) === true
    this.#told()
    return waits
  }
  exitSignal(cell: TestCell, from: number, reason: ExitReason): boolean {
    this.log.push(`exit ${lowOf(cell.pid) & 0xffffff} from ${from & 0xffffff} ${reason._tag}`)
    this.#told()
    return false
  }
  down(cell: TestCell, ref: number, from: number, reason: ExitReason): boolean {
    this.log.push(`down ${cell.low & 0xffffff} ref ${ref} from ${from & 0xffffff} ${reason._tag}`)
    this.#told()
    return false
  }
  outsideDown(ref: number, _from: number, reason: ExitReason): void {
    this.log.push(`outsideDown ${ref} ${reason._tag}`)
    this.#told()
  }
  terminate(cell: TestCell, reason: ExitReason): void {
    this.log.push(`terminate ${cell.low & 0xffffff} ${reason._tag}`)
    this.#told()
  }
  dead(cell: TestCell, reason: ExitReason): void {
    this.log.push(`dead ${cell.low & 0xffffff} ${reason._tag}`)
    this.#told()
  }
  callEnded(call: Question, end: number, reason: ExitReason | undefined): void {
    call.ended(end, reason)
    this.#told()
  }
  deadLetter(to: number, from: number, op: number, payload: unknown, why: Why): void {
    this.letters.push({ to, from, op, payload, why })
    this.#told()
  }
  longSchedule(_cell: TestCell, millis: number): void {
    this.long.push(millis)
    this.#told()
  }
}

/** A clock that only the test moves. */
export class TestClock implements MembraneClock {
  time = 0
  #alarm: { readonly at: number; readonly wake: () => void } | undefined
  readonly now = (): number => this.time
  readonly wakeIn = (delay: number | undefined, wake: () => void): void => {
    this.#alarm = delay === undefined ? undefined : { at: this.time + delay, wake }
  }
  get armed(): boolean {
    return this.#alarm !== undefined
  }
  advance(millis: number): void {
    this.time += millis
    const alarm = this.#alarm
    if (alarm === undefined || alarm.at > this.time) return
    this.#alarm = undefined
    alarm.wake()
  }
}

const defaults: OpenOptions<TestCell> = {
  name: undefined,
  capacity: 65_536,
  onFull: 0,
  sendTimeout: 5000,
  budget: 0,
  trapExit: false,
  cleanup: false,
  starting: false,
  parent: undefined,
  watcher: undefined,
  watchRef: 0
}

export const setup = (
  options: {
    readonly seed?: bigint
    readonly clock?: MembraneClock
    readonly maxActors?: number
    readonly system?: number
  } = {}
) => {
  const host = new TestHost()
  const membrane = new Membrane<TestCell, Question>(load(), {
    maxActors: options.maxActors ?? 10_000,
    capacity: 65_536,
    longSchedule: 10,
    clock: options.clock ?? systemClock(),
    seed: options.seed,
    system: options.system
  }, host)
  const spawn = (handler: Handler, open: Partial<OpenOptions<TestCell>> = {}): TestCell => {
    if (!membrane.takePid()) throw new Error("no PID")
    const cell = new TestCell(pidOf(membrane.takenLow, membrane.takenGeneration), handler)
    membrane.adopt(cell)
    const holder = membrane.open(cell, { ...defaults, ...open })
    if (holder !== undefined) throw new Error(`taken by ${holder}`)
    return cell
  }
  const send = (to: TestCell, payload: unknown, from?: TestCell, flags = 0): number =>
    membrane.send(to.low, to.generation, 1, payload, from?.low ?? 0, from?.generation ?? 0, flags)
  const ask = (to: TestCell, payload: unknown, from?: TestCell, timeout = 5000) => {
    let settle: (end: { readonly end: number; readonly reason: ExitReason | undefined }) => void = () => {}
    const ended = new Promise<{ readonly end: number; readonly reason: ExitReason | undefined }>((resolve) => {
      settle = resolve
    })
    const call: Question = { token: 0, ended: (end, reason) => settle({ end, reason }) }
    const outcome = membrane.call(
      to.low,
      to.generation,
      1,
      payload,
      from?.low ?? 0,
      from?.generation ?? 0,
      0,
      call,
      timeout
    )
    return { outcome, ended, call }
  }
  /** Everything that was sent before has been handled, or is a dead letter: a message to a new actor comes behind it. */
  const settled = async (): Promise<void> => {
    let reached = false
    const barrier = spawn(() => {
      reached = true
    })
    send(barrier, undefined)
    await host.until(() => reached)
    membrane.signals.exit(barrier, undefined, { _tag: "Killed" })
    await host.until(() => host.log.includes(`dead ${barrier.low & 0xffffff} Killed`))
  }
  return { host, membrane, spawn, send, ask, settled }
}
