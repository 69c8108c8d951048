/**
 * Dependencies point one way (docs/architecture.md): a package or crate may use what stands below it, no more.
 *
 * Besides: a package imports only what its manifest names; `actor` reaches `core-native` by `import()` alone, so that a
 * program on the twin bundles for a browser; the state machines have no clock, thread or socket of their own.
 */
import { existsSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { at, filesBelow, workspaceFolders } from "./bootstrap/paths.mjs"

/**
 * @typedef {{ path: string, text: string }} File
 * @typedef {{ name: string, manifest: Record<string, Record<string, string> | undefined>, sources: Array<File> }} Package
 * @typedef {{ name: string, uses: Array<string>, sources: Array<File> }} Crate
 */

/** The layer of each package of the scope; one that is not named stands on top. @type {Record<string, number>} */
const packageLayers = {
  "@myrmidonjs/core-native": 0,
  "@myrmidonjs/actor": 1,
  "@myrmidonjs/supervisor": 2,
  "@myrmidonjs/mesh": 2
}

/** @type {Record<string, number>} */
const crateLayers = {
  "myrmidon-core": 0,
  "myrmidon-mesh": 1,
  "myrmidon-sim": 2,
  "myrmidon-runtime": 2,
  "myrmidon-actor": 3,
  "myrmidon-node": 4
}

const top = 5

/**
 * @param {Record<string, number>} layers
 * @param {string} name
 * @param {ReadonlyArray<string>} uses
 */
const upward = (layers, name, uses) =>
  uses
    .filter((used) => used !== name && (layers[used] ?? top) >= (layers[name] ?? top))
    .map((used) => `${name} may not depend on ${used}: it does not stand below it`)

const specifier = /\b(?:from|import)\s*(\(\s*)?["']([^"']+)["']/g

/** @param {string} name */
const packageOf = (name) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/")

/** What stands in comments imports nothing. @param {string} text */
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")

/**
 * @param {Package} pack
 * @returns {Array<string>}
 */
const packageProblems = ({ name, manifest, sources }) => {
  const needed = { ...manifest["dependencies"], ...manifest["peerDependencies"] }
  const problems = upward(packageLayers, name, Object.keys(needed).filter((each) => each.startsWith("@myrmidonjs/")))
  for (const { path, text } of sources) {
    for (const [, dynamic, module = ""] of withoutComments(text).matchAll(specifier)) {
      if (module.startsWith(".") || module.startsWith("node:")) continue
      const used = packageOf(module)
      if (used === name) problems.push(`${path}: imports its own package by name`)
      else if (!Object.hasOwn(needed, used)) problems.push(`${path}: imports ${used}, which package.json does not name`)
      if (name === "@myrmidonjs/actor" && used === "@myrmidonjs/core-native" && dynamic === undefined) {
        problems.push(`${path}: imports ${used} statically; it is an optional peer, reached by import()`)
      }
    }
  }
  return problems
}

const impure = /\bstd::(time::(Instant|SystemTime)|thread|net|sync::Mutex|fs)\b|\bInstant::now\b/

/**
 * @param {Crate} crate
 * @returns {Array<string>}
 */
const crateProblems = ({ name, uses, sources }) => {
  const problems = upward(crateLayers, name, uses)
  if (name !== "myrmidon-core" && name !== "myrmidon-mesh") return problems
  for (const { path, text } of sources) {
    if (/(^|\/)tests(\.rs$|\/)/.test(path)) continue
    const own = (text.split("#[cfg(test)]\nmod tests {")[0] ?? "").replace(/^\s*\/\/.*$/gm, "")
    const found = impure.exec(own)?.[0]
    if (found !== undefined) problems.push(`${path}: uses ${found}; time, threads and I/O are the caller's`)
  }
  return problems
}

/**
 * @param {ReadonlyArray<Package>} packages
 * @param {ReadonlyArray<Crate>} crates
 * @returns {Array<string>} one line for each problem
 */
export const layerProblems = (packages, crates) => [
  ...packages.flatMap(packageProblems),
  ...crates.flatMap(crateProblems)
]

/** @param {string} path */
const read = (path) => ({ path, text: readFileSync(at(path), "utf8") })

/** @param {string} folder @returns {Package} */
const packageAt = (folder) => {
  const manifest = JSON.parse(read(`${folder}/package.json`).text)
  const sources = filesBelow(`${folder}/src`, (path) => path.endsWith(".ts")).map(read)
  return { name: manifest.name, manifest, sources }
}

/** The crates below `[dependencies]`; what only tests use may come from anywhere. @param {string} path @returns {Crate} */
const crateAt = (path) => {
  const { text } = read(path)
  const dependencies = /^\[dependencies\]\n([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(text)?.[1] ?? ""
  const uses = [...dependencies.matchAll(/^(myrmidon-[\w-]+)/gm)].map((match) => match[1] ?? "")
  const folder = path.replace(/\/Cargo\.toml$/, "")
  return {
    name: /^name = "([^"]+)"/m.exec(text)?.[1] ?? folder,
    uses,
    sources: filesBelow(`${folder}/src`, (file) => file.endsWith(".rs")).map(read)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const manifests = [
    ...filesBelow("crates", (path) => path.endsWith("/Cargo.toml")),
    ...workspaceFolders().map((folder) => `${folder}/Cargo.toml`).filter((path) => existsSync(at(path)))
  ]
  const packages = workspaceFolders().filter((folder) => folder.startsWith("packages/")).map(packageAt)
  const problems = layerProblems(packages, manifests.map(crateAt))
  for (const problem of problems) console.error(problem)
  console.log(`layers: ${problems.length} problems`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
