import { load } from "../../src/load.ts"

try {
  load().panicForTest()
  process.exit(1)
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
}
