/**
 * The worker isolates of a system, as the isolate that opened it runs them: started, started again, looked after, ended.
 *
 * - A worker is there when its agent says so. One that ends is reported and started again, at most `restarts` times in
 *   `window` ms; a system that cannot keep its workers goes on with those that it has.
 * - Every now and then each is asked for a sign of life. One that gives none is reported, and never ended for it.
 * - Rust shards, where the addon has behaviours, start before the workers and end after them.
 * - Workers do not hold the process by themselves. When this isolate has nothing left to do, the process is held until
 *   they have nothing left to do either.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Worker } from "node:worker_threads"
import { IsolateUnavailable } from "../../SpawnError.ts"
import type { Cell } from "../cell.ts"
import { msgpack } from "../codec/msgpack.ts"
import type { Host } from "../host.ts"
import type { RustShards } from "../native/rust.ts"
import type { ResolvedOptions } from "../options.ts"
import { hostOf, type Native, open, type SystemImpl } from "../system.ts"
import { Errands, makeAgent } from "./agent.ts"
import { agentName } from "./protocol.ts"
import { relayed } from "./relay.ts"
import type { Report } from "./report.ts"
import { Rest } from "./rest.ts"
import { messages, patiently, watchdog } from "./asking.ts"
import { Team } from "./team.ts"
import { thread } from "./thread.ts"
import type { WorkerData } from "./worker.ts"

/** ms that a worker has to end by itself once it has closed. */
const grace = 1_000
/** How much longer than a reading of the accounts of Rust shards took there is none. */
const pause = 100

// Sources run where Node strips their types; what is installed is JavaScript.
const entry = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

// Not a literal: a bundler for the browser would follow it into Node's modules.
const threads: string = "node:worker_threads"
interface Threads {
  readonly Worker: typeof Worker
}

// A worker takes the options of its process by itself, also those that it must not be given: of V8, of the process. But
// how a script on the command line is to be read is nothing for a worker; then it is given the others, as far as it can.
const execArgv = (): Array<string> | undefined => {
  const { execArgv } = process
  if (!execArgv.some((arg) => arg.startsWith("--input-type"))) return undefined
  return execArgv.filter((arg, at) => !arg.startsWith("--input-type") && execArgv[at - 1] !== "--input-type")
}

const makeWorker = (threads: Threads, workerData: WorkerData): Worker => {
  const options = { workerData, name: "myrmidon" }
  const given = execArgv()
  if (given === undefined) return new threads.Worker(entry, options)
  try {
    return new threads.Worker(entry, { ...options, execArgv: given })
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error
    return new threads.Worker(entry, { ...options, execArgv: [] })
  }
}

const print = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** A script of its own that is not there: a bundler has taken the runtime out of its package. Others are the program's. */
export const printOf = (error: unknown, script = entry): string => {
  const issue = print(error)
  const path = decodeURIComponent(script.pathname)
  // As Node prints it; the second one on Windows.
  const own = [path, path.slice(1).replaceAll("/", "\\")].map((path) => `Cannot find module '${path}'`)
  if (!own.some((start) => issue.startsWith(start))) return issue
  return `${issue}. Is @myrmidonjs/actor bundled? Leave @myrmidonjs/* external`
}

/** One worker, from its start to its end. */
class Member {
  readonly ticket: number
  readonly worker: Worker
  isolate: number | undefined = undefined
  error: string | undefined = undefined
  /** When it was last heard of. */
  heard: number
  /** Messages that it had handled at the last look. */
  handled: number | undefined = undefined
  silent = false
  pinged = false
  private readonly begun: (error: string | undefined) => void
  readonly ended: Promise<void>

  constructor(
    ticket: number,
    worker: Worker,
    now: number,
    begun: (error: string | undefined) => void,
    ended: (member: Member) => void
  ) {
    this.ticket = ticket
    this.worker = worker
    this.heard = now
    this.begun = begun
    worker.on("error", (error) => this.error = printOf(error))
    this.ended = new Promise((resolve) => {
      worker.on("exit", (code) => {
        begun(this.error ?? `it ended with code ${code} before it was ready`)
        ended(this)
        resolve()
      })
    })
  }

