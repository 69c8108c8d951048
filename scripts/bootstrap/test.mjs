/** `npm test`: the suites one after another, a table of them, and `N passed, N failed` as the last line of stdout. */
import { Failure } from "./failure.mjs"
import { install } from "./install.mjs"
import { progress, say } from "./progress.mjs"
import { buildAddon, example, findRust, hasAddon } from "./rust.mjs"
import { suites } from "./suites.mjs"

/** @typedef {{ name: string, passed: number, failed: number, seconds: number, skipped: string | undefined }} Row */

/** @param {Array<string>} args */
const parse = (args) => {
  const names = suites.map((suite) => suite.name)
  /** @type {Array<string>} */
  const chosen = []
  let native = true
  let verbose = false
  for (const arg of args) {
    if (arg === "--no-native") native = false
    else if (arg === "--verbose") verbose = true
    else if (names.includes(arg)) chosen.push(arg)
    else throw new Failure(`test knows --no-native, --verbose and the suites ${names.join(", ")}; not ${arg}`, 2)
  }
  return { native, verbose, chosen: suites.filter((suite) => chosen.length === 0 || chosen.includes(suite.name)) }
}

/** @param {Array<string>} args */
export const test = async (args) => {
  const { native, verbose, chosen } = parse(args)
  await install()
  const rust = findRust()
  const toolchain = native && "toolchain" in rust ? rust.toolchain : undefined
  const missing = native ? ("problem" in rust ? rust.problem : undefined) : "--no-native"

  /** @type {Array<Row>} */
  const rows = []
  for (const suite of chosen) {
    const skipped = !suite.exists()
      ? "there are none"
      : suite.needs === "rust" && missing !== undefined
      ? missing
      : undefined
    if (skipped !== undefined) {
      rows.push({ name: suite.name, passed: 0, failed: 0, seconds: 0, skipped })
      continue
    }
    const start = performance.now()
    const { output, ...count } = await progress(
      suite.name,
      async (line) => {
        try {
          if (suite.uses === "addon" && toolchain !== undefined && hasAddon()) {
            await buildAddon(toolchain, "ci")
            await buildAddon(toolchain, "ci", example)
          }
          return await suite.run(line, toolchain !== undefined)
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          return { passed: 0, failed: 1, output: `${error.message}\n` }
        }
      },
      ({ passed, failed }) => `${passed} passed, ${failed} failed`
    )
    if (verbose || count.failed > 0) process.stdout.write(`\n${output}\n`)
    rows.push({ name: suite.name, ...count, seconds: (performance.now() - start) / 1000, skipped: undefined })
  }

  let passed = 0
  let failed = 0
  console.log()
  for (const row of rows) {
    passed += row.passed
    failed += row.failed
    const what = suites.find((suite) => suite.name === row.name)?.what ?? ""
    console.log(
      row.skipped !== undefined
        ? `  ${row.name.padEnd(9)} skipped: ${row.skipped}`
        : `  ${row.name.padEnd(9)}${String(row.passed).padStart(5)} passed ${String(row.failed).padStart(3)} failed ` +
          `${row.seconds.toFixed(1).padStart(7)} s   ${what}`
    )
  }
  const withoutRust = native && missing !== undefined
  if (withoutRust) {
    say(
      `Without Rust the suite "rust", and in the others what runs on the native system, was skipped; ` +
        `"npm test -- --no-native" accepts that.`
    )
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 || withoutRust ? 1 : 0
}
