/**
 * The scripted actor of the swap rows: a counter in versions, and the upgrades between them.
 *
 * A `World` is one row's. What is logged is text in the form that `conformance/swap/README.md` gives.
 */
import { Actor, type ActorSystem, type Behavior, HotSwap, type Pid, type Self, type Upgrade } from "@myrmidonjs/actor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"

class Refused extends Schema.TaggedError<Refused>()("Refused", { text: Schema.String }) {}

export const Meter = Actor.make("Meter", [
  Rpc.make("Say", { payload: { text: Schema.String }, success: Schema.Int, error: Refused })
])
export const { Say } = Meter.messages
export type MeterRef = Actor.Ref<typeof Meter>
type MeterRpc = typeof Say extends { readonly rpc: infer R extends Rpc.Any } ? R : never

interface State {
  readonly id: string
  n: number
  /** What is no plain data. */
  readonly bag?: Option.Option<number>
}

interface Args {
  readonly id: string
  readonly n: number
  readonly odd: boolean
}

/** How a row describes a version. */
export interface VersionRow {
  /** The message on which it crashes, counted for each actor. */
  readonly crashes?: number
}

/** How a row describes an upgrade. */
export interface UpgradeRow {
  readonly migrate?: Migrate
  /** By actor: instead of `migrate`. */
  readonly only?: Readonly<Record<string, Migrate>>
  readonly copy?: "share" | "function" | "throws"
  readonly back?: "ok" | "throw"
}

type Migrate = "ok" | "none" | "throw" | "fail" | "invalid" | "never" | "wait"

type MeterBehavior = Behavior<MeterRpc, Args, State>
type MeterUpgrade = Upgrade<MeterRpc, MeterRpc, never>

/** What every migration adds, so that it is seen. */
const migrated = 1000

const stateSchema: Schema.Codec<State> = Schema.Struct({ id: Schema.String, n: Schema.mutableKey(Schema.Int) })

export class World {
  readonly refs = new Map<string, MeterRef>()
  readonly ids = new Map<Pid, string>()
  readonly logs = new Map<string, Array<string>>()
  /** By actor: how its waiting handlers are released, oldest first. */
  readonly waiting = new Map<string, Array<() => void>>()
  /** By actor: its open answers, oldest first. */
  readonly open = new Map<string, Array<() => void>>()
  /** By upgrade: its migrations that wait, oldest first. */
  readonly migrating = new Map<string, Array<(how: Migrate) => void>>()
  private readonly versions: Readonly<Record<string, VersionRow>>
  private readonly upgrades: Readonly<Record<string, UpgradeRow>>
  private readonly behaviors = new Map<string, MeterBehavior>()
  private readonly counts = new Map<string, number>()

  constructor(versions: Readonly<Record<string, VersionRow>>, upgrades: Readonly<Record<string, UpgradeRow>>) {
    this.versions = versions
    this.upgrades = upgrades
  }

  ref(id: string): MeterRef {
    const ref = this.refs.get(id)
    if (ref === undefined) throw new Error(`the row has no actor ${id}`)
    return ref
  }

  know(id: string, ref: MeterRef): void {
    this.refs.set(id, ref)
    this.ids.set(ref.pid, id)
  }

  /** Where the next actor is spawned. */
  place<A, E>(spawn: Effect.Effect<A, E, ActorSystem>): Effect.Effect<A, E, ActorSystem> {
    return spawn
  }

  idOf(pid: Pid): string {
    return this.ids.get(pid) ?? "?"
  }

  behavior(version: string): MeterBehavior {
    const made = this.behaviors.get(version) ?? this.make(version)
    this.behaviors.set(version, made)
    return made
  }

  /** `1-2`, or `1-2-3` for two of them as one. */
  upgrade(name: string): MeterUpgrade {
    const [first, ...rest] = name.split("-")
    const steps: Array<MeterUpgrade> = []
    for (let from = first!; rest.length > 0;) {
      const to = rest.shift()!
      steps.push(this.step(from, to))
      from = to
    }
    return steps.reduce(HotSwap.andThen)
  }

