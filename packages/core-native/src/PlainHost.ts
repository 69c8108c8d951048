/**
 * The host of the small API: runs handlers, answers questions, keeps watches.
 *
 * A handler's promise keeps its actor: the next message does not enter before it settles. A throw or a rejection ends
 * the actor with `Crashed`. Nothing a handler does leaves this file as an exception.
 */
import type { AskOptions, MonitorOptions, MonitorRef, StopOptions, TellOutcome } from "./ActorHandle.ts"
import { ActorExited, AskTimeout, BadMessage, MailboxFull } from "./errors.ts"
import { crashed, type ExitReason } from "./ExitReason.ts"
import { CallEnd } from "./generated/layout.ts"
import type { MembraneCall, MembraneHost, Why } from "./host.ts"
import type { Membrane } from "./Membrane.ts"
import type { Pid } from "./Pid.ts"
import { checkOptions, checkSignal, checkTimeout, invalid, isA } from "./options.ts"
import { type Behavior, PlainActor, Self } from "./PlainActor.ts"

/** By the numbers of `SendError`. */
const outcomes: ReadonlyArray<TellOutcome> = ["Accepted", "MailboxFull", "NodeBusy", "NoSession", "BadMessage"]

const ASK_TIMEOUT = 5000
const STOP_TIMEOUT = 5000
/** Ended actors whose tags are remembered. */
const mostGone = 4096
const KILLED: ExitReason = { _tag: "Killed" }
const SHUTDOWN: ExitReason = { _tag: "Shutdown" }

const askOptions: ReadonlySet<string> = new Set(["timeout", "signal"] satisfies ReadonlyArray<keyof AskOptions>)
const monitorOptions: ReadonlySet<string> = new Set(["signal"] satisfies ReadonlyArray<keyof MonitorOptions>)
const stopOptions: ReadonlySet<string> = new Set(["timeout"] satisfies ReadonlyArray<keyof StopOptions>)

interface Question extends MembraneCall {
  readonly callee: PlainActor
  readonly timeout: number
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Letter {
  readonly to: Pid
  readonly from: Pid | undefined
  readonly tag: string | undefined
  readonly message: unknown
  readonly why: Why
}

/** What a program may want to hear of. */
export interface PlainHooks {
  readonly deadLetter: ((letter: Letter) => void) | undefined
  readonly longSchedule: ((actor: Pid, millis: number) => void) | undefined
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function"

export class PlainHost implements MembraneHost<PlainActor, Question> {
  /** Set by the runtime, which makes the two for each other. */
  membrane!: Membrane<PlainActor, Question>
  readonly #hooks: PlainHooks
  readonly #watches = new Map<number, (reason: ExitReason) => void>()
  /** What the last actors with tags understood that have ended, by PID: for whoever hears of dead letters. */
  readonly #gone = new Map<number, Behavior>()
  #nextRef = 1
  /** The actor whose handler runs: who sends. */
  #current: PlainActor | undefined = undefined

  constructor(hooks: PlainHooks) {
    this.#hooks = hooks
  }

  // -- what handles and actors ask for --------------------------------------------------------------------------------

  send(to: PlainActor, op: number, payload: unknown): TellOutcome {
    const from = this.#current
    return outcomes[
      this.membrane.send(to.low, to.generation, op, payload, from?.low ?? 0, from?.generation ?? 0, 0)
    ]!
  }