  ready(isolate: number): void {
    this.isolate = isolate
    this.worker.unref()
    this.begun(undefined)
  }
}

export class Fleet {
  private readonly host: Host
  private readonly system: number
  private readonly threads: Threads
  private readonly members = new Map<number, Member>()
  private readonly starts: Array<number> = []
  /** How often workers are started again. */
  readonly limits = { restarts: 5, window: 60_000 }
  private tickets = 0
  private closing = false
  private looking: NodeJS.Timeout | undefined = undefined
  private readonly rest = new Rest(
    () => this.handled(),
    (answered) => this.quiet(answered),
    (round, ended) => void Effect.runForkWith(this.host.context)(round).addObserver(ended)
  )
  /** Whoever waits for a worker: called when one is ready, or none will be. */
  private waiting: Array<() => void> = []
  team!: Team
  private rust: RustShards | undefined = undefined
  /** When their accounts may be read again. */
  private rustDue = 0

  constructor(host: Host, system: number, threads: Threads) {
    this.host = host
    this.system = system
    this.threads = threads
  }

  /** Starts the Rust shards, and the actors that the addon begins with. */
  startRust(native: Native): Effect.Effect<void, IsolateUnavailable> {
    const { maxActors, maxBufferBytes, mailbox, rustShards } = this.host.options
    if (rustShards === 0) return Effect.void
    return Effect.try({
      try: () => {
        this.rust = native.startRust({
          system: this.system,
          shards: rustShards,
          maxActors,
          mailbox: mailbox.capacity,
          bufferBytes: maxBufferBytes
        })
      },
      catch: (error) => new IsolateUnavailable({ on: "rust", issue: print(error) })
    })
  }

  /** Starts `count` workers; done when all are ready. */
  start(count: number): Effect.Effect<void, IsolateUnavailable> {
    const { isolateSilence } = this.host.options
    this.looking = setInterval(() => this.look(), Math.min(1_000, isolateSilence / 4))
    this.looking.unref()
    process.on("beforeExit", this.onIdle)
    return Effect.forEach(Array.from({ length: count }), () => this.launch(), {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.mapError((issue) => new IsolateUnavailable({ on: "worker", issue })))
  }

  private launch(): Effect.Effect<void, string> {
    return Effect.callback((resume) => {
      const ticket = ++this.tickets
      const { onDeadLetter: _, ...options } = this.host.options
      const data: WorkerData = {
        system: this.system,
        boot: this.host.boot,
        ticket,
        first: this.team.agent.pid,
        options: { ...options, isolates: 0, keepAlive: true }
      }
      const begun = (error: string | undefined): void => resume(error === undefined ? Effect.void : Effect.fail(error))
      try {
        const worker = makeWorker(this.threads, data)
        this.members.set(ticket, new Member(ticket, worker, this.host.clock.now(), begun, this.ended))
      } catch (error) {
        begun(print(error))
      }
    })
  }

  private readonly ended = (member: Member): void => {
    this.members.delete(member.ticket)
    if (member.isolate !== undefined) this.host.isolateMetrics?.forget(member.isolate)
    const { error, isolate } = member
    if (this.closing || isolate === undefined) return this.resumeWaiting()
    const again = this.mayStart()
    this.host.isolatesDown++
    const given = `${error ?? "it has ended"}; it is not started again, as that happened too often`
    this.host.events.publish({ _tag: "IsolateDown", isolate, error: again ? error : given })
    if (again) this.startAgain()
    else this.resumeWaiting()
  }

  /** Counts one more start, if there may be one. */
  private mayStart(): boolean {
    const now = this.host.clock.now()
    const { restarts, window } = this.limits
    while (this.starts.length > 0 && now - this.starts[0]! > window) this.starts.shift()
    if (this.starts.length >= restarts) return false
    this.starts.push(now)
    return true
  }

  // One that does not even get ready counts like one that ended.
  private startAgain(): void {
    Effect.runForkWith(this.host.context)(Effect.catch(this.launch(), (issue) => {
      if (this.closing) return Effect.void
      if (this.mayStart()) this.startAgain()
      return Effect.logError(`a worker isolate did not start again: ${issue}`)
    }))
  }

  /** Undefined: none is being started. */
  get starting(): Effect.Effect<void> | undefined {
    const there = new Set(this.team.loads().map((load) => load.isolate))
    // One that has ended is started again, though its thread may not be gone yet.
    const isStarting = ({ isolate }: Member): boolean => isolate === undefined || !there.has(isolate)
    if (!Array.from(this.members.values()).some(isStarting)) return undefined
    return Effect.callback((resume) => {
      this.waiting.push(() => resume(Effect.void))
    })
  }

  private resumeWaiting(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resume of waiting) resume()
  }

