/**
 * One life of a supervisor, from its start to its end: all decisions about its children. The actor around it, which
 * only hears and answers, is in `supervisorActor.ts`. After a restart of the supervisor there is a new incarnation.
 *
 * Whatever starts or stops children is an operation; operations run one at a time, in the order in which their reason
 * came. The actor's handlers only put them in line, so that a supervisor goes on answering while a child takes its time
 * to start, and its end interrupts whatever is under way.
 *
 * Rules and names are those of OTP's `supervisor`. Owner: the actor's own turn and the one running operation.
 */
import { type AnyRef, ExitReason, type Self } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ChildNotRunning, ChildStartError } from "../SupervisorError.ts"
import { backoffOf } from "./backoff.ts"
import { type Events, eventsOf } from "./events.ts"
import { isIgnore } from "./ignore.ts"
import { Intensity } from "./intensity.ts"
import { monotonic } from "./monotonic.ts"
import { type Node, type SupervisorNode } from "./node.ts"
import { Operations } from "./operations.ts"
import { awake, isOrderly, Stopping } from "./shutdown.ts"
import { abandoned, beginChild, isClosing, isSupervisor, isWaiting } from "./spawnChild.ts"
import type { Told } from "./supervisorProtocol.ts"

/**
 * What the incarnation asks its actor: to call it back in a turn of its own. The ticket is the child's; when that has
 * another one by then, the call does nothing.
 */
export interface Orders {
  /** Calls `decide`, behind what is in the actor's mailbox. */
  readonly decide: (node: Node, ticket: number, reason: ExitReason) => void
  /** Calls `retry` after `delay` ms; 0: behind what is in the actor's mailbox. */
  readonly retry: (node: Node, ticket: number, delay: number) => void
}

export class Incarnation {
  readonly node: SupervisorNode
  readonly ref: AnyRef
  readonly self: Self.Any
  private readonly context: Context.Context<never>
  private readonly events: Events
  private readonly intensity: Intensity
  private readonly byRef = new Map<AnyRef, Node>()
  /** Running children that `Supervisor.change` has removed: they are stopped with the supervisor. */
  private readonly disowned = new Set<Node>()
  private readonly operations: Operations
  private finishing: Fiber.Fiber<void> | undefined = undefined
  /** The child whose start is under way. */
  private inStart: Node | undefined = undefined
  /** Waits until that child has started, or nothing is left of it. */
  private startOver: Effect.Effect<void> = Effect.void
  /** The children that are being restarted together with that one. */
  private group: ReadonlyArray<Node> | undefined = undefined
  /** Ends of children whose start is not known here yet: they ended right after their `init`. */
  private readonly early = new Map<AnyRef, ExitReason>()
  /** The supervisor is ending: no more operations. */
  private ending = false
  /** The actor system is closing: nothing can be started any more. */
  private closing = false
  private readonly orders: Orders

  constructor(
    node: SupervisorNode,
    self: Self.Any,
    ref: AnyRef,
    context: Context.Context<never>,
    orders: Orders
  ) {
    this.node = node
    this.self = self
    this.ref = ref
    this.context = context
    this.events = eventsOf(node.system)
    this.intensity = new Intensity()
    this.orders = orders
    this.operations = new Operations(
      context,
      () => this.interrupted(),
      (defect) => this.end(ExitReason.crashed(defect))
    )
  }

  // -- starting and stopping ------------------------------------------------------------------------------------------

  /** Starts all children of the specs, in order. When one fails, those before it are stopped, youngest first. */
  startAll(): Effect.Effect<void, ChildStartError<unknown>> {
    return Effect.suspend(() => {
      const { node } = this
      node.children = [...node.initial]
      for (const child of node.children) {
        child.status = "stopped"
        child.ref = undefined
        child.ticket++
      }
      return Effect.forEach([...node.children], (child) => this.start(child), { discard: true }).pipe(
        Effect.onExit((exit) => {
          if (Exit.isFailure(exit)) return this.terminate
          this.operations.open()
          return Effect.void
        })
      )
    })
  }

