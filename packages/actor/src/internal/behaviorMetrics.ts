/**
 * The accounts of behaviours as metrics: pulled, so that they cost nothing until a snapshot is taken.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { BehaviorInfo } from "../ActorSystem.ts"
import type { Account, Accounts } from "./accounts.ts"

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

const nothing = () => {}

export class BehaviorMetrics {
  private readonly accounts: Accounts
  private readonly attributes: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>
  private readonly registered = new Map<Account, ReadonlyArray<Metric.Registration>>()
  /** Of this turn of the event loop: a snapshot reads every metric. */
  private last: ReadonlyMap<Account, BehaviorInfo> | undefined = undefined

  constructor(accounts: Accounts, attributes: Readonly<Record<string, string>>, context: Context.Context<never>) {
    this.accounts = accounts
    this.attributes = attributes
    this.context = context
    accounts.onNew = (account) => this.saw(account)
  }

  remove(): void {
    this.accounts.onNew = nothing
    for (const account of this.registered.keys()) this.forget(account)
  }

  private saw(account: Account): void {
    this.registered.set(account, this.register(account))
    if (this.registered.size > most) this.forget(this.registered.keys().next().value!)
  }

  private forget(account: Account): void {
    this.registered.get(account)?.forEach((registration) => registration.remove())
    this.registered.delete(account)
  }

  private register(account: Account): ReadonlyArray<Metric.Registration> {
    const { protocol, version } = account
    const attributes = { ...this.attributes, protocol, version }
    return [
      ...Object.entries(gauges).map(([column, description]) =>
        Metric.registerUnsafe(
          Metric.gauge(`myrmidon_behavior_${column}`, { description, attributes }),
          this.context,
          { get: () => ({ value: this.value(account, column as Column) }), update: nothing, modify: nothing }
        )
      ),
      ...Object.entries(counters).map(([column, description]) =>
        Metric.registerUnsafe(
          Metric.counter(`myrmidon_behavior_${column}`, { description, attributes, incremental: true }),
          this.context,
          {
            get: () => ({ count: this.value(account, column as Column), incremental: true }),
            update: nothing,
            modify: nothing
          }
        )
      )
    ]
  }

  private value(account: Account, column: Column): number {
    if (this.last === undefined) {
      this.last = this.accounts.read()
      void Promise.resolve().then(() => this.last = undefined)
    }
    return this.last.get(account)?.[column] ?? 0
  }
}
