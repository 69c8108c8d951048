import { fileURLToPath } from "node:url"
import { configDefaults, defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "actor",
    include: ["test/**/*.test.ts"],
    // The examples of the documentation are the project `docs`.
    exclude: [...configDefaults.exclude, "test/.doctest/**"],
    // ms: what hangs is told by it, and nothing else; a busy machine takes its time to start threads.
    testTimeout: 60_000,
    // Worker isolates load the sources by themselves: each would strip and compile a few hundred modules anew.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)) }
  }
})
