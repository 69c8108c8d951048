// The scripts that hold the house's rules, each against planted violations.
import { assert, describe, it } from "vitest"
import { exampleProblems } from "../check-examples.mjs"
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

describe("examples", () => {
  const problems = (index: string, module: string) =>
    exampleProblems("p/src/index.ts", (path) => path === "p/src/index.ts" ? index : module)
  const documented = (category: string, body = "") =>
    `/**\n * It is.\n *\n${body} * @category ${category}\n * @since 0.1.0\n */\n`
  const fence = " * ```ts import.meta.vitest\n * f() // => 1\n * ```\n *\n"

  it("what can be called has one; types, models and the reasons of errors need none", () => {
    const module = `${documented("constructors", fence)}export const f = () => 1\n\n`
      + `${documented("models")}export interface I {}\n\n`
      + `${documented("errors")}export class Gone extends Data {}\n`
    assert.deepStrictEqual(problems(`export * as F from "./F.ts"`, module), [])
    assert.deepStrictEqual(problems(`export { f, type I, Gone } from "./F.ts"`, module), [])
  })

  it("without one", () => {
    const f = `${documented("constructors")}export const f = () => 1\n`
    assert.deepStrictEqual(problems(`export {\n  f\n} from "./F.ts"`, f), ["p/src/F.ts: f has no example"])
    const channel = `${documented("errors")}export class SpawnError extends Data {}\n`
    assert.deepStrictEqual(problems(`export { SpawnError } from "./F.ts"`, channel), [
      "p/src/F.ts: SpawnError has no example"
    ])
    // The comment of another one does not count.
    const two = `${documented("constructors", fence)}export const f = 1\nexport const g = 2\n`
    assert.deepStrictEqual(problems(`export * from "./F.ts"`, two), [
      "p/src/F.ts: g has no doc comment with @since"
    ])
  })

  it("a value is looked at, and not the type of the same name", () => {
    const both = `${documented("models")}export type Pid = number\n\n${
      documented("constructors")
    }export const Pid = {}\n`
    assert.deepStrictEqual(problems(`export { Pid } from "./F.ts"`, both), ["p/src/F.ts: Pid has no example"])
  })

  it("what a module exports again is looked at in the file that declares it", () => {
    const files: Record<string, string> = {
      "p/src/index.ts": `export * as Tree from "./Tree.ts"`,
      "p/src/Tree.ts": `export { start } from "./Running.ts"\n`,
      "p/src/Running.ts": `${documented("constructors")}export const start = 1\n`
    }
    assert.deepStrictEqual(exampleProblems("p/src/index.ts", (path) => files[path] ?? ""), [
      "p/src/Running.ts: start has no example"
    ])
  })

  it("an export that is declared elsewhere", () => {
    assert.deepStrictEqual(problems(`export { x } from "./F.ts"`, ""), ["p/src/F.ts: does not declare x itself"])
  })
})
