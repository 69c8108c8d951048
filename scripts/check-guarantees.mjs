/**
 * The guarantees of docs/semantics.md and the tests that hold them: each cited number is defined there, and each
 * defined number is cited by at least one test or conformance row.
 *
 * A number is defined as `**G12** text`. It is cited as `G12` anywhere in the source, or as `g12_...` in the name of a
 * Rust test. A conformance row cites by its `holds`; the ids of rows are no citations.
 */
import { existsSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { at, filesBelow } from "./bootstrap/paths.mjs"

/** @typedef {{ path: string, text: string }} File */

/** @param {string} path */
const isTest = (path) => /(^|\/)(test|tests|typetest)\/|(^|\/)tests\.rs$|^conformance\//.test(path)

/**
 * @param {string} text
 * @returns {Array<string>}
 */
const numbersIn = (text) => [...text.matchAll(/\bG(\d+)\b|\bg(\d+)_/g)].map((match) => `G${match[1] ?? match[2]}`)

/** @param {File} file */
const citedIn = ({ path, text }) => {
  if (!path.startsWith("conformance/")) return numbersIn(text)
  return [...text.matchAll(/"holds":\s*\[([^\]]*)\]/g)].flatMap((match) => numbersIn(match[1] ?? ""))
}

/**
 * What a test cites: a test file as a whole, and in a Rust source what stands in its `#[cfg(test)]` part.
 *
 * @param {File} file
 */
const testedIn = (file) => {
  if (isTest(file.path)) return citedIn(file)
  const inline = file.path.endsWith(".rs") ? file.text.indexOf("#[cfg(test)]") : -1
  return inline < 0 ? [] : numbersIn(file.text.slice(inline))
}

/**
 * @param {string} semantics
 * @param {ReadonlyArray<File>} files
 * @returns {Array<string>} one line for each problem
 */
export const guaranteeProblems = (semantics, files) => {
  /** @type {Array<string>} */
  const problems = []
  /** @type {Set<string>} */
  const defined = new Set()
  for (const [, number = ""] of semantics.matchAll(/\*\*(G\d+)\*\*/g)) {
    if (defined.has(number)) problems.push(`docs/semantics.md: ${number} is defined twice`)
    defined.add(number)
  }
  const tested = new Set(files.flatMap(testedIn))
  for (const file of files) {
    for (const number of new Set(citedIn(file))) {
      if (!defined.has(number)) problems.push(`${file.path}: cites ${number}, which docs/semantics.md does not have`)
    }
  }
  for (const number of defined) if (!tested.has(number)) problems.push(`docs/semantics.md: no test cites ${number}`)
  return problems
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (existsSync(at("docs/semantics.md"))) {
    const paths = [
      ...filesBelow("crates", (path) => path.endsWith(".rs")),
      ...filesBelow("packages", (path) => /\.(rs|ts|py)$/.test(path)),
      ...filesBelow("examples", (path) => /\.(rs|ts)$/.test(path)),
      ...filesBelow("conformance", (path) => path.endsWith(".json"))
    ]
    const files = paths.map((path) => ({ path, text: readFileSync(at(path), "utf8") }))
    const problems = guaranteeProblems(readFileSync(at("docs/semantics.md"), "utf8"), files)
    for (const problem of problems) console.error(problem)
    console.log(`guarantees: ${problems.length} problems`)
    process.exitCode = problems.length > 0 ? 1 : 0
  } else {
    console.error("docs/semantics.md is not there")
    process.exitCode = 1
  }
}
