/** What the figures were measured on, and what else the machine was doing. */
import { readFileSync } from "node:fs"
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os"
import { versionOf, versionOfOurs } from "./version.ts"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memory_gib: number
  readonly os: string
  readonly node: string
  readonly v8: string
  readonly versions: Readonly<Record<string, string>>
  readonly date: string
}
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memory_gib: Math.round(totalmem() / 2 ** 30),
  os: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  v8: process.versions.v8,
  versions: {
    myrmidon: versionOfOurs("actor"),
    effect: versionOf("effect"),
    nact: versionOf("nact"),
    xstate: versionOf("xstate")
  },
  date: new Date().toISOString()
})

interface Ticks {
  readonly total: number
  readonly steal: number
}
/** Linux alone says how much time a hypervisor gave to others. */
const ticks = (): Ticks | undefined => {
  try {
    const fields = readFileSync("/proc/stat", "utf8").split("\n", 1).join().trim().split(/\s+/).slice(1).map(Number)
    // user nice system idle iowait irq softirq steal; what follows is part of user.
    return { total: fields.slice(0, 8).reduce((sum, field) => sum + field, 0), steal: fields[7] ?? 0 }
  } catch {
    return undefined
  }
}

export interface Noise {
  /** Averages over a minute: about 1 is the benchmark itself. */
  readonly load_start: number
  readonly load_end: number
  readonly steal_percent: number | undefined
}
/** Call it, measure, call what it gave. */
export const watchNoise = (): () => Noise => {
  const before = ticks()
  const load = loadavg()[0] ?? NaN
  return () => {
    const after = ticks()
    return {
      load_start: load,
      load_end: loadavg()[0] ?? NaN,
      steal_percent: before === undefined || after === undefined || after.total === before.total
        ? undefined
        : (100 * (after.steal - before.steal)) / (after.total - before.total)
    }
  }
}