  ask(to: PlainActor, op: number, payload: unknown, options: AskOptions | undefined): Promise<unknown> {
    let timeout = ASK_TIMEOUT
    let signal: AbortSignal | undefined
    if (options !== undefined) {
      try {
        checkOptions(options, askOptions)
        timeout = checkTimeout(options.timeout, ASK_TIMEOUT)
        signal = checkSignal(options.signal)
      } catch (error) {
        return Promise.reject(error)
      }
      if (signal?.aborted === true) return Promise.reject(signal.reason)
    }
    const from = this.#current
    return new Promise((resolve, reject) => {
      const question: Question = { token: 0, callee: to, timeout, resolve, reject }
      const outcome = this.membrane.call(
        to.low,
        to.generation,
        op,
        payload,
        from?.low ?? 0,
        from?.generation ?? 0,
        0,
        question,
        timeout
      )
      if (outcome !== 0) reject(this.#refusal(to, outcome))
      else if (signal !== undefined) {
        // Once settled, giving up changes nothing: the token has ended.
        signal.addEventListener("abort", () => {
          this.membrane.answered(question)
          reject(signal.reason)
        }, { once: true })
      }
    })
  }

  #refusal(to: PlainActor, outcome: number): Error {
    return outcomes[outcome] === "MailboxFull"
      ? new MailboxFull(to.pid, to.capacity)
      : new BadMessage(to.pid, "an actor cannot ask itself")
  }

  link(actor: PlainActor, other: unknown): void {
    this.membrane.signals.link(actor, this.#own(other))
  }

  monitor(watcher: PlainActor, other: unknown): MonitorRef {
    const target = this.#own(other)
    const ref = this.#ref()
    this.membrane.signals.monitor(watcher, target, ref)
    return ref as MonitorRef
  }

  /** As `watch`, with what a program said. */
  async monitored(target: PlainActor, options: MonitorOptions | undefined): Promise<ExitReason> {
    checkOptions(options, monitorOptions)
    return this.watch(target, checkSignal(options?.signal))
  }

  watch(target: PlainActor, signal: AbortSignal | undefined): Promise<ExitReason> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return
      const ref = this.#ref()
      this.#watches.set(ref, resolve)
      this.membrane.signals.watch(target, ref)
      signal?.addEventListener("abort", () => {
        if (this.#watches.delete(ref)) this.membrane.signals.unwatch(ref)
      }, { once: true })
    })
  }

  async stop(actor: PlainActor, options: StopOptions | undefined): Promise<ExitReason> {
    checkOptions(options, stopOptions)
    const timeout = checkTimeout(options?.timeout, STOP_TIMEOUT)
    const ended = this.watch(actor, undefined)
    this.membrane.stop(actor, SHUTDOWN)
    const timer = timeout === Infinity ? undefined : setTimeout(() => this.kill(actor), timeout)
    try {
      return await ended
    } finally {
      clearTimeout(timer)
    }
  }

  /** Delivers nothing before the state is there; its rejection is the actor's end. */
  begin(actor: PlainActor, state: Promise<unknown>): void {
    state.then((value) => {
      // Nobody would let the state of a dead actor go.
      if (!this.membrane.holds(actor)) return
      actor.state = value
      this.membrane.started(actor)
    }, (error: unknown) => this.membrane.exitSelf(actor, crashed(error)))
  }

  /** Whether it is an actor of this runtime: the PIDs of another one mean others here. */
  owns(handle: unknown): handle is PlainActor {
    return isA(handle, PlainActor) && handle.host === this
  }

  /** Asks it to end, in order, and does not wait. */
  stopSoon(actor: PlainActor): void {
    this.membrane.stop(actor, SHUTDOWN)
  }

  kill(actor: PlainActor): void {
    this.membrane.signals.exit(actor, this.#current, KILLED)
  }

  exitSelf(actor: PlainActor, reason: ExitReason): void {
    this.membrane.exitSelf(actor, reason)
  }

  #own(handle: unknown): PlainActor {
    if (this.owns(handle)) return handle
    throw invalid("other", "an actor of this runtime", handle)
  }

  #ref(): number {
    const ref = this.#nextRef
    this.#nextRef = ref === 0xffffffff ? 1 : ref + 1
    return ref
  }

  // -- what the membrane calls ----------------------------------------------------------------------------------------

