/**
 * What supervisors tell: events of a system as a stream, and counters as metrics.
 */
import type { ActorSystem, AnyRef, ExitReason, Pid } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { SupervisorEvent } from "../SupervisorEvent.ts"
import type { Told } from "./supervisorProtocol.ts"

/** Events that wait for a slow reader; the newest are dropped. */
const capacity = 4096

const count = (name: string, description: string) =>
  Metric.counter(`myrmidon_supervisor_${name}`, { description, incremental: true })

const counters = {
  Started: count("started", "children started"),
  Crashed: count("crashed", "children that ended by a failure"),
  Restarted: count("restarted", "children started again"),
  Escalated: count("escalated", "supervisors that reached their restart intensity"),
  dropped: count("dropped_events", "events that a slow reader lost")
}

const byReason = new Map<string, typeof counters.Crashed>()

/** One series a reason: a metric that says that children crash should say of what. */
const crashedBy = (reason: ExitReason["_tag"]): typeof counters.Crashed => {
  let counter = byReason.get(reason)
  if (counter === undefined) byReason.set(reason, counter = Metric.withAttributes(counters.Crashed, { reason }))
  return counter
}

/** The events of one system. */
export class Events {
  private readonly readers = new Set<Queue.Enqueue<SupervisorEvent>>()
  /** Who takes them to other isolates, with where they happened. */
  readonly taps = new Set<(event: SupervisorEvent, origin: string) => void>()
  /** Another one in each isolate. */
  readonly origin = `${Date.now().toString(36)}.${Math.random().toString(36).slice(2)}`
  /** Ends with the system, behind what a reader has not taken yet. */
  readonly stream: Stream.Stream<SupervisorEvent>

  /** Of the crashes that are counted below: how many of which reason. */
  private readonly reasons = new Map<ExitReason["_tag"], number>()
  // Counted here and added to the metrics once a turn: a loop that starts 100,000 children tells them once.
  private readonly counted = { Started: 0, Crashed: 0, Restarted: 0, Escalated: 0, dropped: 0 }
  private isDue = false

  constructor(closed: Effect.Effect<void>) {
    this.stream = Stream.callback<SupervisorEvent>(
      (queue) =>
        Effect.andThen(
          Effect.acquireRelease(
            Effect.sync(() => this.readers.add(queue)),
            () => Effect.sync(() => this.readers.delete(queue))
          ),
          Effect.forkScoped(Effect.map(closed, () => Queue.endUnsafe(queue)), { startImmediately: true })
        ),
      { bufferSize: capacity, strategy: "dropping" }
    )
  }

  /** `tell` of a start, of which there are very many: nothing that is not needed when nobody reads. */
  started(context: Context.Context<never>, supervisor: string, child: string, ref: AnyRef): void {
    this.counted.Started++
    if (!this.isDue) this.countLater(context)
    if (this.isHeard) {
      this.offer({ _tag: "Started", supervisor, child, pid: ref.pid, reason: undefined }, this.origin)
    }
  }

  tell(
    context: Context.Context<never>,
    tag: SupervisorEvent["_tag"],
    supervisor: string,
    child: string,
    ref: AnyRef | undefined,
    reason: ExitReason | undefined
  ): void {
    this.publish(context, tag, supervisor, child, ref?.pid, reason, this.origin)
  }

  /** Of whatever isolate. One that happened here has been told before. */
  hear(context: Context.Context<never>, { child, origin, pid, reason, supervisor, tag }: Told): void {
    if (origin === this.origin) return
    this.publish(context, tag, supervisor, child, pid ?? undefined, reason ?? undefined, origin)
  }

  /** Whoever takes them to other isolates has lost some. */
  lost(context: Context.Context<never>, count: number): void {
    this.counted.dropped += count
    if (!this.isDue) this.countLater(context)
  }

  private publish(
    context: Context.Context<never>,
    tag: SupervisorEvent["_tag"],
    supervisor: string,
    child: string,
    pid: Pid | undefined,
    reason: ExitReason | undefined,
    origin: string
  ): void {
    this.counted[tag]++
    if (tag === "Crashed" && reason !== undefined) {
      this.reasons.set(reason._tag, (this.reasons.get(reason._tag) ?? 0) + 1)
    }
    if (!this.isDue) this.countLater(context)
    if (this.isHeard) this.offer({ _tag: tag, supervisor, child, pid, reason }, origin)
  }

  private get isHeard(): boolean {
    return this.readers.size > 0 || this.taps.size > 0
  }

  private countLater(context: Context.Context<never>): void {
    this.isDue = true
    void Promise.resolve().then(() => this.count(context))
  }

  private offer(event: SupervisorEvent, origin: string): void {
    // Plain data for whoever reads it: the stack of a crash is a text from here on (G271).
    if (event.reason?._tag === "Crashed") void event.reason.error.stack
    for (const tap of this.taps) tap(event, origin)
    for (const reader of this.readers) {
      if (!Queue.offerUnsafe(reader, event)) this.counted.dropped++
    }
  }

  private count(context: Context.Context<never>): void {
    this.isDue = false
    for (const key of Object.keys(counters) as ReadonlyArray<keyof typeof counters>) {
      const by = this.counted[key]
      if (by === 0) continue
      this.counted[key] = 0
      if (key !== "Crashed") counters[key].updateUnsafe(by, context)
    }
    for (const [reason, by] of this.reasons) crashedBy(reason).updateUnsafe(by, context)
    this.reasons.clear()
  }
}

const ofSystem = new WeakMap<ActorSystem["Service"], Events>()

export const eventsOf = (system: ActorSystem["Service"]): Events => {
  let events = ofSystem.get(system)
  if (events === undefined) ofSystem.set(system, events = new Events(system.closed))
  return events
}
