import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "example-hot-swap", include: ["test/**/*.test.ts"] } })
