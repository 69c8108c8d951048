/** The version of a package as it is installed, for the rows. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

const readVersion = (file: string | URL): string => {
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"))
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version)
  throw new Error(`${String(file)} has no version`)
}

export const versionOf = (name: string): string => readVersion(require.resolve(`${name}/package.json`))

/** The packages of this repository export no manifest. */
export const versionOfOurs = (folder: string): string =>
  readVersion(new URL(`../../packages/${folder}/package.json`, import.meta.url))
