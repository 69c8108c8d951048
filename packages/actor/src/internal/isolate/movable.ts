/**
 * Behaviours that other isolates can import: `Actor.module`, and where `spawnOn` takes them.
 *
 * In place or elsewhere, the arguments go through their codec and `init`'s own errors through theirs, so that a program
 * means the same wherever its actors run, and a test without workers finds what could not cross.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { ActorSystem } from "../../ActorSystem.ts"
import type * as Rpc from "effect/rpc/Rpc"
import type { AskError } from "../../AskError.ts"
import type { Movable } from "../../Movable.ts"
import type { Pid } from "../../Pid.ts"
import type { SpawnOptions } from "../../Self.ts"
import { InvalidOption, IsolateUnavailable, SpawnError, SystemStopped } from "../../SpawnError.ts"
import { type Monitored, ownerOf, SpawnableBehavior } from "../behavior.ts"
import { behaviorOf } from "../behaviorImpl.ts"
import { mostBytes } from "../carry.ts"
import type { Cell } from "../cell.ts"
import type { Host } from "../host.ts"
import { invalid } from "../invalid.ts"
import { checkKnown } from "../known.ts"
import { lifeOf } from "../life.ts"
import { millisOf, resolveMailbox } from "../mailbox.ts"
import { checkName } from "../name.ts"
import { OnFull } from "../shard.ts"
import { hostOf } from "../system.ts"
import { checkSpawnOptions } from "../spawn.ts"
import { stopAll } from "../stop.ts"
import { contextNow, contextOf, decodeFailure, encodeArgs, encodeFailure, startHere } from "./here.ts"
import type { InitFailed } from "./protocol.ts"
import { type Entry, register } from "./registry.ts"
import { urlOf } from "./urlOf.ts"
import { ownAway } from "./owner.ts"
import { messages, patiently, watchdog } from "./asking.ts"
import { Team, type Where } from "./team.ts"

/** Bytes that the order to spawn may have beside the arguments. */
const room = 1 << 20

const whereIs = (on: unknown): on is Where =>
  on === "main" || on === "worker" || on === "spread" || (typeof on === "number" && Number.isInteger(on) && on >= 0)

const failed = (reason: SpawnError["reason"]): Effect.Effect<never, SpawnError> =>
  Effect.fail(new SpawnError({ reason }))

const unavailable = (on: Where, issue: string): Effect.Effect<never, SpawnError> =>
  failed(new IsolateUnavailable({ on: String(on), issue }))

/** An isolate did not answer: another one may be asked. */
class Unanswered {
  readonly failure: SpawnError
  constructor(failure: SpawnError) {
    this.failure = failure
  }
}

export class MovableBehavior extends SpawnableBehavior {
  entry!: Entry

  /** Enters it as what the module at `url` has. */
  at(url: string, entry: Omit<Entry, "key" | "behavior">): this {
    this.entry = register(url, { ...entry, behavior: this })
    this.module = this.entry.key
    this.ready = (host) => contextOf(host, this.entry)
    this.movable = (host) => contextNow(host, this.entry)
    return this
  }

  override spawn(args: unknown, options?: SpawnOptions): Effect.Effect<Cell, unknown, unknown> {
    return this.whenReady(() => super.spawn(args, options))
  }

  override spawnDetached(args: unknown, options?: SpawnOptions): Effect.Effect<Cell, unknown, unknown> {
    return this.whenReady(() => super.spawnDetached(args, options))
  }

  override spawnMonitored(args: unknown, options?: SpawnOptions): Effect.Effect<Monitored, unknown, unknown> {
    return this.whenReady(() => super.spawnMonitored(args, options))
  }

  override spawnLinked(
    args: unknown,
    use: (ref: Cell) => Effect.Effect<unknown, unknown>,
    options?: SpawnOptions
  ): Effect.Effect<unknown, unknown, unknown> {
    return this.whenReady(() => super.spawnLinked(args, use, options))
  }

  // Its Layer may take its time; `boundFor` must find it built.
  private whenReady<A>(then: () => Effect.Effect<A, unknown, unknown>): Effect.Effect<A, unknown, unknown> {
    return Effect.flatMap(ActorSystem, (system) => Effect.flatMap(contextOf(hostOf(system), this.entry), then))
  }

