/**
 * What the packages export, and its documentation: everything that an `index.ts` names has a doc comment with `@since`,
 * and what a program calls has an example that runs (a fence of `scripts/doctest.ts`).
 *
 * No example: types; the errors that others carry or that a program only catches (`@category errors`, but for the channels,
 * whose names end in `Error`); schemas, models; what only the other packages of this house call (`@internal`).
 */
import { existsSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { at, workspaceFolders } from "./bootstrap/paths.mjs"

/**
 * @typedef {object} Declaration
 * @property {string} kind
 * @property {string} name
 * @property {string} doc empty: none
 */

// A comment for the linter may stand between the two.
const declaration =
  /^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:\/\/.*\n)?export (?:declare )?(?:abstract )?(const|function|class|interface|type|namespace) (\w+)/gm

/**
 * What a module exports; of overloads the first, of a type and a value of one name the value.
 *
 * @param {string} text
 * @returns {Map<string, Declaration>}
 */
const declarationsOf = (text) => {
  /** @type {Map<string, Declaration>} */
  const found = new Map()
  for (const [, doc = "", kind = "", name = ""] of text.matchAll(declaration)) {
    if (!found.has(name) || isType(found.get(name)?.kind)) found.set(name, { kind, name, doc })
  }
  return found
}

/** @param {string | undefined} kind */
const isType = (kind) => kind === "interface" || kind === "type" || kind === "namespace"

/** @param {Declaration} declaration */
const needsExample = ({ doc, kind, name }) => {
  if (isType(kind)) return false
  const category = /@category (.+)/.exec(doc)?.[1] ?? ""
  if (category === "errors") return name.endsWith("Error")
  return category !== "schemas" && category !== "models"
}

/**
 * @param {string} index the path of an `index.ts`, or of a public module that exports names of other files
 * @param {(path: string) => string} read
 * @returns {Array<string>} one line for each problem
 */
export const exampleProblems = (index, read) => {
  const folder = index.slice(0, index.lastIndexOf("/"))
  /** @type {Array<string>} */
  const problems = []
  for (
    const [, all = "", some = "", from = ""] of read(index).matchAll(
      /^export (?:type )?(?:(\*)(?: as \w+)?|\{([^}]*)\}) from "\.\/([^"]+)"/gm
    )
  ) {
    const path = `${folder}/${from}`
    // A public module may be made of several files: what it exports again is documented where it is declared.
    if (all === "*") problems.push(...exampleProblems(path, read))
    const declarations = declarationsOf(read(path))
    const names = all === "*"
      ? [...declarations.keys()]
      : some.split(",").map((name) => name.trim().replace(/^type /, "")).filter((name) => name !== "")
    for (const name of names) {
      const declared = declarations.get(name)
      if (declared === undefined) problems.push(`${path}: does not declare ${name} itself`)
      else if (!declared.doc.includes("@since")) problems.push(`${path}: ${name} has no doc comment with @since`)
      else if (declared.doc.includes("@internal")) continue
      else if (needsExample(declared) && !declared.doc.includes("```ts import.meta.vitest")) {
        problems.push(`${path}: ${name} has no example`)
      }
    }
  }
  return problems
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problems = workspaceFolders()
    .map((folder) => `${folder}/src/index.ts`)
    .filter((index) => index.startsWith("packages/") && existsSync(at(index)))
    .flatMap((index) => exampleProblems(index, (path) => readFileSync(at(path), "utf8")))
  for (const problem of problems) console.error(problem)
  console.log(`examples: ${problems.length} problems`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
