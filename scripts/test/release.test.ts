// The platform packages install where, and only where, their binary loads.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { at } from "../bootstrap/paths.mjs"
import { succeed } from "./pack/workspace.ts"
import { manifestOf, optionalDependenciesOf } from "../release/platform-packages.mjs"
import { targets } from "../release/targets.mjs"

const from = { name: "@myrmidonjs/core-native", version: "1.2.3", license: "MIT", engines: { node: ">=20.19.0" } }

describe("platform packages", () => {
  it("exist for Linux (glibc and musl), macOS and Windows", () => {
    assert.deepStrictEqual(targets.map(({ triple }) => triple).sort(), [
      "darwin-arm64",
      "darwin-x64",
      "linux-arm64-gnu",
      "linux-arm64-musl",
      "linux-x64-gnu",
      "linux-x64-musl",
      "win32-x64-msvc"
    ])
  })

  it("name the system, the processor and, on Linux alone, the C library", () => {
    for (const target of targets) {
      const manifest = manifestOf(target, from)
      assert.strictEqual(manifest.name, `@myrmidonjs/core-native-${target.triple}`)
      assert.strictEqual(manifest.version, from.version)
      assert.deepStrictEqual(manifest.os, [target.os])
      assert.deepStrictEqual(manifest.cpu, [target.cpu])
      const { libc } = { libc: undefined, ...manifest }
      assert.deepStrictEqual(
        libc,
        target.os === "linux" ? [target.rust.endsWith("musl") ? "musl" : "glibc"] : undefined
      )
      assert.include(target.triple, target.cpu)
      assert.deepStrictEqual(manifest.files, [manifest.main])
    }
  })

  it("are optional dependencies of exactly their version", () => {
    const optional = optionalDependenciesOf(from)
    assert.lengthOf(Object.keys(optional), targets.length)
    assert.deepStrictEqual([...new Set(Object.values(optional))], ["1.2.3"])
  })

  it("a dry run writes nothing", async () => {
    const before = readFileSync(at("packages/core-native/package.json"), "utf8")
    const output = await succeed("node", ["scripts/release/platform-packages.mjs", "--dry-run"])
    assert.strictEqual(output.match(/@myrmidonjs\/core-native-/g)?.length, targets.length)
    assert.strictEqual(readFileSync(at("packages/core-native/package.json"), "utf8"), before)
  })
})
