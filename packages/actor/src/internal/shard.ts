/**
 * The seam between the actors of this package and the two systems that can carry them.
 *
 * A shard owns what happens between actors: PIDs, mailboxes, the run queue, links, monitors, names, timers, calls.
 * The host owns what happens inside one: behaviours, state, fibers, scopes, answers. `memory/` is the twin (direct
 * TypeScript), `native/` drives the Rust shard; both keep the rules of docs/semantics.md, and neither knows Effect.
 *
 * A shard calls its host only from its own pump (the loop that delivers messages), never from inside a call of the
 * host; the one exception is `help`, which runs the pump. `deliver` and `dead` of one actor never overlap.
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

/** Messages that an actor may handle in one slice, unless its `budget` says fewer. */
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
  /** Messages that it may handle in one slice: 1 to `mostBudget`. */
  readonly budget: number
  /** Exit signals of linked actors are delivered to its handler, and do not end it. */
  readonly trapExit: boolean
  /** It has cleanup to do at its end: the shard calls `terminate` before `dead`, unless it is killed. */
  readonly cleanup: boolean
  /** Its `init` is not done: nothing is delivered before `started`. */
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
  /** The `Bound` of cells that `cellOf` makes for a PID without a living actor. */
  readonly nobody?: Bound
  /** The same for a PID of another isolate. */
  readonly foreign?: Bound | undefined
  /** The handle of the system of several isolates that this shard belongs to; absent: it is alone. */
  readonly system?: number | undefined
}

export interface Shard {
  /** In lockstep: one message at a time, in an order made from a seed. */
  readonly seeded: boolean
  readonly backend: "native" | "memory"
  /** The way to other isolates; absent where there are none. */
  readonly border?: Border | undefined

  // -- life ---------------------------------------------------------------------------------------------------------
  /** Takes a PID. Nobody can reach the actor before `open`. Throws `LimitReached` or `SystemStopped`. */
  readonly reserve: (bound: Bound) => Cell
  /** Gives the PID back, when `init` threw before `open`. */
  readonly release: (cell: Cell) => void
  /**
   * Opens the mailbox, and takes the name, the link and the monitor in the same step. Returns undefined; or, when the
   * name is taken, the PID of its holder, and then nothing was done.
   */
  readonly open: (cell: Cell, options: OpenOptions) => Pid | undefined
  /** `init` is done: delivery may begin. */
  readonly started: (cell: Cell) => void
  /** `init` failed, so the actor never was: its links and monitors vanish without a signal. */
  readonly abandon: (cell: Cell) => void
  /**
   * The actor ends itself, by `self.stop` or by a crash: nothing is delivered behind the handler that runs. `isOwn`:
   * only the host has seen the reason yet, so that its stack need not be made a text now (`crashed.ts`).
   */
  readonly exitSelf: (cell: Cell, reason: ExitReason, isOwn?: boolean) => void
  /** The cleanup that `terminate` asked for is over. */
  readonly finished: (cell: Cell) => void
  readonly setFlags: (cell: Cell, trapExit: boolean, cleanup: boolean) => void
  readonly isAlive: (cell: Cell) => boolean
  /**
   * Whether `dead` has still to be called for this actor. Cheaper than `isAlive`, which handles pending signals first,
   * and so a little behind it: for sweeping lists.
   */
  readonly holds: (cell: Cell) => boolean
  readonly info: (cell: Cell) => ShardInfo | undefined
  /**
   * What the actor has used; undefined when it has ended, for then `dead` says it. Does not handle pending signals: a
   * swap asks this for each of its actors.
   */
  readonly account: (cell: Cell) => Account | undefined
  /**
   * The cell with this PID. When no such actor is alive it is a dead cell, which knows by the PID's generation whether
   * there ever was one. `foreign`: the `Bound` of the cell when the PID belongs to another isolate.
   */
  readonly cellOf: (pid: Pid, foreign?: Bound) => Cell

