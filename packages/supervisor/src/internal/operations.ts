/**
 * The queue of a supervisor's operations (starts, stops, restarts): one runs at a time, in the order in which they were
 * asked for.
 *
 * An operation is an Effect. While it runs, the supervisor's actor goes on handling messages. Nothing runs before
 * `open`, when the first start of all children is done, nor after `close`.
 *
 * Owner: the incarnation.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** `cancel` is called in place of `run` when the supervisor ends first. */
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

  /** Puts an operation before all others: the rest of the one that was interrupted. */
  addFirst(run: Effect.Effect<void>): void {
    this.queue.unshift({ run, cancel: nothing })
  }

  /**
   * Runs an operation and waits for its result. `gone` makes the error when the supervisor ends first, or interrupts
   * it.
   */
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

  /** Interrupts the operation that runs; the next one follows. */
  interrupt(): void {
    this.fiber?.interruptUnsafe()
  }

  /** Cancels all operations that wait, and takes no more. The one that runs goes on. */
  close(): void {
    this.state = "closed"
    const waiting = this.queue
    this.queue = []
    for (const { cancel } of waiting) cancel()
  }

  /** Interrupts the operation that runs, and waits until it has ended. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() =>
    this.fiber === undefined ? Effect.void : Fiber.interrupt(this.fiber)
  )

  // A loop, not a recursion: very many operations may be done at once.
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
    // A defect of this package: the supervisor ends, since its children may be in any state.
    else this.onDefect(Cause.squash(exit.cause))
  }
}
