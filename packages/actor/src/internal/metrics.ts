/**
 * Metrics as pull gauges: read when a snapshot is taken, and free until then.
 *
 * Of a system with worker isolates they are of all of them (G226): of this one as it is, of the others as they said last.
 * Dead letters of workers are counted when they arrive here.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import { BehaviorMetrics } from "./behaviorMetrics.ts"
import { type Figures, figuresOf } from "./figures.ts"
import type { Host } from "./host.ts"
import type { Why } from "./shard.ts"
import { IsolateMetrics } from "./isolateMetrics.ts"
import { Versions } from "./versions.ts"

/** Of all isolates, without their agents. */
const actorsOf = (host: Host): number => {
  const { isolates, shard } = host
  const { actors } = shard.stats()
  if (isolates === undefined) return actors
  // What this one has just done is not in its last turn yet.
  const others = isolates.loads().filter(({ isolate }) => isolate !== isolates.here)
  return others.reduce((sum, { live }) => sum + live, actors - 1)
}

/** Registers the gauges of a system. Returns the undo. */
export const registerMetrics = (host: Host, backend: string, context: Context.Context<never>): () => void => {
  const all = (column: keyof Figures): number => figuresOf(host)[column] + host.farFigures.sum(column)
  const gauges: Record<string, [description: string, read: () => number]> = {
    actors: ["live actors", () => actorsOf(host)],
    queued: ["messages in mailboxes", () => all("queued")],
    calls: ["asks that wait for their reply", () => all("calls")],
    bytes: ["memory of the runtime's tables", () => all("bytes")],
    crashes: ["actors that ended by a defect", () => all("crashes")],
    dead_letters: ["messages that nobody handled", () => host.deadLetters],
    tell_failed: ["tells that failed with a domain error", () => all("tellsFailed")],
    swaps: ["actors that were given another version", () => all("swaps")],
    rollbacks: ["actors that went back to the version before", () => all("rollbacks")],
    long_schedule: ["handlers that held the thread for too long", () => all("longSchedules")],
    isolates: ["worker isolates that run", () => Math.max(0, (host.shard.border?.isolates().length ?? 1) - 1)],
    isolates_down: ["worker isolates that ended before their system", () => host.isolatesDown],
    isolates_silent: ["times that a worker isolate gave no sign of life for too long", () => host.isolatesSilent],
    dropped_letters: ["dead letters that a slow reader lost", () => host.letters.dropped],
    dropped_events: ["events that a slow reader lost", () => host.events.dropped]
  }
  const register = (name: string, description: string, of: Readonly<Record<string, string>>, read: () => number) => {
    const gauge = Metric.gauge(`myrmidon_${name}`, { description, attributes: { backend, boot: host.boot, ...of } })
    return Metric.registerUnsafe(gauge, context, {
      get: () => ({ value: read() }),
      update: () => {},
      modify: () => {}
    })
  }
  const registrations = [
    ...Object.entries(gauges).map(([name, [description, read]]) => register(name, description, {}, read)),
    // What each policy of a full mailbox has refused or dropped, and what nobody was there for.
    ...Object.keys(host.deadLettersBy).map((why) =>
      register("dead_letters_by", "messages that nobody handled, by why", { why }, () => host.deadLettersBy[why as Why])
    )
  ]
  const versions = host.versions = new Versions(host, { backend, boot: host.boot }, context)
  const isolates = host.isolateMetrics = new IsolateMetrics(host, { backend, boot: host.boot }, context)
  const behaviors = host.behaviorMetrics = new BehaviorMetrics(host, { backend, boot: host.boot }, context)
  return () => {
    behaviors.remove()
    versions.remove()
    isolates.remove()
    registrations.forEach((registration) => registration.remove())
  }
}