  /** Starts a child. One whose `init` is `Supervisor.ignore` stays without running; a temporary one is forgotten. */
  start(child: Node): Effect.Effect<void, ChildStartError<unknown>> {
    return Effect.suspend(() => {
      const ticket = ++child.ticket
      child.waiting = undefined
      this.inStart = child
      let begun: AnyRef | Effect.Effect<AnyRef, unknown>
      try {
        begun = beginChild(this.self, child, this.gone)
      } catch (error) {
        // The program makes the arguments (`restoreFrom`), and may throw: then the child has not started.
        return this.notStarted(child, ticket, Cause.die(error))
      }
      if (!isWaiting(begun)) return this.started(child, begun)
      const over = Deferred.makeUnsafe<void>()
      this.startOver = Deferred.await(over)
      return Effect.matchCauseEffect(Effect.ensuring(begun, Deferred.done(over, Exit.void)), {
        onSuccess: (ref) => this.started(child, ref),
        onFailure: (cause) => this.notStarted(child, ticket, cause)
      })
    })
  }

  private notStarted(
    child: Node,
    ticket: number,
    cause: Cause.Cause<unknown>
  ): Effect.Effect<void, ChildStartError<unknown>> {
    this.inStart = undefined
    this.early.clear()
    const error = failureOf(cause)
    if (child.ticket === ticket) child.status = "stopped"
    if (isIgnore(error)) {
      if (child.treatment.restart === "temporary") this.forget(child)
      return Effect.void
    }
    return Effect.fail(
      error instanceof ChildStartError
        ? error as ChildStartError<unknown>
        : new ChildStartError({ id: child.id, path: child.path, cause, error })
    )
  }

  private started(child: Node, ref: AnyRef): Effect.Effect<void> {
    this.inStart = undefined
    child.ref = ref
    child.status = "running"
    this.byRef.set(ref, child)
    const again = child.wasStarted
    child.wasStarted = true
    if (again) child.restarts++
    this.tell(again ? "Restarted" : "Started", child, ref, undefined)
    if (this.early.size > 0) {
      const reason = this.early.get(ref)
      if (reason !== undefined) this.gone(ref, reason)
      this.early.clear()
    }
    return Effect.void
  }

  /** Stops a child, and waits for its end. The stop goes on when the caller stops waiting. */
  stop(child: Node): Effect.Effect<void> {
    return Effect.suspend(() => {
      child.ticket++
      child.status = "stopped"
      const { ref } = child
      if (ref === undefined) return Effect.void
      if (child.stopping !== undefined) return child.stopping.ended
      const stopping = new Stopping(ref, child.treatment.shutdown, this.context, (reason) => {
        if (child.stopping === stopping) this.gone(ref, reason)
      })
      child.stopping = stopping
      const stopped = Effect.andThen(stopping.signal, stopping.ended)
      return isSupervisor(child) ? Effect.andThen(awake(ref), stopped) : stopped
    })
  }

  /** Stops children one after the other, the youngest first. */
  stopAll(children: ReadonlyArray<Node> = this.node.children): Effect.Effect<void> {
    return Effect.suspend(() => Effect.forEach([...children].reverse(), (child) => this.stop(child), { discard: true }))
  }

  /** Stops a child by order of the program, and starts those that waited for its restart. */
  terminateChild(child: Node): Effect.Effect<void> {
    return Effect.suspend(() => {
      const waiting = child.waiting ?? []
      child.waiting = undefined
      const stopped = Effect.map(this.stop(child), () => {
        if (child.treatment.restart === "temporary") this.forget(child)
      })
      const left = this.stillDue(waiting)
      return left.length === 0 ? stopped : Effect.andThen(stopped, this.restartAll(left))
    })
  }

  // Those of `waiting` that still have a spec, and do not run.
  private stillDue(waiting: ReadonlyArray<Node> = []): ReadonlyArray<Node> {
    return waiting.filter((other) =>
      other.status === "restarting" && other.ref === undefined && this.node.children.includes(other)
    )
  }

  /** Interrupts the start of a child, if it is under way: the next operation goes on. */
  giveUp(child: Node): void {
    if (this.inStart !== child) return
    child.ticket++
    this.operations.interrupt()
  }

  forget(child: Node): void {
    child.ticket++
    const at = this.node.children.indexOf(child)
    if (at >= 0) this.node.children.splice(at, 1)
  }

  // -- ends of children -----------------------------------------------------------------------------------------------

  /** `onEnd` of every child: called outside of the supervisor's turn, so it only asks for a decision (`decide`). */
  private readonly gone = (ref: AnyRef, reason: ExitReason): void => {
    const child = this.byRef.get(ref)
    if (child === undefined) {
      if (this.inStart !== undefined) this.early.set(ref, reason)
      return
    }
    this.byRef.delete(ref)
    child.ref = undefined
    const { stopping } = child
    if (stopping !== undefined) {
      child.stopping = undefined
      const isPermanent = child.treatment.restart === "permanent"
      if (!isOrderly(reason, stopping.how, isPermanent)) this.tell("Crashed", child, ref, reason)
      stopping.settle()
      return
    }
    if (this.disowned.delete(child)) return
    child.status = "restarting"
    const ticket = ++child.ticket
    if (ExitReason.isFailure(reason)) this.tell("Crashed", child, ref, reason)
    if (!this.ending) this.orders.decide(child, ticket, reason)
  }

