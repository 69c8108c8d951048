/**
 * An isolate's agent: starts actors of modules for other isolates, answers for those that live here, and ends them when
 * their system does.
 *
 * What takes its time is done beside it (a Deferred): one module that never loads keeps nobody else waiting. What was
 * started for an isolate that is gone ends with it, as it would with a scope that it could not close any more.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { DeadLetter } from "../../DeadLetter.ts"
import { ExitReason } from "../../ExitReason.ts"
import type { Pid } from "../../Pid.ts"
import type { SpawnOptions } from "../../Self.ts"
import { OwnerStopped, SpawnError } from "../../SpawnError.ts"
import { infoHere, setSuspendedHere } from "../about.ts"
import type { Cell } from "../cell.ts"
import { setTimer } from "../clock.ts"
import { statsOf } from "../figures.ts"
import type { Host } from "../host.ts"
import { defaultMailbox } from "../mailbox.ts"
import { Owner } from "../owner.ts"
import { encodeFailure, startHere } from "./here.ts"
import type { TraceOptions } from "../trace.ts"
import { topOf } from "../top.ts"
import { watch } from "../watch.ts"
import { Inspections } from "./inspections.ts"
import { infoThere } from "./info.ts"
import { entryOf } from "./imports.ts"
import { Agent, InitFailed } from "./protocol.ts"
import type { Entry, ModuleKey } from "./registry.ts"
import type { Report } from "./report.ts"
import { SwapErrands } from "./swaps.ts"

/** Spawns that are over, and may still be taken back. */
const kept = 1024

export type SpawnRequest = ModuleKey & {
  readonly args: Uint8Array | null
  readonly owner: number
  readonly ticket: number
  readonly name: string | null
  readonly capacity: number | null
  readonly onFull: "reject" | "drop-newest" | "drop-oldest" | "suspend" | null
  readonly sendTimeout: number | null
  readonly initTimeout: number | null
  readonly budget: number | null
}

const known = (host: Host, key: ModuleKey): Effect.Effect<Entry, SpawnError> =>
  Effect.mapError(entryOf(host, key), (reason) => new SpawnError({ reason }))

const optionsOf = (request: SpawnRequest): SpawnOptions => ({
  name: request.name ?? undefined,
  mailbox: {
    capacity: request.capacity ?? undefined,
    onFull: request.onFull ?? undefined,
    sendTimeout: request.sendTimeout ?? undefined
  },
  initTimeout: request.initTimeout ?? undefined,
  budget: request.budget ?? undefined
})

interface Spawning {
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  cell: Cell | undefined
  cancelled: boolean
}

interface Orphans {
  readonly cells: Set<Cell>
  /** Their time. */
  readonly disarm: Array<() => void>
}

const givenUp = (owner: number): SpawnError =>
  new SpawnError({ reason: new OwnerStopped({ owner: `isolate ${owner}` }) })

/** What an agent has in hand for the other isolates. */
export class Errands {
  private readonly host: Host
  private readonly spawns = new Map<string, Spawning>()
  private readonly owned = new Map<number, Owner>()
  /** Isolates that have ended: whatever of theirs begins late ends at once. */
  private readonly gone = new Set<number>()
  /** What was started for them, and has not ended yet. */
  private readonly orphans = new Map<number, Orphans>()
  private waiting: Array<{ readonly isolate: number; readonly resume: () => void }> = []

  constructor(host: Host) {
    this.host = host
  }

  spawn(request: SpawnRequest): Deferred.Deferred<Pid, SpawnError | InitFailed> {
    const { host } = this
    const answer = Deferred.makeUnsafe<Pid, SpawnError | InitFailed>()
    const spawning: Spawning = { fiber: undefined, cell: undefined, cancelled: false }
    this.remember(`${request.owner}/${request.ticket}`, spawning)
    let entry: Entry | undefined
    const start = Effect.flatMap(known(host, request), (found) => {
      entry = found
      return startHere(host, found, request.args, optionsOf(request), (cell) => {
        spawning.cell = cell
        this.ownerOf(request.owner).add(cell)
        if (this.gone.has(request.owner)) this.isolateDown(request.owner)
      })
    })
    spawning.fiber = Effect.runForkWith(host.context)(start)
    spawning.fiber.addObserver((exit) => {
      spawning.fiber = undefined
      if (Exit.isSuccess(exit)) {
        if (spawning.cancelled) this.end(spawning.cell!)
        Deferred.doneUnsafe(answer, Exit.succeed((exit.value as Cell).pid))
        return
      }
      // Nobody waits for it any more; an interruption would count as a mistake of this agent.
      if (spawning.cancelled) return Deferred.doneUnsafe(answer, Exit.fail(givenUp(request.owner)))
      const failure = entry === undefined ? exit.cause : encodeFailure(host, entry, exit.cause)
      Deferred.doneUnsafe(
        answer,
        failure instanceof SpawnError
          ? Exit.fail(failure)
          : failure instanceof Uint8Array
          ? Exit.fail(new InitFailed({ error: failure }))
          : exit as Exit.Exit<never, SpawnError>
      )
    })
    return answer
  }

