/**
 * A schema's bytes by functions that are written for it: no call and no loop for a field, keys as constants, records made
 * at once. For structs and arrays of numbers, strings, booleans, bytes, literals, null and buffers, without checks; all else,
 * and whatever is not exactly as expected, is left to `fast.ts`, whose values and bytes they share (a property test).
 *
 * Made with `Function` from the schema alone, when the first message of its tag crosses. Where a process forbids that
 * (`--disallow-code-generation-from-strings`) there is none, and nothing else is missing.
 */
import type * as SchemaAST from "effect/SchemaAST"
import { numberAt, putBytes, putNumber, putString, stand, textAt } from "./directParts.ts"
import { unexpected } from "./fast.ts"
import { keptAt } from "./kept.ts"
import { type DirectForm, formOf, isBytes, representationOf } from "./wireSchema.ts"
import { begin, end, writeBoolean, writeMapHeader, writeNil, writeNumber, writeString } from "./writer.ts"

type View = DataView<ArrayBuffer>
type Bytes = Uint8Array<ArrayBuffer>

/** Writes a value at `at`, before `limit`; where it ends. Below 0: it does not stand there. */
export type DirectWrite = (value: unknown, bytes: Bytes, view: View, at: number, limit: number) => number
/** The value that takes all from `at` to `limit`, or `unexpected`. */
export type DirectRead = (bytes: Bytes, view: View, at: number, limit: number) => unknown

/** What is to be written of a node of a schema, and read. */
interface Node {
  /** Bytes that it takes at most, but for texts, bytes and items. */
  readonly room: number
  /** Statements that write `value`. */
  readonly write: (value: string) => string
  /** Statements that read it, into `into`. */
  readonly read: (into: string) => string
}

// `b` bytes, `v` view, `p` place, `e` limit; `t` and `n` are anybody's.
const none = "return U"
const refused = "return -1"

const rawOf = (write: () => void): Uint8Array => {
  begin()
  write()
  return end().slice()
}

// Four bytes at a time, then the rest.
const chunksOf = (raw: Uint8Array): ReadonlyArray<readonly [at: number, size: number, value: number]> => {
  const chunks: Array<readonly [number, number, number]> = []
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  let at = 0
  for (; at + 4 <= raw.length; at += 4) chunks.push([at, 4, view.getUint32(at)])
  if (at + 2 <= raw.length) {
    chunks.push([at, 2, view.getUint16(at)])
    at += 2
  }
  if (at < raw.length) chunks.push([at, 1, raw[at]!])
  return chunks
}

const writeRaw = (raw: Uint8Array): string =>
  chunksOf(raw).map(([at, size, value]) =>
    size === 1 ? `b[p + ${at}] = ${value}` : `v.setUint${size * 8}(p + ${at}, ${value})`
  ).join("\n") + `\np += ${raw.length}`

const readRaw = (raw: Uint8Array): string => {
  const differs = chunksOf(raw).map(([at, size, value]) =>
    size === 1 ? `b[p + ${at}] !== ${value}` : `v.getUint${size * 8}(p + ${at}) !== ${value}`
  )
  return `if (p + ${raw.length} > e || ${differs.join(" || ")}) ${none}\np += ${raw.length}`
}

const first = `if (p >= e) ${none}\nt = b[p]`

const numberNode = (isInt: boolean): Node => ({
  room: 9,
  write: (value) =>
    `if (${isInt ? `!Number.isSafeInteger(${value})` : `typeof ${value} !== "number"`}) ${refused}
p = putNumber(${value}, b, v, p)`,
  read: (into) =>
    `${first}
if (t < 0x80) { ${into} = t; p++ }
else if (t === 0xcd && p + 3 <= e) { ${into} = v.getUint16(p + 1); p += 3 }
else if (t === 0xce && p + 5 <= e) { ${into} = v.getUint32(p + 1); p += 5 }
else {
${into} = numberAt(b, v, p, e)
if (${isInt ? `!Number.isSafeInteger(${into})` : `${into} === undefined`}) ${none}
p = stand.at
}`
})

