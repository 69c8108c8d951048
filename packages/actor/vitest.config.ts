import { fileURLToPath } from "node:url"
import { defineProject } from "vitest/config"

export default defineProject({
  test: {
    name: "actor",
    include: ["test/**/*.test.ts"],
    // Worker isolates load the sources by themselves: each would strip and compile a few hundred modules anew.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url)) }
  }
})
