/** Rust: whether it is there and new enough, and the addon that is built with it. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { dirname } from "node:path"
import { targets } from "../release/targets.mjs"
import { Failure } from "./failure.mjs"
import { at, filesBelow } from "./paths.mjs"
import { progress } from "./progress.mjs"
import { ask, capture } from "./run.mjs"
import { hashOf, isFresh, once } from "./stamp.mjs"

/** @typedef {{ readonly host: string, readonly version: string }} Toolchain */

/** The oldest Rust that the manifest accepts. */
const wanted = () => /rust-version = "([\d.]+)"/.exec(readFileSync(at("Cargo.toml"), "utf8"))?.[1] ?? "1.90"

/**
 * The toolchain, or one line that says why there is none and what to do.
 *
 * @returns {{ readonly toolchain: Toolchain } | { readonly problem: string }}
 */
export const findRust = () => {
  const fix = `install Rust >= ${wanted()} from https://rustup.rs`
  if (ask("cargo", ["--version"]) === undefined) return { problem: `No Rust toolchain found (${fix}).` }
  const told = ask("rustc", ["-vV"])
  const version = /^release: ([\d.]+)/m.exec(told ?? "")?.[1]
  const host = /^host: (\S+)/m.exec(told ?? "")?.[1]
  if (version === undefined || host === undefined) return { problem: `rustc does not run (${fix}).` }
  return isOlder(version, wanted())
    ? { problem: `Rust ${version} is too old (${fix}, or run "rustup update").` }
    : { toolchain: { host, version } }
}

/**
 * @param {string} version
 * @param {string} than
 */
export const isOlder = (version, than) => {
  const a = version.split(".").map(Number)
  const b = than.split(".").map(Number)
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/**
 * What an addon is built of and where it goes.
 *
 * @typedef {object} Addon
 * @property {string} name
 * @property {string} crate
 * @property {(target: import("../release/targets.mjs").Target) => string} library what cargo calls it
 * @property {(target: import("../release/targets.mjs").Target) => string} output
 */

/** That of `@myrmidonjs/core-native`. @type {Addon} */
const core = {
  name: "the Rust addon",
  crate: "myrmidon-node-addon",
  library: (target) => target.library,
  output: (target) => `packages/core-native/native/myrmidon.${target.triple}.node`
}

/** That of the example, with behaviours of its own. @type {Addon} */
export const example = {
  name: "the addon of examples/native-addon",
  crate: "example-native-addon",
  library: (target) => target.library.replace("myrmidon_node_addon", "example_native_addon"),
  output: () => "examples/native-addon/native/native-addon.node"
}

/** Whether this checkout has an addon to build. */
export const hasAddon = () => existsSync(at("packages/core-native/Cargo.toml"))

const rustInputs = () => [
  "Cargo.toml",
  "Cargo.lock",
  ".cargo/config.toml",
  ...filesBelow("crates", (path) => /\.(rs|toml)$/.test(path)),
  ...filesBelow("packages/core-native", (path) => /\.(rs|toml)$/.test(path)),
  ...filesBelow("examples", (path) => /\.(rs|toml)$/.test(path))
]

/**
 * Builds an addon where its loader looks for it. An addon of the profile `release` also serves whoever wants `ci`.
 *
 * @param {Toolchain} toolchain
 * @param {"release" | "ci"} profile
 * @param {Addon} addon
 */
export const buildAddon = async (toolchain, profile, addon = core) => {
  const target = targets.find((each) => each.rust === toolchain.host)
  if (target === undefined) {
    throw new Failure(
      `The addon is not made for ${toolchain.host}; run with --memory (demo, bench) or --no-native (test).`
    )
  }
  const inputs = rustInputs()
  /** @param {string} of */
  const hash = (of) => hashOf(inputs, [of, toolchain.version, toolchain.host, process.env["RUSTFLAGS"] ?? ""])
  const output = addon.output(target)
  const stamp = addon === core ? "addon" : addon.crate
  if (profile === "ci" && isFresh(stamp, hash("release"), [output])) return
  await once(stamp, hash(profile), [output], async () => {
    const { code, output: log } = await progress(
      `building ${addon.name} (profile ${profile})`,
      (line) => capture("cargo", ["build", "--locked", "-p", addon.crate, "--profile", profile], { onLine: line })
    )
    if (code !== 0) throw new Failure(`${log}\n${addon.name} does not build; the compiler's words stand above.`)
    const folder = process.env["CARGO_TARGET_DIR"] ?? at("target")
    mkdirSync(at(dirname(output)), { recursive: true })
    // By a rename: a process that has the old file mapped keeps it whole.
    copyFileSync(`${folder}/${profile}/${addon.library(target)}`, at(`${output}.new`))
    renameSync(at(`${output}.new`), at(output))
  })
}
