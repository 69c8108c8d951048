/**
 * Which schemas speak of buffers: their messages are looked through, all others are not.
 */
import type * as SchemaAST from "effect/SchemaAST"
import { formOf } from "../codec/wireSchema.ts"

/** The name of the form of buffers (`make.ts`). */
export const bufferFormName = "buffer"

const children = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}

/** Whether a value of that schema may hold a buffer. */
export const movesBuffers = (ast: SchemaAST.AST, seen = new Set<SchemaAST.AST>()): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  if (formOf(ast)?.name === bufferFormName) return true
  const inner = ast.encoding === undefined ? children(ast) : [...children(ast), ...ast.encoding.map(({ to }) => to)]
  return inner.some((each) => movesBuffers(each, seen))
}
