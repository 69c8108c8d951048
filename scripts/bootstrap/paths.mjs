/** Where things are. Everything else names files relative to `root`. */
import { existsSync, readdirSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** @param {...string} parts */
export const at = (...parts) => join(root, ...parts)

const skipped = new Set(["node_modules", "target", "dist", ".git", ".turbo", ".doctest", "npm"])
/** The addons that were built; sources have folders of that name. */
const addons = /^(packages|examples)\/[^/]+\/native$/

/**
 * Files below `folder` whose path (from the root, with `/`) passes `wanted`, sorted. What is built is never among them.
 *
 * @param {string} folder
 * @param {(path: string) => boolean} wanted
 * @returns {Array<string>}
 */
export const filesBelow = (folder, wanted) => {
  if (!existsSync(at(folder))) return []
  /** @type {Array<string>} */
  const found = []
  /** @param {string} directory */
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const full = join(directory, entry.name)
      const path = relative(root, full).split(sep).join("/")
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name) && !addons.test(path)) visit(full)
      } else if (wanted(path)) {
        found.push(path)
      }
    }
  }
  visit(at(folder))
  return found.sort()
}

/** The folders of the workspace's packages, from the root, sorted. @returns {Array<string>} */
export const workspaceFolders = () => {
  /** @type {Array<string>} */
  const folders = []
  for (const parent of ["packages", "examples"]) {
    if (!existsSync(at(parent))) continue
    for (const entry of readdirSync(at(parent))) folders.push(`${parent}/${entry}`)
  }
  folders.push("benchmarks")
  return folders.filter((folder) => existsSync(at(folder, "package.json"))).sort()
}
