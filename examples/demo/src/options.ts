/** The command line: what may be asked of the demo, and what a wrong request is told. */
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { allCities } from "./cities.ts"

export interface Options {
  readonly actors: number
  readonly days: number
  readonly seed: number
  readonly backend: "native" | "memory"
  /** Worker isolates beside main; 0: everything lives on main. */
  readonly isolates: number
  /** They were asked for by number: without them there is no run. */
  readonly wantsIsolates: boolean
  readonly json: boolean
  /** Measure the run over no, one and more isolates, and print the table. */
  readonly scaling: boolean
}

/** A request that cannot be met; its message names the option and says what would do. */
export class OptionError extends Error {
  override readonly name = "OptionError"
}

/** Worker isolates at most: more than there are countries of some size would have nothing to do. */
const mostIsolates = 64

/**
 * One a core: main has little to do meanwhile. A country stays whole, and one city in eight is in the largest: with more
 * than eight isolates a day takes as long as with eight.
 */
const isolatesFor = (cores: number): number => cores === 1 ? 0 : Math.min(cores, 8)

export const help = `Myrmidon demo: one actor per real city, and an epidemic that travels between them as messages.

  npm run demo -- [options]

  --actors N   the N largest cities of the world (1 to ${allCities}, default: all)
  --days N     days to simulate (1 to 1000, default 42); the vaccine comes half-way, from 4 days on
  --seed N     another seed, another epidemic (0 to 4294967295, default 1)
  --isolates N the cities live on N worker isolates beside the main thread
               (0 to ${mostIsolates}, default: one a core, 8 at most)
  --memory     run on the TypeScript twin instead of the Rust scheduler, all on the main thread
  --json       the table as one JSON object on the last line; progress goes to stderr
  --scaling    the run on main alone, then over 1, 2, 4... isolates up to N, three times each in fresh processes:
               a table of medians
  --help       this text
`

/** The options, or "help". Throws `OptionError`. */
export const parseOptions = (
  argv: ReadonlyArray<string>,
  cores: number = availableParallelism()
): Options | "help" => {
  const { help: wantsHelp, json, memory, scaling, ...numbers } = readArguments(argv)
  if (wantsHelp) return "help"
  if (memory && numbers.isolates !== undefined && numbers.isolates !== "0") {
    throw new OptionError(`--isolates takes 0 with --memory, not "${numbers.isolates}": the twin lives in one isolate.`)
  }
  if (memory && scaling) throw new OptionError("--scaling measures isolates, and --memory has none.")
  return {
    actors: whole("--actors", numbers.actors, { least: 1, most: allCities, otherwise: allCities }),
    days: whole("--days", numbers.days, { least: 1, most: 1000, otherwise: 42 }),
    seed: whole("--seed", numbers.seed, { least: 0, most: 0xffffffff, otherwise: 1 }),
    backend: memory ? "memory" : "native",
    isolates: whole("--isolates", numbers.isolates, {
      least: 0,
      most: mostIsolates,
      otherwise: memory ? 0 : isolatesFor(cores)
    }),
    wantsIsolates: numbers.isolates !== undefined && numbers.isolates !== "0",
    json,
    scaling
  }
}

/** `parseArgs` takes the value of `--actors -1` for an option of its own, and says no more than that. */
const joined = (argv: ReadonlyArray<string>): Array<string> =>
  argv.reduce<Array<string>>((args, arg) => {
    const last = args.at(-1)
    if (/^-\d/.test(arg) && last !== undefined && /^--\w+$/.test(last)) args[args.length - 1] = `${last}=${arg}`
    else args.push(arg)
    return args
  }, [])

const readArguments = (argv: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: joined(argv),
      strict: true,
      allowPositionals: false,
      options: {
        actors: { type: "string" },
        days: { type: "string" },
        seed: { type: "string" },
        isolates: { type: "string" },
        memory: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        scaling: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    }).values
  } catch (cause) {
    // Node's first sentence names the option; what follows is advice about its own parser.
    const [first] = (cause instanceof Error ? cause.message : String(cause)).split(/\.\s|\n/)
    throw new OptionError(`${first}. Run with --help for what there is.`)
  }
}

const whole = (
  option: string,
  text: string | undefined,
  range: { readonly least: number; readonly most: number; readonly otherwise: number }
): number => {
  if (text === undefined) return range.otherwise
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(value >= range.least && value <= range.most)) {
    throw new OptionError(`${option} takes a whole number from ${range.least} to ${range.most}, not "${text}".`)
  }
  return value
}
