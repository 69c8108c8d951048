/**
 * A behaviour in the form that messages are delivered by.
 *
 * A `Program` is a compiled behaviour: tables by the number of a message's tag (its op). A `Bound` is a program with
 * the services that it runs with, made once for each system and context: actors that were spawned alike share one.
 *
 * Owner: the host. To a shard, `Bound` is an object with a `meter` slot and two flags, `hasPriority` and
 * `hasReentrant`.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ExitReason } from "../ExitReason.ts"
import { InvalidOption } from "../InvalidOption.ts"
import type { Down, ExitSignal } from "../ExitSignal.ts"
import type { Mailbox } from "../Mailbox.ts"
import { Pid } from "../Pid.ts"
import type { Self } from "../Self.ts"
import type { Account } from "./accounts.ts"
import type { Host } from "./host.ts"
import { checkShape } from "./behaviorShape.ts"
import { movesBuffers } from "./buffer/schema.ts"
import { type ResolvedMailbox, resolveMailbox } from "./mailbox.ts"
import { intern } from "./opcodes.ts"
import type { RpcInfo } from "./rpc.ts"
import { Flag, mostBudget, type OpenOptions, type Shard } from "./shard.ts"
import type { Wire } from "./wire.ts"

/** A handler of any actor; the types were checked where the behaviour was made. */
export type Handler = (state: unknown, payload: unknown, self: unknown) => unknown

/** The options of `Protocol.behavior`, with the types forgotten. */
export interface BehaviorOptions {
  readonly init: (args: unknown, self: unknown) => unknown
  readonly handlers: Readonly<Record<string, Handler>>
  readonly signals?: {
    readonly exit?: (state: unknown, signal: ExitSignal, self: unknown) => unknown
    readonly down?: (state: unknown, down: Down, self: unknown) => unknown
  }
  readonly terminate?: (state: unknown, reason: ExitReason, self: unknown) => unknown
  readonly state?: unknown
  readonly version?: string | undefined
  readonly mailbox?: Mailbox | undefined
}

/**
 * What the host knows of a tag, in the bits above the eight that a shard sees. `Known`: the protocol has it. `Checked`:
 * its payload and reply are checked by their schemas. `Stream`: its reply is a stream. `Moves`: its payload may hold
 * buffers. `Answers`: its reply may.
 */
export const OpFlag = { Known: 256, Checked: 512, Stream: 1024, Moves: 2048, Answers: 4096 } as const

export interface Program {
  /** The program without the Inspector's wrappers, where this one has some. */
  readonly base?: Program
  readonly protocol: string
  readonly version: string
  readonly options: BehaviorOptions
  /** By op. */
  readonly rpcs: ReadonlyArray<RpcInfo | undefined>
  /** By op: handlers that are called with state and payload alone. */
  readonly plain: ReadonlyArray<Handler | undefined>
  /** By op: all others, which need `self`, a stream, buffers or a span. */
  readonly full: ReadonlyArray<Handler | undefined>
  /** By op: bits of `Flag` and `OpFlag`; 0 for a tag that the protocol does not have. */
  readonly flags: ReadonlyArray<number>
  readonly initTakesSelf: boolean
  readonly hasPriority: boolean
  readonly hasReentrant: boolean
}

// Whether a function can reach its argument number `count`: also by a rest parameter, a default value or `arguments`.
// When in doubt, yes: that costs an object that nobody needs, while a wrong "no" would break the program.
const takes = (f: (...args: Array<never>) => unknown, count: number): boolean => {
  if (f.length >= count) return true
  const source = Function.prototype.toString.call(f)
  if (/\.\.\.|\barguments\b|\[native code\]/.test(source)) return true
  const arrow = source.indexOf("=>"), brace = source.indexOf("{", source.indexOf(")"))
  const head = source.slice(0, arrow === -1 ? brace : brace === -1 ? arrow : Math.min(arrow, brace))
  return head.includes("=")
}

// The handler's result becomes the result of the span, whatever it is: a Deferred or a forward is handled by `finish`.
const traced = (name: string, handler: Handler): Handler => (state, payload, self) => {
  const { pid } = self as Self.Any
  return Effect.withSpan(
    Effect.suspend(() => {
      const result = handler(state, payload, self)
      if (Effect.isEffect(result)) return result
      return result instanceof Promise ? Effect.promise(() => result) : Effect.succeed(result)
    }),
    name,
    { attributes: { "actor.pid": Pid.print(pid) } }
  )
}

/** The ops of all tags whose payloads may hold buffers, in any protocol. */
export const movingOps = new Set<number>()

