// The rows of conformance/swap with the actors of each in other isolates than the one that swaps them (G191, G192).
import { describe, it } from "@effect/vitest"
import { ActorSystem, HotSwap } from "@myrmidonjs/actor"
import { Effect, Stream } from "effect"
import { readFileSync } from "node:fs"
import { infosOf } from "../../src/internal/rpc.ts"
import { type Ground, type Row, run } from "../swap/driver.ts"
import { Meter, type MeterRef, World } from "../swap/meter.ts"
import { addon, TwoIsolates } from "./twoIsolates.ts"

const rows: ReadonlyArray<Row> = JSON.parse(
  readFileSync(new URL("../../../../conformance/swap/rows.json", import.meta.url), "utf8")
)

/** What cannot hold when whoever swaps is in another isolate than the actor. */
const notFromAfar: Readonly<Record<string, string>> = {
  H1: "a swap that is asked for from afar comes behind what was told before it: the row expects it at once",
  H6: "whether a mailbox is full is known in its isolate alone (G111)",
  H7: "a million messages do not fit the way to another isolate at once (G113)",
  H33: "why an actor of another isolate had ended is not known by then"
}

/** What cannot hold when a group is in two isolates, which work at the same time. */
const notInTwo: Readonly<Record<string, string>> = {
  ...notFromAfar,
  H91: "one by one is what each isolate does",
  H96: "the order of events is that of each isolate",
  H99: "the same",
  H101: "the order of those that went back is that of each isolate",
  H104: "whoever is in the other isolate is swapped before the crash",
  H108: "as H101",
  H110: "so many at a time is what each isolate does",
  H111: "as H101",
  H120: "the order of failures is that of each isolate"
}

const rpcs = infosOf(Meter.group)
let modules = 0

/** Its actors live where `where` says in turn; its upgrades are those of a module that all isolates know. */
class FarWorld extends World {
  private readonly two: TwoIsolates
  private readonly where: ReadonlyArray<number>
  private readonly url = `test:rows/${++modules}`
  private readonly registered = new Map<string, ReturnType<World["upgrade"]>>()
  private placed = 0

  constructor(two: TwoIsolates, where: ReadonlyArray<number>, ...rows: ConstructorParameters<typeof World>) {
    super(...rows)
    this.two = two
    this.where = where
  }

  override place<A, E>(spawn: Effect.Effect<A, E, ActorSystem>): Effect.Effect<A, E, ActorSystem> {
    const at = this.where[this.placed++ % this.where.length]!
    return Effect.provideService(spawn, ActorSystem, this.two.systems[at]!)
  }

  override know(id: string, ref: MeterRef): void {
    super.know(id, this.two.hosts[0]!.typed(ref.pid, Meter.name, rpcs) as unknown as MeterRef)
  }

  override upgrade(name: string): ReturnType<World["upgrade"]> {
    const made = this.registered.get(name) ?? HotSwap.module(this.url, super.upgrade(name))
    this.registered.set(name, made)
    return made
  }
}

const places = [["all elsewhere", [1]], ["in turn here and there", [0, 1]], ["in turn there and here", [1, 0]]] as const

describe.runIf(addon !== undefined).each(places)("swap rows across isolates, actors %s", (_, where) => {
  it.effect.each(
    rows.filter(({ id }) => (where.length === 1 ? notFromAfar : notInTwo)[id] === undefined)
      .map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")}): ${row.title}` }))
  )(
    "$name",
    (row) =>
      Effect.gen(function*() {
        const two = yield* TwoIsolates.open(addon!)
        const ground: Ground = {
          settle: two.settle,
          advance: two.advance,
          letters: two.letters,
          events: Stream.merge(two.systems[0]!.events, two.systems[1]!.events),
          makeWorld: (...rows) => new FarWorld(two, where, ...rows)
        }
        yield* Effect.provideService(run(row, ground), ActorSystem, two.systems[0]!)
      }).pipe(Effect.scoped)
  )
})
