/** Everything that is published: the packages' `dist` and the addon of this machine. */
import { Failure } from "./failure.mjs"
import { install } from "./install.mjs"
import { progress, say } from "./progress.mjs"
import { capture } from "./run.mjs"
import { buildAddon, findRust, hasAddon } from "./rust.mjs"

/** @param {Array<string>} args */
export const build = async (args) => {
  if (args.length > 0) throw new Failure(`build takes no arguments, got ${args.join(" ")}`, 2)
  await install()
  const { code, output } = await progress(
    "compiling the packages",
    (line) => capture("tsc", ["-b", "tsconfig.packages.json"], { onLine: line })
  )
  if (code !== 0) throw new Failure(`${output}\nThe packages do not compile.`)
  if (!hasAddon()) return 0
  const rust = findRust()
  if ("problem" in rust) {
    say(`${rust.problem} The addon was not built.`)
    return 1
  }
  await buildAddon(rust.toolchain, "release")
  return 0
}
