import { defineProject } from "vitest/config"

export default defineProject({ test: { name: "core-native", include: ["test/**/*.test.ts"] } })
