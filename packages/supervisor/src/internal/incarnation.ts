/**
 * One life of a supervisor: the decisions. The actor around it is in `supervisor.ts`.
 *
 * Whatever starts or stops children is an operation; operations run one at a time, in the order in which their reason
 * came. The actor's handlers only put them in line, so that a supervisor goes on answering while a child takes its time
 * to start, and its end interrupts whatever is under way.
 *
 * Rules and names are those of OTP's `supervisor`. Owner: the actor's own turn and the one running operation.
 */
import { type AnyRef, ExitReason, type Pid, type Self } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ChildNotRunning, ChildStartError } from "../SupervisorError.ts"
import { type Events, eventsOf } from "./events.ts"
import { isIgnore } from "./ignore.ts"
import { Intensity } from "./intensity.ts"
import { type Node, type SupervisorNode } from "./node.ts"
import { shutdown } from "./shutdown.ts"
import { spawnChild } from "./spawnChild.ts"

/** Waits for its turn. `cancel`: the supervisor ended first. */
interface Operation {
  readonly run: Effect.Effect<void>
  readonly cancel: () => void
}

const nothing = (): void => {}

export class Incarnation {
  readonly node: SupervisorNode
  readonly ref: AnyRef
  readonly self: Self.Any
  private readonly context: Context.Context<never>
  private readonly events: Events
  private readonly intensity: Intensity
  private readonly byPid = new Map<Pid, Node>()
  private readonly queue: Array<Operation> = []
  private current: Operation | undefined = undefined
  private fiber: Fiber.Fiber<void> | undefined = undefined
  /** It ends: no more operations. */
  private ending = false
  /** Asks the actor to try again: `retry` comes back with the same arguments, after `delay` ms. */
  private readonly later: (node: Node, ticket: number, delay: number) => void

  constructor(
    node: SupervisorNode,
    self: Self.Any,
    ref: AnyRef,
    context: Context.Context<never>,
    later: (node: Node, ticket: number, delay: number) => void
  ) {
    this.node = node
    this.self = self
    this.ref = ref
    this.context = context
    this.events = eventsOf(node.system)
    this.intensity = new Intensity()
    this.later = later
  }

  // -- starting and stopping ------------------------------------------------------------------------------------------

  /** All children in order. A failure stops those that were started, youngest first. */
  startAll(): Effect.Effect<void, ChildStartError<unknown>> {
    for (const child of this.node.children) {
      child.status = "stopped"
      child.ref = undefined
      child.ticket++
    }
    return Effect.forEach([...this.node.children], (child) => this.start(child), { discard: true }).pipe(
      Effect.onExit((exit) => Exit.isFailure(exit) ? this.stopAll() : Effect.void)
    )
  }

