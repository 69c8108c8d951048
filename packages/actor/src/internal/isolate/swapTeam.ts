/**
 * Swaps of actors of other isolates, as one asks for them: of one actor there, or of a group that is everywhere.
 *
 * Only upgrades that other isolates can import come here. An isolate that does not answer is not waited for longer than
 * `isolateSilence`, and named in the report.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Context from "effect/Context"
import type { ActorInfo } from "../../Actor.ts"
import { ActorExited, type AskError } from "../../AskError.ts"
import type { ExitReason } from "../../ExitReason.ts"
import type { Message } from "../../Message.ts"
import type { Pid } from "../../Pid.ts"
import { SwapError } from "../../SwapError.ts"
import { elsewhere, notHere } from "../about.ts"
import { Cell } from "../cell.ts"
import { exited, type Resolved } from "../hotSwap.ts"
import type { Swaps } from "../isolates.ts"
import { planCells, sampled, swapShare } from "../swapGroup.ts"
import { merged, type Plan, type Report, type Share } from "../swapReport.ts"
import { selectCells, type Selection } from "../swapSelect.ts"
import { swapError, type UpgradeImpl } from "../upgrade.ts"
import { Council, refusalOf, type Seat } from "./council.ts"
import { type Info, infoFrom } from "./info.ts"
import { receiveBack } from "./swaps.ts"
import { type Chosen, type Options, type Progress, type Step, SwapWentBack } from "./swapProtocol.ts"
import { agentName } from "./protocol.ts"
import { messages, patiently, patientStream, unreachable, watchdog } from "./asking.ts"
import type { Team } from "./team.ts"

/** Another isolate that can be asked. */
interface Other {
  readonly isolate: number
  readonly agent: Cell
}

type Unreached = Report["unreached"][number]

const optionsOf = ({ canary, ...rest }: Resolved): typeof Options.Type => ({ ...rest, canary: canary ?? null })

const isEnd = (error: AskError): boolean => error.reason._tag === "ActorExited"

/** Why an isolate's agent did not answer, as the reason that its actors have. */
const reasonOf = (error: AskError, isolate: number): ExitReason =>
  error.reason._tag === "ActorExited" ? error.reason.reason : unreachable(isolate)

export class SwapTeam implements Swaps {
  private readonly team: Team

  constructor(team: Team) {
    this.team = team
  }

  // -- one actor ------------------------------------------------------------------------------------------------------

  swap(cell: Cell, upgrade: UpgradeImpl, options: Resolved): Effect.Effect<void, SwapError> {
    return this.about(
      cell,
      messages["myrmidon/Swap"]({ pid: cell.pid, upgrade: upgrade.key!, options: optionsOf(options) }),
      upgrade
    )
  }

  rollBack(cell: Cell, version: string | undefined, timeout: number): Effect.Effect<void, SwapError> {
    return this.about(
      cell,
      messages["myrmidon/RollBack"]({ pid: cell.pid, version: version ?? null, timeout }),
      undefined
    )
  }

  private about(
    cell: Cell,
    message: Message<string, unknown>,
    upgrade: UpgradeImpl | undefined
  ): Effect.Effect<void, SwapError> {
    return Effect.suspend(() => {
      const isolate = this.team.isolateOf(cell)
      if (isolate === undefined) return Effect.fail(exited(cell))
      const agent = this.team.agentOf(isolate)
      if (agent === undefined) return Effect.fail(swapError(notHere(cell)!))
      const asked = this.one(agent, message) as Effect.Effect<boolean, AskError | SwapError | SwapWentBack>
      return Effect.asVoid(Effect.mapError(asked, (error) => {
        if (error instanceof SwapError) return error
        if (error instanceof SwapWentBack) {
          return swapError(receiveBack(this.team.host, upgrade!.last.program, error.back))
        }
        const reason = reasonOf(error, isolate)
        return swapError(new ActorExited({ pid: cell.pid, name: cell.life?.name, reason }))
      }))
    })
  }

  /** The one answer of something that takes its time. */
  private one(agent: Cell, message: Message<string, unknown>): Effect.Effect<unknown, unknown> {
    const answer = Effect.map(Stream.runHead(patientStream(agent, message)), Option.getOrUndefined)
    return Effect.raceFirst(answer, this.watched(agent))
  }

  private watched(agent: Cell): Effect.Effect<never, AskError> {
    const { team } = this
    const { isolateSilence } = team.host.options
    return watchdog(agent, isolateSilence, () => {
      const isolate = team.isolateOf(agent)
      return isolate === undefined ? isolateSilence : team.silenceOf(isolate)
    })
  }

  // -- groups ---------------------------------------------------------------------------------------------------------