  ready(isolate: number, ticket: number): void {
    const member = this.members.get(ticket)
    if (member === undefined) return
    member.heard = this.host.clock.now()
    // Before those who wait for it go on: what they see of events begins with what comes then.
    this.host.isolateMetrics?.saw(isolate)
    // Its first report.
    this.ping(member, isolate)
    this.host.events.publish({ _tag: "IsolateUp", isolate })
    member.ready(isolate)
    this.resumeWaiting()
  }

  pong(isolate: number, report: Report): void {
    this.team.heard(isolate, report)
    for (const member of this.members.values()) {
      if (member.isolate !== isolate) continue
      this.hear(member)
      member.pinged = false
    }
  }

  importing(isolate: number, begins: boolean): void {
    this.team.isImporting(isolate, begins)
    // Its last sign of life may have been long ago.
    for (const member of this.members.values()) if (member.isolate === isolate) this.hear(member)
  }

  private hear(member: Member): void {
    member.heard = this.host.clock.now()
    member.silent = false
  }

  /** The agents of the workers that are ready. */
  private agents(): Array<Cell> {
    return Array.from(
      this.members.values(),
      ({ isolate }) => isolate === undefined ? undefined : this.team.agentOf(isolate)
    )
      .filter((agent) => agent !== undefined)
  }

  private look(): void {
    const { host, team } = this
    const now = host.clock.now()
    const loads = new Map(team.loads().map((load) => [load.isolate, load.reductions]))
    for (const member of this.members.values()) {
      const { isolate } = member
      if (isolate === undefined) continue
      // One that handles messages lives, also when there is no room for a question among them.
      const handled = loads.get(isolate)
      if (handled !== member.handled) {
        member.handled = handled
        this.hear(member)
        // The question may be among it, and the answer have found no room.
        member.pinged = false
      }
      const millis = now - member.heard
      if (!member.silent && millis > team.silenceOf(isolate)) {
        member.silent = true
        host.isolatesSilent++
        host.events.publish({ _tag: "IsolateSilent", isolate, millis })
      }
      // One that has not answered has the question still before it.
      if (member.pinged) continue
      this.ping(member, isolate)
    }
    if (this.rust !== undefined && now >= this.rustDue) this.lookAtRust(now)
  }

  // Rust shards tell nothing by themselves: their accounts are asked for, now and then (G226).
  private lookAtRust(now: number): void {
    this.rustDue = Infinity
    const { clock, context } = this.host
    Effect.runForkWith(context)(this.team.overview.lookAtRust).addObserver(() => {
      const ended = clock.now()
      this.rustDue = ended + pause * (ended - now)
    })
  }

  private ping(member: Member, isolate: number): void {
    const ping = messages["myrmidon/Ping"]({ from: this.team.here })
    member.pinged = this.team.agentOf(isolate)?.tellUnsafe(ping) === "Accepted"
  }

  private readonly onIdle = (): void => {
    if (!this.closing) this.rest.look()
  }

  private quiet(answered: () => void): Effect.Effect<void> {
    const quiet = messages["myrmidon/Quiet"]()
    const workers = Effect.forEach(
      this.agents(),
      (agent) => Effect.ignore(Effect.map(patiently(agent, quiet), answered)),
      { concurrency: "unbounded", discard: true }
    )
    return this.rust === undefined ? workers : Effect.andThen(workers, this.rustIsQuiet())
  }

