import { configDefaults, defineProject } from "vitest/config"

// The examples of the documentation are the project `docs`.
const exclude = [...configDefaults.exclude, "test/.doctest/**"]

// ms: what hangs is told by it, and nothing else; a busy machine takes its time to start threads and to load addons.
const testTimeout = 60_000

export default defineProject({ test: { name: "supervisor", include: ["test/**/*.test.ts"], exclude, testTimeout } })
