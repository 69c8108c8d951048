/**
 * Swaps in this isolate that another one asks for: of one actor, or of this isolate's share of a group.
 *
 * Each is a stream that its asker reads, and ends with it: given up, or its isolate gone, a swap that has not been done
 * is not done, and a canary has passed.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../../ActorSystem.ts"
import type { ExitReason } from "../../ExitReason.ts"
import type { Pid } from "../../Pid.ts"
import { MigrationFailed, RolledBack, type SwapError } from "../../SwapError.ts"
import { infoHere } from "../about.ts"
import type { Program } from "../bound.ts"
import type { Cell } from "../cell.ts"
import type { Host } from "../host.ts"
import { awaitCanary, type Resolved, rollBack, swapCell } from "../hotSwap.ts"
import { lookup } from "../opcodes.ts"
import { type Conductor, planCells, readyIn, swapEach, swapTogether } from "../swapGroup.ts"
import type { Group } from "../swapReport.ts"
import { selectCells } from "../swapSelect.ts"
import { swapError, type UpgradeImpl } from "../upgrade.ts"
import { type Wire, wireOf } from "../wire.ts"
import { refusalOf } from "./council.ts"
import { guarded, typed } from "./guarded.ts"
import { upgradeOf } from "./imports.ts"
import { infoThere } from "./info.ts"
import type { UpgradeKey } from "./registry.ts"
import { type Chosen, type Options, type Progress, Step, SwapWentBack, type WentBack } from "./swapProtocol.ts"

type Sent = typeof WentBack.Type

// -- reports on their way ---------------------------------------------------------------------------------------------

const sentPayload = (wire: Wire, tag: string, payload: unknown): Uint8Array | null => {
  const bytes = wire.encode(lookup(tag), payload)
  return Exit.isSuccess(bytes) ? bytes.value.slice() : null
}

/** What a canary had handled, by the protocol that it spoke. */
export const sendBack = (host: Host, { rpcs }: Program, { handled, pid, reason }: RolledBack): Sent => {
  const wire = wireOf(host, rpcs)
  return {
    pid,
    reason,
    handled: handled.map(({ answered, from, payload, tag }) => ({
      tag,
      from: from ?? null,
      payload: sentPayload(wire, tag, payload),
      answered
    }))
  }
}

/** The reverse; what did not cross is null. */
export const receiveBack = (host: Host, { rpcs }: Program, { handled, pid, reason }: Sent): RolledBack => {
  const wire = wireOf(host, rpcs)
  return new RolledBack({
    pid,
    reason,
    handled: handled.map(({ answered, from, payload, tag }) => {
      const value = payload === null ? Exit.succeed(null) : wire.decode(lookup(tag), payload)
      return {
        tag,
        ...from === null ? undefined : { from },
        payload: Exit.isSuccess(value) ? value.value : null,
        answered
      }
    })
  }, { disableChecks: true })
}

const resolvedOf = (options: typeof Options.Type): Resolved => ({ ...options, canary: options.canary ?? undefined })

const defected = (cause: unknown): SwapError => swapError(new MigrationFailed({ cause }))

/** A share of a group, while it is under way. */
interface Underway {
  group: Group | undefined
  /** It was told to stop before it had begun. */
  stopped: ExitReason | undefined
  readonly commit: Deferred.Deferred<boolean>
  readonly back: Deferred.Deferred<boolean>
}

export class SwapErrands {
  private readonly host: Host
  private readonly groups = new Map<string, Underway>()

  constructor(host: Host) {
    this.host = host
  }

  /** What is under way, for tests: nothing is left behind. */
  get size(): number {
    return this.groups.size
  }

  private cell(pid: Pid): Cell {
    return this.host.shard.cellOf(pid)
  }

  private get context(): Context.Context<never> {
    const { context, system } = this.host
    return Context.add(context, ActorSystem, system as ActorSystem["Service"])
  }

  // The module is imported, and what its new behaviour needs is built.
  private upgrade(key: UpgradeKey, timeout: number): Effect.Effect<UpgradeImpl, SwapError> {
    const ready = Effect.flatMap(
      Effect.mapError(upgradeOf(this.host, key), swapError),
      (upgrade) => Effect.as(upgrade.ready(this.host), upgrade)
    )
    return readyIn(ready, timeout)
  }

  private chosen(
    upgrade: UpgradeImpl,
    { pids, tree }: typeof Chosen.Type
  ): Effect.Effect<ReadonlyArray<Cell>> {
    if (pids !== null) return Effect.succeed(pids.map((pid) => this.cell(pid)))
    return selectCells(this.context, upgrade, tree === null ? undefined : { tree: this.cell(tree) })
  }

