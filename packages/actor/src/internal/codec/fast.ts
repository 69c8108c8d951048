/**
 * A schema compiled to a writer and a reader of its bytes, for the shapes that most payloads have: structs of numbers,
 * strings, booleans, bytes, literals, refs, and arrays of them.
 *
 * A shortcut, never an authority: whatever is not exactly as expected is left to Schema and `plain.ts`, which alone
 * refuse. Both ways give the same bytes and the same values; a property test holds them together.
 */
import type * as SchemaAST from "effect/SchemaAST"
import { peek, readArrayHeader, readBytes, readNumber, readRaw, readString, skip } from "./reader.ts"
import { formOf, isBytes, representationOf } from "./wireSchema.ts"
import {
  begin,
  end,
  writeArrayHeader,
  writeBigInt,
  writeBoolean,
  writeBytes,
  writeMapHeader,
  writeNil,
  writeNumber,
  writeRaw,
  writeString
} from "./writer.ts"

export interface Fast {
  /** false: it is for others to say what is wrong with it. What was written is taken back. */
  readonly write: (value: unknown) => boolean
  /** `unexpected`: others are to read it, from its begin. */
  readonly read: () => unknown
}

/** No value that anybody could send. */
export const unexpected: unique symbol = Symbol("unexpected")

const number: Fast = {
  write: (value) => {
    if (typeof value !== "number") return false
    writeNumber(value)
    return true
  },
  read: () => {
    const value = readNumber()
    return typeof value === "number" ? value : unexpected
  }
}
const int: Fast = {
  write: (value) => {
    if (!Number.isSafeInteger(value)) return false
    writeNumber(value as number)
    return true
  },
  read: () => {
    const value = readNumber()
    return Number.isSafeInteger(value) ? value : unexpected
  }
}
const bigInt: Fast = {
  write: (value) => {
    if (typeof value !== "bigint") return false
    writeBigInt(value)
    return true
  },
  read: () => {
    const value = readNumber()
    return typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value!) : unexpected
  }
}
const string: Fast = {
  write: (value) => {
    if (typeof value !== "string") return false
    writeString(value)
    return true
  },
  read: () => readString() ?? unexpected
}
const boolean: Fast = {
  write: (value) => {
    if (typeof value !== "boolean") return false
    writeBoolean(value)
    return true
  },
  read: () => {
    const token = peek()
    if (token !== 0xc2 && token !== 0xc3) return unexpected
    skip()
    return token === 0xc3
  }
}
const bytes: Fast = {
  write: (value) => {
    if (!(value instanceof Uint8Array)) return false
    writeBytes(value)
    return true
  },
  read: () => readBytes() ?? unexpected
}

const nilOf = (nil: null | undefined): Fast => ({
  write: (value) => {
    if (value !== nil) return false
    writeNil()
    return true
  },
  read: () => {
    if (peek() !== 0xc0) return unexpected
    skip()
    return nil
  }
})

/** The bytes of what `write` writes. */
const encoded = (write: () => void): Uint8Array => {
  begin()
  write()
  return end().slice()
}

const literal = (value: SchemaAST.LiteralValue): Fast | undefined => {
  if (typeof value === "bigint") return undefined
  const raw = encoded(() =>
    typeof value === "string"
      ? writeString(value)
      : typeof value === "number"
      ? writeNumber(value)
      : writeBoolean(value)
  )
  return {
    write: (actual) => {
      if (actual !== value) return false
      writeRaw(raw)
      return true
    },
    read: () => readRaw(raw) ? value : unexpected
  }
}

const array = (item: Fast): Fast => ({
  write: (value) => {
    if (!Array.isArray(value)) return false
    const { length } = value
    writeArrayHeader(length)
    for (let i = 0; i < length; i++) if (!item.write(value[i])) return false
    return true
  },
  read: () => {
    const length = readArrayHeader()
    if (length < 0) return unexpected
    const values: Array<unknown> = []
    for (let i = 0; i < length; i++) {
      const value = item.read()
      if (value === unexpected) return unexpected
      values.push(value)
    }
    return values
  }
})

