/** `npm run demo`: reads the options, builds the world, runs it, prints the table and writes the pictures. */
import { ActorSystem } from "@myrmidonjs/actor"
import { Cause, Effect, Exit } from "effect"
import { relative } from "node:path"
import { loadCities } from "./cities.ts"
import type { Cities } from "./cities.ts"
import { makeGeography } from "./geography.ts"
import { Ledger } from "./ledger.ts"
import { help, OptionError, parseOptions } from "./options.ts"
import type { Options } from "./options.ts"
import { writePicture } from "./picture/write.ts"
import { makeProgress } from "./progress.ts"
import type { Progress } from "./progress.ts"
import { run } from "./run.ts"
import { scaling } from "./scaling.ts"
import { count, table } from "./table.ts"

/** The options, or the exit code with which there is nothing more to do. */
const readOptions = (): Options | number => {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options !== "help") return options
    process.stdout.write(help)
    return 0
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

/** The run on one backend; a platform without a binary gets the twin instead. */
const onBackend = (backend: Options["backend"], cities: Cities, options: Options, progress: Progress) => {
  const geography = makeGeography(cities)
  progress.step(
    `${count(cities.people)} people in ${count(cities.size)} cities, ${count(geography.roads)} roads between them`
  )
  const attempt = (on: Options["backend"]) => {
    const ledger = new Ledger(cities.people)
    const systemOptions = { onDeadLetter: ledger.letter }
    return run({ cities, geography, seed: options.seed, days: options.days, mistake: true }, ledger, progress).pipe(
      Effect.provide(
        on === "native"
          // On a busy machine a worker may take its time to import what it is asked to start.
          ? ActorSystem.layer({ ...systemOptions, isolates: options.isolates, isolateSilence: "1 minute" })
          : ActorSystem.layerMemory(systemOptions)
      )
    )
  }
  return attempt(backend).pipe(
    Effect.catchTag("NativeUnavailable", (missing) =>
      Effect.gen(function*() {
        const platform = missing.triple === "unknown" ? "this platform" : missing.triple
        const fix = `No native scheduler for ${platform}: build it with \`npm run build\` (needs Rust 1.90).`
        if (options.wantsIsolates) {
          return yield* Effect.fail(
            new OptionError(`${fix} --isolates ${options.isolates} needs it: the twin lives in one isolate.`)
          )
        }
        progress.step(`${fix} Running on the TypeScript twin, on the main thread.`)
        return yield* attempt("memory")
      }))
  )
}

const main = async (): Promise<number> => {
  const options = readOptions()
  if (typeof options === "number") return options
  if (options.scaling) return scaling(options)
  const out = options.json ? process.stderr : process.stdout
  let cities: Cities | undefined
  const progress = makeProgress(out, () => cities!, options.days)
  progress.step("Reading the map of the world")
  cities = loadCities(options.actors)
  const exit = await Effect.runPromiseExit(onBackend(options.backend, cities, options, progress))
  progress.stop()
  if (Exit.isFailure(exit)) {
    const error = Cause.squash(exit.cause)
    if (error instanceof OptionError) {
      process.stderr.write(`${error.message}\n`)
      return 2
    }
    process.stderr.write(`The run failed: ${Cause.pretty(exit.cause)}\n`)
    return 1
  }
  const outcome = exit.value
  out.write(`\n${table(outcome)}\n\n`)
  for (const path of await writePicture(cities, outcome, "demo-output")) out.write(`  ${relative(".", path)}\n`)
  if (options.json) process.stdout.write(`${JSON.stringify(outcome.figures)}\n`)
  return 0
}

process.exitCode = await main()