  // -- messages -----------------------------------------------------------------------------------------------------
  /**
   * `from`: the actor that sends, if it is one. `flags`: of `Flag`. A message to a dead actor is `Accepted`, and
   * becomes a dead letter.
   */
  readonly send: (to: Cell, op: number, payload: unknown, from: Cell | undefined, flags: number) => Outcome
  /**
   * Sends a question. A call that was accepted ends by `answered` or by `host.callEnded`, never by both; one that was
   * refused has only its outcome. `timeout` in ms, or Infinity.
   */
  readonly call: (
    to: Cell,
    op: number,
    payload: unknown,
    from: Cell | undefined,
    flags: number,
    call: Call,
    timeout: number
  ) => Outcome
  /** The call is over: the host has its answer, or the asker gave up. */
  readonly answered: (call: Call) => void
  /**
   * A handler of this actor waited for an answer, which is there. `resume` is called when the messages that were in the
   * mailbox before it, and may enter beside that handler (`Reentrant`), have been begun (G266): at once where there are
   * none, or where nothing is delivered to the actor.
   */
  readonly behind: (cell: Cell, resume: () => void) => void
  /**
   * Whether `help` is allowed: the pump does not run, and the event loop does not wait for a turn. Never in lockstep.
   */
  readonly canHelp: () => boolean
  /**
   * Runs the pump on the asker's stack until the call has ended, nothing is left to run, or the pump has run as long as
   * it does at a time. The asker would only wait, and most answers come at once. Allowed right after `call`, for a call
   * without `resume`, while `canHelp`: the asker is no actor, and nothing that is not done stands below it on the
   * stack.
   */
  readonly help: (call: Call) => void
  /**
   * An asker is about to go on inside the handler that answers it: the time until `stepIn` is charged to the asker, not
   * to its callee. Returns the argument of `stepIn`; below 0 there is nothing to measure, and `stepIn` is not called.
   */
  readonly stepOut: () => number
  /** The asker waits again, or is done. `asker`: where it is an actor of this isolate. */
  readonly stepIn: (since: number, asker: Cell | undefined) => void
  /**
   * `true`: somebody with work for many actors waits for the event loop's next turn, so runs are kept short, however
   * much is queued (G263). `false`: has got that turn. Calls are counted.
   */
  readonly hasten: (isWaiting: boolean) => void
  /** Calls `resume` once there is room, or the actor has ended. Returns its undo. */
  readonly awaitRoom: (to: Cell, resume: () => void) => () => void
  /** Ends the actor behind what is in its normal lane. Never refused. */
  readonly stop: (to: Cell, reason: ExitReason) => void

  // -- a handler that waits -----------------------------------------------------------------------------------------
  /** Once for each `deliver` that returned true: that handler is done. `millis`: handler time to charge. */
  readonly ready: (cell: Cell, millis: number) => void
  /** Runs `task` in the pump, charged to `cell` where there is one. This is how fibers of actors go on. */
  readonly defer: (task: () => void, cell: Cell | undefined) => void

  // -- suspension -----------------------------------------------------------------------------------------------------
  /** Delivers no further message to the actor; exits and other signals act as before. Idempotent. */
  readonly suspend: (cell: Cell) => void
  /** Ends a suspension. Idempotent. */
  readonly resume: (cell: Cell) => void

  // -- signals ------------------------------------------------------------------------------------------------------
  readonly exit: (to: Cell, from: Cell | undefined, reason: ExitReason) => void
  /**
   * Links `a`, which asks for it, with `b`. When `b` has ended, `a` gets the exit signal `NoProc`; when `a` has,
   * nothing happens.
   */
  readonly link: (a: Cell, b: Cell) => void
  readonly unlink: (a: Cell, b: Cell) => void
  /** Ends in one `host.down` with this `ref`, which the host has chosen. For a dead target the reason is `NoProc`. */
  readonly monitor: (watcher: Cell, target: Cell, ref: number) => void
  /** true: no `down` of this monitor was or will be delivered. */
  readonly demonitor: (watcher: Cell, ref: number) => boolean
  /** A monitor whose watcher is no actor: ends in `host.outsideDown`. */
  readonly watch: (target: Cell, ref: number) => void
  readonly unwatch: (ref: number) => void

