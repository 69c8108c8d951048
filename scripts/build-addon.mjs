/**
 * Builds the addon alone: `node scripts/build-addon.mjs [--profile release|ci] [--target RUST_TARGET]`; or that of
 * `examples/native-addon`, with `--addon example`.
 *
 * Without a target it is the machine's own, by the stamps of the bootstrap. With one it is a cross build for a release,
 * which wants that target's standard library and linker.
 */
import { copyFileSync, mkdirSync } from "node:fs"
import { Failure } from "./bootstrap/failure.mjs"
import { at } from "./bootstrap/paths.mjs"
import { hand } from "./bootstrap/run.mjs"
import { buildAddon, example, findRust } from "./bootstrap/rust.mjs"
import { targets } from "./release/targets.mjs"

/** @param {ReadonlyArray<string>} args */
const parse = (args) => {
  /** @type {{ profile: "release" | "ci", target: string | undefined, isExample: boolean }} */
  const options = { profile: "release", target: undefined, isExample: false }
  for (let i = 0; i < args.length; i += 2) {
    const value = args[i + 1]
    if (args[i] === "--profile" && (value === "release" || value === "ci")) options.profile = value
    else if (args[i] === "--addon" && value === "example") options.isExample = true
    else if (args[i] === "--target" && value !== undefined) options.target = value
    else throw new Failure("usage: build-addon.mjs [--profile release|ci] [--target RUST_TARGET] [--addon example]", 2)
  }
  return options
}

/**
 * @param {string} rust
 * @param {string} profile
 */
const cross = async (rust, profile) => {
  const target = targets.find((each) => each.rust === rust)
  if (target === undefined) throw new Failure(`no addon is made for ${rust}; scripts/release/targets.mjs lists them`, 2)
  const code = await hand("cargo", [
    "build",
    "--locked",
    "-p",
    "myrmidon-node-addon",
    "--profile",
    profile,
    "--target",
    rust
  ])
  if (code !== 0) throw new Failure("the addon does not build", code)
  const folder = process.env["CARGO_TARGET_DIR"] ?? at("target")
  mkdirSync(at("packages/core-native/native"), { recursive: true })
  copyFileSync(
    `${folder}/${rust}/${profile}/${target.library}`,
    at("packages/core-native/native", `myrmidon.${target.triple}.node`)
  )
}

try {
  const { isExample, profile, target } = parse(process.argv.slice(2))
  const rust = findRust()
  if ("problem" in rust) throw new Failure(rust.problem)
  await (isExample
    ? buildAddon(rust.toolchain, profile, example)
    : target === undefined
    ? buildAddon(rust.toolchain, profile)
    : cross(target, profile))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(error.message)
  process.exitCode = error.code
}
