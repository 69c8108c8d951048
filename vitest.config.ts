import { existsSync } from "node:fs"
import { defineConfig, type TestProjectConfiguration } from "vitest/config"

/**
 * The examples of the documentation, one small file each: a worker serves many of them, for to load Effect takes longer
 * than all that they do.
 */
const docs = {
  test: { name: "docs", include: ["packages/*/test/.doctest/*.test.ts"], isolate: false, testTimeout: 60_000 }
}

// `house`: the tests of the repository itself. Projects whose folder is not there yet are left out.
const projects: Array<TestProjectConfiguration> = [
  "packages/*/vitest.config.ts",
  docs,
  "examples/*/vitest.config.ts",
  "scripts/vitest.config.ts"
]
if (existsSync(new URL("benchmarks/vitest.config.ts", import.meta.url))) projects.push("benchmarks/vitest.config.ts")

export default defineConfig({ test: { projects } })
