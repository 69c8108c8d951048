/** The published packages as tarballs, and empty projects that install them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { at, workspaceFolders } from "../../bootstrap/paths.mjs"
import { capture } from "../../bootstrap/run.mjs"

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export interface Published {
  readonly name: string
  readonly folder: string
  readonly manifest: Manifest
}

export const published: ReadonlyArray<Published> = workspaceFolders()
  .map((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(at(folder, "package.json"), "utf8"))
    return { name: manifest.name, folder, manifest }
  })
  .filter(({ manifest }) => manifest.private !== true)

export const temporary = (name: string): string => realpathSync(mkdtempSync(join(tmpdir(), `myrmidon-${name}-`)))

/** Runs a command that has to succeed; what it said. */
export const succeed = async (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {}
): Promise<string> => {
  const { code, output } = await capture(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`)
  return output
}

/** The tarball of each package, as it would be published. */
export const packAll = async (): Promise<ReadonlyMap<string, string>> => {
  await succeed("tsc", ["-b", "tsconfig.packages.json"])
  const tarballs = new Map<string, string>()
  for (const { folder, name } of published) {
    const target = temporary("pack")
    await succeed("pnpm", ["pack", "--pack-destination", target], { cwd: at(folder) })
    const [file] = readdirSync(target)
    if (file === undefined) throw new Error(`pnpm pack made nothing of ${name}`)
    tarballs.set(name, join(target, file))
  }
  return tarballs
}

/** The packages of this workspace that a user of `name` has to install, itself included. */
const needed = (name: string, seen: Set<string> = new Set()): Set<string> => {
  const found = published.find((each) => each.name === name)
  if (found === undefined || seen.has(name)) return seen
  seen.add(name)
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = found.manifest
  for (const each of Object.keys(dependencies)) needed(each, seen)
  for (const each of Object.keys(peerDependencies)) {
    if (peerDependenciesMeta[each]?.optional !== true) needed(each, seen)
  }
  return seen
}

/**
 * An empty project with `name` and what it needs of this workspace, from the tarballs. Effect comes from the workspace,
 * so that no registry is asked; whatever else a package uses has to come with it.
 */
export const projectWith = async (
  name: string,
  tarballs: ReadonlyMap<string, string>,
  beside: ReadonlyArray<string> = []
): Promise<string> => {
  const project = temporary("project")
  const own = Object.fromEntries([...needed(name), ...beside].map((each) => [each, `file:${tarballs.get(each) ?? ""}`]))
  const effect = `link:${realpathSync(at("node_modules/effect"))}`
  const write = (file: string, value: unknown) =>
    writeFileSync(join(project, file), JSON.stringify(value, undefined, 2))
  write("package.json", { name: "empty", private: true, type: "module", dependencies: { ...own, effect } })
  write("pnpm-workspace.yaml", { packages: ["."], overrides: own, pmOnFail: "ignore" })
  write("tsconfig.json", {
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable", "DOM"],
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: []
    },
    files: ["main.ts"]
  })
  mkdirSync(join(project, "node_modules"))
  await succeed("pnpm", ["install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"], { cwd: project })
  return project
}