const movesOf = (protocol: string, rpc: RpcInfo, op: number): number => {
  const isMoving = movesBuffers(rpc.payload.ast), isAnswering = movesBuffers(rpc.success.ast)
  if (rpc.isStream && isAnswering) {
    const issue = "streams buffers, which is not possible: send messages"
    throw new InvalidOption({ option: `${rpc.tag} of ${protocol}`, issue })
  }
  if (isMoving) movingOps.add(op)
  return (isMoving ? OpFlag.Moves : 0) | (isAnswering ? OpFlag.Answers : 0)
}

/** Compiles a behaviour. Throws `InvalidOption` for a tag without a handler, and for an option that is not valid. */
export const compile = (protocol: string, rpcs: ReadonlyArray<RpcInfo>, options: BehaviorOptions): Program => {
  checkShape(protocol, rpcs.map((rpc) => rpc.tag), options)
  const ops = rpcs.map((rpc) => intern(rpc.tag))
  const size = Math.max(0, ...ops) + 1
  const infos = new Array<RpcInfo | undefined>(size).fill(undefined)
  const plain = new Array<Handler | undefined>(size).fill(undefined)
  const full = new Array<Handler | undefined>(size).fill(undefined)
  const flags = new Array<number>(size).fill(0)
  rpcs.forEach((rpc, i) => {
    const op = ops[i]!
    const handler = options.handlers[rpc.tag]!
    infos[op] = rpc
    const moves = movesOf(protocol, rpc, op)
    if (rpc.isTraced && !rpc.isStream) full[op] = traced(`${protocol}.${rpc.tag}`, handler)
    else if (rpc.isStream || (moves & OpFlag.Moves) !== 0 || takes(handler, 3)) full[op] = handler
    else plain[op] = handler
    flags[op] = OpFlag.Known | (rpc.isPriority ? Flag.Priority : 0) | (rpc.isReentrant ? Flag.Reentrant : 0)
      | (rpc.isStream ? OpFlag.Stream : 0) | moves
  })
  return {
    protocol,
    version: options.version ?? "1",
    options,
    rpcs: infos,
    plain,
    full,
    flags,
    initTakesSelf: takes(options.init, 2),
    hasPriority: rpcs.some((rpc) => rpc.isPriority),
    hasReentrant: rpcs.some((rpc) => rpc.isReentrant)
  }
}

/** The program of an actor of another isolate: its protocol, and handlers that are never called. */
export const compileForeign = (protocol: string, rpcs: ReadonlyArray<RpcInfo>): Program => {
  const nothing = () => undefined
  const handlers = Object.fromEntries(rpcs.map((rpc) => [rpc.tag, nothing]))
  return compile(protocol, rpcs, { init: nothing, handlers, version: "" })
}

export class Bound {
  readonly host: Host
  /** Where messages to its actors go: this isolate's shard, or the border to the others. */
  readonly shard: Pick<Shard, "send" | "call">
  readonly program: Program
  /** The services of its Effects. (`Runner` adds those that each actor has of its own.) */
  readonly context: Context.Context<never>
  readonly plain: ReadonlyArray<Handler | undefined>
  readonly full: ReadonlyArray<Handler | undefined>
  readonly flags: ReadonlyArray<number>
  readonly hasPriority: boolean
  readonly hasReentrant: boolean
  readonly mailbox: ResolvedMailbox
  /** The options of a spawn that has none of its own. */
  readonly open: OpenOptions
  /** For the shard: how long its handlers take. */
  meter: unknown = undefined
  /** Encodes payloads for other isolates; made for the first one. */
  wire: Wire | undefined = undefined
  /** The account of its protocol and version in this system. Set by `Accounts.of`. */
  account: Account | undefined = undefined
  /** The `Bound` without the Inspector's wrappers, where this one has some. */
  under: Bound | undefined = undefined

  constructor(
    host: Host,
    program: Program,
    context: Context.Context<never>,
    shard: Pick<Shard, "send" | "call"> = host.shard
  ) {
    this.host = host
    this.shard = shard
    this.program = program
    this.context = context
    this.plain = program.plain
    this.full = program.full
    this.flags = host.checked ? program.flags.map((flag) => flag === 0 ? 0 : flag | OpFlag.Checked) : program.flags
    this.hasPriority = program.hasPriority
    this.hasReentrant = program.hasReentrant
    this.mailbox = program.options.mailbox === undefined
      ? host.options.mailbox
      : resolveMailbox(program.options.mailbox, host.options.mailbox)
    this.open = {
      name: undefined,
      capacity: this.mailbox.capacity,
      onFull: this.mailbox.onFull,
      sendTimeout: this.mailbox.sendTimeout,
      budget: mostBudget,
      trapExit: program.options.signals?.exit !== undefined,
      cleanup: program.options.terminate !== undefined,
      starting: false,
      parent: undefined,
      watcher: undefined,
      watchRef: 0
    }
  }
}