  spawnOn(on: unknown, args: unknown, options?: SpawnOptions): Effect.Effect<Cell, unknown, unknown> {
    return Effect.withFiber((fiber) => {
      const context = fiber.context as Context.Context<ActorSystem | Scope.Scope>
      const host = hostOf(Context.get(context, ActorSystem))
      const scope = Context.get(context, Scope.Scope)
      if (!whereIs(on)) {
        return failed(invalid("on", `"main", "worker", "spread" or the number of an isolate`, on))
      }
      try {
        checkSpawnOptions(options, false)
      } catch (error) {
        return Effect.fail(error)
      }
      const encoded = encodeArgs(host, this.entry, args)
      if (Exit.isFailure(encoded)) return Effect.failCause(encoded.cause)
      const { isolates } = host
      if (isolates instanceof Team) return this.placed(isolates, on, scope, encoded.value, options)
      if (on !== "main" && on !== "spread" && on !== 0 && host.shard.backend === "native" && !host.roundTrip) {
        return unavailable(on, "this system has no worker isolates: ActorSystem.layer({ isolates: 1 }) has one")
      }
      return this.inPlace(host, scope, encoded.value, options)
    })
  }

  private placed(
    team: Team,
    on: Where,
    scope: Scope.Scope,
    args: Uint8Array | null,
    options: SpawnOptions | undefined,
    tried: ReadonlyMap<number, SpawnError> = new Map()
  ): Effect.Effect<Cell, unknown> {
    if (team.host.closing) return failed(new SystemStopped())
    const isolate = team.place(on, tried)
    if (isolate === team.here) return this.inPlace(team.host, scope, args, options)
    if (isolate !== undefined) {
      return Effect.catch(this.elsewhere(team, isolate, scope, args, options), (error) => {
        if (!(error instanceof Unanswered)) return Effect.fail(error)
        team.unanswered(isolate)
        if (on === isolate || on === "main") return Effect.fail(error.failure)
        return this.placed(team, on, scope, args, options, new Map(tried).set(isolate, error.failure))
      })
    }
    for (const failure of tried.values()) return Effect.fail(failure)
    // All workers have just ended, and one is about to be there again.
    const starting = on === "worker" ? team.starting() : undefined
    if (starting === undefined) return unavailable(on, "it is not there, or not ready")
    return Effect.flatMap(starting, () => this.placed(team, on, scope, args, options))
  }

  private inPlace(
    host: Host,
    scope: Scope.Scope,
    args: Uint8Array | null,
    options: SpawnOptions | undefined
  ): Effect.Effect<Cell, unknown> {
    const owner = ownerOf(host, scope)
    let begun: Cell | undefined
    const spawned = startHere(host, this.entry, args, options, (cell) => {
      begun = cell
      owner.add(cell)
    })
    // As `spawn` does in a scope that has closed before.
    const guarded = Effect.onExit(spawned, () =>
      begun !== undefined && scope.state._tag === "Closed"
        ? stopAll([begun], host.options)
        : Effect.void)
    return Effect.catchCause(guarded, (cause: Cause.Cause<unknown>) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.fail(decodeFailure(host, this.entry, encodeFailure(host, this.entry, cause))))
  }

