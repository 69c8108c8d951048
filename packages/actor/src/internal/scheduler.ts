/**
 * Where the fibers of actors go on: in the pump of their shard, charged to their actor.
 *
 * A handler's Effect that never suspends yields after `MaxOpsBeforeYield` operations or about 1 ms, whichever is first,
 * so that other actors run. One scheduler per system; it is in the context of every actor.
 */
import * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type { Cell } from "./cell.ts"
import { actorOf } from "./current.ts"
import type { Host } from "./host.ts"

// Operations between two looks at the clock, as a power of two: a look costs about as much as forty operations.
const lookShift = 7
const sliceMillis = 1

export class ActorScheduler implements Scheduler.Scheduler {
  readonly executionMode = "async" as const
  readonly host: Host
  /** The block of operations in which the clock was read last; fibers interleave, which costs at most an early yield. */
  private block = 0
  private since = 0

  constructor(host: Host) {
    this.host = host
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    const ops = fiber.currentOpCount
    const block = ops >> lookShift
    if (block === 0 || block === this.block) return false
    this.block = block
    if (ops >= fiber.cache.maxOpsBeforeYield) return true
    const now = this.host.clock.now()
    if (block === 1) {
      this.since = now
      return false
    }
    return now - this.since >= sliceMillis
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return new ActorDispatcher(this.host, actorOf(Fiber.getCurrent()))
  }
}

class ActorDispatcher implements Scheduler.SchedulerDispatcher {
  private readonly host: Host
  private readonly cell: Cell | undefined

  constructor(host: Host, cell: Cell | undefined) {
    this.host = host
    this.cell = cell
  }

  scheduleTask(task: () => void, _priority: number): void {
    // A closed shard pumps no more; what still runs then are finalizers.
    if (this.host.closed) void Promise.resolve().then(task)
    else this.host.shard.defer(task, this.cell)
  }

  flush(): void {}
}
