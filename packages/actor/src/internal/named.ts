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
import { IsolateUnavailable, NameNotFound, type ProtocolMismatch } from "../SpawnError.ts"
import { BadMessage, TellError, type TellOutcome } from "../TellError.ts"
import { spokenBy } from "./about.ts"
import { movingOps, type Program } from "./bound.ts"
import { depart, issueOfBuffers } from "./buffer/payload.ts"
import { type Cell, cellOf } from "./cell.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import type { Host } from "./host.ts"
import { invalid, isA } from "./invalid.ts"
import { isName } from "./name.ts"
import { protocolOf } from "./protocolOf.ts"
import { infosOf, type RpcInfo } from "./rpc.ts"
import { sentInVain, sentToNobody } from "./send.ts"
import { Outcome } from "./shard.ts"
import { mismatch, read, type Spoken } from "./spoken.ts"

/** A PID that nobody has: the receiver of what is sent to a name that nobody has. */
const noPid = 0 as Pid

const unchecked = { disableChecks: true }

/**
 * What an actor of another isolate understands that has a name; undefined: it has it no more, or nobody has said it.
 */
const spokenAt = (host: Host, name: string, cell: Cell): Spoken | undefined => {
  const { border } = host.shard
  if (border === undefined || !border.isAway(cell.pid)) return undefined
  const said = border.spokenBy(name)
  return said === null || said.pid !== cell.pid ? undefined : read(said.spoken)
}

/** What is no string is a mistake; a string that cannot be a name is nobody's. */
const nameOf = (name: string): string => {
  if (typeof name === "string") return name
  throw invalid("name", "a string", name)
}

const holderOf = (host: Host, name: string): Cell | undefined => isName(name) ? host.shard.whereis(name) : undefined