  plan(
    upgrade: UpgradeImpl,
    context: Context.Context<never>,
    selection: Selection,
    sample: number,
    timeout: number
  ): Effect.Effect<Plan> {
    return Effect.gen({ self: this }, function*() {
      const unreached: Array<Unreached> = []
      const { here, others } = this.places(selection)
      const cells = here ? yield* selectCells(context, upgrade, selection) : []
      const asked = yield* this.chosen(others, upgrade, selection, sample !== Infinity, timeout, unreached)
      const shares = sample === Infinity
        ? { here: cells, there: asked }
        : spread(cells, asked, sample)
      const there = ({ agent, chosen, isolate }: Asked): Effect.Effect<Omit<Plan, "unreached"> | undefined> =>
        this.reaching(
          isolate,
          agent,
          unreached,
          this.one(agent, messages["myrmidon/Plan"]({ upgrade: upgrade.key!, chosen, timeout })) as Effect.Effect<
            Omit<Plan, "unreached">,
            AskError | SwapError
          >
        )
      const plans = yield* Effect.all(
        [planCells(shares.here, upgrade, timeout), ...shares.there.map(there)],
        { concurrency: "unbounded" }
      )
      const found = plans.filter((plan) => plan !== undefined)
      return {
        checked: found.reduce((sum, plan) => sum + plan.checked, 0),
        failures: found.flatMap((plan) => plan.failures),
        unreached
      }
    })
  }

  swapAll(
    upgrade: UpgradeImpl,
    context: Context.Context<never>,
    selection: Selection,
    together: boolean,
    options: Resolved
  ): Effect.Effect<Report> {
    return Effect.gen({ self: this }, function*() {
      const unreached: Array<Unreached> = []
      const { here, others } = this.places(selection)
      const cells = here ? yield* selectCells(context, upgrade, selection) : []
      const asked = yield* this.chosen(others, upgrade, selection, false, options.timeout, unreached)
      const council = new Council(options.canary)
      // Its time is the council's.
      const alike: Resolved = options.canary === undefined
        ? options
        : { ...options, canary: { ...options.canary, within: Infinity } }
      const seat = council.seat()
      const own = swapShare(
        this.team.host,
        cells,
        upgrade,
        context,
        together,
        alike,
        council.conductor(seat)
      )
      const seated = asked.map((each) => ({ ...each, seat: council.seat() }))
      const all = Effect.all([
        own,
        ...seated.map((each) => this.share(council, each, upgrade, together, alike, unreached))
      ], { concurrency: "unbounded" })
      const shares = yield* Effect.raceFirst(all, Effect.andThen(council.clock, Effect.never))
      return merged(shares.filter((share) => share !== undefined), unreached)
    })
  }

  /** Where actors of a group may be. */
  private places({ tree }: Selection): { readonly here: boolean; readonly others: ReadonlyArray<Other> } {
    const { team } = this
    if (tree === "nobody") return { here: false, others: [] }
    const root = tree
    const isHere = root === undefined || elsewhere(root) === undefined
    const only = root === undefined ? undefined : isHere ? team.here : team.isolateOf(root)
    const others = team.loads().flatMap(({ isolate }) => {
      const agent = isolate === team.here || (only !== undefined && isolate !== only)
        ? undefined
        : team.agentOf(isolate)
      return agent === undefined ? [] : [{ isolate, agent }]
    })
    return { here: isHere, others }
  }

  /** Whom each isolate is asked about. A predicate does not cross: what it looks at comes here. */
  private chosen(
    others: ReadonlyArray<Other>,
    upgrade: UpgradeImpl,
    { tree, where }: Selection,
    listed: boolean,
    timeout: number,
    unreached: Array<Unreached>
  ): Effect.Effect<ReadonlyArray<Asked>> {
    const root = tree instanceof Cell ? tree.pid : null
    if (where === undefined && !listed) {
      return Effect.succeed(others.map((other) => ({ ...other, chosen: { pids: null, tree: root } })))
    }
    const ask = ({ agent, isolate }: Other): Effect.Effect<Asked | undefined> => {
      const message = messages["myrmidon/Runners"]({
        upgrade: upgrade.key!,
        tree: root,
        look: where !== undefined,
        timeout
      })
      const runners = patientStream(agent, message, { bufferSize: 1024 }) as Stream.Stream<
        { readonly pid: Pid; readonly info: typeof Info.Type | null },
        AskError | SwapError
      >
      const pids: Array<Pid> = []
      const all = Stream.runForEach(runners, ({ info, pid }) =>
        Effect.sync(() => {
          if (where === undefined || (info !== null && where(infoFrom(pid, info) satisfies ActorInfo))) pids.push(pid)
        }))
      const watched = Effect.raceFirst(all, this.watched(agent))
      return Effect.map(
        this.reaching(isolate, agent, unreached, Effect.as(watched, pids)),
        (pids) => pids === undefined || pids.length === 0 ? undefined : { isolate, agent, chosen: { pids, tree: null } }
      )
    }
    return Effect.map(
      Effect.forEach(others, ask, { concurrency: "unbounded" }),
      (all) => all.filter((each) => each !== undefined)
    )
  }

