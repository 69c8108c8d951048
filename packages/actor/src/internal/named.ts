/**
 * Names: looked up, and followed.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Rpc from "effect/rpc/Rpc"
import * as Stream from "effect/Stream"
import type { ActorRef, AnyRef, AskOptions, NamedRef } from "../ActorRef.ts"
import { ActorExited, AskError } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import type { Message } from "../Message.ts"
import type { Pid } from "../Pid.ts"
import type { Protocol } from "../Protocol.ts"
import { IsolateUnavailable, NameNotFound, ProtocolMismatch } from "../SpawnError.ts"
import type { TellError, TellOutcome } from "../TellError.ts"
import { spokenBy } from "./about.ts"
import type { Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { fingerprintOf } from "./codec/fingerprint.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import type { Host } from "./host.ts"
import { isName } from "./name.ts"
import { infosOf, type RpcInfo } from "./rpc.ts"
import { sentToNobody } from "./send.ts"

/** A PID that nobody has: the receiver of what is sent to a name that nobody has. */
const noPid = 0 as Pid

const holderOf = (host: Host, name: string): Cell | undefined => isName(name) ? host.shard.whereis(name) : undefined

class NamedRefImpl {
  readonly "~myrmidon/NamedRef" = true as const
  readonly host: Host
  readonly protocol: string
  readonly rpcs: ReadonlyArray<RpcInfo>
  readonly name: string

  constructor(host: Host, protocol: string, rpcs: ReadonlyArray<RpcInfo>, name: string) {
    this.host = host
    this.protocol = protocol
    this.rpcs = rpcs
    this.name = name
  }

  // As of any ref: not its system.
  toString(): string {
    return `${this.protocol} "${this.name}"`
  }

  toJSON(): unknown {
    return { _id: "NamedRef", protocol: this.protocol, name: this.name }
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  rpcOf(tag: string): RpcInfo | undefined {
    return this.rpcs.find((rpc) => rpc.tag === tag)
  }

  target(): Cell | undefined {
    const holder = holderOf(this.host, this.name)
    return holder === undefined ? undefined : this.seen(holder)
  }

  askFailed(message: Message<string, unknown>): AskError {
    this.host.letter(noPid, undefined, message, "NotAlive")
    return new AskError({ tag: Envelope.tag(message), reason: this.nobody }, { disableChecks: true })
  }

  get nobody(): ActorExited {
    return new ActorExited({ pid: noPid, name: this.name, reason: ExitReason.noProc(false) }, { disableChecks: true })
  }

  tellUnsafe(message: Message<string, unknown>): TellOutcome {
    const target = this.target()
    if (target !== undefined) return target.tellUnsafe(message)
    this.host.letter(noPid, undefined, message, "NotAlive")
    return "Accepted"
  }

  tell(message: Message<string, unknown>): Effect.Effect<void, TellError> {
    return Effect.withFiber((fiber) => {
      const target = this.target()
      if (target !== undefined) return target.tell(message)
      this.tellUnsafe(message)
      sentToNobody(senderOf(fiber, this.host), "tell", message)
      return Effect.void
    })
  }

  ask(message: Message<string, unknown>, options?: AskOptions): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) => this.target()?.ask(message, options) ?? this.askNobody(fiber, "ask", message))
  }

  stream(
    message: Message<string, unknown>,
    options?: { readonly bufferSize?: number | undefined }
  ): Stream.Stream<unknown, unknown> {
    return Stream.suspend(() =>
      this.target()?.stream(message, options)
        ?? Stream.fromEffect(Effect.withFiber((fiber) => this.askNobody(fiber, "stream", message)))
    )
  }

  private askNobody(
    fiber: Fiber.Fiber<unknown, unknown>,
    kind: "ask" | "stream",
    message: Message<string, unknown>
  ): Exit.Exit<never, AskError> {
    sentToNobody(senderOf(fiber, this.host), kind, message)
    return Exit.fail(this.askFailed(message))
  }

  get current(): Effect.Effect<Cell, LookupError> {
    return Effect.map(find(this.host, this.protocol, this.rpcs, this.name), (cell) => this.seen(cell))
  }

  // Where another isolate has it, its PID is all that is known.
  private seen(cell: Cell): Cell {
    const { host } = this
    return cell.bound === host.foreign ? host.typed(cell.pid, this.protocol, this.rpcs) : cell
  }
}

