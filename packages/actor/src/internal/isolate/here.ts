/**
 * Behaviours of modules, started in this isolate: their Layers are built once for each system, and closed after its
 * actors.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { ActorSystem } from "../../ActorSystem.ts"
import { ExitReason } from "../../ExitReason.ts"
import type { SpawnOptions } from "../../Self.ts"
import { InitCrashed, InvalidOption, SpawnError } from "../../SpawnError.ts"
import { boundFor } from "../behaviorImpl.ts"
import type { Cell } from "../cell.ts"
import { within } from "../codec/place.ts"
import type { Host } from "../host.ts"
import { begin, settled, Starting } from "../spawn.ts"
import { issueOf } from "../wire.ts"
import type { Entry } from "./registry.ts"

type Built = Exit.Exit<Context.Context<never>, unknown>

/** What a system has built for the modules of its isolate. */
class Services {
  readonly scope = Scope.makeUnsafe()
  readonly built = new Map<Entry, Built | Deferred.Deferred<Context.Context<never>, unknown>>()
  private readonly builders = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly memo = Layer.makeMemoMapUnsafe()
  private readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  /** What an actor of the module runs with; at once where its Layer was built before. */
  contextOf(entry: Entry): Effect.Effect<Context.Context<never>, unknown> {
    const known = this.built.get(entry)
    if (known !== undefined) return Exit.isExit(known) ? known : Deferred.await(known)
    const waiting = Deferred.makeUnsafe<Context.Context<never>, unknown>()
    this.built.set(entry, waiting)
    const { context, system } = this.host
    const base = Context.add(context, ActorSystem, system as ActorSystem["Service"])
    const build = Effect.map(
      Effect.provide(Layer.buildWithMemoMap(entry.layer, this.memo, this.scope), base),
      (built): Context.Context<never> => Context.merge(base, built)
    )
    const told = Effect.onExit(build, (exit) => {
      // One that failed is tried again by the next spawn: what it lacked may be there by then.
      if (Exit.isSuccess(exit)) this.built.set(entry, exit)
      else this.built.delete(entry)
      return Deferred.done(waiting, exit)
    })
    // In a fiber of its own, as others wait for it too: who gives up does not give it up for them.
    return Effect.flatMap(Effect.forkDetach(told, { startImmediately: true }), (fiber) => {
      this.builders.add(fiber)
      fiber.addObserver(() => this.builders.delete(fiber))
      return Deferred.await(waiting)
    })
  }

  /** Of one that is still being built nothing is left either. */
  readonly close = Effect.suspend(() =>
    Effect.andThen(Fiber.interruptAll(this.builders), Scope.close(this.scope, Exit.void))
  )
}

const services = new WeakMap<Host, Services>()

const servicesOf = (host: Host): Services => {
  let made = services.get(host)
  if (made === undefined) {
    services.set(host, made = new Services(host))
    host.closers.push(made.close)
  }
  return made
}

/** What an actor of the module runs with. */
export const contextOf = (host: Host, entry: Entry): Effect.Effect<Context.Context<never>, unknown> =>
  Effect.suspend(() => servicesOf(host).contextOf(entry))

/** The same for the sync calls. Throws what its Layer fails with, or when that takes its time. */
export const contextNow = (host: Host, entry: Entry): Context.Context<never> => {
  const known = servicesOf(host).built.get(entry)
  if (known !== undefined && Exit.isExit(known) && Exit.isSuccess(known)) return known.value
  return Effect.runSync(contextOf(host, entry) as Effect.Effect<Context.Context<never>>)
}

/** Arguments on their way; `null`: there are none. */
export const encodeArgs = (host: Host, entry: Entry, args: unknown): Exit.Exit<Uint8Array | null, SpawnError> => {
  if (args === undefined && entry.args === undefined) return Exit.succeed(null)
  const bytes = within(host, undefined, () => host.codec.of(entry.args ?? Schema.Unknown).encode(args))
  // What is encoded is a view of what the next one writes.
  return Exit.isSuccess(bytes) ? Exit.succeed(bytes.value.slice()) : badArgs(issueOf(bytes.cause))
}

const badArgs = (issue: string): Exit.Exit<never, SpawnError> =>
  Exit.fail(new SpawnError({ reason: new InvalidOption({ option: "args", issue }) }))

/** The reverse. */
export const decodeArgs = (host: Host, entry: Entry, args: Uint8Array | null): Exit.Exit<unknown, SpawnError> => {
  if (args === null) return Exit.void
  const decoded = within(host, undefined, () => host.codec.of(entry.args ?? Schema.Unknown).decode(args))
  return Exit.isSuccess(decoded) ? Exit.succeed(decoded.value) : badArgs(issueOf(decoded.cause))
}

/** Starts it here, with arguments that came as bytes. What `init` fails with is not translated. */
export const startHere = (
  host: Host,
  entry: Entry,
  args: Uint8Array | null,
  options: SpawnOptions | undefined,
  begun: (cell: Cell) => void
): Effect.Effect<Cell, unknown> =>
  Effect.flatMap(Effect.catchCause(contextOf(host, entry), (cause) => layerFailed(host, entry, cause)), (context) => {
    const decoded = decodeArgs(host, entry, args)
    if (Exit.isFailure(decoded)) return Exit.failCause(decoded.cause)
    let result: Cell | Starting
    try {
      result = begin(boundFor(entry.behavior, host, context), decoded.value, options, undefined)
    } catch (error) {
      return Exit.fail(error)
    }
    const cell = result instanceof Starting ? result.cell : result
    begun(cell)
    return result instanceof Starting ? settled(result) : Exit.succeed(cell)
  })

// What its schema has no form for would read as a failure of `init`, which has not run.
const layerFailed = (host: Host, entry: Entry, cause: Cause.Cause<unknown>): Exit.Exit<never, unknown> => {
  if (Cause.hasInterruptsOnly(cause)) return Exit.failCause(cause)
  const failure = encodeFailure(host, entry, cause, entry.key.url)
  return failure instanceof SpawnError ? Exit.fail(failure) : Exit.failCause(cause)
}

/** What of a failed start may cross: bytes of the behaviour's own error, or why else it did not start. `layer`: of what module it was. */
export const encodeFailure = (
  host: Host,
  entry: Entry,
  cause: Cause.Cause<unknown>,
  layer?: string
): Uint8Array | SpawnError => {
  const failure = cause.reasons.find(Cause.isFailReason)
  const error = failure === undefined ? Cause.squash(cause) : failure.error
  if (error instanceof SpawnError) return error
  if (failure !== undefined && entry.error !== undefined) {
    const { error: schema } = entry
    const bytes = within(host, undefined, () => host.codec.of(schema).encode(error))
    if (Exit.isSuccess(bytes)) return bytes.value.slice()
  }
  const reason = ExitReason.crashed(error)
  return new SpawnError({ reason: new InitCrashed(layer === undefined ? { reason } : { reason, layer }) })
}

/** The reverse. */
export const decodeFailure = (host: Host, entry: Entry, failure: Uint8Array | SpawnError): unknown => {
  if (failure instanceof SpawnError) return failure
  const error = within(host, undefined, () => host.codec.of(entry.error ?? Schema.Unknown).decode(failure))
  return Exit.isSuccess(error)
    ? error.value
    : new SpawnError({ reason: new InitCrashed({ reason: ExitReason.crashed(new Error(issueOf(error.cause))) }) })
}
