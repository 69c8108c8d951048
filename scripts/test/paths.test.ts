import { assert, it } from "vitest"
import { filesBelow } from "../bootstrap/paths.mjs"

it("sources in a folder of the name that built addons have are looked at, and the addons are not", () => {
  const found = filesBelow("packages", () => true)
  assert.include(found, "packages/actor/src/internal/native/shard.ts")
  assert.deepStrictEqual(found.filter((path) => path.endsWith(".node")), [])
})
