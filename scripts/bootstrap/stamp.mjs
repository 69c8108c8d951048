/**
 * Steps that are done once per state of their inputs: a stamp holds the hash of what a step last read.
 *
 * A stamp counts only while the step's outputs are there. Stamps live in node_modules, so that removing it removes
 * them too.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { at } from "./paths.mjs"

const folder = at("node_modules", ".stamps")

/**
 * @param {ReadonlyArray<string>} files from the root; one that is not there counts as such
 * @param {ReadonlyArray<string>} [words] what else the step depends on
 */
export const hashOf = (files, words = []) => {
  const hash = createHash("sha256")
  for (const word of words) hash.update(`${word}\0`)
  for (const file of files) {
    hash.update(`\0${file}\0`)
    if (existsSync(at(file))) hash.update(readFileSync(at(file)))
  }
  return hash.digest("hex")
}

/** @param {string} name */
const stampOf = (name) => at("node_modules", ".stamps", name)

/**
 * @param {string} name
 * @param {string} hash
 * @param {ReadonlyArray<string>} outputs
 */
export const isFresh = (name, hash, outputs) =>
  outputs.every((output) => existsSync(at(output))) && existsSync(stampOf(name)) &&
  readFileSync(stampOf(name), "utf8") === hash

/**
 * Runs `step` unless it was done for this hash. An unfinished step leaves no stamp.
 *
 * @param {string} name
 * @param {string} hash
 * @param {ReadonlyArray<string>} outputs
 * @param {() => Promise<void>} step
 */
export const once = async (name, hash, outputs, step) => {
  if (isFresh(name, hash, outputs)) return
  rmSync(stampOf(name), { force: true })
  await step()
  mkdirSync(folder, { recursive: true })
  writeFileSync(stampOf(name), hash)
}
