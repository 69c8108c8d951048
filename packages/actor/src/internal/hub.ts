/**
 * What happens, for whoever listens: bounded per reader, and counted where a slow reader loses something.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

const capacity = 4096

export class Hub<A> {
  private readonly readers = new Set<Queue.Queue<A, Cause.Done>>()
  private over = false
  /** Hears everything at once: the isolate that opened the system, of what happens in this one. */
  tap: ((value: A) => void) | undefined = undefined
  /** Values that readers lost. */
  dropped = 0
  /** Starts listening when it is run, and ends with its system (G273). */
  readonly stream: Stream.Stream<A>

  constructor() {
    this.stream = Stream.callback<A>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => this.over ? Queue.endUnsafe(queue) : this.readers.add(queue)),
          () => Effect.sync(() => this.readers.delete(queue))
        ),
      { bufferSize: capacity, strategy: "dropping" }
    )
  }

  get idle(): boolean {
    return this.readers.size === 0 && this.tap === undefined
  }

  /** Nobody is told anything more. What readers have not taken yet, they still get. */
  end(): void {
    this.over = true
    for (const reader of this.readers) Queue.endUnsafe(reader)
    this.readers.clear()
  }

  publish(value: A): void {
    this.tap?.(value)
    for (const reader of this.readers) {
      if (!Queue.offerUnsafe(reader, value)) this.dropped++
    }
  }
}
