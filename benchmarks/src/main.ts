/**
 * `npm run bench -- <workload>`: one cell in this process, `profile <workload>`: where its time goes, or `all`: the
 * table, each cell in processes of its own.
 *
 * Exit: 0 measured, 1 an error row, 2 a command that makes no sense. The last line of stdout is JSON.
 */
import { writeSync } from "node:fs"
import { parse, usage, UsageError } from "./options.ts"
import { run } from "./run.ts"
import { load } from "./subjects.ts"
import { isErrorRow } from "./workload.ts"

/** Synchronous: actors that never end may still run, and `exit` does not wait for pipes. */
const print = (text: string): void => void writeSync(1, `${text}\n`)

const main = async (): Promise<number> => {
  if (process.argv[2]?.endsWith("-rust")) {
    const { parseRust, runRust } = await import("./rust.ts")
    const options = parseRust(process.argv.slice(2))
    const { line, ok } = runRust(options)
    if (!options.json) print(describe(JSON.parse(line) as Readonly<Record<string, string | number>>))
    print(line)
    return ok ? 0 : 1
  }
  const options = parse(process.argv.slice(2))
  if (options.kind === "help") {
    print(usage)
    return 0
  }
  if (options.kind === "table") {
    const { table } = await import("./table.ts")
    return table(options, print)
  }
  // What is measured may hold no handle of its own while it waits.
  const hold = setInterval(() => {}, 2 ** 30)
  if (options.kind === "profile") {
    const { profile } = await import("./profile.ts")
    return profile(options, print)
  }
  const row = await run(await load(options.subject), options)
  clearInterval(hold)
  if (!options.json) print(isErrorRow(row) ? `${row.peer} ${row.workload}: ${row.error}` : describe(row))
  print(JSON.stringify(row))
  return isErrorRow(row) ? 1 : 0
}

const describe = (row: Readonly<Record<string, string | number>>): string =>
  Object.entries(row).map(([key, value]) => `${key.padEnd(18)}${value}`).join("\n")

try {
  process.exit(await main())
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    process.exit(2)
  }
  throw error
}
