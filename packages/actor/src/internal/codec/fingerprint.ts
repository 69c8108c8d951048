/**
 * What two sides of a border compare before they talk: 64 bits of the shape of a protocol.
 *
 * The shape is what the bytes depend on: the tags, and of each payload, reply and error the names, optionality and forms
 * of its fields. The order of tags and fields is none of it, nor are checks (but that a number is an integer), defaults,
 * descriptions and names of types.
 */
import type * as SchemaAST from "effect/SchemaAST"
import type { RpcInfo } from "../rpc.ts"
import { formOf, isBytes, representationOf, toWire } from "./wireSchema.ts"

const shape = (ast: SchemaAST.AST, within: ReadonlyArray<SchemaAST.AST>): string => {
  const own = formOf(ast)
  if (own !== undefined) return own.name
  if (ast._tag === "BigInt") return "bigint"
  if (ast._tag === "Void" || ast._tag === "Undefined") return "nil"
  if (ast.encoding !== undefined) return shape(ast.encoding.at(-1)!.to, within)
  switch (ast._tag) {
    case "Null":
      return "nil"
    case "Number":
      return ast.checks?.some((check) => representationOf(check.annotations) === "effect/schema/isInt") === true
        ? "int"
        : "number"
    case "Literal":
      return JSON.stringify(ast.literal)
    case "Declaration":
      return isBytes(ast) ? "bytes" : "plain"
    case "Objects": {
      const fields = ast.propertySignatures.map(({ name, type }) =>
        `${JSON.stringify(String(name))}${type.context?.isOptional === true ? "?" : ""}:${shape(type, within)}`
      ).sort()
      const rest = ast.indexSignatures.map(({ parameter, type }) =>
        `[${shape(parameter, within)}]:${shape(type, within)}`
      )
      return `{${[...fields, ...rest].join(",")}}`
    }
    case "Arrays":
      return `[${ast.elements.map((item) => shape(item, within)).join(",")};${
        ast.rest.map((item) => shape(item, within)).join(",")
      }]`
    case "Union":
      return `(${ast.types.map((type) => shape(type, within)).sort().join("|")})`
    case "Suspend": {
      const inner = ast.thunk()
      const at = within.indexOf(inner)
      // One that holds itself: how far out it begins.
      return at >= 0 ? `^${within.length - at}` : shape(inner, [...within, inner])
    }
    default:
      return ast._tag.toLowerCase()
  }
}

// FNV-1a, 64 bits: short, and the same in every language.
const hash = (text: string): string => {
  let state = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100000001b3n)
  }
  return state.toString(16).padStart(16, "0")
}

const shapeOfOne = ({ error, isStream, payload, success, tag }: RpcInfo): string => {
  const [asked, answered, failed] = [payload, success, error].map((schema) => shape(toWire(schema).ast, []))
  return `${JSON.stringify(tag)}(${asked})${isStream ? "*" : ""}${answered}!${failed}`
}

/** The shape itself, for errors and for whoever compares two by eye. */
export const shapeOf = (infos: ReadonlyArray<RpcInfo>): string => infos.map(shapeOfOne).sort().join("\n")

/** 16 hexadecimal digits. */
export const fingerprintOf = (format: string, infos: ReadonlyArray<RpcInfo>): string =>
  hash(`${format}\n${shapeOf(infos)}`)

/** The same of each message alone. */
export const fingerprintsOf = (format: string, infos: ReadonlyArray<RpcInfo>): ReadonlyArray<string> =>
  infos.map((info) => hash(`${format}\n${shapeOfOne(info)}`))
