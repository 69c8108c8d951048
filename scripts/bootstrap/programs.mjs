/** The demo and the benchmarks: what they need is made, then they own the terminal and get the arguments as they are. */
import { existsSync } from "node:fs"
import { Failure } from "./failure.mjs"
import { install } from "./install.mjs"
import { at } from "./paths.mjs"
import { say } from "./progress.mjs"
import { hand } from "./run.mjs"
import { buildAddon, findRust } from "./rust.mjs"

/**
 * What was asked for that the twin does not have: worker isolates. Undefined: nothing, and the twin will do.
 *
 * @param {ReadonlyArray<string>} args
 */
export const beyondTwin = (args) => {
  const at = args.findIndex((arg) => arg === "--isolates" || arg.startsWith("--isolates="))
  const isolates = at < 0 ? undefined : args[at]?.split("=")[1] ?? args[at + 1]
  if (isolates !== undefined && isolates !== "0") return `--isolates ${isolates}`
  return args.includes("--scaling") ? "--scaling" : undefined
}

/**
 * @param {string} main
 * @param {ReadonlyArray<string>} args
 */
const program = async (main, args) => {
  if (!existsSync(at(main))) throw new Failure(`${main} is not there.`)
  await install()
  const onTwin = args.includes("--memory") || args.includes("--peer") || args.includes("--help")
  const rust = onTwin ? undefined : findRust()
  const extra = []
  if (rust !== undefined && "problem" in rust) {
    const asked = beyondTwin(args)
    if (asked !== undefined) {
      throw new Failure(`${rust.problem} ${asked} needs it: the TypeScript twin (--memory) lives in one isolate.`, 2)
    }
    say(`${rust.problem} Running on the TypeScript twin (--memory).`)
    extra.push("--memory")
  } else if (rust !== undefined) {
    await buildAddon(rust.toolchain, "release")
  }
  return hand("node", [main, ...args, ...extra])
}

/** @param {Array<string>} args */
export const demo = (args) => program("examples/demo/src/main.ts", args)

/** @param {Array<string>} args */
export const bench = (args) => program("benchmarks/src/main.ts", args)
