/** The npm packages, with the pnpm and the Node that the workspace pins. */
import { existsSync, readFileSync } from "node:fs"
import { Failure } from "./failure.mjs"
import { at, workspaceFolders } from "./paths.mjs"
import { progress } from "./progress.mjs"
import { capture } from "./run.mjs"
import { hashOf, once } from "./stamp.mjs"

/** `pnpm@12.x.y`, from the one place that says it. */
const packageManager = () => String(JSON.parse(readFileSync(at("package.json"), "utf8")).packageManager)

export const install = async () => {
  const inputs = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...workspaceFolders().map((folder) => `${folder}/package.json`)
  ]
  await once("install", hashOf(inputs), ["node_modules/.modules.yaml", "node_modules/.bin/node"], async () => {
    const arguments_ = ["install", "--frozen-lockfile"]
    const { code, output } = await progress(
      "installing packages",
      (line) =>
        existsSync(at("node_modules/.bin/pnpm"))
          ? capture("pnpm", arguments_, { onLine: line })
          // --yes: without a terminal npx would refuse to ask.
          : capture("npx", ["--yes", packageManager(), ...arguments_], { onLine: line })
    )
    if (code === 0) return
    const stale = /ERR_PNPM_OUTDATED_LOCKFILE/.test(output)
    throw new Failure(
      stale
        ? "pnpm-lock.yaml is behind a package.json: run `node_modules/.bin/pnpm install` and commit the lockfile."
        : `${output}\nInstalling the npm packages failed; pnpm's words stand above. Is the npm registry within reach?`
    )
  })
}
