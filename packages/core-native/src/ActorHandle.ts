/**
 * What a program holds of an actor, and what an actor's handler holds of itself.
 *
 * @since 0.1.0
 */
import type { ExitReason } from "./ExitReason.ts"
import type { Pid } from "./Pid.ts"

/**
 * The answer of a `send`. A message to a dead actor is accepted, and is a dead letter.
 *
 * @category models
 * @since 0.1.0
 */
export type TellOutcome = "Accepted" | "MailboxFull" | "NodeBusy" | "NoSession" | "BadMessage"

/**
 * A monitor of one actor by another.
 *
 * @category models
 * @since 0.1.0
 */
export type MonitorRef = number & { readonly "~myrmidon/MonitorRef": "MonitorRef" }

/**
 * The end of a monitored actor.
 *
 * @category models
 * @since 0.1.0
 */
export interface Down {
  readonly _tag: "Down"
  readonly monitor: MonitorRef
  /** Who has ended. */
  readonly from: Pid
  readonly reason: ExitReason
}

/**
 * The end of a linked actor, as an actor with an `exit` handler gets it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExitSignal {
  readonly _tag: "ExitSignal"
  /** Who has ended. */
  readonly from: Pid
  readonly reason: ExitReason
}

/**
 * An actor, seen from its own handlers.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlainSelf<in out S> {
  readonly pid: Pid
  /** The state as it is now: a handler's first argument is the one that it began with. */
  readonly state: S
  setState(next: S): void
  /** Ends it once the running handler has returned. Throws `InvalidOption` for what is no reason. */
  stop(reason?: ExitReason): void
  /**
   * Links this actor with another one: when one ends abnormally, the other ends too, or its `exit` handler is called.
   */
  link(other: PlainHandle): void
  /** Monitors another actor: its end is told to the `down` handler, once. */
  monitor(other: PlainHandle): MonitorRef
}

/**
 * An actor, whatever its messages.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlainHandle {
  readonly pid: Pid
  /** Links the two actors, as `self.link` does. Throws `InvalidOption` for what is no actor of the same runtime. */
  link(other: PlainHandle): void
  /**
   * Resolves with the exit reason when the actor ends. Rejects only for a wrong option. When aborted it never settles.
   */
  monitor(options?: MonitorOptions): Promise<ExitReason>
  /** Stops the actor behind what is in its mailbox, or kills it after `timeout`. Resolves with the exit reason. */
  stop(options?: StopOptions): Promise<ExitReason>
  /** Kills the actor at once. It cannot prevent that. */
  kill(): void
}

/**
 * Options of a handle's `monitor`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MonitorOptions {
  /** Gives the watch up. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Options of a handle's `stop`.
 *
 * @category models
 * @since 0.1.0
 */
export interface StopOptions {
  /** ms until it is killed; 5,000 when not given, `Infinity` for never. */
  readonly timeout?: number | undefined
}

/**
 * Options of an `ask`.
 *
 * @category models
 * @since 0.1.0
 */
export interface AskOptions {
  /** ms; 5,000 when not given, `Infinity` for none. */
  readonly timeout?: number | undefined
  /** Gives the question up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * `spawn(handler, options)`: one message type, one reply type.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorHandle<in M, out A> extends PlainHandle {
  send(message: M): TellOutcome
  ask(message: M, options?: AskOptions): Promise<A>
}

/**
 * `spawn({ init, handlers })`: typed per message, with no schema.
 *
 * @category models
 * @since 0.1.0
 */
export interface TableHandle<in out H> extends PlainHandle {
  send<K extends keyof H & string>(tag: K, ...payload: TableHandle.Payload<H[K]>): TellOutcome
  ask<K extends keyof H & string>(
    tag: K,
    ...question: TableHandle.Question<H[K]>
  ): Promise<TableHandle.Answer<H[K]>>
}

/**
 * @since 0.1.0
 */
export declare namespace TableHandle {
  /**
   * The arguments that stand for a handler's payload.
   *
   * @category models
   * @since 0.1.0
   */
  export type Payload<F> = F extends (state: never, ...rest: infer Rest) => unknown
    ? Rest extends [infer P, ...infer _] ? unknown extends P ? [] : [payload: P] : []
    : never
  /**
   * As `Payload`, and options behind it; of a handler without one `undefined` stands for it:
   * `ask("get", undefined, { timeout })`.
   *
   * @category models
   * @since 0.1.0
   */
  export type Question<F> = Payload<F> extends [infer P] ? [payload: P, options?: AskOptions]
    : Payload<F> extends [] ? [payload?: undefined, options?: AskOptions]
    : never
  /**
   * What a handler answers.
   *
   * @category models
   * @since 0.1.0
   */
  export type Answer<F> = F extends (...args: never) => infer A ? Awaited<A> : never
  /**
   * Handlers by tag.
   *
   * @category models
   * @since 0.1.0
   */
  export type Handlers<S> = Readonly<Record<string, (state: S, payload: never, self: PlainSelf<S>) => unknown>>
}