/** A ref's own actor, or whoever has the name now; `ActorExited`, as an ask has it, when nobody does. */
export const holderNow = (ref: AnyRef | NamedRef<never>): Cell | ActorExited =>
  ref instanceof NamedRefImpl ? ref.target() ?? ref.nobody : cellOf(ref as AnyRef)

export const isNamed = (ref: unknown): boolean => ref instanceof NamedRefImpl

type LookupError = NameNotFound | ProtocolMismatch | IsolateUnavailable

const find = (
  host: Host,
  protocol: string,
  rpcs: ReadonlyArray<RpcInfo>,
  name: string
): Effect.Effect<Cell, LookupError> =>
  Effect.suspend((): Effect.Effect<Cell, LookupError> => {
    const cell = holderOf(host, name)
    if (cell === undefined) return Effect.fail(new NameNotFound({ name }))
    const known = cell.bound === host.foreign
      ? Effect.mapError(
        spokenBy(cell),
        ({ reason }) => reason._tag === "NodeUnreachable" ? silent(cell, name) : new NameNotFound({ name })
      )
      : Effect.succeed<Spoken>(cell.bound.program)
    return Effect.flatMap(known, (found) => {
      const mismatch = found.protocol === protocol
        ? shapeMismatch(host, protocol, rpcs, name, found)
        : new ProtocolMismatch({ name, expected: protocol, found: found.protocol })
      return mismatch === undefined ? Effect.succeed(cell) : Effect.fail(mismatch)
    })
  })

interface Spoken {
  readonly protocol: string
  readonly fingerprint?: string | undefined
}

// Of who was compiled from other sources: the name may be the same, and the shape another (G215).
const shapeMismatch = (
  host: Host,
  protocol: string,
  rpcs: ReadonlyArray<RpcInfo>,
  name: string,
  { fingerprint }: Spoken
): ProtocolMismatch | undefined => {
  if (fingerprint === undefined) return undefined
  const own = fingerprintOf(host.codec.format, rpcs)
  if (own === fingerprint) return undefined
  return new ProtocolMismatch({ name, expected: `${protocol} ${own}`, found: `${protocol} ${fingerprint}` })
}

// Somebody has the name; who that is only its isolate can say (G209).
const silent = (cell: Cell, name: string): NameNotFound | IsolateUnavailable => {
  const { isolates, options } = cell.host
  const isolate = isolates?.isolateOf(cell)
  if (isolate === undefined) return new NameNotFound({ name })
  const within = Duration.format(Duration.millis(options.isolateSilence))
  return new IsolateUnavailable({ on: String(isolate), issue: `it did not say within ${within} who has "${name}"` })
}

/** The actor that has a name now. */
export const lookupName = <Name extends string, Rpcs extends Rpc.Any>(
  host: Host,
  protocol: Protocol<Name, Rpcs>,
  name: string
): Effect.Effect<ActorRef<Rpcs>, LookupError> =>
  Effect.map(
    find(host, protocol.name, infosOf(protocol.group), name),
    (cell) => cell.bound === host.foreign ? host.typed(cell.pid, protocol.name, infosOf(protocol.group)) : cell
  ) as Effect.Effect<unknown, LookupError> as Effect.Effect<ActorRef<Rpcs>, LookupError>

/** Whoever has the name when something is sent. */
export const makeNamed = <Name extends string, Rpcs extends Rpc.Any>(
  host: Host,
  protocol: Protocol<Name, Rpcs>,
  name: string
): NamedRef<Rpcs> => new NamedRefImpl(host, protocol.name, infosOf(protocol.group), name) as unknown as NamedRef<Rpcs>

/** The same, for what a behaviour understands. */
export const makeNamedFor = <Rpcs extends Rpc.Any>(host: Host, program: Program, name: string): NamedRef<Rpcs> =>
  new NamedRefImpl(
    host,
    program.protocol,
    program.rpcs.filter((rpc) => rpc !== undefined),
    name
  ) as unknown as NamedRef<Rpcs>
