/**
 * Finds and loads the addon, once for a thread.
 *
 * An addon that a program names is loaded from there and nowhere else: it is the runtime, with behaviours of its own. Else,
 * in this order: the file that MYRMIDON_NATIVE_PATH names (and then nothing else), `native/myrmidon.<triple>.node` in
 * this package, the package of the platform. An addon whose record layout is not that of this TypeScript is refused:
 * the two would corrupt each other's memory.
 */
import { existsSync, readdirSync } from "node:fs"
import { createRequire } from "node:module"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { Binding } from "./binding.ts"
import { invalid } from "./options.ts"
import { ABI_VERSION } from "./generated/layout.ts"
import { type Attempt, NativeUnavailable } from "./NativeUnavailable.ts"

/** The platforms that a binary is published for. */
export const TRIPLES = [
  "linux-x64-gnu",
  "linux-x64-musl",
  "linux-arm64-gnu",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64-msvc"
] as const

const OVERRIDE = "MYRMIDON_NATIVE_PATH"
const PACKAGE = "@myrmidonjs/core-native"

const isMusl = (): boolean => {
  try {
    if (!readdirSync("/lib").some((file) => file.startsWith("ld-musl-"))) return false
  } catch {
    return false
  }
  // A glibc system may have musl installed beside it: Node.js's own report says which one this process runs on.
  const report = process.report?.getReport() as { readonly header?: Record<string, unknown> } | undefined
  return typeof report?.header?.["glibcVersionRuntime"] !== "string"
}

/** This platform, as the packages are named. */
export const currentTriple = (): string => {
  const { arch, platform } = process
  if (platform === "linux") return `linux-${arch}-${isMusl() ? "musl" : "gnu"}`
  if (platform === "win32") return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

export interface LoadOptions {
  readonly triple: string
  /** The only place to look in. */
  readonly override: string | undefined
  /** What says so: MYRMIDON_NATIVE_PATH, unless something else does. */
  readonly overrideBy?: string | undefined
  /** The folder of binaries that were built here. */
  readonly folder: string
  readonly require: (from: string) => unknown
}

const text = (error: unknown): string => error instanceof Error ? error.message.split("\n")[0]! : String(error)

const isBinding = (loaded: unknown): loaded is Binding =>
  typeof loaded === "object" && loaded !== null && typeof (loaded as Partial<Binding>).abiVersion === "function"

const checked = (loaded: unknown): Binding => {
  if (!isBinding(loaded)) throw new Error("this is not the addon of Myrmidon")
  const version = loaded.abiVersion()
  if (version !== ABI_VERSION) {
    throw new Error(`its record layout is version ${version}, this package needs ${ABI_VERSION}`)
  }
  return loaded
}

const hintFor = (options: LoadOptions): string => {
  if (options.override !== undefined) {
    return `${options.overrideBy ?? OVERRIDE} names a file that is not a fitting addon: correct or unset it.`
  }
  if (!(TRIPLES as ReadonlyArray<string>).includes(options.triple)) {
    return "There is no binary for this platform: use the TypeScript system (ActorSystem.layerMemory), or build the "
      + "addon with Rust and name it in MYRMIDON_NATIVE_PATH."
  }
  return `Install ${PACKAGE}-${options.triple} (was npm told to omit optional dependencies?), or build the addon with `
    + "`npm run build` in a clone."
}

/** Loads the addon from the first place that has it. Throws `NativeUnavailable`. */
export const loadFrom = (options: LoadOptions): Binding => {
  const tried: Array<Attempt> = []
  const own = `${options.folder}myrmidon.${options.triple}.node`
  const places = options.override === undefined ? [own, `${PACKAGE}-${options.triple}`] : [options.override]
  for (const from of places) {
    if (from === own && !existsSync(from)) {
      tried.push({ from, error: "no such file" })
      continue
    }
    try {
      return checked(options.require(from))
    } catch (error) {
      tried.push({ from, error: text(error) })
    }
  }
  throw new NativeUnavailable({ triple: options.triple, tried, hint: hintFor(options) })
}

const loaded = new Map<string | undefined, Binding>()

const pathOf = (addon: string): string => {
  if (typeof addon !== "string" || addon === "") {
    throw invalid("addon", "a path or a file: URL, as a string", addon)
  }
  if (!addon.startsWith("file:")) return resolve(addon)
  try {
    return fileURLToPath(addon)
  } catch {
    throw invalid("addon", "a path or a file: URL", addon)
  }
}

/**
 * The addon of this platform, or the one of a path or `file:` URL: a program's own, with behaviours in Rust. Two addons are
 * two runtimes that know nothing of each other. Throws `NativeUnavailable`, and `InvalidOption` for what is no path.
 *
 * @internal
 * @since 0.1.0
 */
export const load = (addon?: string): Binding => {
  const known = loaded.get(addon)
  if (known !== undefined) return known
  const override = addon === undefined ? process.env[OVERRIDE] : pathOf(addon)
  const binding = loadFrom({
    triple: currentTriple(),
    override: override === "" ? undefined : override,
    overrideBy: addon === undefined ? undefined : "the option addon",
    folder: fileURLToPath(new URL("../native/", import.meta.url)),
    require: createRequire(import.meta.url)
  })
  loaded.set(addon, binding)
  return binding
}