  swap(pid: Pid, key: UpgradeKey, options: Resolved): Stream.Stream<boolean, SwapError | SwapWentBack> {
    const swap = Effect.gen({ self: this }, function*() {
      const cell = this.cell(pid)
      const upgrade = yield* this.upgrade(key, options.timeout)
      const { canary } = yield* swapCell(cell, upgrade, this.context, options, true)
      const reason = canary === undefined ? undefined : yield* awaitCanary(canary, options.canary!.within)
      if (reason === undefined) return true
      return yield* new SwapWentBack({ back: sendBack(this.host, upgrade.last.program, reason) })
    })
    return guarded(Stream.fromEffect(swap), defected)
  }

  rollBack(pid: Pid, version: string | undefined, timeout: number): Stream.Stream<boolean, SwapError> {
    const back = Effect.suspend(() => rollBack(this.cell(pid), version, timeout))
    return guarded(Stream.fromEffect(Effect.as(back, true)), defected)
  }

  runners(key: UpgradeKey, tree: Pid | null, look: boolean, timeout: number) {
    const imported = readyIn(Effect.mapError(upgradeOf(this.host, key), swapError), timeout)
    const all = Effect.flatMap(imported, (upgrade) => this.chosen(upgrade, { pids: null, tree }))
    const runners = Stream.map(Stream.fromIterableEffect(all), (cell) => {
      const found = look ? infoHere(cell) : undefined
      return { pid: cell.pid, info: found === undefined ? null : infoThere(found) }
    })
    return guarded(runners, defected)
  }

  plan(key: UpgradeKey, chosen: typeof Chosen.Type, timeout: number) {
    const plan = Effect.flatMap(
      this.upgrade(key, timeout),
      (upgrade) => Effect.flatMap(this.chosen(upgrade, chosen), (cells) => planCells(cells, upgrade, timeout))
    )
    return guarded(Stream.fromEffect(plan), defected)
  }

  group(request: {
    readonly upgrade: UpgradeKey
    readonly chosen: typeof Chosen.Type
    readonly together: boolean
    readonly options: typeof Options.Type
    readonly owner: number
    readonly group: number
  }): Stream.Stream<typeof Progress.Type, SwapError> {
    const key = `${request.owner}/${request.group}`
    const run = (queue: Queue.Queue<typeof Progress.Type, SwapError | Cause.Done>) =>
      Effect.gen({ self: this }, function*() {
        const underway: Underway = {
          group: undefined,
          stopped: undefined,
          commit: Deferred.makeUnsafe(),
          back: Deferred.makeUnsafe()
        }
        this.groups.set(key, underway)
        const options = resolvedOf(request.options)
        const upgrade = yield* this.upgrade(request.upgrade, options.timeout)
        const cells = yield* this.chosen(upgrade, request.chosen)
        const swap = request.together ? swapTogether : swapEach
        const share = yield* swap(
          cells,
          upgrade,
          this.context,
          options,
          conductorOf(underway, (progress) => Queue.offerUnsafe(queue, progress))
        )
        const { program } = upgrade.last
        const rolledBack = share.rolledBack.map((each) => sendBack(this.host, program, each))
        Queue.offerUnsafe(queue, { _tag: "Done", share: { ...share, rolledBack } })
        Queue.endUnsafe(queue)
      }).pipe(
        Effect.catchCause((cause) => Queue.fail(queue, typed(cause, defected))),
        Effect.ensuring(Effect.sync(() => this.groups.delete(key)))
      )
    // At once: a step may come right behind the question.
    return Stream.callback<typeof Progress.Type, SwapError>(
      (queue) => Effect.asVoid(Effect.forkScoped(run(queue), { startImmediately: true })),
      { bufferSize: Infinity }
    )
  }

  step(owner: number, group: number, step: typeof Step.Type): void {
    const underway = this.groups.get(`${owner}/${group}`)
    if (underway === undefined) return
    Step.match(step, {
      Commit: ({ changes }) => void Deferred.doneUnsafe(underway.commit, Exit.succeed(changes)),
      Stop: ({ reason }) => {
        underway.stopped = reason
        underway.group?.stop(reason)
      },
      Passed: () => void Deferred.doneUnsafe(underway.back, Exit.succeed(false)),
      Back: ({ reason }) => {
        underway.group?.stop(reason)
        Deferred.doneUnsafe(underway.back, Exit.succeed(true))
      }
    })
  }
}

// There are as many words as there are crashes, and four more.
const conductorOf = (underway: Underway, tell: (progress: typeof Progress.Type) => void): Conductor => ({
  refused: refusalOf(underway.commit),
  prepared: (ready) => {
    tell({ _tag: "Prepared", ready })
    return Deferred.await(underway.commit)
  },
  joined: (group) => {
    underway.group = group
    if (underway.stopped !== undefined) group.stop(underway.stopped)
    group.onCrash = (reason: ExitReason) => tell({ _tag: "Crashed", reason })
  },
  verdict: (settled) => {
    tell({ _tag: "Swapped" })
    return Effect.raceFirst(
      Deferred.await(underway.back),
      Effect.flatMap(settled, () => {
        tell({ _tag: "Settled" })
        return Effect.never
      })
    )
  }
})
