/**
 * The accounts of behaviours as metrics: pulled, so that they cost nothing until a snapshot is taken. Of other isolates
 * they are what those said last (G226).
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { BehaviorInfo } from "../ActorSystem.ts"
import { behaviorKey, behaviorSums } from "./behaviorSum.ts"
import type { Host } from "./host.ts"

/** Behaviours that have metrics at the same time: the oldest goes first. */
const most = 64

const gauges = {
  actors: "living actors of a behaviour",
  mailbox: "messages in the mailboxes of a behaviour",
  memory: "bytes that the runtime holds for the actors of a behaviour"
} as const

const counters = {
  reductions: "messages that a behaviour has handled",
  millis: "ms of handler time of a behaviour"
} as const

type Column = keyof typeof gauges | keyof typeof counters

type Named = Pick<BehaviorInfo, "protocol" | "version">

const nothing = () => {}

export class BehaviorMetrics {
  private readonly host: Host
  private readonly attributes: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>
  private readonly registered = new Map<string, ReadonlyArray<Metric.Registration>>()
  /** Of this turn of the event loop: a snapshot reads every metric. */
  private last: ReadonlyMap<string, BehaviorInfo> | undefined = undefined

  constructor(host: Host, attributes: Readonly<Record<string, string>>, context: Context.Context<never>) {
    this.host = host
    this.attributes = attributes
    this.context = context
    host.accounts.onNew = (account) => this.saw(account)
  }

  remove(): void {
    this.host.accounts.onNew = nothing
    for (const key of this.registered.keys()) this.forget(key)
  }

  /** An isolate has a behaviour that it did not have before. */
  saw(behavior: Named): void {
    const key = behaviorKey(behavior)
    if (this.registered.has(key)) return
    this.registered.set(key, this.register(key, behavior))
    if (this.registered.size > most) this.forget(this.registered.keys().next().value!)
  }

  private forget(key: string): void {
    this.registered.get(key)?.forEach((registration) => registration.remove())
    this.registered.delete(key)
  }

  private register(key: string, { protocol, version }: Named): ReadonlyArray<Metric.Registration> {
    const attributes = { ...this.attributes, protocol, version }
    return [
      ...Object.entries(gauges).map(([column, description]) =>
        Metric.registerUnsafe(
          Metric.gauge(`myrmidon_behavior_${column}`, { description, attributes }),
          this.context,
          { get: () => ({ value: this.value(key, column as Column) }), update: nothing, modify: nothing }
        )
      ),
      ...Object.entries(counters).map(([column, description]) =>
        Metric.registerUnsafe(
          Metric.counter(`myrmidon_behavior_${column}`, { description, attributes, incremental: true }),
          this.context,
          {
            get: () => ({ count: this.value(key, column as Column), incremental: true }),
            update: nothing,
            modify: nothing
          }
        )
      )
    ]
  }

  private value(key: string, column: Column): number {
    if (this.last === undefined) {
      const { accounts, isolates } = this.host
      this.last = behaviorSums([...accounts.read().values(), ...isolates?.overview.latest ?? []])
      void Promise.resolve().then(() => this.last = undefined)
    }
    return this.last.get(key)?.[column] ?? 0
  }
}
