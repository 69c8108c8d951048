/**
 * What a value is between two isolates: a number that needs no codec, nothing at all, or bytes.
 *
 * A number goes as it is where its schema is one of numbers with no other form; `undefined` where nothing else fits. Both
 * are held against their schema on either side, as bytes are.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { BadMessage } from "../TellError.ts"
import { representationOf } from "./codec/wireSchema.ts"
import type { Part, Wire } from "./wire.ts"

/** A payload or an answer on its way. */
export type Carried = number | Uint8Array | undefined

/** As the membrane has it. */
const mostBytes = 2 ** 26

type Fits = (value: number) => boolean

/** How the values of a schema may go without a codec. */
interface Bare {
  readonly isNothing: boolean
  /** Undefined: its numbers are encoded, or it has none. */
  readonly fits: Fits | undefined
}

const any: Fits = () => true
const bares = new WeakMap<Schema.Top, Bare>()

const fitsOf = (schema: Schema.Top): Fits | undefined => {
  const { ast } = schema
  if (ast._tag !== "Number" || ast.encoding !== undefined) return undefined
  const checks = ast.checks ?? []
  if (checks.length === 0) return any
  if (checks.every((check) => representationOf(check.annotations) === "effect/schema/isInt")) {
    return Number.isSafeInteger
  }
  return Schema.is(schema as Schema.Codec<number>)
}

const bareOf = (schema: Schema.Top): Bare => {
  let bare = bares.get(schema)
  if (bare === undefined) {
    const { _tag, checks, encoding } = schema.ast
    const isNothing = (_tag === "Void" || _tag === "Undefined") && encoding === undefined && checks === undefined
    bares.set(schema, bare = { isNothing, fits: fitsOf(schema) })
  }
  return bare
}

/** How a value crosses. `asBytes`: a number may not go as it is there. */
export const carry = (
  wire: Wire,
  op: number,
  value: unknown,
  part: Part = "payload",
  asBytes = false
): Exit.Exit<Carried, BadMessage> => {
  const schema = wire.schemaOf(op, part)
  if (schema !== undefined) {
    if (value === undefined) {
      if (bareOf(schema).isNothing) return Exit.void as Exit.Exit<undefined>
    } else if (typeof value === "number" && !asBytes && bareOf(schema).fits?.(value) === true) {
      return Exit.succeed(value)
    }
  }
  return wire.encode(op, value, part)
}

/** What arrived. */
export const uncarry = (
  wire: Wire,
  op: number,
  carried: Carried,
  part: Part = "payload"
): Exit.Exit<unknown, BadMessage> => {
  if (typeof carried === "object") return wire.decode(op, carried, part)
  const schema = wire.schemaOf(op, part)
  if (schema !== undefined) {
    const bare = bareOf(schema)
    if (carried === undefined ? bare.isNothing : bare.fits?.(carried) === true) return Exit.succeed(carried)
  }
  return wire.bad(op, carried === undefined ? "its payload is missing" : `${carried} does not fit its schema`)
}

/** Why a payload does not cross. */
export const uncarried = (wire: Wire, op: number, value: unknown): string => {
  const encoded = wire.encode(op, value)
  if (Exit.isFailure(encoded)) return encoded.cause.reasons.filter(Cause.isFailReason)[0]?.error.issue ?? "refused"
  const { length } = encoded.value
  return length > mostBytes
    ? `its payload has ${length} bytes, and ${mostBytes} may cross at a time`
    : "no message with another tag can cross in this process"
}
