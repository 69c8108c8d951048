/** States and traces of actors of this isolate, for others that look into them. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ActorExited } from "../../AskError.ts"
import type { Pid } from "../../Pid.ts"
import { ReplaceFailed } from "../../ReplaceFailed.ts"
import { InvalidOption, type ProtocolMismatch } from "../../SpawnError.ts"
import { gone } from "../about.ts"
import type { Program } from "../bound.ts"
import type { Cell } from "../cell.ts"
import { within } from "../codec/place.ts"
import { resume, suspend, SuspendedBy } from "../suspension.ts"
import type { Host } from "../host.ts"
import { quiet } from "../hotSwap.ts"
import { mismatch, stateOf } from "../inspect.ts"
import { lookup } from "../opcodes.ts"
import { type Traced, traceOf, type TraceOptions } from "../trace.ts"
import { baseOf, issueOf } from "../upgrade.ts"
import { type Wire, wireOf } from "../wire.ts"
import { guarded, typed } from "./guarded.ts"
import { type Running, type Seen, StateStays } from "./inspectProtocol.ts"
import { lookUp } from "./registry.ts"

const codecOf = (host: Host, { options }: Program) =>
  host.codec.of((options.state as Schema.Top | undefined) ?? Schema.Unknown)

/** A state on its way: by its schema where the behaviour has one, else as plain data. */
export const encodeState = (host: Host, program: Program, state: unknown): Uint8Array | undefined => {
  const bytes = within(host, undefined, () => codecOf(host, program).encode(state))
  return Exit.isSuccess(bytes) ? bytes.value.slice() : undefined
}

export const decodeState = (host: Host, program: Program, bytes: Uint8Array): Exit.Exit<unknown, string> =>
  within(host, undefined, () => codecOf(host, program).decode(bytes))

/** What it runs, when that is what is expected. */
const programOf = (cell: Cell, { module, protocol, version }: typeof Running.Type): Program | undefined => {
  const program = baseOf(cell.bound.program)
  if (program.protocol !== protocol || program.version !== version) return undefined
  const entry = module === null ? undefined : lookUp({ ...module, protocol, version })
  return module === null || entry?.behavior.program === program ? program : undefined
}

type Failure = ActorExited | ProtocolMismatch | StateStays

export class Inspections {
  private readonly host: Host
  /** Whoever waits for a replacement. */
  private readonly replacing = new Map<string, Deferred.Deferred<Uint8Array>>()
  /** Actors that stand still for one, and for how many. */
  private readonly held = new Map<Cell, number>()

  constructor(host: Host) {
    this.host = host
  }

