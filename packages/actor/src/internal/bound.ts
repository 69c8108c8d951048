/**
 * A behaviour, compiled, and the same with what it captured.
 *
 * `Program` is made once per behaviour, `Bound` once per (system, context): 100,000 actors that were spawned alike share
 * one, and a message finds its handler by number.
 *
 * Owner: the host. A shard sees `Bound` as an opaque object with a `meter` slot and the two `has...` flags.
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

/** What the host knows of a tag, above the eight bits that a shard sees. `Moves`: buffers, by its payload; `Answers`: by its reply. */
export const OpFlag = { Known: 256, Checked: 512, Stream: 1024, Moves: 2048, Answers: 4096 } as const

export interface Program {
  /** Of one that is wrapped for a while: what it wraps. */
  readonly base?: Program
  readonly protocol: string
  readonly version: string
  readonly options: BehaviorOptions
  /** By number. */
  readonly rpcs: ReadonlyArray<RpcInfo | undefined>
  /** By number: handlers that take no `self`. */
  readonly plain: ReadonlyArray<Handler | undefined>
  /** By number: the others, and all handlers of streams. */
  readonly full: ReadonlyArray<Handler | undefined>
  /** By number: `Flag` and `OpFlag`; 0 is an unknown tag. */
  readonly flags: ReadonlyArray<number>
  readonly initTakesSelf: boolean
  readonly hasPriority: boolean
  readonly hasReentrant: boolean
}

// A function of fewer parameters may still reach a third argument by a rest parameter, a default or `arguments`.
// Then it gets one: this may cost an object, a wrong "no" would cost the program.
const takes = (f: (...args: Array<never>) => unknown, count: number): boolean => {
  if (f.length >= count) return true
  const source = Function.prototype.toString.call(f)
  if (/\.\.\.|\barguments\b|\[native code\]/.test(source)) return true
  const arrow = source.indexOf("=>"), brace = source.indexOf("{", source.indexOf(")"))
  const head = source.slice(0, arrow === -1 ? brace : brace === -1 ? arrow : Math.min(arrow, brace))
  return head.includes("=")
}

// Whatever the handler returns is settled as it is: an Effect may succeed with a Deferred or a forward too.
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

/** Tags whose payloads may hold buffers, in any protocol. */
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

/** Compiles a behaviour. Throws `InvalidOption` for a tag without a handler, and for options that are none. */
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

/** What is known of an actor that lives elsewhere: what it understands. */
export const compileForeign = (protocol: string, rpcs: ReadonlyArray<RpcInfo>): Program => {
  const nothing = () => undefined
  const handlers = Object.fromEntries(rpcs.map((rpc) => [rpc.tag, nothing]))
  return compile(protocol, rpcs, { init: nothing, handlers, version: "" })
}

export class Bound {
  readonly host: Host
  /** Where messages go. */
  readonly shard: Pick<Shard, "send" | "call">
  readonly program: Program
  /** What its Effects run with, but for what is each actor's own. */
  readonly context: Context.Context<never>
  readonly plain: ReadonlyArray<Handler | undefined>
  readonly full: ReadonlyArray<Handler | undefined>
  readonly flags: ReadonlyArray<number>
  readonly hasPriority: boolean
  readonly hasReentrant: boolean
  readonly mailbox: ResolvedMailbox
  /** For a spawn that says nothing else. */
  readonly open: OpenOptions
  /** The shard's: how long its handlers take. */
  meter: unknown = undefined
  /** Its payloads as bytes; made when one crosses a border. */
  wire: Wire | undefined = undefined
  /** Of its protocol and version, in this system; `Accounts.of` fills it. */
  account: Account | undefined = undefined
  /** Of one with wrappers around its handlers: the behaviour without them. */
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