interface Field {
  readonly name: string
  /** Of the first one, behind the header. */
  readonly key: Uint8Array
  readonly type: Fast
}

const struct = (ast: SchemaAST.Objects): Fast | undefined => {
  const fields: Array<Field> = []
  const size = ast.propertySignatures.length
  if (size === 0 || ast.indexSignatures.length > 0) return undefined
  for (const { name, type } of ast.propertySignatures) {
    if (typeof name !== "string" || name === "__proto__" || type.context?.isOptional === true) return undefined
    const fast = compile(type)
    if (fast === undefined) return undefined
    const key = encoded(() => {
      if (fields.length === 0) writeMapHeader(size)
      writeString(name)
    })
    fields.push({ name, key, type: fast })
  }
  return {
    write: (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return false
      for (let i = 0; i < size; i++) {
        const { key, name, type } = fields[i]!
        writeRaw(key)
        if (!type.write((value as Record<string, unknown>)[name])) return false
      }
      return true
    },
    read: () => {
      const record: Record<string, unknown> = {}
      for (let i = 0; i < size; i++) {
        const { key, name, type } = fields[i]!
        if (!readRaw(key)) return unexpected
        const value = type.read()
        if (value === unexpected) return unexpected
        record[name] = value
      }
      return record
    }
  }
}

const parseOptions: SchemaAST.ParseOptions = {}

const isFilter = (check: SchemaAST.Check<unknown>): check is SchemaAST.Filter<unknown> => check._tag === "Filter"

/** Checks of Schema, run as they are: only their verdict counts here. */
const checked = (fast: Fast, ast: SchemaAST.AST): Fast | undefined => {
  const checks = ast.checks?.filter((check) => representationOf(check.annotations) !== "effect/schema/isInt")
  if (checks === undefined || checks.length === 0) return fast
  if (!checks.every(isFilter)) return undefined
  const passes = (value: unknown): boolean => {
    for (const check of checks) {
      if (check.run(value, ast, parseOptions) !== undefined) return false
    }
    return true
  }
  return {
    write: (value) => passes(value) && fast.write(value),
    read: () => {
      const value = fast.read()
      return value !== unexpected && passes(value) ? value : unexpected
    }
  }
}

const isInt = (ast: SchemaAST.AST): boolean =>
  ast.checks?.some((check) => representationOf(check.annotations) === "effect/schema/isInt") ?? false

const leaf = (ast: SchemaAST.AST): Fast | undefined => {
  switch (ast._tag) {
    case "Number":
      return isInt(ast) ? int : number
    case "String":
      return string
    case "Boolean":
      return boolean
    case "Null":
      return nilOf(null)
    case "Literal":
      return literal(ast.literal)
    case "Declaration":
      return isBytes(ast) ? bytes : undefined
    case "Objects":
      return ast.encodingChecks === undefined ? struct(ast) : undefined
    case "Arrays": {
      const [item, ...more] = ast.rest
      if (item === undefined || more.length > 0 || ast.elements.length > 0 || ast.encodingChecks) return undefined
      const fast = compile(item)
      return fast === undefined ? undefined : array(fast)
    }
    default:
      return undefined
  }
}

/** `undefined`: its shape is not one of those. `ast`: of a schema that `toWire` made. */
export const compile = (ast: SchemaAST.AST): Fast | undefined => {
  const own = formOf(ast)
  if (own !== undefined) return ast.checks === undefined ? own.fast : undefined
  if (ast._tag === "BigInt") return checked(bigInt, ast)
  if (ast._tag === "Void" || ast._tag === "Undefined") return ast.checks === undefined ? nilOf(undefined) : undefined
  if (ast.encoding !== undefined) return undefined
  const fast = leaf(ast)
  return fast === undefined ? undefined : checked(fast, ast)
}