const stringNode = (room: () => number): Node => ({
  room: 5,
  write: (value) =>
    `if (typeof ${value} !== "string") ${refused}
p = putString(${value}, b, p, e - ${room()})
if (p < 0) ${refused}`,
  read: (into) =>
    `${first}
if (t >= 0xa0 && t < 0xc0) { n = t & 0x1f; p++ }
else if (t === 0xd9 && p + 1 < e) { n = b[p + 1]; p += 2 }
else ${none}
if (p + n > e) ${none}
${into} = textAt(b, p, n)
if (${into} === undefined) ${none}
p += n`
})

const bytesNode = (room: () => number): Node => ({
  room: 5,
  write: (value) =>
    `if (!(${value} instanceof Uint8Array)) ${refused}
p = putBytes(${value}, b, p, e - ${room()})
if (p < 0) ${refused}`,
  read: (into) =>
    `${first}
if (t === 0xc4 && p + 1 < e) { n = b[p + 1]; p += 2 }
else if (t === 0xc5 && p + 2 < e) { n = v.getUint16(p + 1); p += 3 }
else ${none}
if (p + n > e) ${none}
${into} = keptAt(b, p, n)
p += n`
})

const booleanNode: Node = {
  room: 1,
  write: (value) => `if (typeof ${value} !== "boolean") ${refused}\nb[p++] = ${value} ? 0xc3 : 0xc2`,
  read: (into) => `${first}\nif (t !== 0xc3 && t !== 0xc2) ${none}\n${into} = t === 0xc3\np++`
}

// A constant, by its bytes.
const constantNode = (text: string, raw: Uint8Array): Node => ({
  room: raw.length,
  write: (value) => `if (${value} !== ${text}) ${refused}\n${writeRaw(raw)}`,
  read: (into) => `${readRaw(raw)}\n${into} = ${text}`
})

const isInt = (ast: SchemaAST.AST): boolean =>
  ast.checks?.every((check) => representationOf(check.annotations) === "effect/schema/isInt") ?? false

class Maker {
  /** What the function calls, by its name there. */
  readonly forms: Record<string, DirectForm["read"] | DirectForm["write"]> = {}
  #names = 0
  /** Of the whole value: known when the text is made. */
  room = 0
  readonly #room = (): number => this.room

