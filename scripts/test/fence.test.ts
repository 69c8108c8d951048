// How an example of the documentation becomes a test.
import { assert, describe, it } from "vitest"
import { fencesOf, toTest } from "../doctest/fence.ts"
import { succeed } from "./pack/workspace.ts"

const body = (code: string): string => {
  const text = toTest({ line: 1, code }, "x.md")
  return text.slice(text.indexOf("async () => {\n") + "async () => {\n".length, text.lastIndexOf("\n})"))
}

describe("fences", () => {
  it("are found in pages and comments, with the line they open on", () => {
    const page = "text\n```ts import.meta.vitest\nconst a = 1\n```\n```ts\nconst not = 1\n```\n"
    assert.deepStrictEqual(fencesOf(page, "x.md"), [{ line: 2, code: "const a = 1" }])
    const comment = "/**\n * ```ts import.meta.vitest\n * f(\n *   1\n * )\n *\n * g()\n * ```\n */\n"
    assert.deepStrictEqual(fencesOf(comment, "x.ts"), [{ line: 2, code: "f(\n  1\n)\n\ng()" }])
  })

  it("that do not end are an error", () => {
    assert.throws(() => fencesOf("```ts import.meta.vitest\nx\n", "x.md"), "x.md:1")
  })

  it("expect what stands behind the arrow", () => {
    assert.strictEqual(body("1 + 1 // => 2"), "  __assert.deepStrictEqual(1 + 1, 2)")
    assert.strictEqual(
      body("const a = f() // => 2"),
      "  const a = f()\n  __assert.deepStrictEqual(a, 2)"
    )
  })

  it("take an expression from where it began", () => {
    assert.strictEqual(
      body("const x = 1\nawait f(\n  x,\n  2\n) // => 3"),
      "  const x = 1\n  __assert.deepStrictEqual(await f(\n    x,\n    2\n  ), 3)"
    )
    assert.strictEqual(body("a\n  .b()\n  .c() // => 1").includes("__assert.deepStrictEqual("), true)
  })

  it("take no more than the statement inside a block", () => {
    assert.strictEqual(
      body("const p = go(() => {\n  const n = 1\n  n // => 1\n})"),
      "  const p = go(() => {\n    const n = 1\n    __assert.deepStrictEqual(n, 1)\n  })"
    )
  })

  it("have their imports on top, also those over several lines", () => {
    const text = toTest({ line: 1, code: `const a = 1\nimport {\n  b\n} from "b"\nb(a)` }, "x.md")
    assert.isBelow(text.indexOf(`} from "b"`), text.indexOf("__it("))
  })
})

it("the examples of the packages are among what is type-checked", async () => {
  await succeed("node", ["scripts/doctest.ts"])
  const files = await succeed("tsc", ["-p", "tsconfig.tests.json", "--listFilesOnly"])
  assert.match(files, /packages\/actor\/test\/\.doctest\/src-Actor-\d+\.test\.ts/)
})
