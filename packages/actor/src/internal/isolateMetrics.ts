/** What each worker isolate does, as gauges: read from what it said at its last turn, so that nobody is asked. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { IsolateLoad } from "./border.ts"
import type { Host } from "./host.ts"

const gauges = {
  live: ["actors", "live actors of an isolate"],
  runnable: ["runnable", "actors of an isolate that wait for their turn"],
  reductions: ["reductions", "messages that an isolate has handled"]
} as const

export class IsolateMetrics {
  private readonly host: Host
  private readonly attributes: Readonly<Record<string, string>>
  private readonly context: Context.Context<never>
  private readonly registered = new Map<number, ReadonlyArray<Metric.Registration>>()

  constructor(host: Host, attributes: Readonly<Record<string, string>>, context: Context.Context<never>) {
    this.host = host
    this.attributes = attributes
    this.context = context
  }

  saw(isolate: number): void {
    const attributes = { ...this.attributes, isolate: String(isolate) }
    const columns = Object.entries(gauges) as Array<[keyof typeof gauges, readonly [string, string]]>
    this.registered.set(
      isolate,
      columns.map(([column, [name, description]]) =>
        Metric.registerUnsafe(Metric.gauge(`myrmidon_isolate_${name}`, { description, attributes }), this.context, {
          get: () => ({ value: this.load(isolate)?.[column] ?? 0 }),
          update: () => {},
          modify: () => {}
        })
      )
    )
  }

  forget(isolate: number): void {
    this.registered.get(isolate)?.forEach((registration) => registration.remove())
    this.registered.delete(isolate)
  }

  remove(): void {
    this.registered.forEach((_, isolate) => this.forget(isolate))
  }

  private load(isolate: number): IsolateLoad | undefined {
    return this.host.isolates?.loads().find((load) => load.isolate === isolate)
  }
}
