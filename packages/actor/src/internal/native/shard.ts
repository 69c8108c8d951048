/**
 * The Rust shard behind the seam: each call of `Shard` is one call of the membrane. Nothing is decided here.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Pid } from "../../Pid.ts"
import type { Border } from "../border.ts"
import type { Bound } from "../bound.ts"
import type { Call } from "../call.ts"
import type { Cell } from "../cell.ts"
import type { Outcome } from "../shard.ts"
import {
  type Account,
  type Measure,
  type OpenOptions,
  type Shard,
  type ShardHost,
  type ShardInfo,
  type ShardOptions,
  type Usages
} from "../shard.ts"
import { type BuffersBinding, NativePool } from "./buffers.ts"
import { NativeCell } from "./cell.ts"
import type { NativeInfo, NativeMembrane, NativeModule } from "./membrane.ts"
import { type RustBinding, rustOf } from "./rust.ts"
import { write } from "../spoken.ts"
import { Ops, Sends } from "./sends.ts"

/** Of an actor whose behaviour does not say; every spawn of this package says. */
const DEFAULT_CAPACITY = 65_536

// As unsigned words, so that cells hold small integers: what a division leaves is a boxed double.
const lowOf = (pid: number): number => pid >>> 0
const generationOf = (pid: number): number => (pid / 4294967296) >>> 0

const borderOf = (
  membrane: NativeMembrane,
  binding: RustBinding,
  options: ShardOptions,
  system: number
): Border => {
  const ops = new Ops(membrane.away, binding)
  const { away } = membrane
  const { isolate, shard } = away
  return {
    isolate,
    isolates: () => away.isolates(),
    isAway: (pid) => pid !== 0 && lowOf(pid) >>> 24 !== shard,
    isBusy: () => membrane.isBusy,
    sends: new Sends(membrane.away, ops, options.clock),
    holderOf: (name) => membrane.pidNamed(name) as Pid | undefined,
    announce: (cell) => {
      const { host, program } = cell.bound
      binding.announce(system, cell.low, cell.generation, write(host, program.protocol, program.rpcs))
    },
    spokenBy: (name) => binding.spokenBy(system, name),
    reply: (token, status, answer) => away.reply(token, status, answer),
    forward: (token, to, op, payload, from, flags) =>
      away.forward(token, to.low, to.generation, op, payload, from.low, from.generation, flags),
    rust: rustOf(binding),
    opThere: (op) => ops.there(op),
    opHere: (op) => ops.here(op)
  }
}

const shardInfo = (info: NativeInfo): ShardInfo => ({
  status: info.status as ShardInfo["status"],
  mailbox: info.mailbox,
  held: info.held,
  reductions: info.reductions,
  millis: info.micros / 1000,
  memory: info.memory,
  links: info.links as ReadonlyArray<Pid>
})

export class NativeShard implements Shard {
  readonly backend = "native"
  readonly border: Border | undefined
  readonly seeded: boolean
  readonly #membrane: NativeMembrane
  readonly #options: ShardOptions
  readonly #binding: BuffersBinding