  private remember(key: string, spawning: Spawning): void {
    this.spawns.set(key, spawning)
    if (this.spawns.size > kept) this.spawns.delete(this.spawns.keys().next().value!)
  }

  private ownerOf(isolate: number): Owner {
    let owner = this.owned.get(isolate)
    if (owner === undefined) this.owned.set(isolate, owner = new Owner())
    return owner
  }

  cancel(owner: number, ticket: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const spawning = this.spawns.get(`${owner}/${ticket}`)
      if (spawning === undefined) return Effect.void
      spawning.cancelled = true
      const { fiber } = spawning
      const begun = fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
      return Effect.andThen(
        begun,
        Effect.suspend(() => {
          const { cell } = spawning
          if (cell === undefined || !this.host.shard.isAlive(cell)) return Effect.void
          this.end(cell)
          return Effect.asVoid(watch(cell).end)
        })
      )
    })
  }

  /**
   * An isolate has ended: so does what it had started here. Whoever traps that, and has not begun to end when the time
   * of a scope that closes is over, is killed.
   */
  isolateDown(isolate: number): void {
    this.gone.add(isolate)
    const { options, shard } = this.host
    const cells = (this.owned.get(isolate)?.drain() ?? []).filter((cell) => shard.isAlive(cell))
    this.owned.delete(isolate)
    for (const cell of cells) {
      this.orphanOf(isolate, cell)
      shard.exit(cell, undefined, { _tag: "IsolateDown", isolate })
    }
    const orphans = this.orphans.get(isolate)
    if (cells.length === 0 || orphans === undefined) return
    const disarm = setTimer(options.shutdownTimeout, () => {
      if (this.host.closed) return
      for (const cell of cells) {
        if (shard.isAlive(cell) && cell.life?.closing !== true) shard.exit(cell, undefined, ExitReason.killed)
      }
    })
    orphans.disarm.push(disarm)
  }

  private orphanOf(isolate: number, cell: Cell): void {
    const orphans = this.orphans.get(isolate) ?? { cells: new Set(), disarm: [] }
    this.orphans.set(isolate, orphans)
    orphans.cells.add(cell)
    watch(cell).onEnd(() => {
      orphans.cells.delete(cell)
      if (orphans.cells.size > 0) return
      for (const disarm of orphans.disarm) disarm()
      this.orphans.delete(isolate)
      const due = this.waiting.filter((waiting) => waiting.isolate === isolate)
      this.waiting = this.waiting.filter((waiting) => waiting.isolate !== isolate)
      for (const { resume } of due) resume()
    })
  }

  /** Done when nobody is left of what an isolate that has ended had started here. */
  settled(isolate: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      // Whoever asks may have heard of its end before this isolate did.
      this.isolateDown(isolate)
      if (!this.orphans.has(isolate)) return resume(Effect.void)
      const waiting = { isolate, resume: () => resume(Effect.void) }
      this.waiting.push(waiting)
      return Effect.sync(() => {
        this.waiting = this.waiting.filter((each) => each !== waiting)
      })
    })
  }

  private end(cell: Cell): void {
    this.host.shard.exit(cell, undefined, ExitReason.shutdown())
  }
}

/** What the first isolate hears, and what the others are told. */
export interface AgentHooks {
  readonly ready: (isolate: number, ticket: number) => void
  readonly pong: (isolate: number, report: Report) => void
  readonly importing: (isolate: number, begins: boolean) => void
  readonly quiet: () => Effect.Effect<void>
  readonly close: (within: number) => Effect.Effect<void>
}

/** A dead letter of a worker. */
export interface RelayedLetter {
  readonly to: Pid
  readonly name: string | null
  readonly from: Pid | null
  readonly asked: boolean
  readonly tag: string
  readonly payload: unknown
  readonly why: DeadLetter["why"]
}