  /** What an isolate answers; undefined: it is among those that were not reached. */
  private reaching<A>(
    isolate: number,
    agent: Cell,
    unreached: Array<Unreached>,
    work: Effect.Effect<A, AskError | SwapError>
  ): Effect.Effect<A | undefined> {
    return Effect.catch(work, (error) =>
      Effect.sync(() => {
        const reason = error instanceof SwapError ? undefined : reasonOf(error, isolate)
        unreached.push({
          isolate,
          error: reason === undefined
            ? error as SwapError
            : swapError(new ActorExited({ pid: agent.pid, name: agentName(isolate), reason }))
        })
        return undefined
      }))
  }

  private share(
    council: Council,
    { agent, chosen, isolate, seat }: Asked & { readonly seat: Seat },
    upgrade: UpgradeImpl,
    together: boolean,
    options: Resolved,
    unreached: Array<Unreached>
  ): Effect.Effect<Share | undefined> {
    const { host } = this.team
    const owner = this.team.here, group = host.nextRef()
    const step = (step: typeof Step.Type): Effect.Effect<unknown> =>
      Effect.ignore(patiently(agent, messages["myrmidon/SwapStep"]({ owner, group, step })))
    let share: Share | undefined
    const heard = (progress: typeof Progress.Type): Effect.Effect<unknown> => {
      switch (progress._tag) {
        case "Prepared":
          council.prepared(seat, progress.ready)
          return Effect.flatMap(Deferred.await(council.commit), (changes) => step({ _tag: "Commit", changes }))
        case "Crashed":
          return Effect.sync(() => council.crashed(progress.reason))
        case "Swapped":
          council.swapped(seat)
          // Not before: a step that overtakes its group is nobody's, and this one is waited for.
          return Effect.forkChild(
            Effect.flatMap(
              Deferred.await(council.back),
              (back) => step(back ? { _tag: "Back", reason: council.stopped! } : { _tag: "Passed" })
            )
          )
        case "Settled":
          return Effect.sync(() => council.settled(seat))
        case "Done": {
          const { program } = upgrade.last
          const rolledBack = progress.share.rolledBack.map((each) => receiveBack(host, program, each))
          return Effect.sync(() => void (share = { ...progress.share, rolledBack }))
        }
      }
    }
    return Effect.gen({ self: this }, function*() {
      const message = messages["myrmidon/SwapGroup"]({
        upgrade: upgrade.key!,
        chosen,
        together,
        options: optionsOf(options),
        owner,
        group
      })
      const progress = patientStream(agent, message) as Stream.Stream<typeof Progress.Type, AskError | SwapError>
      // Of whoever is told to stop: it is not the one that waits for it.
      const stopped = Deferred.makeUnsafe<ExitReason>()
      seat.stop = (reason) => void Deferred.doneUnsafe(stopped, Exit.succeed(reason))
      if (council.stopped !== undefined) seat.stop(council.stopped)
      yield* Effect.forkChild(Effect.flatMap(Deferred.await(stopped), (reason) => step({ _tag: "Stop", reason })))
      yield* Effect.forkChild(Effect.flatMap(refusalOf(council.commit), () => step({ _tag: "Commit", changes: false })))
      const work = Effect.raceFirst(Stream.runForEach(progress, heard), this.watched(agent))
      yield* this.reaching(
        isolate,
        agent,
        unreached,
        Effect.tapError(
          work,
          (error) => Effect.sync(() => council.lost(seat, !(error instanceof SwapError) && isEnd(error)))
        )
      )
      // What it had to say it has said.
      council.lost(seat, true)
      return share
    })
  }
}

interface Asked extends Other {
  readonly chosen: typeof Chosen.Type
}

/** An even choice of all, in order: those here, then isolate by isolate. */
const spread = (
  cells: ReadonlyArray<Cell>,
  asked: ReadonlyArray<Asked>,
  sample: number
): { readonly here: ReadonlyArray<Cell>; readonly there: ReadonlyArray<Asked> } => {
  const all: Array<Cell | { readonly at: number; readonly pid: Pid }> = [
    ...cells,
    ...asked.flatMap(({ chosen }, at) => (chosen.pids ?? []).map((pid) => ({ at, pid })))
  ]
  const here: Array<Cell> = []
  const pids = asked.map((): Array<Pid> => [])
  for (const each of sampled(all, sample)) {
    if ("at" in each) pids[each.at]!.push(each.pid)
    else here.push(each)
  }
  return {
    here,
    there: asked.flatMap((each, at) =>
      pids[at]!.length === 0 ? [] : [{ ...each, chosen: { pids: pids[at]!, tree: null } }]
    )
  }
}