  /** Starts one; what says `ignore` is there without running, and is forgotten when temporary. */
  start(child: Node): Effect.Effect<void, ChildStartError<unknown>> {
    return Effect.suspend(() => {
      const ticket = ++child.ticket
      return Effect.matchCauseEffect(spawnChild(this.self, child), {
        onSuccess: (ref) => {
          this.started(child, ref)
          return Effect.void
        },
        onFailure: (cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
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
      })
    })
  }

  private started(child: Node, ref: AnyRef): void {
    child.ref = ref
    child.status = "running"
    this.byPid.set(ref.pid, child)
    const again = child.wasStarted
    child.wasStarted = true
    if (again) child.restarts++
    this.tell(again ? "Restarted" : "Started", child, undefined)
  }

  /** Stops one, and waits for its end. */
  stop(child: Node): Effect.Effect<void> {
    return Effect.suspend(() => {
      child.ticket++
      child.status = "stopped"
      const { ref } = child
      if (ref === undefined) return Effect.void
      child.ref = undefined
      this.byPid.delete(ref.pid)
      return Effect.asVoid(shutdown(ref, child.treatment.shutdown))
    })
  }

  /** Youngest first, one after the other. */
  stopAll(children: ReadonlyArray<Node> = this.node.children): Effect.Effect<void> {
    return Effect.suspend(() => Effect.forEach([...children].reverse(), (child) => this.stop(child), { discard: true }))
  }

  forget(child: Node): void {
    child.ticket++
    const at = this.node.children.indexOf(child)
    if (at >= 0) this.node.children.splice(at, 1)
  }

  // -- ends of children -----------------------------------------------------------------------------------------------

  /** Its DOWN has come. One that was stopped on purpose is nobody's any more. */
  ended(pid: Pid, reason: ExitReason): void {
    const child = this.byPid.get(pid)
    if (child === undefined) return
    this.byPid.delete(pid)
    child.ref = undefined
    child.status = "restarting"
    const ticket = ++child.ticket
    this.enqueue(Effect.suspend(() => child.ticket === ticket ? this.decide(child, pid, reason) : Effect.void))
  }

  /** It is no child any more, whatever becomes of it. */
  disown(child: Node): void {
    if (child.ref !== undefined) this.byPid.delete(child.ref.pid)
  }

  private decide(child: Node, pid: Pid, reason: ExitReason): Effect.Effect<void> {
    const isFailure = ExitReason.isFailure(reason)
    if (isFailure) this.tell("Crashed", child, reason, pid)
    const { restart, significant } = child.treatment
    if (restart === "permanent" || (restart === "transient" && isFailure)) return this.attempt(child)
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

  /** A restart is due. Every attempt counts, and one too many ends the supervisor. */
  private attempt(child: Node): Effect.Effect<void> {
    if (!this.intensity.add(this.now(), this.node.rules)) {
      this.tell("Escalated", child, undefined)
      child.status = "stopped"
      this.end(ExitReason.shutdown(`restart intensity of ${this.node.place}`))
      return Effect.void
    }
    const { backoff } = this.node.rules
    if (backoff === undefined) return this.restart(child)
    const delay = Math.min(backoff.max, backoff.min * 2 ** (this.intensity.recent - 1))
    this.later(child, child.ticket, delay)
    return Effect.void
  }

  /** The wait of `attempt` is over, or a failed restart is tried once more: `counts`. */
  retry(child: Node, ticket: number, counts: boolean): void {
    this.enqueue(Effect.suspend(() => {
      if (child.ticket !== ticket || child.status !== "restarting") return Effect.void
      return counts ? this.attempt(child) : this.restart(child)
    }))
  }

  private restart(child: Node): Effect.Effect<void> {
    const { strategy } = this.node.rules
    if (strategy === "one_for_one") return this.restartAll([child])
    const { children } = this.node
    const group = strategy === "one_for_all" ? [...children] : children.slice(children.indexOf(child))
    const others = group.filter((other) => other !== child)
    // What was stopped by hand stays so.
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

  // In order. The first that fails is tried again, together with those after it; the supervisor goes on meanwhile.
  private restartAll(group: ReadonlyArray<Node>): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const child of group) child.status = "restarting"
      return Effect.matchCauseEffect(Effect.forEach(group, (child) => this.start(child), { discard: true }), {
        onSuccess: () => Effect.void,
        onFailure: (cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
          const failed = group.find((child) => child.status === "stopped" && this.node.children.includes(child))
          if (failed === undefined) return Effect.void
          failed.status = "restarting"
          this.later(failed, failed.ticket, 0)
          return Effect.logWarning(`${failed.place} did not start again`, cause)
        }
      })
    })
  }

  // -- operations -----------------------------------------------------------------------------------------------------

  enqueue(run: Effect.Effect<void>, cancel: () => void = nothing): void {
    if (this.ending) return cancel()
    this.queue.push({ run, cancel })
    if (this.current === undefined) this.work()
  }

  /** An operation of somebody outside, who waits for its result. */
  submit<A, E>(id: string, run: Effect.Effect<A, E>): Effect.Effect<A, E | ChildNotRunning> {
    return Effect.callback((resume) => {
      let open = true
      const settle = (exit: Exit.Exit<A, E | ChildNotRunning>): void => {
        if (!open) return
        open = false
        resume(exit)
      }
      const gone = (): void => settle(Exit.fail(new ChildNotRunning({ id, status: "stopped" })))
      this.enqueue(
        Effect.onExit(Effect.exit(run), (exit) => Effect.sync(() => Exit.isSuccess(exit) ? settle(exit.value) : gone()))
          .pipe(Effect.asVoid),
        gone
      )
    })
  }

  private work(): void {
    const next = this.queue.shift()
    if (next === undefined) return
    this.current = next
    const fiber = Effect.runForkWith(this.context)(next.run)
    const over = (exit: Exit.Exit<void>): void => {
      this.current = undefined
      this.fiber = undefined
      if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
        // A defect of this package: the supervisor must not go on half-way.
        this.end(ExitReason.crashed(Cause.squash(exit.cause)))
      }
      if (!this.ending) this.work()
    }
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return over(exit)
    this.fiber = fiber
    fiber.addObserver(over)
  }

  private end(reason: ExitReason): void {
    this.ending = true
    this.self.stop(reason)
  }

  /** The actor's cleanup: whatever is under way is interrupted, and the children stop in reverse order. */
  readonly terminate: Effect.Effect<void> = Effect.suspend(() => {
    this.ending = true
    for (const { cancel } of this.queue.splice(0)) cancel()
    const { fiber } = this
    return Effect.andThen(
      fiber === undefined
        ? Effect.void
        : Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Fiber.await(fiber)),
      this.stopAll()
    )
  })

  private now(): number {
    return Number(Context.get(this.context, Clock.Clock).currentTimeNanosUnsafe()) / 1e6
  }

  private tell(
    tag: "Started" | "Crashed" | "Restarted" | "Escalated",
    child: Node,
    reason: ExitReason | undefined,
    pid = child.ref?.pid
  ): void {
    this.events.tell(this.context, tag, this.node.place, child.id, pid, reason)
  }
}

const failureOf = (cause: Cause.Cause<unknown>): unknown => {
  const failed = cause.reasons.find(Cause.isFailReason)
  return failed === undefined ? undefined : failed.error
}
