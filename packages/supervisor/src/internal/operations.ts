/**
 * What a supervisor has to do, one thing at a time and in the order in which its reason came.
 *
 * An operation is an Effect: while one waits, its supervisor goes on hearing, and those behind it wait too. Closed until
 * `open`, because nothing may come between the first start and its end; `close` is for ever.
 *
 * Owner: the incarnation.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** `cancel`: the supervisor ended first. */
interface Operation {
  readonly run: Effect.Effect<void>
  readonly cancel: () => void
}

const nothing = (): void => {}

export class Operations {
  private readonly context: Context.Context<never>
  private readonly onInterrupted: () => void
  private readonly onDefect: (defect: unknown) => void
  private queue: Array<Operation> = []
  private state: "starting" | "open" | "closed" = "starting"
  private isWorking = false
  private fiber: Fiber.Fiber<void> | undefined = undefined

  constructor(context: Context.Context<never>, onInterrupted: () => void, onDefect: (defect: unknown) => void) {
    this.context = context
    this.onInterrupted = onInterrupted
    this.onDefect = onDefect
  }

  open(): void {
    if (this.state !== "starting") return
    this.state = "open"
    this.work()
  }

  add(run: Effect.Effect<void>, cancel: () => void = nothing): void {
    if (this.state === "closed") return cancel()
    this.queue.push({ run, cancel })
    this.work()
  }

  /** Before whatever waits: what is left of the operation that was interrupted. */
  addFirst(run: Effect.Effect<void>): void {
    this.queue.unshift({ run, cancel: nothing })
  }

  /** Of somebody outside, who waits for its result; `gone`: the supervisor ended first, or it was given up. */
  submit<A, E, E2>(run: Effect.Effect<A, E>, gone: () => E2): Effect.Effect<A, E | E2> {
    return Effect.callback((resume) => {
      const over = (): void => resume(Exit.fail(gone()))
      this.add(
        Effect.asVoid(
          Effect.onExit(
            Effect.exit(run),
            (exit) => Effect.sync(() => Exit.isSuccess(exit) ? resume(exit.value) : over())
          )
        ),
        over
      )
    })
  }

  /** Interrupts the one under way. Those behind it go on. */
  interrupt(): void {
    this.fiber?.interruptUnsafe()
  }

  /** Nothing is worked off any more, and what waits is cancelled. What is under way goes on. */
  close(): void {
    this.state = "closed"
    const waiting = this.queue
    this.queue = []
    for (const { cancel } of waiting) cancel()
  }

  /** Interrupts what is under way, and waits for that. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() =>
    this.fiber === undefined ? Effect.void : Fiber.interrupt(this.fiber)
  )

  // A loop and no recursion: of those that are done at once there may be very many.
  private work(): void {
    if (this.isWorking) return
    this.isWorking = true
    while (this.fiber === undefined && this.state === "open") {
      const next = this.queue.shift()
      if (next === undefined) break
      const fiber = Effect.runForkWith(this.context)(next.run)
      const exit = fiber.pollUnsafe()
      if (exit === undefined) {
        this.fiber = fiber
        fiber.addObserver((exit) => {
          this.fiber = undefined
          this.over(exit)
          this.work()
        })
      } else {
        this.over(exit)
      }
    }
    this.isWorking = false
  }

  private over(exit: Exit.Exit<void>): void {
    if (Exit.isSuccess(exit)) return
    if (Cause.hasInterruptsOnly(exit.cause)) this.onInterrupted()
    // A defect of this package: the supervisor must not go on half-way.
    else this.onDefect(Cause.squash(exit.cause))
  }
}