  #name(): string {
    return `x${this.#names++}`
  }

  #form({ read, room, write }: DirectForm): Node {
    const number = Object.keys(this.forms).length
    const [reads, writes] = [`r${number}`, `w${number}`]
    this.forms[reads] = read
    this.forms[writes] = write
    return {
      room,
      write: (value) => `p = ${writes}(${value}, b, v, p)\nif (p < 0) ${refused}`,
      read: (into) => `${into} = ${reads}(b, v, p, e)\nif (${into} === undefined) ${none}\np = stand.at`
    }
  }

  node(ast: SchemaAST.AST): Node | undefined {
    const own = formOf(ast)
    if (own !== undefined) {
      return own.direct === undefined || ast.checks !== undefined
        ? undefined
        : this.#form(own.direct)
    }
    if (ast.encoding !== undefined) return undefined
    if (ast.checks !== undefined && !(ast._tag === "Number" && isInt(ast))) return undefined
    switch (ast._tag) {
      case "Number":
        return numberNode(ast.checks !== undefined)
      case "String":
        return stringNode(this.#room)
      case "Boolean":
        return booleanNode
      case "Null":
        return constantNode("null", rawOf(writeNil))
      case "Literal":
        return this.#literal(ast.literal)
      case "Declaration":
        return isBytes(ast) ? bytesNode(this.#room) : undefined
      case "Objects":
        return ast.encodingChecks === undefined ? this.#struct(ast) : undefined
      case "Arrays":
        return ast.encodingChecks === undefined ? this.#array(ast) : undefined
      default:
        return undefined
    }
  }

  #literal(value: SchemaAST.LiteralValue): Node | undefined {
    if (typeof value === "string") return constantNode(JSON.stringify(value), rawOf(() => writeString(value)))
    if (typeof value === "boolean") return constantNode(String(value), rawOf(() => writeBoolean(value)))
    // What JSON writes of a number is that number, but for these.
    return typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)
      ? constantNode(`(${JSON.stringify(value)})`, rawOf(() => writeNumber(value)))
      : undefined
  }

  #struct(ast: SchemaAST.Objects): Node | undefined {
    const size = ast.propertySignatures.length
    if (size === 0 || ast.indexSignatures.length > 0) return undefined
    const fields: Array<{ readonly name: string; readonly raw: Uint8Array; readonly node: Node }> = []
    let room = 0
    for (const { name, type } of ast.propertySignatures) {
      if (typeof name !== "string" || name === "__proto__" || type.context?.isOptional === true) return undefined
      const node = this.node(type)
      if (node === undefined) return undefined
      const raw = rawOf(() => {
        if (fields.length === 0) writeMapHeader(size)
        writeString(name)
      })
      room += raw.length + node.room
      fields.push({ name: JSON.stringify(name), raw, node })
    }
    return {
      room,
      write: (value) => {
        const parts = fields.map(({ name, node, raw }) => {
          const field = this.#name()
          return `const ${field} = ${value}[${name}]\n${writeRaw(raw)}\n${node.write(field)}`
        })
        return `if (typeof ${value} !== "object" || ${value} === null || Array.isArray(${value})) ${refused}\n${
          parts.join("\n")
        }`
      },
      read: (into) => {
        const names = fields.map(() => this.#name())
        const parts = fields.map(({ node, raw }, i) => `let ${names[i]}\n${readRaw(raw)}\n${node.read(names[i]!)}`)
        return `${parts.join("\n")}\n${into} = { ${fields.map(({ name }, i) => `${name}: ${names[i]}`).join(", ")} }`
      }
    }
  }

  #array(ast: SchemaAST.Arrays): Node | undefined {
    const [rest, ...more] = ast.rest
    if (rest === undefined || more.length > 0 || ast.elements.length > 0) return undefined
    const node = this.node(rest)
    if (node === undefined) return undefined
    return {
      room: 3,
      write: (value) => {
        const [count, i, item] = [this.#name(), this.#name(), this.#name()]
        return `if (!Array.isArray(${value})) ${refused}
const ${count} = ${value}.length
if (${count} < 16) b[p++] = 0x90 | ${count}
else if (${count} < 0x10000) { b[p++] = 0xdc; v.setUint16(p, ${count}); p += 2 }
else ${refused}
for (let ${i} = 0; ${i} < ${count}; ${i}++) {
if (p + ${node.room + this.room} > e) ${refused}
const ${item} = ${value}[${i}]
${node.write(item)}
}`
      },
      read: (into) => {
        const [count, all, i, item] = [this.#name(), this.#name(), this.#name(), this.#name()]
        return `${first}
let ${count}
if (t >= 0x90 && t < 0xa0) { ${count} = t & 0x0f; p++ }
else if (t === 0xdc && p + 3 <= e) { ${count} = v.getUint16(p + 1); p += 3 }
else ${none}
const ${all} = []
for (let ${i} = 0; ${i} < ${count}; ${i}++) {
let ${item}
${node.read(item)}
${all}.push(${item})
}
${into} = ${all}`
      }
    }
  }
}

const parts = { U: unexpected, keptAt, numberAt, putBytes, putNumber, putString, stand, textAt }

const made = (maker: Maker, params: string, body: string): unknown => {
  const names = { ...parts, ...maker.forms }
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- names are quoted, constants are numbers: see the module
    const make = new Function(...Object.keys(names), `"use strict"\nreturn (${params}) => {\n${body}\n}`)
    return (make as (...all: Array<unknown>) => unknown)(...Object.values(names))
  } catch {
    return undefined
  }
}

/** `undefined`: its shape is not one of those, or the process forbids it. `ast`: of a schema that `toWire` made. */
export const directWrite = (ast: SchemaAST.AST): DirectWrite | undefined => {
  const maker = new Maker()
  const node = maker.node(ast)
  if (node === undefined) return undefined
  maker.room = node.room
  const body = `if (p + ${node.room} > e) ${refused}\n${node.write("x")}\nreturn p`
  return made(maker, "x, b, v, p, e", body) as DirectWrite | undefined
}

/** The same. */
export const directRead = (ast: SchemaAST.AST): DirectRead | undefined => {
  const maker = new Maker()
  const node = maker.node(ast)
  if (node === undefined) return undefined
  const body = `let t = 0, n = 0, x\n${node.read("x")}\nreturn p === e ? x : U`
  return made(maker, "b, v, p, e", body) as DirectRead | undefined
}
