/**
 * The other isolates of a system, as one of them sees them: whom to ask about their actors, and where to spawn.
 *
 * An isolate is there for spawns once its agent has its name. Who spawns picks the least loaded one: that whose
 * handlers took the least time since the last look (G225). Equals take turns, so that a burst of spawns is spread. One
 * that does not answer is passed over while others do.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ActorExited, type AskError } from "../../AskError.ts"
import type { Message } from "../../Message.ts"
import { gone } from "../about.ts"
import type { IsolateLoad } from "../border.ts"
import type { Cell } from "../cell.ts"
import type { Pid } from "../../Pid.ts"
import type { Host } from "../host.ts"
import type { Isolates, RemoteInfo } from "../isolates.ts"
import { infosOf } from "../rpc.ts"
import type { Errands } from "./agent.ts"
import { messages, patiently, unreachable, watchdog } from "./asking.ts"
import { Agent, agentName } from "./protocol.ts"
import { TeamInspector } from "./inspector.ts"
import { TeamOverview } from "./overview.ts"
import { type Report, Reporter } from "./report.ts"
import { StreamTable } from "./streams.ts"
import { SwapTeam } from "./swapTeam.ts"

/** Microseconds that make no difference: those of the agents' own handlers are among what an isolate's took. */
const step = 5_000

/** How long others have to hear that an isolate is about to import a module, before it does. */
const courtesy = Duration.millis(100)

/** Where a spawn may go. */
export type Where = "main" | "worker" | "spread" | number

export class Team implements Isolates {
  readonly here: number
  readonly agent: Cell
  readonly host: Host
  private readonly errands: Errands
  private readonly agents = new Map<number, Cell>()
  /** Microseconds of each one's handlers at the last look. */
  private readonly seen = new Map<number, number>()
  /** In which turn each was picked last. */
  private readonly picked = new Map<number, number>()
  /** What those had handled that did not answer, when they did not. */
  private readonly blocked = new Map<number, number>()
  /** Isolates that are importing a module, as they said; and how many this one is. */
  private readonly importing = new Set<number>()
  private imports = 0
  readonly streams = new StreamTable(this)
  readonly swaps = new SwapTeam(this)
  readonly overview = new TeamOverview(this)
  readonly inspector = new TeamInspector(this)
  private readonly reporter: Reporter
  private turn = 0
  /** Done when a worker that is being started is ready, or will not be; undefined: none is, as far as is known here. */
  readonly starting: () => Effect.Effect<void> | undefined
  readonly close: Isolates["close"]

  constructor(host: Host, agent: Cell, errands: Errands, starting: Team["starting"], close: Isolates["close"]) {
    this.host = host
    this.here = host.shard.border!.isolate
    this.agent = agent
    this.errands = errands
    this.starting = starting
    this.close = close
    this.reporter = new Reporter(host)
  }

  loads(): ReadonlyArray<IsolateLoad> {
    return this.host.shard.border!.isolates().map((load) =>
      load.isRust ? load : { ...load, live: Math.max(0, load.live - 1) }
    )
  }

  /** The agent of an isolate, once it is ready. */
  agentOf(isolate: number): Cell | undefined {
    if (isolate === this.here) return this.agent
    const known = this.agents.get(isolate)
    if (known !== undefined) return known
    const { host } = this
    const found = host.shard.border!.holderOf(agentName(isolate))
    if (found === undefined) return undefined
    const cell = this.typed(found)
    this.agents.set(isolate, cell)
    return cell
  }

  /** One that is spoken to as to an agent. */
  typed(pid: Pid): Cell {
    return this.host.typed(pid, Agent.name, infosOf(Agent.group))
  }

