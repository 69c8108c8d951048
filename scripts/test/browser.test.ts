// A program on the twin, bundled for a browser from the packed package, runs where there is nothing of Node.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createContext, runInContext } from "node:vm"
import { build } from "esbuild"
import { assert, it } from "vitest"
import { onTheTwin } from "./pack/programs.ts"
import { packAll, projectWith } from "./pack/workspace.ts"

/** What every browser and edge runtime has; the language's own globals come with the context. */
const web = {
  AbortController,
  AbortSignal,
  MessageChannel,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  clearInterval,
  clearTimeout,
  console,
  crypto,
  performance,
  queueMicrotask,
  setInterval,
  setTimeout,
  structuredClone
}

it("bundles for a browser and runs without Node's modules", async () => {
  const project = await projectWith("@myrmidonjs/actor", await packAll())
  writeFileSync(join(project, "main.ts"), onTheTwin)
  const { outputFiles, warnings } = await build({
    entryPoints: [join(project, "main.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "bundle",
    logLevel: "silent",
    target: "es2023"
  })
  assert.deepStrictEqual(warnings, [])
  const [{ text } = { text: "" }] = outputFiles
  const context = createContext({ ...web })
  runInContext(text, context)
  const answer: unknown = await runInContext("bundle.answer", context)
  assert.strictEqual(answer, 42)
})
