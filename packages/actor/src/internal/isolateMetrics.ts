/** What each worker isolate does, as gauges: read from what it said at its last turn, so that nobody is asked. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { IsolateLoad } from "./border.ts"
import type { Host } from "./host.ts"

const gauges: ReadonlyArray<readonly [name: string, description: string, read: (load: IsolateLoad) => number]> = [
  ["actors", "live actors of an isolate", ({ live }) => live],
  ["runnable", "actors of an isolate that wait for their turn", ({ runnable }) => runnable],
  ["reductions", "messages that an isolate has handled", ({ reductions }) => reductions],
  ["millis", "ms of handler time of an isolate", ({ micros }) => micros / 1000]
]

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
    this.registered.set(
      isolate,
      gauges.map(([name, description, read]) =>
        Metric.registerUnsafe(Metric.gauge(`myrmidon_isolate_${name}`, { description, attributes }), this.context, {
          get: () => ({ value: this.value(isolate, read) }),
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

  private value(isolate: number, read: (load: IsolateLoad) => number): number {
    const found = this.host.isolates?.loads().find((load) => load.isolate === isolate)
    return found === undefined ? 0 : read(found)
  }
}
