/**
 * How the values of one schema cross to another isolate. Looked up once for each tag (`wire.ts`).
 */
import * as Schema from "effect/Schema"
import { movesBuffers } from "./buffer/schema.ts"
import { representationOf } from "./codec/wireSchema.ts"

type Fits = (value: number) => boolean

export interface Crossing {
  /** Buffers travel in them. */
  readonly moves: boolean
  /** `undefined` is all there is. */
  readonly isNothing: boolean
  /** Its numbers need no codec; undefined: they are encoded, or it has none. */
  readonly fits: Fits | undefined
}

const any: Fits = () => true

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

export const crossingOf = (schema: Schema.Top): Crossing => {
  const { _tag, checks, encoding } = schema.ast
  const isNothing = (_tag === "Void" || _tag === "Undefined") && encoding === undefined && checks === undefined
  return { moves: movesBuffers(schema.ast), isNothing, fits: fitsOf(schema) }
}
