/**
 * `npm run check`: what is too slow or too rarely useful for `npm test`. What needs a tool that is not here says so and
 * is skipped; nothing is downloaded for it.
 */
import { existsSync, realpathSync } from "node:fs"
import { Failure } from "./failure.mjs"
import { install } from "./install.mjs"
import { at } from "./paths.mjs"
import { progress } from "./progress.mjs"
import { ask, capture } from "./run.mjs"
import { buildAddon, findRust } from "./rust.mjs"

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {boolean} [rust] needs a Rust toolchain
 * @property {boolean} [addon] needs the addon, in release
 * @property {boolean} [alone] runs only when it is asked for by name, and then shows what it printed
 * @property {() => string | undefined} [missing] why it cannot run here
 * @property {ReadonlyArray<{ command: string, args: ReadonlyArray<string>, env?: Record<string, string> }>} steps
 */

const valgrindRunner = "valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite"

/** The Miri of whichever toolchain has it, as cargo's arguments. */
const miri = () => [["miri"], ["+nightly", "miri"]].find((args) => ask("cargo", [...args, "--version"]) !== undefined)

/** The sanitizer's runtime has to be in the process before Node loads the addon: gcc ships one. */
const asanRuntime = () => {
  const path = process.platform === "linux" ? ask("gcc", ["-print-file-name=libasan.so"])?.trim() : undefined
  return path?.startsWith("/") === true ? realpathSync(path) : undefined
}

const asanTarget = "x86_64-unknown-linux-gnu"
const asanFolder = `target/asan/${asanTarget}/debug`

/** Workers that are terminated in the middle of things (G60), on each supported line of Node. */
const rounds = ["packages/core-native/test/worker/rounds.mjs", "100"]

