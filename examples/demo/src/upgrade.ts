/**
 * What happens to the cities half-way, while a day is under way: all of them learn to vaccinate, and the day after some
 * of them get a version that crashes on its first message, which their canaries notice.
 *
 * Nothing of that may change a single person of the run: what crashed a canary comes back as a dead letter, and is sent
 * again to its city, which is by then the one that it was before.
 */
import { type Actor, type DeadLetter, HotSwap, type Pid, type SwapReport } from "@myrmidonjs/actor"
import { Data, Deferred, Effect, Exit } from "effect"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import { toV2, toV3 } from "./city.ts"
import { isKilled } from "./model.ts"
import * as Protocols from "./protocols.ts"

/** Cities that get the bad version. */
const canaries = 32
/** After so many crashes all of them are brought back. */
const maxRollbacks = 3

/** Cities were not swapped, or not brought back, as they should have been. */
export class UpgradeFailed extends Data.TaggedError("UpgradeFailed")<{ readonly message: string }> {}

/** A city that was killed meanwhile is no failure: its supervisor has started it again, as what cities are now. */
const nothingFailed = (report: SwapReport): Effect.Effect<SwapReport, UpgradeFailed> => {
  const failed = report.failed.find(({ error }) => error.reason._tag !== "ActorExited")
  return failed === undefined
    ? Effect.succeed(report)
    : Effect.fail(new UpgradeFailed({ message: failed.error.message }))
}

/** Every city of the world, one by one, each between two messages of its day. */
export const learnToVaccinate = Effect.fnUntraced(function*() {
  const report = yield* Effect.flatMap(HotSwap.swapAll(toV2), nothingFailed)
  const { checked } = yield* HotSwap.plan(toV2)
  if (checked > 0) return yield* new UpgradeFailed({ message: `${checked} cities still run V1` })
  return report
})

/**
 * The mistake, and its repair. `returned`: takes the messages that came back as dead letters so far. `begun` is done when
 * the canaries are chosen and changed: the day may come, and whatever it brings them is their first message. Returns how many came back.
 */
export const tryV3 = Effect.fnUntraced(
  function*(
    atlas: Atlas,
    day: number,
    begun: Deferred.Deferred<void>,
    returned: () => ReadonlyArray<DeadLetter>
  ) {
    const { address, seed } = atlas
    const chosen = new Map<Pid, Actor.Ref<typeof Protocols.City>>()
    // None that dies on this day or is only just back.
    for (let city = address.length - 1; city >= 0 && chosen.size < canaries; city--) {
      if (!isKilled(seed, city, day) && !isKilled(seed, city, day - 1)) chosen.set(address[city].pid, address[city])
    }
    const { size } = chosen
    if (size === 0) {
      yield* Deferred.succeed(begun, undefined)
      return 0
    }
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
      return yield* new UpgradeFailed({ message: `${report.swapped} of ${size} canaries still run V3` })
    }
    // A canary that crashed names what it had handled before: nothing, or the sender would have to say so to others.
    if (report.rolledBack.some(({ handled }) => handled.length > 0)) {
      return yield* new UpgradeFailed({ message: "V3 has handled a message" })
    }
    for (const { message, to } of returned()) {
      if (isOfCity(message)) mustArrive(chosen.get(to)!.tellUnsafe(message))
    }
    return report.rolledBack.length
  }
)

const isOfCity = (message: DeadLetter["message"]): message is Actor.Messages<typeof Protocols.City> =>
  Protocols.City.messages.Dawn.is(message) || Protocols.City.messages.Travellers.is(message)
