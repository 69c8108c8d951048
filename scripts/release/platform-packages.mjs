/**
 * The npm packages that carry the addon, one for each platform: `@myrmidonjs/core-native-<triple>`.
 *
 *     node scripts/release/platform-packages.mjs [--dry-run] [--artifacts FOLDER] [--allow-missing]
 *
 * Writes `packages/core-native/npm/<triple>/` (git-ignored) from the list of targets, with the version of core-native,
 * copies `myrmidon.<triple>.node` from the artifacts there, and names the packages as optional dependencies in the
 * manifest that is published. `--dry-run` prints what it would write, and writes nothing. A platform whose binary is
 * missing is an error: a release without it would install and then not load there.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { at } from "../bootstrap/paths.mjs"
import { targets } from "./targets.mjs"

const owner = "packages/core-native"

/**
 * The manifest of one platform's package. npm installs it only where `os`, `cpu` and `libc` fit.
 *
 * @param {import("./targets.mjs").Target} target
 * @param {{ name: string, version: string, license: string, engines: Record<string, string>, repository?: unknown }} from
 */
export const manifestOf = (target, from) => ({
  name: `${from.name}-${target.triple}`,
  version: from.version,
  description: `The addon of ${from.name} for ${target.triple}`,
  license: from.license,
  ...(from.repository === undefined ? {} : { repository: from.repository }),
  os: [target.os],
  cpu: [target.cpu],
  ...(target.libc === undefined ? {} : { libc: [target.libc] }),
  engines: from.engines,
  main: `myrmidon.${target.triple}.node`,
  files: [`myrmidon.${target.triple}.node`],
  publishConfig: { access: "public" }
})

/**
 * The optional dependencies that the published core-native names: exactly its own version.
 *
 * @param {{ name: string, version: string }} from
 */
export const optionalDependenciesOf = (from) =>
  Object.fromEntries(targets.map((target) => [`${from.name}-${target.triple}`, from.version]))

/** @param {ReadonlyArray<string>} args */
const parse = (args) => {
  const options = { dryRun: false, allowMissing: false, artifacts: `${owner}/native` }
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--dry-run") options.dryRun = true
    else if (args[i] === "--allow-missing") options.allowMissing = true
    else if (args[i] === "--artifacts" && args[i + 1] !== undefined) options.artifacts = args[++i] ?? ""
    else return undefined
  }
  return options
}

const main = () => {
  const options = parse(process.argv.slice(2))
  if (options === undefined) {
    console.error("usage: platform-packages.mjs [--dry-run] [--artifacts FOLDER] [--allow-missing]")
    return 2
  }
  const from = JSON.parse(readFileSync(at(owner, "package.json"), "utf8"))
  /** @type {Array<string>} */
  const missing = []
  if (!options.dryRun) rmSync(at(owner, "npm"), { recursive: true, force: true })
  for (const target of targets) {
    const binary = `myrmidon.${target.triple}.node`
    const source = at(options.artifacts, binary)
    const manifest = manifestOf(target, from)
    if (!existsSync(source)) missing.push(binary)
    if (options.dryRun) {
      const wants = [manifest.os, manifest.cpu, manifest.libc ?? []].flat().join(" ")
      console.log(`${manifest.name}@${manifest.version} (${wants})${existsSync(source) ? "" : ", binary missing"}`)
      continue
    }
    const folder = at(owner, "npm", target.triple)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`)
    writeFileSync(
      join(folder, "README.md"),
      `# ${manifest.name}\n\n${manifest.description}. Install ${from.name}, not this.\n`
    )
    copyFileSync(at("LICENSE"), join(folder, "LICENSE"))
    if (existsSync(source)) copyFileSync(source, join(folder, binary))
  }
  if (missing.length > 0) console.error(`missing in ${options.artifacts}: ${missing.join(", ")}`)
  if (options.dryRun) return 0
  if (missing.length > 0 && !options.allowMissing) return 1
  const published = { ...from, optionalDependencies: optionalDependenciesOf(from) }
  writeFileSync(at(owner, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`)
  return 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main()