/** @returns {Array<Check>} */
const checks = () => [
  { name: "format", steps: [{ command: "dprint", args: ["check"] }] },
  { name: "rustfmt", rust: true, steps: [{ command: "cargo", args: ["fmt", "--all", "--check"] }] },
  { name: "lint", steps: [{ command: "oxlint", args: [] }] },
  { name: "layers", steps: [{ command: "node", args: ["scripts/check-layers.mjs"] }] },
  { name: "guarantees", steps: [{ command: "node", args: ["scripts/check-guarantees.mjs"] }] },
  { name: "examples", steps: [{ command: "node", args: ["scripts/check-examples.mjs"] }] },
  { name: "unused", steps: [{ command: "knip", args: ["--no-progress", "--no-config-hints"] }] },
  {
    name: "clippy",
    rust: true,
    steps: [{
      command: "cargo",
      args: [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--target-dir",
        "target/clippy",
        "--",
        "-D",
        "warnings"
      ]
    }]
  },
  {
    name: "loom",
    rust: true,
    missing: () => existsSync(at("crates/myrmidon-runtime")) ? undefined : "no crate shares memory between threads yet",
    steps: [{
      command: "cargo",
      args: ["test", "--locked", "-p", "myrmidon-runtime", "--lib", "--release", "--target-dir", "target/loom"],
      env: { RUSTFLAGS: "--cfg loom" }
    }]
  },
  {
    name: "valgrind",
    rust: true,
    missing: () =>
      process.platform !== "linux" || ask("valgrind", ["--version"]) === undefined ? "no valgrind here" : undefined,
    // A debug build: in an optimised one the compiler may have removed the very access that is wrong.
    steps: [{
      command: "cargo",
      args: ["test", "--locked", "-p", "myrmidon-core", "-p", "myrmidon-runtime", "--lib"],
      env: { CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER: valgrindRunner, PROPTEST_CASES: "8" }
    }]
  },
  {
    name: "asan",
    rust: true,
    missing: () =>
      process.arch !== "x64" || asanRuntime() === undefined
        ? "no libasan of gcc here (Linux x64 alone is tried)"
        : undefined,
    // Stable Rust takes the flag when told that it may. V8's own memory is not watched, so leaks are not looked for. A
    // test asks for more memory than there is, and one counts what ended workers leave, which a quarantine would keep.
    steps: [
      {
        command: "cargo",
        args: ["build", "--locked", "-p", "myrmidon-node-addon", "--target", asanTarget, "--target-dir", "target/asan"],
        env: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zsanitizer=address" }
      },
      // Node tells an addon by its name.
      { command: "cp", args: [at(`${asanFolder}/libmyrmidon_node_addon.so`), at(`${asanFolder}/myrmidon.node`)] },
      {
        command: "vitest",
        args: ["run", "--project=core-native"],
        env: {
          ASAN_OPTIONS: "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=16",
          LD_PRELOAD: asanRuntime() ?? "",
          MYRMIDON_NATIVE_PATH: at(`${asanFolder}/myrmidon.node`)
        }
      }
    ]
  },
  {
    name: "workers",
    rust: true,
    steps: [
      { command: "node", args: rounds },
      { command: "npx", args: ["--yes", "--package=node@22", "--", "node", ...rounds] }
    ]
  },
  // Systems with worker isolates that are started, loaded and ended (G159).
  {
    name: "isolates",
    rust: true,
    addon: true,
    alone: true,
    steps: [{ command: "node", args: ["packages/actor/test/isolates/rounds.ts", "100"] }]
  },
  // Five minutes: workers that end at random under load, and an account of all that was said (G250).
  {
    name: "chaos",
    rust: true,
    addon: true,
    alone: true,
    steps: [{ command: "node", args: ["packages/actor/test/isolates/chaos.ts", "5m", "1"] }]
  },
  // A million of everything that begins and ends, on both systems at once: what is left of it (G219).
  {
    name: "leaks",
    rust: true,
    addon: true,
    alone: true,
    steps: [{ command: "node", args: ["packages/actor/test/leaks/main.ts"] }]
  },
  // Ten minutes, or MYRMIDON_SOAK_MINUTES of them.
  {
    name: "soak",
    rust: true,
    addon: true,
    alone: true,
    steps: [{ command: "node", args: ["--expose-gc", "packages/supervisor/test/soak/main.ts"] }]
  },
  {
    name: "miri",
    rust: true,
    missing: () => miri() === undefined ? "no toolchain has Miri (rustup +nightly component add miri)" : undefined,
    steps: [{
      command: "cargo",
      args: [
        ...(miri() ?? ["miri"]),
        "test",
        "-p",
        "myrmidon-core",
        "-p",
        "myrmidon-runtime",
        "--lib",
        "--target-dir",
        "target/miri"
      ],
      env: { PROPTEST_CASES: "4", MIRIFLAGS: "-Zmiri-disable-isolation" }
    }]
  }
]

/** @param {Array<string>} args */
export const check = async (args) => {
  const all = checks()
  const unknown = args.filter((arg) => !all.some((each) => each.name === arg))
  if (unknown.length > 0) {
    throw new Failure(`check knows ${all.map((each) => each.name).join(", ")}; not ${unknown.join(", ")}`, 2)
  }
  await install()
  const rust = findRust()
  let failed = 0
  /** @type {Array<string>} */
  const lines = []
  for (const each of all) {
    if (args.length > 0 ? !args.includes(each.name) : each.alone === true) continue
    const missing = each.rust === true && "problem" in rust ? rust.problem : each.missing?.()
    if (missing !== undefined) {
      lines.push(`  ${each.name.padEnd(11)} skipped: ${missing}`)
      continue
    }
    if (each.addon === true && "toolchain" in rust) await buildAddon(rust.toolchain, "release")
    let output = ""
    let code = 0
    await progress(each.name, async (onLine) => {
      for (const { args: arguments_, command, env } of each.steps) {
        const ran = await capture(command, arguments_, { onLine, ...(env === undefined ? {} : { env }) })
        output += ran.output
        code ||= ran.code
      }
    }, () => code === 0 ? "" : "failed")
    if (code !== 0) failed++
    if (code !== 0 || each.alone === true) console.log(output)
    lines.push(`  ${each.name.padEnd(11)} ${code === 0 ? "passed" : "FAILED"}`)
  }
  console.log(lines.join("\n"))
  return failed > 0 ? 1 : 0
}
