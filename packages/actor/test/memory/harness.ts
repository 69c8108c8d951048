// A shard with a virtual clock and a host of plain functions: what it is told becomes a line of `events`.
import { Call } from "../../src/internal/call.ts"
import type { Cell } from "../../src/internal/cell.ts"
import { MemoryShard } from "../../src/internal/memory/shard.ts"
import type { OpenOptions, ShardHost } from "../../src/internal/shard.ts"
import type { ExitReason } from "../../src/ExitReason.ts"
import type { Bound } from "../../src/internal/bound.ts"

export const normal: ExitReason = { _tag: "Normal" }
export const killed: ExitReason = { _tag: "Killed" }
export const shutdown: ExitReason = { _tag: "Shutdown" }
export const crashed = (message: string): ExitReason => ({
  _tag: "Crashed",
  error: { name: "Error", message, language: "typescript" }
})

const show = (reason: ExitReason | undefined): string =>
  reason === undefined
    ? "-"
    : reason._tag === "Crashed"
    ? `Crashed(${reason.error.message})`
    : reason._tag === "NoProc"
    ? `NoProc(${reason.everExisted})`
    : reason._tag

/** An item that is there. */
export const nth = <A>(list: ReadonlyArray<A>, index: number): A => {
  const item = list[index]
  if (item === undefined) throw new RangeError(`no item ${index} of ${list.length}`)
  return item
}

/** What a test actor does with a message. true: the handler waits. */
export type Handler = (payload: unknown, self: Cell, call: Call | undefined, op: number) => boolean | void

export class FakeClock {
  time = 1000
  private alarm: { at: number; wake: () => void } | undefined

  readonly now = (): number => this.time

  readonly wakeIn = (delay: number | undefined, wake: () => void): void => {
    this.alarm = delay === undefined ? undefined : { at: this.time + delay, wake }
  }

  /** Lets time pass, alarm by alarm. */
  async advance(millis: number, settle: () => Promise<void>): Promise<void> {
    const end = this.time + millis
    await settle()
    while (this.alarm !== undefined && this.alarm.at <= end) {
      const { at, wake } = this.alarm
      this.alarm = undefined
      this.time = Math.max(this.time, at)
      wake()
      await settle()
    }
    this.time = end
  }
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

export const makeSystem = (options: { readonly seed?: bigint; readonly maxActors?: number } = {}) => {
  const clock = new FakeClock()
  const events: Array<string> = []
  const names = new Map<number, string>()
  const label = (pid: number): string => names.get(pid) ?? `<${pid}>`
  const of = (cell: Cell): string => label(cell.pid)
  /** Runs at every `dead`: what others can see at that moment. */
  const onDead: Array<(cell: Cell) => void> = []
  let depth = 0
  const inPump = <A>(run: () => A): A => {
    if (depth > 0) throw new Error("the host was called from inside of a call of the host")
    depth++
    try {
      return run()
    } finally {
      depth--
    }
  }
  const host: ShardHost = {
    deliver: (cell, op, payload, from, call) =>
      inPump(() => {
        events.push(`${of(cell)} got ${String(payload)}${from === 0 ? "" : ` from ${label(from)}`}`)
        return (cell.state as Handler | undefined)?.(payload, cell, call, op) === true
      }),
    exitSignal: (cell, from, reason) =>
      inPump(() => {
        events.push(`${of(cell)} exit of ${label(from)} ${show(reason)}`)
        return false
      }),
    down: (cell, ref, from, reason) =>
      inPump(() => {
        events.push(`${of(cell)} down ${ref} of ${label(from)} ${show(reason)}`)
        return false
      }),
    outsideDown: (ref, from, reason) => inPump(() => void events.push(`down ${ref} of ${label(from)} ${show(reason)}`)),
    terminate: (cell, reason) => inPump(() => void events.push(`${of(cell)} terminate ${show(reason)}`)),
    dead: (cell, reason) =>
      inPump(() => {
        events.push(`${of(cell)} dead ${show(reason)}`)
        for (const look of onDead) look(cell)
      }),
    callEnded: (call, end, reason) =>
      inPump(() => {
        call.pending = false
        events.push(`call ${call.op} ended ${["", "Exited", "Timeout", "MailboxFull"][end]} ${show(reason)}`)
      }),
    deadLetter: (to, from, _op, payload, why) =>
      inPump(() =>
        void events.push(
          `dead letter ${String(payload)} to ${label(to)}${from === 0 ? "" : ` from ${label(from)}`} ${why}`
        )
      ),
    longSchedule: (cell, millis) => inPump(() => void events.push(`${of(cell)} long ${millis}`))
  }
  const own: { meter: undefined; shard: unknown } = { meter: undefined, shard: undefined }
  const nobody = own as unknown as Bound
  const shard = new MemoryShard(
    { maxActors: options.maxActors ?? 1_000_000, longSchedule: 50, clock, seed: options.seed, nobody },
    host
  )
  own.shard = shard
  const newBound = (): Bound => ({ meter: undefined, shard }) as unknown as Bound
  const bound = newBound()
  const spawn = (name: string, handler?: Handler, open: Partial<OpenOptions> = {}, own: Bound = bound): Cell => {
    const cell = shard.reserve(own)
    cell.state = handler
    names.set(cell.pid, name)
    shard.open(cell, {
      name: undefined,
      capacity: 65536,
      onFull: 0,
      sendTimeout: 5000,
      budget: 64,
      trapExit: false,
      cleanup: false,
      starting: false,
      parent: undefined,
      watcher: undefined,
      watchRef: 0,
      ...open
    })
    return cell
  }
  const settle = async (): Promise<void> => {
    do await turn()
    while (shard.scheduler.hasWork())
  }
  const take = async (): Promise<Array<string>> => {
    await settle()
    return events.splice(0)
  }
  return {
    clock,
    events,
    onDead,
    shard,
    host,
    spawn,
    settle,
    /** What happened since the last call. */
    take,
    advance: (millis: number) => clock.advance(millis, settle),
    tell: (to: Cell, payload: unknown, from?: Cell, flags = 0) => shard.send(to, 0, payload, from, flags),
    ask: (to: Cell, id: number, timeout = 5000, from?: Cell) => {
      const call = new Call(id, to, () => {})
      return { call, outcome: shard.call(to, 0, `ask ${id}`, from, 0, call, timeout) }
    },
    /** The same for an asker that is going to help. */
    askForHelp: (to: Cell, id: number, timeout = 5000) => {
      const call = new Call(id, to, undefined, timeout)
      shard.call(to, 0, `ask ${id}`, undefined, 0, call, timeout)
      return call
    },
    answer: (call: Call | undefined) => {
      if (call === undefined || !call.pending) return
      call.pending = false
      shard.answered(call)
      events.push(`call ${call.op} answered`)
    },
    newBound
  }
}
