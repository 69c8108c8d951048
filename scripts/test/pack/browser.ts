/** A program bundled for a browser, and run where there is nothing of Node. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createContext, runInContext } from "node:vm"
import { build } from "esbuild"

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

/** What `code`, in a file of `project`, exports as `answer`; and what the bundler warned of. */
export const runInBrowser = async (project: string, code: string) => {
  writeFileSync(join(project, "browser.ts"), code)
  const { outputFiles, warnings } = await build({
    entryPoints: [join(project, "browser.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "bundle",
    logLevel: "silent",
    target: "es2023"
  })
  const [{ text } = { text: "" }] = outputFiles
  const context = createContext({ ...web })
  runInContext(text, context)
  const answer: unknown = await runInContext("bundle.answer", context)
  return { answer, warnings: warnings.map((warning) => warning.text) }
}