  deliver(actor: PlainActor, op: number, payload: unknown, _from: number, question: Question | undefined): boolean {
    const handler = actor.bound.handlers[op]
    // Only a native sender can name an op that no table has.
    if (handler === undefined) return false
    return this.#run(actor, () => handler(actor.state, payload, this.#selfOf(actor)), question)
  }

  exitSignal(actor: PlainActor, from: number, reason: ExitReason): boolean {
    const { exit } = actor.bound
    if (exit === undefined) return false
    return this.#run(
      actor,
      () => exit(actor.state, { _tag: "ExitSignal", from: from as Pid, reason }, this.#selfOf(actor)),
      undefined
    )
  }

  down(actor: PlainActor, ref: number, from: number, reason: ExitReason): boolean {
    const { down } = actor.bound
    if (down === undefined) return false
    const event = { _tag: "Down" as const, monitor: ref as MonitorRef, from: from as Pid, reason }
    return this.#run(actor, () => down(actor.state, event, this.#selfOf(actor)), undefined)
  }

  outsideDown(ref: number, _from: number, reason: ExitReason): void {
    const resolve = this.#watches.get(ref)
    this.#watches.delete(ref)
    resolve?.(reason)
  }

  // No actor of this API has a cleanup.
  terminate(actor: PlainActor): void {
    this.membrane.finished(actor)
  }

  dead(actor: PlainActor): void {
    actor.state = undefined
    actor.self = undefined
    if (this.#hooks.deadLetter === undefined || actor.bound.ops === undefined) return
    const gone = this.#gone
    gone.set(actor.pid, actor.bound)
    if (gone.size > mostGone) gone.delete(gone.keys().next().value!)
  }

  callEnded(question: Question, end: number, reason: ExitReason | undefined): void {
    const { callee, reject, timeout } = question
    switch (end) {
      case CallEnd.Timeout:
        return reject(new AskTimeout(timeout))
      case CallEnd.MailboxFull:
        return reject(new MailboxFull(callee.pid, callee.capacity))
      default:
        return reject(new ActorExited(callee.pid, reason ?? { _tag: "NoProc", everExisted: true }))
    }
  }

  deadLetter(to: number, from: number, op: number, message: unknown, why: Why): void {
    const tag = (this.membrane.find(to)?.bound ?? this.#gone.get(to))?.tags[op]
    const letter = { to: to as Pid, from: from === 0 ? undefined : from as Pid, tag, message, why }
    this.#tell(() => this.#hooks.deadLetter?.(letter))
  }

  longSchedule(actor: PlainActor, millis: number): void {
    this.#tell(() => this.#hooks.longSchedule?.(actor.pid, millis))
  }

  /** After the end of the membrane: nobody else will answer these. */
  abandonWatches(reason: ExitReason): void {
    const watches = [...this.#watches.values()]
    this.#watches.clear()
    for (const resolve of watches) resolve(reason)
  }

  #selfOf(actor: PlainActor): Self {
    return actor.self ??= new Self(actor)
  }

  /** true: its promise waits. */
  #run(actor: PlainActor, handler: () => unknown, question: Question | undefined): boolean {
    this.#current = actor
    try {
      const result = handler()
      if (!isThenable(result)) {
        this.#answer(question, result)
        return false
      }
      Promise.resolve(result).then(
        (value) => {
          this.#answer(question, value)
          this.membrane.ready(actor, 0)
        },
        (error: unknown) => this.membrane.exitSelf(actor, crashed(error))
      )
      return true
    } catch (error) {
      this.membrane.exitSelf(actor, crashed(error))
      return false
    } finally {
      this.#current = undefined
    }
  }

  #answer(question: Question | undefined, value: unknown): void {
    if (question === undefined) return
    this.membrane.answered(question)
    question.resolve(value)
  }

  // A hook is the program's: its throw is reported like any uncaught one, and the loop goes on.
  #tell(hook: () => void): void {
    try {
      hook()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