  private rustIsQuiet(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const before = this.handled()
      const look = Effect.suspend(() =>
        this.handled() === before && this.team.loads().every((load) => !load.isBusy)
          ? Effect.void
          : this.rustIsQuiet()
      )
      return Effect.andThen(Effect.sleep(Duration.millis(10)), look)
    })
  }

  private handled(): number {
    return this.team.loads().reduce((sum, load) => sum + load.reductions, 0)
  }

  /** Ends one by force, for tests: as if its thread had been taken away. */
  terminate(isolate: number): void {
    for (const member of this.members.values()) if (member.isolate === isolate) void member.worker.terminate()
  }

  /** `within`: ms that are left of the system's time. */
  readonly close = (within: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.closing = true
      clearInterval(this.looking)
      process.off("beforeExit", this.onIdle)
      const { clock, options: { shutdownTimeout } } = this.host
      const until = clock.now() + within
      const workers = Effect.forEach(Array.from(this.members.values()), (member) => this.end(member, within), {
        concurrency: "unbounded",
        discard: true
      })
      const rust = this.rust
      if (rust === undefined) return workers
      // All of them together, as each of the others.
      const left = (): number => Math.max(0, Math.min(shutdownTimeout, until - clock.now()))
      return Effect.andThen(workers, Effect.promise(() => rust.close(left())))
    })

  // In order, if it takes no longer than it may; then by force, which its actors' watchers hear of.
  private end(member: Member, within: number): Effect.Effect<void> {
    const patience = this.host.options.shutdownTimeout + grace
    const agent = member.isolate === undefined ? undefined : this.team.agentOf(member.isolate)
    const closed = agent === undefined
      ? Effect.void
      // One that does not answer at all is blocked, and does not kill its actors either.
      : Effect.ignore(Effect.raceFirst(
        agent.ask(messages["myrmidon/Close"]({ within }), { timeout: within + patience }),
        watchdog(agent, patience)
      ))
    const gone = Effect.timeoutOption(
      Effect.promise(() => member.ended),
      Duration.millis(agent === undefined ? 0 : grace)
    )
    const terminate = Effect.promise(() => member.worker.terminate())
    // Whoever waits for the process to end learns here for what (G310).
    const told = Effect.tap(gone, (ended) => {
      if (agent === undefined || Option.isSome(ended)) return Effect.void
      return Effect.logWarning(
        `isolate ${member.isolate} has not ended in time, as if a handler held its thread, and is ended by force`
      )
    })
    return Effect.andThen(closed, Effect.andThen(told, terminate))
  }
}

// Whoever spawns a behaviour of the very module that is the program has each worker run the program, and so on.
const nested = "a worker isolate has no workers of its own. Does the module of a behaviour open the system?" +
  " Each worker evaluates it: put behaviours into a module of their own"

const fleets = new WeakMap<Host, Fleet>()

/** The workers of a system that this isolate opened. */
export const fleetOf = (host: Host): Fleet | undefined => fleets.get(host)

/** Opens a system with worker isolates or Rust shards; done when all of them are ready. */
export const openFleet = (
  options: ResolvedOptions,
  native: Native
): Effect.Effect<SystemImpl, IsolateUnavailable, Scope.Scope> =>
  Effect.gen(function*() {
    if (options.isolates > 0 && thread.isWorker) return yield* new IsolateUnavailable({ on: "worker", issue: nested })
    const handle = native.openSystem()
    const system = yield* open(options, "native", native.makeShard, undefined, { system: handle })
    const host = hostOf(system)
    const { format } = host.codec
    if (options.isolates > 0 && format !== msgpack.format) {
      const issue = `workers speak ${msgpack.format}, and the Codec of this system is ${format}`
      return yield* new IsolateUnavailable({ on: "worker", issue })
    }
    const fleet = new Fleet(host, handle, yield* Effect.promise(() => import(threads) as Promise<Threads>))
    fleets.set(host, fleet)
    const errands = new Errands(host)
    const agent = host.spawnNow(
      makeAgent(host, errands, {
        ready: (isolate, ticket) => fleet.ready(isolate, ticket),
        pong: (isolate, report) => fleet.pong(isolate, report),
        importing: (isolate, begins) => fleet.importing(isolate, begins),
        quiet: () => Effect.void,
        close: () => Effect.void
      }, relayed(host)),
      undefined,
      { name: agentName(0) }
    )
    fleet.team = new Team(host, agent, errands, () => fleet.starting, fleet.close)
    host.isolates = fleet.team
    yield* fleet.startRust(native)
    yield* fleet.start(options.isolates)
    return system
  })
