import { defineProject } from "vitest/config"

// ms: starting threads may take its time on a busy machine.
const testTimeout = 60_000

export default defineProject({ test: { name: "example-demo", include: ["test/**/*.test.ts"], testTimeout } })