  /** The isolate that a spawn goes to, if there is one such besides those that have been tried. */
  place(on: Where, tried: ReadonlyMap<number, unknown>): number | undefined {
    if (on === "main") return 0
    if (typeof on === "number") return this.agentOf(on) === undefined ? undefined : on
    const there = this.host.shard.border!.isolates().filter(({ isolate }) =>
      (on === "spread" || isolate !== 0) && !tried.has(isolate) && this.agentOf(isolate) !== undefined
    )
    // One that is blocked handles nothing, and would be the least loaded of all.
    const answering = there.filter(({ isolate, reductions }) => this.blocked.get(isolate) !== reductions)
    const loads = answering.length > 0 ? answering : there
    if (loads.length === 0) return undefined
    let least = Infinity
    let longest = Infinity
    let picked: number | undefined
    for (const { isolate, micros } of loads) {
      const since = Math.floor((micros - (this.seen.get(isolate) ?? 0)) / step)
      const last = this.picked.get(isolate) ?? 0
      this.seen.set(isolate, micros)
      if (since > least || (since === least && last >= longest)) continue
      least = since
      longest = last
      picked = isolate
    }
    if (picked !== undefined) this.picked.set(picked, ++this.turn)
    return picked
  }

  /** It did not answer: others are asked to spawn until it has handled something. */
  unanswered(isolate: number): void {
    const load = this.host.shard.border!.isolates().find((load) => load.isolate === isolate)
    if (load !== undefined) this.blocked.set(isolate, load.reductions)
  }

  /** The agent of the isolate that it lives in. */
  agentAbout(cell: Cell): Cell | undefined {
    const isolate = this.isolateOf(cell)
    return isolate === undefined ? undefined : this.agentOf(isolate)
  }

  canStream(cell: Cell): boolean {
    const { rust } = this.host.shard.border!
    return rust.has(cell.pid) || this.isolateOf(cell) === undefined || this.agentAbout(cell) !== undefined
  }

  /** undefined: it has ended. */
  isolateOf(cell: Cell): number | undefined {
    const shard = cell.low >>> 24
    return this.host.shard.border!.isolates().find((load) => load.shard === shard)?.isolate
  }

  // `none`: its isolate has ended, and so has it.
  private about<A>(
    cell: Cell,
    message: Message<string, unknown>,
    none: A
  ): Effect.Effect<A, ActorExited> {
    return Effect.suspend(() => {
      const isolate = this.isolateOf(cell)
      const agent = isolate === undefined ? undefined : this.agentOf(isolate)
      if (agent === undefined) return Effect.succeed(none)
      const asked = agent.ask(message, { timeout: this.host.options.isolateSilence }) as Effect.Effect<A, AskError>
      return Effect.catch(
        asked,
        (error) => error.reason._tag === "ActorExited" ? Effect.succeed(none) : Effect.fail(silent(cell, isolate!))
      )
    })
  }

  // The same of a Rust shard, which has no agent.
  private inTime<A>(cell: Cell, ask: (within: number) => Effect.Effect<A, unknown>): Effect.Effect<A, ActorExited> {
    const { isolateSilence } = this.host.options
    const isSilent = Effect.suspend(() => {
      const isolate = this.isolateOf(cell)
      return Effect.fail(isolate === undefined ? gone(cell) : silent(cell, isolate))
    })
    // The pool whose threads wait for shards may be busy, too.
    const answer = Effect.timeoutOrElse(ask(isolateSilence), { duration: isolateSilence, orElse: () => isSilent })
    return Effect.catch(answer, () => isSilent)
  }

  info(cell: Cell): Effect.Effect<RemoteInfo | undefined, ActorExited> {
    const { rust } = this.host.shard.border!
    if (rust.has(cell.pid)) return this.inTime(cell, (within) => rust.info(cell.pid, within))
    const found = this.about(cell, messages["myrmidon/Info"]({ pid: cell.pid }), null)
    return Effect.map(
      found as Effect.Effect<(Omit<RemoteInfo, "name"> & { name: string | null }) | null, ActorExited>,
      (
        info
      ) => info === null ? undefined : { ...info, name: info.name ?? undefined }
    )
  }

  isAlive(cell: Cell): Effect.Effect<boolean> {
    const { rust } = this.host.shard.border!
    const asked = rust.has(cell.pid)
      ? Effect.map(this.inTime(cell, (within) => rust.info(cell.pid, within)), (info) => info !== undefined)
      : this.about(cell, messages["myrmidon/IsAlive"]({ pid: cell.pid }), false)
    // Of one that does not answer no end is known.
    return Effect.orElseSucceed(asked, () => true)
  }

