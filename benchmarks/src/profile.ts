/**
 * `npm run bench -- profile <workload>`: one cell as `run.ts` runs it, and where its time goes. Writes a `.cpuprofile`
 * of the measured stretches alone, which Chrome's and VS Code's viewers open.
 */
import { writeFileSync } from "node:fs"
import type { ProfileOptions } from "./options.ts"
import { describe, toJson } from "./profile/report.ts"
import { sample } from "./profile/sampler.ts"
import { run } from "./run.ts"
import { load } from "./subjects.ts"
import { isErrorRow } from "./workload.ts"

/** us. Each look costs the thread some 10 us: a tenth of what is measured, at most. */
const interval = 100
/** Bytes between two sampled allocations: one is some 10 us. */
const allocationInterval = 4096

export const profile = async (options: ProfileOptions, print: (text: string) => void): Promise<number> => {
  const subject = await load(options.subject)
  const { profile, result, stretches } = await sample(
    { interval, allocations: options.allocations ? allocationInterval : undefined },
    () => run(subject, options)
  )
  if (isErrorRow(result)) {
    print(JSON.stringify(result))
    return 1
  }
  writeFileSync(options.out, JSON.stringify(profile))
  const { n, peer, workload } = result
  if (!options.json) {
    print(`${peer} ${workload}: ${n}. Its figures are not those of an unwatched run. Written: ${options.out}`)
    for (const stretch of stretches) print(describe(stretch))
  }
  print(JSON.stringify({ peer, workload, n, profile: options.out, stretches: stretches.map(toJson) }))
  return 0
}