  constructor(module: NativeModule, binding: BuffersBinding & RustBinding, options: ShardOptions, host: ShardHost) {
    this.#options = options
    this.seeded = options.seed !== undefined
    this.#binding = binding
    this.#membrane = new module.Membrane(binding, {
      maxActors: options.maxActors,
      capacity: DEFAULT_CAPACITY,
      longSchedule: options.longSchedule,
      clock: options.clock,
      seed: options.seed,
      system: options.system
    }, host)
    const { system } = options
    this.border = system === undefined ? undefined : borderOf(this.#membrane, binding, options, system)
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  reserve(bound: Bound): NativeCell {
    const membrane = this.#membrane
    if (!membrane.takePid()) throw this.#refusal()
    const cell = new NativeCell(membrane.takenLow, membrane.takenGeneration, bound)
    membrane.adopt(cell)
    return cell
  }

  #refusal(): Error {
    if (this.#membrane.closed) {
      return Object.assign(new Error("the actor system has stopped"), { _tag: "SystemStopped" })
    }
    const limit = this.#options.maxActors
    return Object.assign(new Error(`${limit} actors are alive`), { _tag: "LimitReached", what: "actors", limit })
  }

  release(cell: Cell): void {
    this.#membrane.release(cell)
  }

  open(cell: Cell, options: OpenOptions): Pid | undefined {
    // What isolates say to each other is of one program.
    if (options.name?.startsWith("myrmidon/") === false) this.border?.announce(cell)
    return this.#membrane.open(cell, options) as Pid | undefined
  }

  started(cell: Cell): void {
    this.#membrane.started(cell)
  }

  abandon(cell: Cell): void {
    this.#membrane.abandon(cell)
  }

  exitSelf(cell: Cell, reason: ExitReason, isOwn?: boolean): void {
    this.#membrane.exitSelf(cell, reason, isOwn)
  }

  finished(cell: Cell): void {
    this.#membrane.finished(cell)
  }

  setFlags(cell: Cell, trapExit: boolean, cleanup: boolean): void {
    this.#membrane.setFlags(cell, trapExit, cleanup)
  }

  isAlive(cell: Cell): boolean {
    return this.#membrane.isAlive(cell.low, cell.generation)
  }

  holds(cell: Cell): boolean {
    return this.#membrane.holds(cell)
  }

  info(cell: Cell): ShardInfo | undefined {
    const info = this.#membrane.census.info(cell)
    return info === undefined ? undefined : shardInfo(info)
  }

  account(cell: Cell): Account | undefined {
    return this.#membrane.census.account(cell)
  }

  cellOf(pid: Pid, foreign?: Bound): NativeCell {
    const { nobody } = this.#options
    if (this.border !== undefined && this.border.isAway(pid)) {
      return new NativeCell(lowOf(pid), generationOf(pid), foreign ?? this.#options.foreign!)
    }
    if (nobody === undefined) throw new Error("this system was made without a behaviour for nobody")
    return this.#membrane.find(pid) ?? new NativeCell(lowOf(pid), generationOf(pid), nobody)
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  send(to: Cell, op: number, payload: unknown, from: Cell | undefined, flags: number): Outcome {
    return from === undefined
      ? this.#membrane.send(to.low, to.generation, op, payload, 0, 0, flags)
      : this.#membrane.send(to.low, to.generation, op, payload, from.low, from.generation, flags)
  }

  call(
    to: Cell,
    op: number,
    payload: unknown,
    from: Cell | undefined,
    flags: number,
    call: Call,
    timeout: number
  ): Outcome {
    // Of whoever is going to help, the clock was read just now.
    if (timeout !== Infinity) {
      const isHelped = call.resume === undefined && call.origin === undefined
      call.deadline = (isHelped ? this.#membrane.helpedAt : this.#options.clock.now()) + timeout
    }
    return from === undefined
      ? this.#membrane.call(to.low, to.generation, op, payload, 0, 0, flags, call, timeout)
      : this.#membrane.call(to.low, to.generation, op, payload, from.low, from.generation, flags, call, timeout)
  }

  answered(call: Call): void {
    this.#membrane.answered(call)
  }

  canHelp(): boolean {
    return this.#membrane.canHelp()
  }

  help(call: Call): void {
    this.#membrane.help(call)
  }

  behind(cell: Cell, resume: () => void): void {
    this.#membrane.behind(cell, resume)
  }

  hasten(isWaiting: boolean): void {
    this.#membrane.hasten(isWaiting)
  }

  stepOut(): number {
    return this.#membrane.stepOut()
  }

  stepIn(since: number, asker: Cell | undefined): void {
    this.#membrane.stepIn(since, asker)
  }

  awaitRoom(to: Cell, resume: () => void): () => void {
    return this.#membrane.awaitRoom(to, resume)
  }

  stop(to: Cell, reason: ExitReason): void {
    this.#membrane.stop(to, reason)
  }

  // -- a handler that waits -------------------------------------------------------------------------------------------

  ready(cell: Cell, millis: number): void {
    this.#membrane.ready(cell, millis)
  }

  defer(task: () => void, cell: Cell | undefined): void {
    this.#membrane.defer(task, cell)
  }

  // -- suspension -----------------------------------------------------------------------------------------------------

  suspend(cell: Cell): void {
    this.#membrane.suspend(cell)
  }

  resume(cell: Cell): void {
    this.#membrane.resume(cell)
  }

  // -- signals --------------------------------------------------------------------------------------------------------

  exit(to: Cell, from: Cell | undefined, reason: ExitReason): void {
    this.#membrane.signals.exit(to, from, reason)
  }

  link(a: Cell, b: Cell): void {
    this.#membrane.signals.link(a, b)
  }

  unlink(a: Cell, b: Cell): void {
    this.#membrane.signals.unlink(a, b)
  }

  monitor(watcher: Cell, target: Cell, ref: number): void {
    this.#membrane.signals.monitor(watcher, target, ref)
  }

  demonitor(watcher: Cell, ref: number): boolean {
    return this.#membrane.signals.demonitor(watcher, ref)
  }

  watch(target: Cell, ref: number): void {
    this.#membrane.signals.watch(target, ref)
  }

  unwatch(ref: number): void {
    this.#membrane.signals.unwatch(ref)
  }

  // -- names and timers -----------------------------------------------------------------------------------------------

  whereis(name: string): NativeCell | undefined {
    if (this.border === undefined) return this.#membrane.whereis(name)
    const pid = this.border.holderOf(name)
    return pid === undefined ? undefined : this.cellOf(pid)
  }

  startTimer(
    cell: Cell,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ): void {
    this.#membrane.timing.start(cell, ref, delay, repeat, op, payload, flags)
  }

  cancelTimer(cell: Cell, ref: number): number | undefined {
    return this.#membrane.timing.cancel(cell, ref)
  }

  // -- buffers --------------------------------------------------------------------------------------------------------

  makeBuffers(limit: number): NativePool {
    return new NativePool(this.#binding, limit, this.#options.system)
  }

  // -- the whole ------------------------------------------------------------------------------------------------------

  stats(): { readonly actors: number; readonly queued: number; readonly bytes: number; readonly calls: number } {
    return this.#membrane.census.stats()
  }

  top(n: number, by: Measure): ReadonlyArray<readonly [cell: NativeCell, info: ShardInfo]> {
    return this.#membrane.census.top(n, by).map(([cell, info]) => [cell, shardInfo(info)])
  }

  usages(): Usages {
    return this.#membrane.census.usages()
  }

  cells(): ReadonlyArray<NativeCell> {
    return this.#membrane.census.cells()
  }

  pids(): Float64Array {
    return this.#membrane.census.pids()
  }

  keepAlive(on: boolean): void {
    this.#membrane.keepAlive(on)
  }

  close(): Promise<void> {
    return this.#membrane.close()
  }
}