  /** Decides about the end of a child that was not stopped. */
  decide(child: Node, ticket: number, reason: ExitReason): void {
    this.operations.add(Effect.suspend(() => child.ticket === ticket ? this.treat(child, reason) : Effect.void))
  }

  /**
   * The child has no spec any more: nothing follows from its end, but it is stopped with the supervisor. Those that
   * waited for its restart are started without it.
   */
  disown(child: Node): void {
    if (child.ref !== undefined) this.disowned.add(child)
    const { waiting } = child
    child.waiting = undefined
    if (waiting === undefined) return
    this.operations.add(Effect.suspend(() => {
      const left = this.stillDue(waiting)
      return left.length === 0 ? Effect.void : this.restartAll(left)
    }))
  }

  /** Restarts a child that has ended, or not, by its restart type. */
  private treat(child: Node, reason: ExitReason): Effect.Effect<void> {
    const isFailure = ExitReason.isFailure(reason)
    const { restart, significant } = child.treatment
    if (restart === "permanent" || (restart === "transient" && isFailure)) return this.attempt(child, reason)
    child.status = "stopped"
    if (restart === "temporary") this.forget(child)
    if (significant) this.autoShutdown()
    return Effect.void
  }

  private autoShutdown(): void {
    const { autoShutdown } = this.node.rules
    if (autoShutdown === "never") return
    const left = this.node.children.some((child) => child.treatment.significant && child.status !== "stopped")
    if (autoShutdown === "any_significant" || !left) this.end(ExitReason.shutdown())
  }

  /** Restarts a child, now or after its backoff. Every attempt counts, and one too many ends the supervisor. */
  private attempt(child: Node, reason: ExitReason | undefined): Effect.Effect<void> {
    if (this.closing) {
      child.status = "stopped"
      return Effect.void
    }
    if (!this.intensity.add(monotonic(this.context), this.node.rules)) {
      this.tell("Escalated", child, undefined, reason)
      child.status = "stopped"
      this.end(ExitReason.shutdown(`restart intensity of ${this.node.pathText}`))
      return this.node.isRoot ? this.logEnd(child, reason) : Effect.void
    }
    const { backoff } = this.node.rules
    if (backoff === undefined) return this.restart(child)
    this.orders.retry(child, child.ticket, backoffOf(backoff, this.intensity.recent))
    return Effect.void
  }

  /**
   * There is no supervisor above that would report this end, and the program goes on without the tree: so it is logged.
   */
  private logEnd(child: Node, reason: ExitReason | undefined): Effect.Effect<void> {
    const why = reason === undefined ? "its start failed" : ExitReason.print(reason)
    return Effect.logError(
      `supervisor ${this.node.pathText} has ended, with all its children: its restart intensity is spent, and none is above it. The last was ${child.id}: ${why}`,
      ...reason?._tag === "Crashed" ? [reason.error] : []
    )
  }

  /** The backoff of `attempt` is over; or (`counts`) a restart that failed is tried again, which is another attempt. */
  retry(child: Node, ticket: number, counts: boolean): void {
    this.operations.add(Effect.suspend(() => {
      if (child.ticket !== ticket || child.status !== "restarting") return Effect.void
      return counts ? this.attempt(child, undefined) : this.restart(child)
    }))
  }

  private restart(child: Node): Effect.Effect<void> {
    const { node: { children, rules: { strategy } } } = this
    // Children that wait for this one are restarted with it, even if `Supervisor.change` has changed strategy or order.
    const waiting = this.stillDue(child.waiting)
    if (strategy === "one_for_one" && waiting.length === 0) return this.restartAll([child])
    const from = strategy === "rest_for_one" ? children.indexOf(child) : 0
    const group = strategy === "one_for_one"
      ? [child, ...waiting]
      : children.filter((other, at) => at >= from || waiting.includes(other))
    const others = group.filter((other) => other !== child)
    // Children that the program has stopped stay stopped.
    const wasUp = new Set(others.filter((other) => other.status !== "stopped"))
    return Effect.andThen(
      this.stopAll(others),
      Effect.suspend(() => {
        for (const other of others) if (other.treatment.restart === "temporary") this.forget(other)
        return this.restartAll(
          group.filter((other) => other === child || (wasUp.has(other) && other.treatment.restart !== "temporary"))
        )
      })
    )
  }