class NamedRefImpl {
  readonly "~myrmidon/NamedRef" = true as const
  readonly host: Host
  readonly protocol: string
  readonly rpcs: ReadonlyArray<RpcInfo>
  readonly name: string
  /** The last holder of another isolate, and why it is not the one that is meant, if it is not. */
  private checked = noPid
  private wrong: string | undefined = undefined

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
    return new AskError({ tag: Envelope.tag(message), reason: this.lose(message, true) ?? this.nobody }, unchecked)
  }

  /** A dead letter of nobody, whose buffers go with it (G140). What comes back: it is none, and why. */
  private lose(message: Message<string, unknown>, asked: boolean): BadMessage | undefined {
    const op = Envelope.op(message)
    if (!movingOps.has(op)) {
      this.host.publishDeadLetter(noPid, undefined, message, "NotAlive", asked, this.name)
      return undefined
    }
    const leaving = depart(message.payload)
    if (leaving === undefined) {
      const issue = issueOfBuffers(message.payload) ?? "the memory of a buffer was taken away"
      return new BadMessage({ tag: Envelope.tag(message), issue }, unchecked)
    }
    this.host.deadLetter(noPid, 0, op, leaving.payload, "NotAlive", asked, this.name)
    return undefined
  }

  get nobody(): ActorExited {
    return new ActorExited({ pid: noPid, name: this.name, reason: ExitReason.noProc(false) }, { disableChecks: true })
  }

  tellUnsafe(message: Message<string, unknown>): TellOutcome {
    const target = this.target()
    if (target !== undefined) return this.issueOf(target) === undefined ? target.tellUnsafe(message) : "BadMessage"
    return this.lose(message, false) === undefined ? "Accepted" : "BadMessage"
  }

  tell(message: Message<string, unknown>): Effect.Effect<void, TellError> {
    return Effect.withFiber((fiber) => {
      const target = this.target()
      if (target !== undefined) {
        const reason = this.refusal(target, message)
        if (reason === undefined) return target.tell(message)
        sentInVain(senderOf(fiber, this.host), "tell", target, message)
        return Effect.fail(new TellError({ reason }, unchecked))
      }
      const reason = this.lose(message, false)
      sentToNobody(
        senderOf(fiber, this.host),
        "tell",
        message,
        reason === undefined ? Outcome.Accepted : Outcome.BadMessage
      )
      return reason === undefined ? Effect.void : Effect.fail(new TellError({ reason }, unchecked))
    })
  }

  ask(message: Message<string, unknown>, options?: AskOptions): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) => {
      const target = this.target()
      if (target === undefined) return this.askNobody(fiber, "ask", message)
      return this.refuseAsk(fiber, "ask", target, message) ?? target.ask(message, options)
    })
  }

  stream(
    message: Message<string, unknown>,
    options?: { readonly bufferSize?: number | undefined }
  ): Stream.Stream<unknown, unknown> {
    return Stream.suspend(() => {
      const target = this.target()
      if (target !== undefined && this.issueOf(target) === undefined) return target.stream(message, options)
      return Stream.fromEffect(Effect.withFiber((fiber) =>
        target === undefined
          ? this.askNobody(fiber, "stream", message)
          : this.refuseAsk(fiber, "stream", target, message)!
      ))
    })
  }

  // An actor of another isolate decodes by its own protocol: one of another shape would read something else (G242).
  private issueOf(target: Cell): string | undefined {
    if (target.pid === this.checked) return this.wrong
    const { host, name, protocol, rpcs } = this
    const spoken = spokenAt(host, name, target)
    const wrong = spoken === undefined ? undefined : mismatch(host, protocol, rpcs, name, spoken)
    this.checked = target.pid
    this.wrong = wrong === undefined ? undefined : `"${name}" has the protocol ${wrong.found}, not ${wrong.expected}`
    return this.wrong
  }

  private refusal(target: Cell, message: Message<string, unknown>): BadMessage | undefined {
    const issue = this.issueOf(target)
    return issue === undefined ? undefined : new BadMessage({ tag: Envelope.tag(message), issue }, unchecked)
  }

  private refuseAsk(
    fiber: Fiber.Fiber<unknown, unknown>,
    kind: "ask" | "stream",
    target: Cell,
    message: Message<string, unknown>
  ): Exit.Exit<never, AskError> | undefined {
    const reason = this.refusal(target, message)
    if (reason === undefined) return undefined
    sentInVain(senderOf(fiber, this.host), kind, target, message)
    return Exit.fail(new AskError({ tag: Envelope.tag(message), reason }, unchecked))
  }

  private askNobody(
    fiber: Fiber.Fiber<unknown, unknown>,
    kind: "ask" | "stream",
    message: Message<string, unknown>
  ): Exit.Exit<never, AskError> {
    const error = this.askFailed(message)
    const outcome = error.reason._tag === "BadMessage" ? Outcome.BadMessage : Outcome.Accepted
    sentToNobody(senderOf(fiber, this.host), kind, message, outcome)
    return Exit.fail(error)
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
  isA(ref, NamedRefImpl) ? ref.target() ?? ref.nobody : cellOf(ref as AnyRef)

export const isNamed = (ref: unknown): boolean => isA(ref, NamedRefImpl)

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
      : Effect.succeed<Spoken>({ protocol: cell.bound.program.protocol })
    return Effect.flatMap(known, (found) => {
      // Of one that its isolate has described a moment ago: what it says beside its name is more.
      const said = found.fingerprint === undefined ? spokenAt(host, name, cell) : undefined
      const wrong = mismatch(host, protocol, rpcs, name, said?.protocol === found.protocol ? said : found)
      return wrong === undefined ? Effect.succeed(cell) : Effect.fail(wrong)
    })
  })

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
    find(host, protocolOf(protocol).name, infosOf(protocol.group), nameOf(name)),
    (cell) => cell.bound === host.foreign ? host.typed(cell.pid, protocol.name, infosOf(protocol.group)) : cell
  ) as Effect.Effect<unknown, LookupError> as Effect.Effect<ActorRef<Rpcs>, LookupError>

/** Whoever has the name when something is sent. */
export const makeNamed = <Name extends string, Rpcs extends Rpc.Any>(
  host: Host,
  protocol: Protocol<Name, Rpcs>,
  name: string
): NamedRef<Rpcs> =>
  new NamedRefImpl(host, protocolOf(protocol).name, infosOf(protocol.group), nameOf(name)) as unknown as NamedRef<Rpcs>

/** The same, for what a behaviour understands. */
export const makeNamedFor = <Rpcs extends Rpc.Any>(host: Host, program: Program, name: string): NamedRef<Rpcs> =>
  new NamedRefImpl(
    host,
    program.protocol,
    program.rpcs.filter((rpc) => rpc !== undefined),
    nameOf(name)
  ) as unknown as NamedRef<Rpcs>
