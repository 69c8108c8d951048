/** The figures of a run, for people. */
import type { Outcome } from "./run.ts"

export const table = ({ figures, ledger, regions }: Outcome): string => {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["backend", figures.backend === "native" ? "native (Rust scheduler)" : "memory (TypeScript twin)"],
    ["isolates", isolatesOf(figures)],
    ["actors", count(figures.actors)],
    ["spawned in", `${count(Math.round(figures.spawn_ms))} ms`],
    ["memory per actor", `${count(figures.bytes_per_actor)} bytes (its state included)`],
    ["messages handled", count(figures.handled)],
    ["messages per second", `${count(figures.per_s)} (${figures.seconds.toFixed(1)} s for all days)`],
    ...(figures.isolates === 0 ? [] : regions.map(({ cities, handled, isolate }) =>
      [
        `- on isolate ${isolate}`,
        `${count(Math.round(handled / figures.seconds))}, with ${count(cities)} cities`
      ] as const
    )),
    ["ask p50 / p99", `${figures.ask_p50_us} / ${figures.ask_p99_us} us (between two days)`],
    ["cities killed / restarted", `${count(figures.killed)} / ${count(figures.restarted)}`],
    ["restarts by supervisor", count(figures.restarts_by_supervisor)],
    [
      "swapped under load",
      `${count(figures.swapped)} cities to V2 (pause p99 ${figures.swap_pause_p99_us} us), ${
        count(figures.vaccinated)
      } people vaccinated`
    ],
    ["rolled back", `${count(figures.rolled_back)} canaries of a bad V3`],
    ["dead letters", `${count(figures.dead_letters)} groups of travellers`],
    ["overflowed", `${count(figures.overflowed)} sightings, by intent`],
    ["susceptible", count(figures.totals.susceptible)],
    ["infected", count(figures.totals.infected)],
    ["recovered", count(figures.totals.recovered)],
    [
      "ledger",
      `${count(ledger.inCities)} in cities + ${count(ledger.strayed)} in dead letters + ${
        count(ledger.lost)
      } lost to kills`
    ],
    ["", `= ${count(ledger.start)} at the start, exactly, every day`]
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n")
}

const isolatesOf = ({ crossing_share, isolates }: Outcome["figures"]): string =>
  isolates === 0
    ? "main alone"
    : `${isolates} beside main; ${(100 * crossing_share).toFixed(2)} % of the travellers go from one to another`

/** 1,234,567 */
export const count = (value: number): string => value.toLocaleString("en-US")
