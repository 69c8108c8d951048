// The scripts that hold the house's rules, each against planted violations.
import { assert, describe, it } from "vitest"
import { guaranteeProblems } from "../check-guarantees.mjs"
import { layerProblems } from "../check-layers.mjs"

describe("guarantees", () => {
  const semantics = "- **G1** one\n- **G2** two\n"

  it("all defined and tested: nothing to say", () => {
    const files = [
      { path: "crates/a/src/b.rs", text: "// G1\n#[cfg(test)]\nmod tests { fn g1_holds() {} }" },
      { path: "conformance/x.json", text: `{ "id": "G9", "holds": ["G2"] }` }
    ]
    assert.deepStrictEqual(guaranteeProblems(semantics, files), [])
  })

  it("a number that is not defined, and one that no test cites", () => {
    const files = [{ path: "packages/actor/src/x.ts", text: "// G2, G7" }, {
      path: "packages/actor/test/x.test.ts",
      text: `it("G1: holds")`
    }]
    assert.deepStrictEqual(guaranteeProblems(semantics, files), [
      "packages/actor/src/x.ts: cites G7, which docs/semantics.md does not have",
      "docs/semantics.md: no test cites G2"
    ])
  })

  it("a number that is defined twice", () => {
    const files = [{ path: "crates/a/tests/x.rs", text: "// G1 G2" }]
    assert.deepStrictEqual(guaranteeProblems(`${semantics}- **G1** again`, files), [
      "docs/semantics.md: G1 is defined twice"
    ])
  })
})

describe("layers", () => {
  const actor = (text: string, manifest = {}) => ({
    name: "@myrmidonjs/actor",
    manifest: { peerDependencies: { effect: "^4", "@myrmidonjs/core-native": "*" }, ...manifest },
    sources: [{ path: "packages/actor/src/x.ts", text }]
  })

  it("what is declared and below may be used", () => {
    const text = `import * as Effect from "effect/Effect"\nconst load = () => import("@myrmidonjs/core-native")`
    assert.deepStrictEqual(layerProblems([actor(text)], []), [])
  })

  it("a static import of the optional peer, types included", () => {
    assert.lengthOf(layerProblems([actor(`import type { X } from "@myrmidonjs/core-native"`)], []), 1)
  })

  it("an import that the manifest does not name", () => {
    assert.lengthOf(layerProblems([actor(`import x from "left-pad"`)], []), 1)
    assert.deepStrictEqual(layerProblems([actor(`/** import x from "left-pad" */`)], []), [])
  })

  it("a dependency that points upwards", () => {
    const manifest = { dependencies: { "@myrmidonjs/mesh": "workspace:^" } }
    assert.lengthOf(layerProblems([actor("", manifest)], []), 1)
    assert.lengthOf(layerProblems([], [{ name: "myrmidon-core", uses: ["myrmidon-runtime"], sources: [] }]), 1)
    assert.deepStrictEqual(layerProblems([], [{ name: "myrmidon-runtime", uses: ["myrmidon-core"], sources: [] }]), [])
  })

  it("a clock in the core, but not in its tests", () => {
    const text = "use std::time::Instant;"
    const core = (path: string) => ({ name: "myrmidon-core", uses: [], sources: [{ path, text }] })
    assert.lengthOf(layerProblems([], [core("crates/myrmidon-core/src/timer.rs")]), 1)
    assert.deepStrictEqual(layerProblems([], [core("crates/myrmidon-core/src/timer/tests.rs")]), [])
  })
})
