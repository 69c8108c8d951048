/**
 * One life of a dynamic supervisor: many children of one behaviour, started at run time.
 *
 * Everything about one child is O(1) and done in the supervisor's own turn; only its shutdown waits, for all children at
 * once under one timer. Rules: OTP's `DynamicSupervisor` in Elixir, `simple_one_for_one` in Erlang.
 */
import { type AnyRef, ExitReason, type Pid, type Self, type SpawnOptions } from "@myrmidonjs/actor"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Events } from "./events.ts"
import { eventsOf } from "./events.ts"
import { Intensity } from "./intensity.ts"
import { type DynamicNode } from "./node.ts"
import { shutdown, shutdownAll } from "./shutdown.ts"

/** One child over its restarts. */
export class Entry {
  ref: AnyRef | undefined
  readonly args: unknown
  readonly options: SpawnOptions | undefined
  restarts = 0
  /** Its last PID, while it is being started again. */
  lastPid: Pid

  constructor(ref: AnyRef, args: unknown, options: SpawnOptions | undefined) {
    this.ref = ref
    this.lastPid = ref.pid
    this.args = args
    this.options = options
  }
}

export class DynamicIncarnation {
  readonly node: DynamicNode
  readonly ref: AnyRef
  readonly self: Self.Any
  readonly children = new Map<Pid, Entry>()
  /** Their restart is due. */
  readonly waiting = new Set<Entry>()
  private readonly context: Context.Context<never>
  private readonly events: Events
  private readonly intensity: Intensity
  private readonly later: (entry: Entry, delay: number) => void
  ending = false

  constructor(
    node: DynamicNode,
    self: Self.Any,
    ref: AnyRef,
    context: Context.Context<never>,
    later: (entry: Entry, delay: number) => void
  ) {
    this.node = node
    this.self = self
    this.ref = ref
    this.context = context
    this.events = eventsOf(node.system)
    this.intensity = new Intensity()
    this.later = later
  }

  /** A child that runs by now. */
  adopt(ref: AnyRef, args: unknown, options: SpawnOptions | undefined): void {
    this.children.set(ref.pid, new Entry(ref, args, options))
    this.events.tell(this.context, "Started", this.node.place, this.node.id, ref.pid, undefined)
  }

  ended(pid: Pid, reason: ExitReason): void {
    const entry = this.children.get(pid)
    if (entry === undefined) return
    this.children.delete(pid)
    entry.ref = undefined
    const isFailure = ExitReason.isFailure(reason)
    if (isFailure) this.events.tell(this.context, "Crashed", this.node.place, this.node.id, pid, reason)
    const { restart } = this.node.child
    if (restart === "permanent" || (restart === "transient" && isFailure)) this.attempt(entry)
  }

  private attempt(entry: Entry): void {
    if (this.ending) return
    this.waiting.add(entry)
    const { rules } = this.node
    const { backoff } = rules
    const now = Number(Context.get(this.context, Clock.Clock).currentTimeNanosUnsafe()) / 1e6
    if (!this.intensity.add(now, rules)) {
      this.events.tell(this.context, "Escalated", this.node.place, this.node.id, undefined, undefined)
      this.ending = true
      this.self.stop(ExitReason.shutdown(`restart intensity of ${this.node.place}`))
    } else if (backoff === undefined) this.restart(entry)
    else this.later(entry, Math.min(backoff.max, backoff.min * 2 ** (this.intensity.recent - 1)))
  }

  /** Its wait is over, or its start has failed before. */
  retry(entry: Entry, counts: boolean): void {
    if (this.ending || !this.waiting.has(entry)) return
    if (counts) this.attempt(entry)
    else this.restart(entry)
  }

  private restart(entry: Entry): void {
    let ref: AnyRef
    try {
      ref = this.self.spawnUnsafe(this.node.behavior, entry.args, entry.options) as AnyRef
    } catch {
      // Counted and tried again, in line with whatever else is asked of the supervisor.
      this.later(entry, 0)
      return
    }
    this.waiting.delete(entry)
    entry.ref = ref
    entry.lastPid = ref.pid
    entry.restarts++
    this.node.restarts++
    this.children.set(ref.pid, entry)
    this.events.tell(this.context, "Restarted", this.node.place, this.node.id, ref.pid, undefined)
  }

  /** Stops one; also one that is just being started again. Whom it does not know it leaves alone. */
  stop(ref: AnyRef): Effect.Effect<void> {
    return Effect.suspend(() => {
      const entry = this.children.get(ref.pid)
      if (entry === undefined) {
        for (const waiting of this.waiting) if (waiting.lastPid === ref.pid) this.waiting.delete(waiting)
        return Effect.void
      }
      this.children.delete(ref.pid)
      return Effect.asVoid(shutdown(ref, this.node.child.shutdown))
    })
  }

  readonly terminate: Effect.Effect<void> = Effect.suspend(() => {
    this.ending = true
    this.waiting.clear()
    const refs = Array.from(this.children.values(), (entry) => entry.ref!)
    this.children.clear()
    return shutdownAll(refs, this.node.child.shutdown)
  })
}
