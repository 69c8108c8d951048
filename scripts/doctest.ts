/**
 * Turns the examples of the documentation into tests.
 *
 * Every fence ```` ```ts import.meta.vitest ```` in a package's `src/**\/*.ts` and `*.md`, in the root's README and in
 * docs/ becomes `test/.doctest/<file>-<line>.test.ts` of that package (the root's go to `packages/supervisor`): its imports
 * on top, the rest in one test, and `expression // => value` an assertion of deep equality. A package's own fences run
 * with its vitest project and are type-checked by tsconfig.tests.json.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname } from "node:path"
import { at, filesBelow, workspaceFolders } from "./bootstrap/paths.mjs"
import { fencesOf, toTest } from "./doctest/fence.ts"

/** The package that carries the examples of the root's pages: it knows the others. */
const carrier = "packages/supervisor"

const isSource = (path: string): boolean => /\/src\/.*\.ts$/.test(path) && !path.includes("/generated/")
const isPage = (path: string): boolean => path.endsWith(".md") && basename(path) !== "CHANGELOG.md"

const sourcesOf = (folder: string): ReadonlyArray<string> => {
  const own = filesBelow(folder, (path) => isPage(path) || (folder.startsWith("packages/") && isSource(path)))
  return folder === carrier
    ? [...own, ...filesBelow("docs", isPage), ...["README.md"].filter((path) => existsSync(at(path)))]
    : own
}

let written = 0
for (const folder of workspaceFolders()) {
  const tests = new Map<string, string>()
  for (const source of sourcesOf(folder)) {
    const name = source.startsWith(`${folder}/`) ? source.slice(folder.length + 1) : `root-${source}`
    for (const fence of fencesOf(readFileSync(at(source), "utf8"), source)) {
      const file = `${name.replaceAll("/", "-").replace(/\.\w+$/, "")}-${fence.line}.test.ts`
      tests.set(`${folder}/test/.doctest/${file}`, toTest(fence, source))
    }
  }
  const target = at(folder, "test", ".doctest")
  if (existsSync(target)) {
    for (const file of readdirSync(target)) {
      if (!tests.has(`${folder}/test/.doctest/${file}`)) rmSync(at(folder, "test", ".doctest", file))
    }
  }
  for (const [file, text] of tests) {
    mkdirSync(dirname(at(file)), { recursive: true })
    // Untouched when unchanged, so that the compiler's incremental state stays good.
    if (!existsSync(at(file)) || readFileSync(at(file), "utf8") !== text) writeFileSync(at(file), text)
    written++
  }
}
console.log(`${written} examples`)
