import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "actor", include: ["test/**/*.test.ts"] } })