/** What workers tell of themselves. */
export interface Relayed {
  readonly event: (event: unknown) => void
  readonly letter: (letter: RelayedLetter) => void
}

const cellHere = (host: Host, pid: Pid): Cell => host.shard.cellOf(pid)

/** The behaviour of the agent of a host. */
export const makeAgent = (host: Host, errands: Errands, hooks: AgentHooks, relay: Relayed) => {
  const swaps = new SwapErrands(host)
  const inspections = new Inspections(host)
  return Agent.behavior({
    init: () => undefined,
    // Whatever the program's mailboxes are: an agent must not lose what it is told.
    mailbox: { capacity: defaultMailbox.capacity, onFull: "reject" },
    handlers: {
      "myrmidon/Spawn": (_, request) => Effect.succeed(errands.spawn(request)),
      "myrmidon/Cancel": (_, { owner, ticket }) => beside(host, errands.cancel(owner, ticket)),
      "myrmidon/Orphans": (_, { isolate }) => beside(host, errands.settled(isolate)),
      "myrmidon/Info": (_, { pid }) => {
        const found = infoHere(cellHere(host, pid))
        return found === undefined ? null : infoThere(found)
      },
      "myrmidon/SetSuspended": (_, { pid, suspended }) => setSuspendedHere(cellHere(host, pid), suspended),
      "myrmidon/IsAlive": (_, { pid }) => host.shard.isAlive(cellHere(host, pid)),
      "myrmidon/Items": (_, { chunks, stream }) => {
        const taken = host.isolates!.streams.items(stream, chunks)
        return typeof taken === "boolean" ? taken : Effect.succeed(taken)
      },
      "myrmidon/EndStream": (_, { stream }) => host.isolates!.streams.end(stream),
      "myrmidon/StopStream": (_, { isolate, stream }) => host.isolates!.streams.stop(isolate, stream),
      "myrmidon/Totals": () => {
        const { bytes, queued } = statsOf(host)
        return { bytes, queued }
      },
      "myrmidon/Top": (_, { by, n }) => topOf(host, n, by).map((info) => ({ pid: info.pid, info: infoThere(info) })),
      "myrmidon/Behaviors": () => [...host.accounts.read().values()],
      "myrmidon/State": (_, { pid, running }) => inspections.state(pid, running),
      "myrmidon/Replace": (_, { owner, pid, running, ticket }) => inspections.replace(pid, running, owner, ticket),
      "myrmidon/Replacement": (_, { owner, state, ticket }) => inspections.replacement(owner, ticket, state),
      "myrmidon/Trace": (_, { options, pid }) => inspections.trace(pid, options as TraceOptions),
      "myrmidon/Swap": (_, { options, pid, upgrade }) =>
        swaps.swap(pid, upgrade, { ...options, canary: options.canary ?? undefined }),
      "myrmidon/RollBack": (_, { pid, timeout, version }) => swaps.rollBack(pid, version ?? undefined, timeout),
      "myrmidon/Runners": (_, { look, timeout, tree, upgrade }) => swaps.runners(upgrade, tree, look, timeout),
      "myrmidon/Plan": (_, { chosen, timeout, upgrade }) => swaps.plan(upgrade, chosen, timeout),
      "myrmidon/SwapGroup": (_, request) => swaps.group(request),
      "myrmidon/SwapStep": (_, { group, owner, step }) => swaps.step(owner, group, step),
      "myrmidon/Ready": (_, { isolate, ticket }) => hooks.ready(isolate, ticket),
      "myrmidon/Events": (_, { events }) => events.forEach(relay.event),
      "myrmidon/Letters": (_, { letters }) => letters.forEach(relay.letter),
      "myrmidon/Importing": (_, { begins, isolate }) => hooks.importing(isolate, begins),
      "myrmidon/Ping": (_, { from }) => host.isolates?.pong(from),
      "myrmidon/Pong": (_, { isolate, report }) => hooks.pong(isolate, report),
      "myrmidon/Quiet": () => beside(host, hooks.quiet()),
      "myrmidon/Close": (_, { within }) => beside(host, hooks.close(within))
    }
  })
}

// The agent stays free for others meanwhile.
const beside = (host: Host, effect: Effect.Effect<void>): Effect.Effect<Deferred.Deferred<void>> =>
  Effect.sync(() => {
    const done = Deferred.makeUnsafe<void>()
    Effect.runForkWith(host.context)(effect).addObserver((exit) => Deferred.doneUnsafe(done, exit))
    return done
  })