  private running<A, E, R>(
    pid: Pid,
    expected: typeof Running.Type,
    use: (cell: Cell, program: Program) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | ActorExited | ProtocolMismatch, R> {
    return Effect.suspend((): Effect.Effect<A, E | ActorExited | ProtocolMismatch, R> => {
      const cell = this.host.shard.cellOf(pid)
      if (cell.life?.ended !== undefined || !this.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
      const program = programOf(cell, expected)
      return program === undefined ? Effect.fail(mismatch(cell, expected)) : use(cell, program)
    })
  }

  private bytes(cell: Cell, program: Program): Effect.Effect<Uint8Array, Failure> {
    return stateOf(cell, program, (state): Effect.Effect<Uint8Array, StateStays> => {
      const bytes = encodeState(this.host, program, state)
      return bytes === undefined ? Effect.fail(new StateStays()) : Effect.succeed(bytes)
    }) as Effect.Effect<Uint8Array, Failure>
  }

  state(pid: Pid, expected: typeof Running.Type): Stream.Stream<Uint8Array, Failure> {
    const state = Stream.fromEffect(this.running(pid, expected, (cell, program) => {
      const read = Effect.suspend(() => this.bytes(cell, program))
      return cell.life?.starting === true ? Effect.andThen(quiet(cell), read) : read
    }))
    return guarded(state, () => new StateStays())
  }

  /** Its actor stands still while this is read. Somebody here may replace its state all the same: then once more. */
  replace(
    pid: Pid,
    expected: typeof Running.Type,
    owner: number,
    ticket: number
  ): Stream.Stream<Uint8Array, Failure | ReplaceFailed> {
    const key = `${owner}/${ticket}`
    type Ends = Failure | ReplaceFailed | Cause.Done
    const replaced = (queue: Queue.Queue<Uint8Array, Ends>, cell: Cell, program: Program) =>
      Effect.gen({ self: this }, function*() {
        yield* Effect.acquireRelease(
          Effect.sync(() => this.hold(cell)),
          () => Effect.sync(() => this.release(cell, key))
        )
        yield* quiet(cell)
        for (let done = false; !done;) {
          const before = cell.state
          const replacement = Deferred.makeUnsafe<Uint8Array>()
          this.replacing.set(key, replacement)
          Queue.offerUnsafe(queue, yield* this.bytes(cell, program))
          const next = decodeState(this.host, program, yield* this.inTime(replacement))
          if (Exit.isFailure(next)) return yield* new ReplaceFailed({ cause: new Error(issueOfCodec(next.cause)) })
          const issue = issueOf(next.value, program)
          if (issue !== undefined) return yield* new ReplaceFailed({ cause: issue })
          done = yield* stateOf(cell, program, (state) =>
            Effect.sync((): boolean => {
              if (state !== before) return false
              cell.state = next.value
              return true
            }))
        }
        Queue.endUnsafe(queue)
      }) as Effect.Effect<void, Failure | ReplaceFailed, Scope.Scope>
    return Stream.callback<Uint8Array, Failure | ReplaceFailed>((queue) => {
      const work = this.running(pid, expected, (cell, program) => replaced(queue, cell, program))
      const told = Effect.catchCause(
        Effect.scoped(work),
        (cause) => Queue.fail(queue, typed(cause, (defect) => new ReplaceFailed({ cause: defect })))
      )
      return Effect.asVoid(Effect.forkScoped(told))
    })
  }

  // Nobody stands still longer for an isolate that may be blocked (G157).
  private inTime(replacement: Deferred.Deferred<Uint8Array>): Effect.Effect<Uint8Array, ReplaceFailed> {
    const duration = Duration.millis(this.host.options.isolateSilence)
    const issue = `no new state within ${Duration.format(duration)}`
    return Effect.timeoutOrElse(Deferred.await(replacement), {
      duration,
      orElse: () => Effect.fail(new ReplaceFailed({ cause: new Error(issue) }))
    })
  }

  replacement(owner: number, ticket: number, state: Uint8Array): void {
    const waiting = this.replacing.get(`${owner}/${ticket}`)
    // What a message carries is only lent.
    if (waiting !== undefined) Deferred.doneUnsafe(waiting, Exit.succeed(state.slice()))
  }

  private hold(cell: Cell): void {
    this.held.set(cell, (this.held.get(cell) ?? 0) + 1)
    suspend(cell, SuspendedBy.Elsewhere)
  }

  private release(cell: Cell, key: string): void {
    this.replacing.delete(key)
    const left = this.held.get(cell)! - 1
    if (left > 0) return void this.held.set(cell, left)
    this.held.delete(cell)
    resume(cell, SuspendedBy.Elsewhere)
  }

  trace(pid: Pid, options: TraceOptions): Stream.Stream<typeof Seen.Type, ActorExited | InvalidOption> {
    const traced = Stream.suspend(() => {
      const cell = this.host.shard.cellOf(pid)
      const { rpcs } = baseOf(cell.bound.program)
      const wire = wireOf(this.host, rpcs)
      return Stream.map(
        traceOf(cell as never, options) as Stream.Stream<Traced, ActorExited>,
        (traced) => sendTraced(wire, traced)
      )
    })
    return guarded(
      traced,
      (defect) =>
        defect instanceof InvalidOption ? defect : new InvalidOption({ option: "trace", issue: String(defect) })
    )
  }
}

const plainCodec = ({ host }: Wire) => host.codec.of(Schema.Unknown)

/**
 * What a trace saw, on its way: the payload by the actor's protocol where it is one of its messages, else as plain
 * data. As bytes by itself, so that one that cannot be encoded is no defect of what is around it.
 */
export const sendTraced = (wire: Wire, { payload, ...fields }: Traced): typeof Seen.Type => {
  const known = wire.encode(lookup(fields.tag), payload)
  const plain = Exit.isSuccess(known) ? undefined : within(wire.host, undefined, () => plainCodec(wire).encode(payload))
  return {
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    payload: Exit.isSuccess(known) ? known.value.slice() : null,
    plain: plain !== undefined && Exit.isSuccess(plain) ? plain.value.slice() : null
  }
}

/** The reverse. */
export const receiveTraced = (wire: Wire, { fields, payload, plain }: typeof Seen.Type): Traced => {
  const known = fields as Omit<Traced, "payload">
  const value: Exit.Exit<unknown, unknown> = payload !== null
    ? wire.decode(lookup(known.tag), payload)
    : plain !== null
    ? within(wire.host, undefined, () => plainCodec(wire).decode(plain))
    : Exit.succeed(null)
  // Its fields are those that a trace has said of it.
  return { ...known, payload: Exit.isSuccess(value) ? value.value : null } as Traced
}

const issueOfCodec = (cause: Cause.Cause<string>): string => String(Cause.squash(cause))