  private elsewhere(
    team: Team,
    isolate: number,
    scope: Scope.Scope,
    args: Uint8Array | null,
    options: SpawnOptions | undefined
  ): Effect.Effect<Cell, unknown> {
    const { host } = team
    const agent = team.agentOf(isolate)
    if (agent === undefined) return unavailable(isolate, "it is not there, or not ready")
    const owner = team.here, ticket = host.nextRef()
    let message
    try {
      message = messages["myrmidon/Spawn"]({ ...this.entry.key, args, owner, ticket, ...plain(host, options) })
    } catch (error) {
      return error instanceof InvalidOption ? failed(error) : Effect.die(error)
    }
    const asked = agent.ask(message, { timeout: Infinity }) as Effect.Effect<Pid, AskError | SpawnError | InitFailed>
    const cancel = messages["myrmidon/Cancel"]({ owner, ticket })
    // Whoever gives it up goes on when nothing is left of it, as it would here, or when its isolate does not answer.
    const cancelled = Effect.ignore(
      Effect.raceFirst(patiently(agent, cancel), watchdog(agent, host.options.isolateSilence))
    )
    const silence = watchdog(agent, host.options.isolateSilence, () => team.silenceOf(isolate))
    const answered = Effect.catch(Effect.raceFirst(asked, silence), (error) => {
      if (error._tag === "SpawnError") return Effect.fail(error)
      if (error._tag === "InitFailed") return Effect.fail(decodeFailure(host, this.entry, error.error))
      // Its options are checked: of what is said here, only the arguments may be more than can cross.
      if (error.reason._tag === "BadMessage") {
        const { issue } = error.reason
        const isOurs = args !== null && args.length > mostBytes - room
        return isOurs ? failed(new InvalidOption({ option: "args", issue })) : unavailable(isolate, issue)
      }
      const { _tag, message } = error.reason
      const failure = new SpawnError({ reason: new IsolateUnavailable({ on: String(isolate), issue: message }) })
      const isSilent = _tag === "AskTimeout" || _tag === "MailboxFull"
      agent.tellUnsafe(cancel)
      return Effect.fail(isSilent ? new Unanswered(failure) : failure)
    })
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        Effect.onInterrupt(restore(answered), () => cancelled),
        (pid) => {
          const { program } = this
          const cell = host.shard.cellOf(pid, host.foreignOf(program, () => program))
          if (options?.name !== undefined) lifeOf(cell).name = options.name
          return Effect.as(ownAway(host, scope, cell), cell)
        }
      )
    )
  }
}

/** Spawn options as data. Throws `InvalidOption`. */
const plain = (host: Host, options: SpawnOptions | undefined) => {
  checkName(options?.name)
  const budget: unknown = options?.budget
  if (budget !== undefined && typeof budget !== "number") {
    throw invalid("budget", "a whole number of messages", budget)
  }
  const mailbox = options?.mailbox
  const resolved = mailbox === undefined ? undefined : resolveMailbox(mailbox, host.options.mailbox)
  const onFull = mailbox?.onFull === undefined ? undefined : names.find((name) => OnFull[name] === resolved!.onFull)
  return {
    name: options?.name ?? null,
    capacity: mailbox?.capacity ?? null,
    onFull: onFull ?? null,
    sendTimeout: mailbox?.sendTimeout === undefined ? null : resolved!.sendTimeout,
    budget: budget ?? null,
    initTimeout: options?.initTimeout === undefined
      ? null
      : millisOf("initTimeout", options.initTimeout, Number.MAX_SAFE_INTEGER)
  }
}

const names = Object.keys(OnFull) as Array<keyof typeof OnFull>

/** Where it is registered. */
export const entryOfMovable = (behavior: object): Entry => (behavior as MovableBehavior).entry

const moduleOptions: ReadonlySet<string> = new Set(
  ["args", "error"] satisfies ReadonlyArray<keyof Entry>
)

const schemaOf = (option: string, schema: Schema.Top | undefined): Schema.Top | undefined => {
  if (schema === undefined || Schema.isSchema(schema)) return schema
  throw invalid(option, "a Schema", schema)
}

/** A behaviour that other isolates can import from `url`. Throws `InvalidOption`. */
export const makeMovable = <Rpcs extends Rpc.Any, Args, State, E>(
  url: string,
  behavior: object,
  layer: Entry["layer"],
  options: Partial<Pick<Entry, "args" | "error">> | undefined
): Movable<Rpcs, Args, State, E> => {
  const { program } = behaviorOf(behavior)
  if (!Layer.isLayer(layer)) throw invalid("layer", "a Layer", layer)
  checkKnown(options, moduleOptions)
  const args = schemaOf("args", options?.args), error = schemaOf("error", options?.error)
  // The types are those of the behaviour, and of the Layer that it was given.
  return new MovableBehavior(program, undefined).at(urlOf(url), { layer, args, error }) as unknown as Movable<
    Rpcs,
    Args,
    State,
    E
  >
}
