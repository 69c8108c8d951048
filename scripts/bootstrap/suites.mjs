/**
 * The suites of `npm test`, quickest feedback first. Each is a list of commands; a command says how its tests are
 * counted. Nothing here decides about order, skipping or sums: that is `test.mjs`.
 */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { countCargo, countTstyche, countVitest, withExit } from "./count.mjs"
import { at, filesBelow, workspaceFolders } from "./paths.mjs"
import { capture } from "./run.mjs"

/**
 * @typedef {import("./count.mjs").Count & { output: string }} Outcome
 * @typedef {(line: string) => void} OnLine
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} what in a few words
 * @property {"rust" | undefined} needs
 * @property {"addon" | undefined} [uses] made first where Rust is there; without it the suite leaves those tests out
 * @property {() => boolean} exists whether this checkout has any
 * @property {(onLine: OnLine, native: boolean) => Promise<Outcome>} run
 */

/**
 * Seconds without a word after which tests hang: the longest crate and the longest file take a fifth of it here.
 */
const silence = 300

/**
 * A command that is one test: it passes or it fails.
 *
 * @param {OnLine} onLine
 * @param {string} command
 * @param {...string} args
 * @returns {Promise<Outcome>}
 */
const single = async (onLine, command, ...args) => {
  const { code, output } = await capture(command, args, { onLine })
  return code === 0 ? { passed: 1, failed: 0, output } : { passed: 0, failed: 1, output }
}

/**
 * @param {ReadonlyArray<() => Promise<Outcome>>} steps all run, also after a failure
 * @returns {Promise<Outcome>}
 */
const all = async (...steps) => {
  const sum = { passed: 0, failed: 0, output: "" }
  for (const step of steps) {
    const { passed, failed, output } = await step()
    sum.passed += passed
    sum.failed += failed
    sum.output += output
  }
  return sum
}

/**
 * @param {OnLine} onLine
 * @param {boolean} native
 * @param {ReadonlyArray<string>} args
 * @returns {Promise<Outcome>}
 */
const vitest = async (onLine, native, args) => {
  const report = "node_modules/.stamps/vitest.json"
  rmSync(at(report), { force: true })
  const { code, output } = await capture(
    "vitest",
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
    { onLine, silence, env: native ? {} : { MYRMIDON_NO_NATIVE: "1" } }
  )
  const json = existsSync(at(report)) ? readFileSync(at(report), "utf8") : undefined
  return { ...withExit(countVitest(json), code), output }
}

/** The examples and benchmarks: programs with a configuration of their own. */
const programs = () =>
  workspaceFolders().filter((folder) => !folder.startsWith("packages/") && existsSync(at(folder, "tsconfig.json")))

/** In the profile `dev`: cold it is half of the work of `ci` (12 s of processor time against 25 s). */
const cargoTest = ["test", "--locked", "--workspace", "--no-fail-fast"]

/** Fails when a crate that the Rust benchmarks stand on has gained a dependency, and their lockfile has not. */
const benchmarksLocked = ["update", "--workspace", "--locked", "--manifest-path", "benchmarks/rust/Cargo.toml"]

/** @type {ReadonlyArray<Suite>} */
export const suites = [
  {
    name: "format",
    what: "dprint, rustfmt",
    needs: undefined,
    exists: () => true,
    run: (onLine, native) =>
      all(
        () => single(onLine, "dprint", "check"),
        ...(native ? [() => single(onLine, "cargo", "fmt", "--all", "--check")] : [])
      )
  },
  {
    name: "types",
    what: "tsc over packages, tests, examples, scripts",
    needs: undefined,
    exists: () => true,
    run: (onLine) =>
      all(
        () => single(onLine, "tsc", "-b", "tsconfig.packages.json"),
        () => single(onLine, "node", "scripts/doctest.ts"),
        () => single(onLine, "tsc", "-p", "tsconfig.tests.json"),
        ...programs().map((folder) => () => single(onLine, "tsc", "-p", folder, "--noEmit"))
      )
  },
  {
    name: "lint",
    what: "oxlint, layering of packages and crates, guarantees and their tests, exports and their examples",
    needs: undefined,
    exists: () => true,
    run: (onLine) =>
      all(
        () => single(onLine, "oxlint"),
        () => single(onLine, "node", "scripts/check-layers.mjs"),
        () => single(onLine, "node", "scripts/check-guarantees.mjs"),
        () => single(onLine, "node", "scripts/check-examples.mjs")
      )
  },
  {
    name: "typetest",
    what: "tstyche: inference, and programs that must not compile",
    needs: undefined,
    exists: () => filesBelow("packages", (path) => path.endsWith(".tst.ts")).length > 0,
    run: async (onLine) => {
      const { code, output } = await capture("tstyche", [], { onLine })
      return { ...withExit(countTstyche(output), code), output }
    }
  },
  {
    name: "rust",
    what: "cargo test over the workspace, drift of generated files and of the benchmarks' lockfile",
    needs: "rust",
    exists: () => true,
    run: (onLine) =>
      all(
        () => single(onLine, "cargo", ...benchmarksLocked),
        async () => {
          const { code, output } = await capture("cargo", cargoTest, {
            onLine,
            silence,
            env: { CARGO_TERM_COLOR: "never" }
          })
          return { ...withExit(countCargo(output), code), output }
        }
      )
  },
  {
    name: "vitest",
    what: "packages, examples, documented examples",
    needs: undefined,
    uses: "addon",
    exists: () => true,
    run: async (onLine, native) => {
      const examples = await capture("node", ["scripts/doctest.ts"], { onLine })
      if (examples.code !== 0) return { passed: 0, failed: 1, output: examples.output }
      return vitest(onLine, native, ["--project=!house"])
    }
  },
  {
    name: "house",
    what: "packed packages, browser bundle, release and bootstrap scripts",
    needs: undefined,
    exists: () => true,
    run: (onLine, native) => vitest(onLine, native, ["--project=house"])
  }
]
