/**
 * How many actors run which version, as gauges: of the versions that swaps were about, and counted when they are read.
 * Whoever never swaps has none of them.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Pid } from "../Pid.ts"
import type { Program } from "./bound.ts"
import type { Host } from "./host.ts"

/** Versions that have a gauge at the same time: the oldest goes first. */
const most = 64

const keyOf = ({ protocol, version }: Program): string => `${protocol} ${version}`

export class Versions {
  private readonly host: Host
  private readonly attributes: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>
  private readonly gauges = new Map<string, { readonly remove: () => void }>()
  private last: Program | undefined = undefined
  /** Of this turn of the event loop: a snapshot reads every gauge. */
  private counts: ReadonlyMap<string, number> | undefined = undefined

  constructor(host: Host, attributes: Readonly<Record<string, string>>, context: Context.Context<never>) {
    this.host = host
    this.attributes = attributes
    this.context = context
  }

  /** An actor went from one to the other. */
  saw(from: Program, to: Program): void {
    if (this.last === to) return
    this.last = to
    for (const program of [from, to]) {
      const key = keyOf(program)
      if (!this.gauges.has(key)) this.gauges.set(key, this.register(key, program))
    }
    for (const [key, gauge] of this.gauges) {
      if (this.gauges.size <= most) break
      this.gauges.delete(key)
      gauge.remove()
    }
  }

  remove(): void {
    for (const gauge of this.gauges.values()) gauge.remove()
    this.gauges.clear()
  }

  private register(key: string, { protocol, version }: Program) {
    const gauge = Metric.gauge("myrmidon_version_actors", {
      description: "live actors that run a version",
      attributes: { ...this.attributes, protocol, version }
    })
    return Metric.registerUnsafe(gauge, this.context, {
      get: () => ({ value: this.count().get(key) ?? 0 }),
      update: () => {},
      modify: () => {}
    })
  }

  private count(): ReadonlyMap<string, number> {
    if (this.counts !== undefined) return this.counts
    const counts = new Map<string, number>()
    const { shard } = this.host
    for (const pid of shard.pids()) {
      const key = keyOf(shard.cellOf(pid as Pid).bound.program)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    this.counts = counts
    void Promise.resolve().then(() => this.counts = undefined)
    return counts
  }
}
