// Each published package as a stranger gets it: packed, installed alone, type-checked, and run.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { publint } from "publint"
import { assert, beforeAll, describe, it } from "vitest"
import { targets } from "../release/targets.mjs"
import { at } from "../bootstrap/paths.mjs"
import { runInBrowser } from "./pack/browser.ts"
import { onTheTwin, onWorkers, programs, withoutNative } from "./pack/programs.ts"
import { packAll, projectWith, published, succeed } from "./pack/workspace.ts"

const addon = targets
  .filter(({ cpu, os }) => cpu === process.arch && os === process.platform)
  .map(({ triple }) => at(`packages/core-native/native/myrmidon.${triple}.node`))
  .find(existsSync)

let tarballs: ReadonlyMap<string, string> = new Map()
beforeAll(async () => {
  tarballs = await packAll()
}, 120_000)

describe.each(published.map(({ name }) => ({ name })))("$name", ({ name }) => {
  it("passes publint as it would be published", async () => {
    const tarball = readFileSync(tarballs.get(name) ?? "")
    const bytes = new Uint8Array(tarball).buffer
    const { messages } = await publint({ pack: { tarball: bytes }, strict: true, level: "warning" })
    assert.deepStrictEqual(messages, [])
  })

  it("installs alone, type-checks and runs in an empty project", async () => {
    const program = programs[name]
    if (program === undefined) throw new Error(`write a program for ${name} in scripts/test/pack/programs.ts`)
    const project = await projectWith(name, tarballs)
    writeFileSync(join(project, "main.ts"), program.code)
    await succeed("tsc", ["-p", "."], { cwd: project })
    if (program.native && addon === undefined) return
    const output = await succeed("node", ["--disable-warning=ExperimentalWarning", "main.ts"], {
      cwd: project,
      env: addon === undefined ? {} : { MYRMIDON_NATIVE_PATH: addon }
    })
    assert.strictEqual(output.trim().split("\n").at(-1), program.output)
  })
})

it.runIf(addon !== undefined)("installed packages run actors on worker isolates", async () => {
  const project = await projectWith("@myrmidonjs/actor", tarballs, ["@myrmidonjs/core-native"])
  for (const [file, code] of Object.entries(onWorkers)) writeFileSync(join(project, file), code)
  const output = await succeed("node", ["main.mjs"], { cwd: project, env: { MYRMIDON_NATIVE_PATH: addon ?? "" } })
  assert.strictEqual(output.trim().split("\n").at(-1), "42 false")
})

it("without core-native, ActorSystem.layer is NativeUnavailable, which names the platform and the fix", async () => {
  const project = await projectWith("@myrmidonjs/actor", tarballs)
  writeFileSync(join(project, "main.mjs"), withoutNative)
  const told = (await succeed("node", ["main.mjs"], { cwd: project })).trim().split("\n").at(-1) ?? ""
  const { message, tag } = JSON.parse(told) as { readonly message: string; readonly tag: string }
  assert.strictEqual(tag, "NativeUnavailable")
  for (const word of [process.platform, process.arch, "@myrmidonjs/core-native", "layerMemory"]) {
    assert.include(message, word)
  }
})

it("a program on the twin bundles for a browser and runs without Node's modules", async () => {
  const project = await projectWith("@myrmidonjs/actor", tarballs)
  assert.deepStrictEqual(await runInBrowser(project, onTheTwin), { answer: 42, warnings: [] })
})
