import { configDefaults, defineProject } from "vitest/config"

// The examples of the documentation are the project `docs`.
const exclude = [...configDefaults.exclude, "test/.doctest/**"]

export default defineProject({ test: { name: "supervisor", include: ["test/**/*.test.ts"], exclude } })