  private log(id: string, entry: string): void {
    const log = this.logs.get(id)
    if (log === undefined) this.logs.set(id, [entry])
    else log.push(entry)
  }

  private make(version: string): MeterBehavior {
    return Meter.behavior({
      version,
      // The first version has none: its states are copied as they are, or not at all.
      ...version === "1" ? {} : { state: stateSchema },
      init: ({ id, n, odd }: Args): State => odd ? { id, n, bag: Option.some(1) } : { id, n },
      handlers: {
        Say: (state, { text }, self) => this.say(version, state, text, self)
      }
    })
  }

  private say(version: string, state: State, text: string, self: Self<MeterRpc, State>) {
    const by = 10 ** (Number(version) - 1)
    const [verb, word] = text.split(" ")
    const { id } = state
    if (verb === "count") {
      state.n += by
      return state.n
    }
    const count = (this.counts.get(`${id} ${version}`) ?? 0) + 1
    this.counts.set(`${id} ${version}`, count)
    if (count === this.versions[version]?.crashes) {
      this.log(id, `${version} ${text} crashes`)
      throw new Error("crash")
    }
    if (verb === "add") {
      state.n += Number(word) * by
      this.log(id, `${version} ${text} = ${state.n}`)
      return state.n
    }
    this.log(id, `${version} ${text}`)
    switch (verb) {
      case "wait":
        return Effect.callback<number>((resume) => {
          push(this.waiting, id, () => {
            if (word === "boom") return resume(Effect.die(new Error("boom")))
            this.log(id, `${version} waited`)
            resume(Effect.succeed(state.n))
          })
        })
      case "later": {
        const answer = Deferred.makeUnsafe<number, Refused>()
        const { n } = state
        push(this.open, id, () => Deferred.doneUnsafe(answer, Exit.succeed(n)))
        return answer
      }
      case "refuse":
        return Exit.fail(new Refused({ text: "no" }))
      case "boom":
        throw new Error("boom")
      case "link":
        self.link(this.ref(word!))
        return state.n
      case "spawn":
        this.know(word!, self.spawnUnsafe(this.behavior("1"), { id: word!, n: 0, odd: false }))
        return state.n
      case "beat":
        self.every(Number(word), Say({ text: "add 1" }))
        return state.n
      default:
        throw new Error(`a row sends the unknown message ${text}`)
    }
  }

  private step(from: string, to: string): MeterUpgrade {
    const name = `${from}-${to}`
    const { back, copy, migrate = "ok", only = {} } = this.upgrades[name] ?? {}
    return HotSwap.upgrade(this.behavior(from), this.behavior(to), {
      ...migrate === "none" ? {} : { migrate: (old: State) => this.migrate(name, only[old.id] ?? migrate, old) },
      ...copy === undefined ? {} : { copy: copies[copy] },
      ...back === undefined ? {} : {
        back: (state: State): State => {
          if (back === "throw") throw new Error("back")
          return { ...state, n: state.n - migrated }
        }
      }
    })
  }

  private migrate(name: string, how: Migrate, old: State): State | Effect.Effect<State, Error> {
    switch (how) {
      case "throw":
        old.n = -1
        throw new Error("no")
      case "fail":
        old.n = -1
        return Effect.fail(new Error("no"))
      case "invalid":
        return { ...old, n: 0.5 }
      case "never":
        return Effect.never
      case "wait":
        return Effect.callback<State, Error>((resume) => {
          push(this.migrating, name, (how) => {
            const result = this.migrate(name, how, old)
            resume(Effect.isEffect(result) ? result : Effect.succeed(result))
          })
        })
      default:
        return { ...old, n: old.n + migrated }
    }
  }
}

const push = <A>(all: Map<string, Array<A>>, key: string, one: A): void => {
  all.set(key, [...all.get(key) ?? [], one])
}

const copies = {
  share: "share",
  function: (state: State): State => ({ ...state }),
  throws: (): never => {
    throw new Error("copy")
  }
} as const