  // -- names and timers ---------------------------------------------------------------------------------------------
  readonly whereis: (name: string) => Cell | undefined
  /** Delivers the message like one that the actor sent to itself. The host has chosen `ref`. */
  readonly startTimer: (
    cell: Cell,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ) => void
  /**
   * The ms that were left; 0 when its message was queued already, and is now not delivered; undefined when it has been
   * delivered, or there is no such timer.
   */
  readonly cancelTimer: (cell: Cell, ref: number) => number | undefined

  // -- buffers ------------------------------------------------------------------------------------------------------
  /** Where the memory of `SharedBuffer`s comes from, `limit` bytes at most. Called once. */
  readonly makeBuffers: (limit: number) => BufferPool

  // -- the whole ----------------------------------------------------------------------------------------------------
  readonly stats: () => {
    readonly actors: number
    readonly queued: number
    readonly bytes: number
    readonly calls: number
  }
  /** The `n` living actors with the highest `by`, highest first, ties by PID. */
  readonly top: (n: number, by: Measure) => ReadonlyArray<readonly [cell: Cell, info: ShardInfo]>
  readonly usages: () => Usages
  /** Every live cell, in order of its spawn. */
  readonly cells: () => Iterable<Cell>
  /** The PIDs of the same, in the same order: for what goes through very many in several turns of the event loop. */
  readonly pids: () => Float64Array
  /** Holds the process (`true`), or lets it end when nothing is runnable, no timer armed and no call pending. */
  readonly keepAlive: (on: boolean) => void
  /** Everything is dead letters from now on. Idempotent. What has ended is told before it returns, or is done. */
  readonly close: () => Promise<void> | undefined
}

/** Flags of a message. The numbers are those of `flag` in the Rust source. */
export const Flag = { Priority: 1, Next: 8, Reentrant: 16 } as const

export interface ShardHost {
  /** A call that is over. `deliver` gets it with a question whose own call has ended and was forgotten by the shard. */
  readonly spentCall?: Call | undefined
  /**
   * One message. true: its handler is not done; until `ready`, only `Reentrant` messages may be delivered. Never
   * throws.
   */
  readonly deliver: (cell: Cell, op: number, payload: unknown, from: Pid | 0, call: Call | undefined) => boolean
  /** A trapped exit signal. `from` 0: no actor sent it. `name`: of who did, where it is at hand. */
  readonly exitSignal: (cell: Cell, from: Pid | 0, reason: ExitReason, name?: string) => boolean
  readonly down: (cell: Cell, ref: number, from: Pid, reason: ExitReason) => boolean
  readonly outsideDown: (ref: number, from: Pid, reason: ExitReason) => void
  /** Interrupts the handlers that wait, runs the actor's cleanup, then calls `finished`. Nothing more is delivered. */
  readonly terminate: (cell: Cell, reason: ExitReason) => void
  /**
   * The actor has ended: its name is free, its exit signals and DOWNs are queued. The host interrupts whatever of it
   * still runs. `reductions` (messages) and `millis` (handler time) are what it has used.
   */
  readonly dead: (cell: Cell, reason: ExitReason, reductions: number, millis: number) => void
  /** The call ended without an answer. `capacity`: of the mailbox that was full, where that is known. */
  readonly callEnded: (call: Call, end: CallEnd, reason: ExitReason | undefined, capacity?: number) => void
  /**
   * A message that was not delivered. `asked`: a question, whose asker hears by `callEnded`. `name`: the receiver's, if
   * known.
   */
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
  /** Handles what other isolates send. Present where the shard has a `border`. */
  readonly away?: AwayHost | undefined
}
