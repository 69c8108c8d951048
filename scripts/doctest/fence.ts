/** An example of the documentation, as text: found in a page or a comment, and turned into a test. */

export interface Fence {
  /** Of its opening line, from 1. */
  readonly line: number
  readonly code: string
}

const opening = /^(\s*(?:\*|\/\/[/!])?\s*)```ts import\.meta\.vitest\s*$/

/** The fences of a text, in its order. In a comment each line loses what stood before the opening fence. */
export const fencesOf = (text: string, source: string): ReadonlyArray<Fence> => {
  const found: Array<Fence> = []
  const lines = text.split("\n")
  for (let i = 0; i < lines.length; i++) {
    const prefix = opening.exec(lines[i] ?? "")?.[1]
    if (prefix === undefined) continue
    const first = i
    const code: Array<string> = []
    for (i++; i < lines.length && !isClosing(lines[i] ?? ""); i++) code.push(withoutPrefix(lines[i] ?? "", prefix))
    if (i === lines.length) throw new Error(`${source}:${first + 1}: the example does not end`)
    found.push({ line: first + 1, code: code.join("\n") })
  }
  return found
}

const isClosing = (line: string): boolean => /^\s*(?:\*|\/\/[/!])?\s*```\s*$/.test(line)

/** An empty line of a comment has lost its trailing space. */
const withoutPrefix = (line: string, prefix: string): string =>
  line.startsWith(prefix) ? line.slice(prefix.length) : line.slice(prefix.trimEnd().length).trimStart()

/** The test file of an example. */
export const toTest = ({ code, line }: Fence, source: string): string => {
  const { body, imports } = splitImports(code)
  const tested = withAssertions(body)
  const runner = tested.includes("__assert.")
    ? `import { assert as __assert, it as __it } from "vitest"`
    : `import { it as __it } from "vitest"`
  return [
    `// Generated from ${source}:${line} by scripts/doctest.ts.`,
    runner,
    imports,
    "",
    `__it(${JSON.stringify(`${source}:${line}`)}, async () => {`,
    tested.split("\n").map((each) => each === "" ? "" : `  ${each}`).join("\n"),
    "})",
    ""
  ].join("\n")
}

/** Imports (also those over several lines) may stand anywhere in an example, and go on top. */
const splitImports = (code: string): { readonly imports: string; readonly body: string } => {
  const imports: Array<string> = []
  const body = code.replace(/^import\s(?:[^"']*?from\s+)?["'][^"']+["'];?[ \t]*$/gm, (statement) => {
    imports.push(statement)
    return ""
  })
  return { imports: imports.join("\n"), body: body.replace(/^\n+|\n+$/g, "") }
}

/**
 * `expression // => value` becomes an assertion, and so does a declaration of one name with such an end. What is
 * tested may begin lines above: at the nearest line of the same indentation that does not go on an earlier one.
 */
const withAssertions = (body: string): string => {
  const lines = body.split("\n")
  for (let i = 0; i < lines.length; i++) {
    const match = /^(\s*)(\S.*?)\s*\/\/ => (.+)$/.exec(lines[i] ?? "")
    if (match === null) continue
    const [, indent = "", last = "", value = ""] = match
    let start = i
    let line = last
    while (start > 0 && goesOn(line, indent)) line = lines[--start] ?? ""
    const statement = [...lines.slice(start, i), i === start ? last : indent + last].join("\n").trim().replace(/;$/, "")
    const name = /^(?:const|let)\s+(\w+)/.exec(statement)?.[1]
    const tested = name === undefined
      ? [`${indent}__assert.deepStrictEqual(${statement}, ${value})`]
      : [indent + statement, `${indent}__assert.deepStrictEqual(${name}, ${value})`]
    lines.splice(start, i - start + 1, ...tested)
    i = start + tested.length - 1
  }
  return lines.join("\n")
}

/** Whether a line belongs to a statement that began above it. */
const goesOn = (line: string, indent: string): boolean =>
  /^\s*[)\]}.?:|&+*/,]/.test(line) || (line.startsWith(indent) && /^\s/.test(line.slice(indent.length)))