  setSuspended(cell: Cell, suspended: boolean): Effect.Effect<void, ActorExited> {
    const { rust } = this.host.shard.border!
    const asked = rust.has(cell.pid)
      ? this.inTime(cell, (within) => rust.setSuspended(cell.pid, suspended, within))
      : this.about(cell, messages["myrmidon/SetSuspended"]({ pid: cell.pid, suspended }), false)
    return Effect.flatMap(asked, (isThere) => isThere ? Effect.void : Effect.fail(gone(cell)))
  }

  orphans(isolate: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { host } = this
      const others = this.loads().filter((load) =>
        !load.isRust && load.isolate !== isolate && load.isolate !== this.here
      )
      const ask = messages["myrmidon/Orphans"]({ isolate })
      const settled = others.map((load) => {
        const agent = this.agentOf(load.isolate)
        if (agent === undefined) return Effect.void
        return Effect.ignore(Effect.raceFirst(patiently(agent, ask), watchdog(agent, host.options.isolateSilence)))
      })
      return Effect.all([this.errands.settled(isolate), ...settled], { concurrency: "unbounded", discard: true })
    })
  }

  whileImporting<A, E>(imports: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const tell = (begins: boolean): Effect.Effect<void> =>
      Effect.suspend(() => {
        const message = messages["myrmidon/Importing"]({ isolate: this.here, begins })
        const others = this.loads().filter(({ isRust, isolate }) => !isRust && isolate !== this.here)
        const told = Effect.forEach(others, ({ isolate }) => {
          const agent = this.agentOf(isolate)
          return agent === undefined ? Effect.void : Effect.ignore(patiently(agent, message))
        }, { concurrency: "unbounded", discard: true })
        // Whoever does not answer now hears it in its own time.
        return Effect.asVoid(Effect.timeoutOption(told, courtesy))
      })
    const begin = Effect.suspend(() => this.imports++ === 0 ? tell(true) : Effect.void)
    const end = Effect.suspend(() => --this.imports === 0 ? tell(false) : Effect.void)
    return Effect.acquireUseRelease(begin, () => imports, () => end)
  }

  /** What an isolate told of itself. */
  isImporting(isolate: number, begins: boolean): void {
    if (begins) this.importing.add(isolate)
    else this.importing.delete(isolate)
  }

  /** How long it may give no sign of life now. */
  silenceOf(isolate: number): number {
    const { importSilence, isolateSilence } = this.host.options
    return this.importing.has(isolate) ? importSilence : isolateSilence
  }

  pong(to: number): void {
    const agent = this.agentOf(to)
    const report = this.reporter.report()
    const pong = (report: Report) => agent?.tellUnsafe(messages["myrmidon/Pong"]({ isolate: this.here, report }))
    // The name of a behaviour may have no encoding; the sign of life has.
    if (pong(report) === "BadMessage") pong({ figures: report.figures, behaviors: null })
  }

  /** What an isolate told of itself. One that has ended meanwhile is counted already. */
  heard(isolate: number, { behaviors, figures }: Report): void {
    if (this.agentOf(isolate) === undefined) return
    this.host.farFigures.hear(isolate, figures)
    if (behaviors !== null) this.overview.hear(isolate, behaviors)
  }

  // It is there for spawns when its agent has its name.
  up(): void {}

  down(isolate: number): void {
    this.agents.delete(isolate)
    this.seen.delete(isolate)
    this.picked.delete(isolate)
    this.blocked.delete(isolate)
    this.importing.delete(isolate)
    this.errands.isolateDown(isolate)
    this.streams.isolateDown(isolate)
    this.overview.down(isolate)
    this.host.farFigures.down(isolate)
  }
}

const silent = (cell: Cell, isolate: number): ActorExited =>
  new ActorExited({ pid: cell.pid, name: cell.life?.name, reason: unreachable(isolate) })
