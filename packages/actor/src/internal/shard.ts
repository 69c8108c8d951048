/**
 * The seam between the actors of this package and the two systems that can carry them.
 *
 * A shard owns what happens between actors: PIDs, mailboxes, the run queue, links, monitors, names, timers, calls.
 * The host owns what happens inside one: behaviours, state, fibers, scopes, answers. `memory/` is the twin (direct
 * TypeScript), `native/` drives the Rust shard; both keep the rules of docs/semantics.md, and neither knows Effect.
 *
 * A shard calls its host only from its own pump, never from inside a call of the host, but for `help`, which runs the
 * pump; `deliver` and `dead` of one actor never overlap.
 */
import type { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { AwayHost, Border } from "./border.ts"
import type { Bound } from "./bound.ts"
import type { BufferPool } from "./buffer/pool.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { CallEnd as Ends, Policy, SendError } from "./generated/numbers.ts"

/** The answer of a send. */
export const Outcome = {
  Accepted: 0,
  MailboxFull: SendError.MailboxFull,
  NodeBusy: SendError.NodeBusy,
  NoSession: SendError.NoSession,
  BadMessage: SendError.BadMessage
} as const
export type Outcome = typeof Outcome[keyof typeof Outcome]

/** What a full mailbox does. */
export const OnFull = {
  reject: Policy.Reject,
  "drop-newest": Policy.DropNewest,
  "drop-oldest": Policy.DropOldest,
  suspend: Policy.Suspend
} as const

/** How a call ended without an answer. */
export const CallEnd = Ends
export type CallEnd = typeof CallEnd[keyof typeof CallEnd]

/** Why a letter is dead. */
export type Why =
  | "NotAlive"
  | "MailboxFull"
  | "Dropped"
  | "NodeUnreachable"
  | "SwapRolledBack"
  | "Stopped"
  | "Interrupted"

/** Messages of a slice of an actor that says nothing. */
export const mostBudget = 64

/** What actors are compared by. */
export type Measure = "reductions" | "time" | "mailbox" | "memory"

export interface OpenOptions {
  readonly name: string | undefined
  /** Messages of the normal and priority lanes together; 1 or more. */
  readonly capacity: number
  readonly onFull: number
  /** ms, for `suspend`. */
  readonly sendTimeout: number
  /** Messages of a slice at most, 1 to `mostBudget`. */
  readonly budget: number
  /** Exit signals of links are delivered as messages. */
  readonly trapExit: boolean
  /** The host has work to do at its end: `terminate` comes before `dead`, unless it is killed. */
  readonly cleanup: boolean
  /** Deliver nothing before `started`. */
  readonly starting: boolean
  /** Linked to this actor from the first moment. */
  readonly parent: Cell | undefined
  /** Watched by that actor from the first moment, under that reference. */
  readonly watcher: Cell | undefined
  readonly watchRef: number
}

export interface ShardInfo {
  readonly status: "idle" | "runnable" | "busy" | "suspended"
  /** Messages in the mailbox, all lanes. */
  readonly mailbox: number
  /** Senders that wait for room in it. */
  readonly held: number
  readonly reductions: number
  /** ms of handler time. */
  readonly millis: number
  /** Bytes that the shard holds for it. */
  readonly memory: number
  readonly links: ReadonlyArray<Pid>
}

/** What an actor has used so far. */
export interface Account {
  readonly reductions: number
  /** ms */
  readonly millis: number
}

/** What all living actors have used and hold, by the same position in each. */
export interface Usages {
  readonly cells: ReadonlyArray<Cell>
  readonly reductions: Float64Array
  readonly millis: Float64Array
  readonly mailbox: Float64Array
  readonly memory: Float64Array
}

/** What a shard asks of the world. Virtual in tests. */
export interface ShardClock {
  /** Monotonic ms. */
  readonly now: () => number
  /** Calls `wake` once, in `delay` ms or later; the next call of `wakeIn` replaces it. `undefined` disarms. */
  readonly wakeIn: (delay: number | undefined, wake: () => void) => void
}

export interface ShardOptions {
  readonly maxActors: number
  /** ms after which a handler that holds the thread is reported. */
  readonly longSchedule: number
  readonly clock: ShardClock
  /**
   * Tests: one message a slice, and the next actor is picked from the runnable ones by a generator seeded with this
   * (splitmix64, the same in both shards). `undefined`: round robin with budgets.
   */
  readonly seed: bigint | undefined
  /** What cells stand on that `cellOf` made for a PID of nobody. */
  readonly nobody?: Bound
  /** The same for actors of other isolates. */
  readonly foreign?: Bound | undefined
  /** The handle of the system that it is an isolate of; absent: it is alone. */
  readonly system?: number | undefined
}

export interface Shard {
  /** In lockstep: one message at a time, in an order made from a seed. */
  readonly seeded: boolean
  readonly backend: "native" | "memory"
  /** Absent: there is no other isolate. */
  readonly border?: Border | undefined

  // -- life ---------------------------------------------------------------------------------------------------------
  /** Takes a PID; nothing else knows of the cell yet. Throws `LimitReached` or `SystemStopped`. */
  readonly reserve: (bound: Bound) => Cell
  /** Gives it back: `init` threw before `open`. */
  readonly release: (cell: Cell) => void
  /** Opens the mailbox, and takes the name, the link and the watch in the same step. The PID of the holder: the name is taken, and nothing was done. */
  readonly open: (cell: Cell, options: OpenOptions) => Pid | undefined
  /** `init` is done: delivery may begin. */
  readonly started: (cell: Cell) => void
  /** `init` failed: the actor never was; what it linked and watched vanishes without a signal. */
  readonly abandon: (cell: Cell) => void
  /**
   * The actor ends itself: `self.stop`, or a crash. Its running handler is its last. `isOwn`: the host has made the reason,
   * the program has not got it, and its stack need not be a text yet (`crashed.ts`).
   */
  readonly exitSelf: (cell: Cell, reason: ExitReason, isOwn?: boolean) => void
  /** The cleanup that `terminate` asked for is over. */
  readonly finished: (cell: Cell) => void
  readonly setFlags: (cell: Cell, trapExit: boolean, cleanup: boolean) => void
  readonly isAlive: (cell: Cell) => boolean
  /** Whether its end has still to be told by `dead`. Later than `isAlive`, but no question to the shard: for lists. */
  readonly holds: (cell: Cell) => boolean
  readonly info: (cell: Cell) => ShardInfo | undefined
  /** Once for each swap: no signal acts before the answer. undefined: it has ended, and `dead` has told its account or will. */
  readonly account: (cell: Cell) => Account | undefined
  /**
   * The cell with this PID; when none is alive, a dead one that answers as the PID's generation says. `foreign`: what it
   * stands on when it is one of another isolate.
   */
  readonly cellOf: (pid: Pid, foreign?: Bound) => Cell

  // -- messages -----------------------------------------------------------------------------------------------------
  /** `from`: the actor in whose handler this runs. `flags`: `Flag`. A dead receiver is a dead letter and `Accepted`. */
  readonly send: (to: Cell, op: number, payload: unknown, from: Cell | undefined, flags: number) => Outcome
  /** Ends by `answered`, or by `host.callEnded`, never by both. A refusal is the outcome alone. `timeout` in ms, or Infinity. */
  readonly call: (
    to: Cell,
    op: number,
    payload: unknown,
    from: Cell | undefined,
    flags: number,
    call: Call,
    timeout: number
  ) => Outcome
  /** The host has taken the call's answer, or its caller has gone away. */
  readonly answered: (call: Call) => void
  /**
   * An actor goes on with an answer: `resume` is called in its turn, once what is in its mailbox and may be delivered has
   * been begun (G266). At once where nothing could enter beside its handler; and where nothing is delivered to it.
   */
  readonly behind: (cell: Cell, resume: () => void) => void
  /** It runs nothing, and the event loop has had its turn lately. Never in lockstep. */
  readonly canHelp: () => boolean
  /**
   * Right after `call`, of a call without `resume`, while `canHelp` says so. Its asker, who is no actor and has nobody
   * below it on the stack, would only wait: runs the pump there until the call has ended or there is nothing left to run;
   * not for longer than the pump runs at a time.
   */
  readonly help: (call: Call) => void
  /** An asker goes on inside of what answers it: the time is not its callee's. What `stepIn` is to be told, if it is not below 0. */
  readonly stepOut: () => number
  /** The asker is done for now; `asker`: where it is an actor of this isolate. */
  readonly stepIn: (since: number, asker: Cell | undefined) => void
  /** Calls `resume` once there is room, or the actor has ended. Returns its undo. */
  /**
   * Somebody who has work for many waits for the event loop's next turn, which is not put off until then, however much
   * is queued (G263); or (`false`) has got it.
   */
  readonly hasten: (isWaiting: boolean) => void
  readonly awaitRoom: (to: Cell, resume: () => void) => () => void
  /** In order behind what is in the normal lane; never refused. */
  readonly stop: (to: Cell, reason: ExitReason) => void

  // -- a handler that waits -----------------------------------------------------------------------------------------
  /** Counted: `deliver` returned true that many times more than this was called. `millis`: to charge. */
  readonly ready: (cell: Cell, millis: number) => void
  /** Runs `task` in the pump, charged to `cell` where there is one: how fibers of actors go on. */
  readonly defer: (task: () => void, cell: Cell | undefined) => void

  // -- suspension -----------------------------------------------------------------------------------------------------
  /** No message is delivered any more behind the one in hand, control is. Idempotent. */
  readonly suspend: (cell: Cell) => void
  /** Ends that. Idempotent. */
  readonly resume: (cell: Cell) => void

  // -- signals ------------------------------------------------------------------------------------------------------
  readonly exit: (to: Cell, from: Cell | undefined, reason: ExitReason) => void
  /** By `a`: nothing when it has ended, an exit signal `NoProc` to it when `b` has. */
  readonly link: (a: Cell, b: Cell) => void
  readonly unlink: (a: Cell, b: Cell) => void
  /** `ref` is the host's; a dead target is reported like any end, with `NoProc`. */
  readonly monitor: (watcher: Cell, target: Cell, ref: number) => void
  /** true: no `down` of it was or will be delivered. */
  readonly demonitor: (watcher: Cell, ref: number) => boolean
  /** A watch from outside of any actor: ends in `host.outsideDown`. */
  readonly watch: (target: Cell, ref: number) => void
  readonly unwatch: (ref: number) => void

  // -- names and timers ---------------------------------------------------------------------------------------------
  readonly whereis: (name: string) => Cell | undefined
  /** The message is delivered like one that the actor sent to itself. Returns nothing: `ref` is the host's. */
  readonly startTimer: (
    cell: Cell,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ) => void
  /** ms left; 0: its message was queued, and is not delivered any more; undefined: it has been delivered, or never was. */
  readonly cancelTimer: (cell: Cell, ref: number) => number | undefined

  // -- buffers ------------------------------------------------------------------------------------------------------
  /** Where the memory of the system's buffers comes from, so many bytes at most. Called once. */
  readonly makeBuffers: (limit: number) => BufferPool

  // -- the whole ----------------------------------------------------------------------------------------------------
  readonly stats: () => {
    readonly actors: number
    readonly queued: number
    readonly bytes: number
    readonly calls: number
  }
  /** The `n` living actors that have most of it, the highest first, ties by PID. */
  readonly top: (n: number, by: Measure) => ReadonlyArray<readonly [cell: Cell, info: ShardInfo]>
  readonly usages: () => Usages
  /** Every live cell, in order of its spawn. */
  readonly cells: () => Iterable<Cell>
  /** The PID of each, in the same order: for lists that are made in turns. */
  readonly pids: () => Float64Array
  /** Holds the process (`true`), or lets it end when nothing is runnable, no timer armed and no call pending. */
  readonly keepAlive: (on: boolean) => void
  /** Everything is dead letters from now on. Idempotent. What has ended is told before it returns, or is done. */
  readonly close: () => Promise<void> | undefined
}

/** Flags of a message. The numbers are those of `flag` in the Rust source. */
export const Flag = { Priority: 1, Next: 8, Reentrant: 16 } as const

export interface ShardHost {
  /** A call that is over: what `deliver` gets with a question whose call has ended, where the shard has forgotten it. */
  readonly spentCall?: Call | undefined
  /** One message. true: its handler waits; deliver only what may re-enter until `ready`. Never throws. */
  readonly deliver: (cell: Cell, op: number, payload: unknown, from: Pid | 0, call: Call | undefined) => boolean
  /** A trapped exit signal. `from` 0: no actor sent it. `name`: of who did, where it is at hand. */
  readonly exitSignal: (cell: Cell, from: Pid | 0, reason: ExitReason, name?: string) => boolean
  readonly down: (cell: Cell, ref: number, from: Pid, reason: ExitReason) => boolean
  readonly outsideDown: (ref: number, from: Pid, reason: ExitReason) => void
  /** Run its cleanup, then `finished`. Nothing more is delivered to it. Its waiting handler is to be interrupted. */
  readonly terminate: (cell: Cell, reason: ExitReason) => void
  /**
   * It has ended, its name is free, its signals are queued. Whatever of it still runs is to be interrupted.
   * What it had used: messages, and ms of handler time.
   */
  readonly dead: (cell: Cell, reason: ExitReason, reductions: number, millis: number) => void
  /** `capacity`: of a mailbox that was full, where its shard has said it. */
  readonly callEnded: (call: Call, end: CallEnd, reason: ExitReason | undefined, capacity?: number) => void
  /** `asked`: its asker is told by `callEnded`. `name`: of the receiver, where it is at hand. */
  readonly deadLetter: (
    to: Pid,
    from: Pid | 0,
    op: number,
    payload: unknown,
    why: Why,
    asked: boolean,
    name?: string
  ) => void
  readonly longSchedule: (cell: Cell, millis: number) => void
  /** Of a host whose shard has a border. */
  readonly away?: AwayHost | undefined
}