  // Starts children in order. When one fails, it is tried again later, together with those after it.
  private restartAll(group: ReadonlyArray<Node>): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const child of group) child.status = "restarting"
      this.group = group
      let at = -1
      return Effect.matchCauseEffect(Effect.forEach(group, (child) => (at++, this.start(child)), { discard: true }), {
        onSuccess: () => {
          this.group = undefined
          return Effect.void
        },
        onFailure: (cause) => {
          this.group = undefined
          // Found by position and not by status: children before it that said `ignore` are stopped too.
          const failed = group[at]!
          if (!this.node.children.includes(failed)) return Effect.void
          const error = failureOf(cause)
          if (error instanceof ChildStartError && isClosing(error.error)) {
            this.closing = true
            for (const child of group) if (child.ref === undefined) child.status = "stopped"
            return Effect.void
          }
          failed.status = "restarting"
          failed.waiting = group.slice(at + 1)
          this.orders.retry(failed, failed.ticket, 0)
          return Effect.logWarning(`${failed.pathText} did not start again`, cause)
        }
      })
    })
  }

  // A start was interrupted (`giveUp`), and its operation with it: the rest of its group has still to be started.
  private interrupted(): void {
    const { group, inStart } = this
    this.inStart = undefined
    this.group = undefined
    this.early.clear()
    if (inStart === undefined) return
    inStart.status = "stopped"
    const rest = group?.slice(group.indexOf(inStart) + 1) ?? []
    if (rest.length > 0) this.operations.addFirst(this.restartAll(rest))
  }

  // -- operations -----------------------------------------------------------------------------------------------------

  /** Runs an operation that the program asked for, in line. */
  submit<A, E>(id: string, run: Effect.Effect<A, E>): Effect.Effect<A, E | ChildNotRunning> {
    return this.operations.submit(run, () => new ChildNotRunning({ id, status: "stopped" }))
  }

  /** Applies a change of the specs between two operations, or at once when no further one will run. Waits for that. */
  change(apply: () => void): Effect.Effect<void> {
    const done = Deferred.makeUnsafe<void>()
    const changed = (): void => {
      apply()
      Deferred.doneUnsafe(done, Effect.void)
    }
    this.operations.add(Effect.sync(changed), changed)
    return Deferred.await(done)
  }

  private end(reason: ExitReason): void {
    this.ending = true
    this.operations.close()
    this.self.stop(reason)
  }

  /**
   * The end of the supervisor, for whatever reason: interrupts the operation that runs, and stops all children in
   * reverse order. It runs once; interrupting a fiber that waits for it does not interrupt it.
   */
  readonly terminate: Effect.Effect<void> = Effect.suspend(() => {
    if (this.finishing === undefined) {
      this.ending = true
      this.operations.close()
      this.finishing = Effect.runForkWith(this.context)(
        this.operations.settled.pipe(
          // The supervisor's own start may have been interrupted in the middle of that of a child.
          Effect.andThen(abandoned(this.inStart)),
          Effect.andThen(Effect.suspend(() => this.startOver)),
          // Children that are being stopped already come first, because children end one after the other.
          Effect.andThen(
            Effect.suspend(() =>
              Effect.forEach([...this.node.children], ({ stopping }) => stopping?.ended ?? Effect.void, {
                discard: true
              })
            )
          ),
          Effect.andThen(this.stopAll()),
          Effect.andThen(Effect.suspend(() => this.stopAll([...this.disowned])))
        )
      )
    }
    return Effect.asVoid(Fiber.await(this.finishing))
  })

  /** Events of supervisors below, in other isolates. */
  hear(events: ReadonlyArray<Told>): void {
    for (const told of events) this.events.hear(this.context, told)
  }

  private tell(
    tag: "Started" | "Crashed" | "Restarted" | "Escalated",
    child: Node,
    ref: AnyRef | undefined,
    reason: ExitReason | undefined
  ): void {
    this.events.tell(this.context, tag, this.node.pathText, child.id, ref, reason)
  }
}

const failureOf = (cause: Cause.Cause<unknown>): unknown => {
  const failed = cause.reasons.find(Cause.isFailReason)
  return failed === undefined ? undefined : failed.error
}
