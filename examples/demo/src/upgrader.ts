/**
 * What happens to the cities of an isolate half-way, while a day is under way: all of them learn to vaccinate, and the
 * day after some of them get a version that crashes on its first message, which their canaries notice.
 *
 * Nothing of that may change a single person of the run: what crashed a canary comes back as a dead letter, and the run
 * sends it again to its city, which is by then the one that it was before.
 */
import { type ActorSystem, HotSwap, type Pid, type SwapReport } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber } from "effect"
import type { Scope } from "effect"
import type { Atlas } from "./atlas.ts"
import { CityV2, toV2, toV3 } from "./city.ts"
import { isKilled } from "./model.ts"
import * as Protocols from "./protocols.ts"

/** After so many crashes all of them are brought back. */
const maxRollbacks = 3

export interface UpgraderArgs {
  readonly atlas: Atlas
  /** Gives the supervisors another behaviour, for whom they start from now on. */
  readonly supervisors: (live: typeof CityV2) => Effect.Effect<void, unknown, ActorSystem>
}

interface State extends UpgraderArgs {
  /** The actor's own. */
  readonly scope: Scope.Scope
  back: Fiber.Fiber<number, Protocols.UpgradeFailed> | undefined
}

export const UpgraderLive = Protocols.Upgrader.behavior({
  init: (args: UpgraderArgs) => Effect.map(Effect.scope, (scope): State => ({ ...args, scope, back: undefined })),
  handlers: {
    ToV2: ({ supervisors }) => learnToVaccinate(supervisors),
    TryV3: (state, { canaries, day }) =>
      Effect.gen(function*() {
        const chosen = choose(state.atlas, day, canaries)
        const begun = Deferred.makeUnsafe<void>()
        // It goes on beside this actor, until the day has brought the canaries their first messages.
        state.back = yield* Effect.forkIn(chosen.size === 0 ? Effect.succeed(0) : tryV3(chosen, begun), state.scope)
        if (chosen.size > 0) yield* Effect.raceFirst(Deferred.await(begun), Fiber.join(state.back))
        return chosen.size
      }),
    BackToV2: ({ back }) => back === undefined ? Exit.succeed(0) : Fiber.join(back)
  }
})

const failed = (issue: string): Effect.Effect<never, Protocols.UpgradeFailed> =>
  Effect.fail(new Protocols.UpgradeFailed({ issue }))

/** A city that was killed meanwhile is no failure: its supervisor has started it again, as what cities are now. */
const nothingFailed = (report: SwapReport): Effect.Effect<SwapReport, Protocols.UpgradeFailed> => {
  const one = report.failed.find(({ error }) => error.reason._tag !== "ActorExited")
  return one === undefined ? Effect.succeed(report) : failed(one.error.message)
}

/** Every city of the isolate, one by one, each between two messages of its day. */
const learnToVaccinate = Effect.fnUntraced(function*(supervisors: UpgraderArgs["supervisors"]) {
  // Whoever is started again from now on is one that vaccinates.
  yield* Effect.orDie(supervisors(CityV2))
  const report = yield* Effect.flatMap(HotSwap.swapAll(toV2), nothingFailed)
  const { checked } = yield* HotSwap.plan(toV2)
  if (checked > 0) return yield* failed(`${checked} cities still run V1`)
  return { swapped: report.swapped, pauseP99: report.pause.p99 }
})

/** None that dies on this day or is only just back. */
const choose = ({ address, countries, seed }: Atlas, day: number, canaries: number) => {
  const chosen = new Set<Pid>()
  for (const { from, to } of countries.toReversed()) {
    for (let city = to - 1; city >= from && chosen.size < canaries; city--) {
      if (!isKilled(seed, city, day) && !isKilled(seed, city, day - 1)) chosen.add(address[city].pid)
    }
  }
  return chosen
}

/** `begun` is done when all are changed: the day may come, and whatever it brings them is their first message. */
const tryV3 = Effect.fnUntraced(function*(chosen: ReadonlySet<Pid>, begun: Deferred.Deferred<void>) {
  const { size } = chosen
  let changed = 0
  const change = (): void => {
    if (++changed === size) Deferred.doneUnsafe(begun, Exit.void)
  }
  const report = yield* Effect.flatMap(
    HotSwap.swapAll(toV3(change), {
      canary: { messages: 100, within: "1 minute", maxRollbacks: Math.min(maxRollbacks, size) },
      where: ({ pid }) => chosen.has(pid)
    }),
    nothingFailed
  )
  // Nobody else was swapped after the first crashes, and none of those that were still runs V3.
  if (report.swapped > 0 || report.rolledBack.length === 0) {
    return yield* failed(`${report.swapped} of ${size} canaries still run V3`)
  }
  // A canary that crashed names what it had handled before: nothing, or the sender would have to say so to others.
  if (report.rolledBack.some(({ handled }) => handled.length > 0)) return yield* failed("V3 has handled a message")
  return report.rolledBack.length
})
