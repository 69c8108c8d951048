import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

// `house`: the tests of the repository itself. Projects whose folder is not there yet are left out.
const projects = ["packages/*/vitest.config.ts", "examples/*/vitest.config.ts", "scripts/vitest.config.ts"]
if (existsSync(new URL("benchmarks/vitest.config.ts", import.meta.url))) projects.push("benchmarks/vitest.config.ts")

export default defineConfig({ test: { projects } })
