/**
 * The schema of what crosses a border: the JSON form of a Schema (`Schema.toCodecJson`), but for what msgpack has a form
 * of its own for. Bytes, bigints and numbers that JSON lacks stay what they are; refs and PIDs are numbers.
 *
 * Effect derives codecs by a walk over the AST that is not public; this is the same walk with other leaves. It rests on
 * the public constructors of `SchemaAST` alone.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { Fast } from "./fast.ts"
import { referencesHere } from "./place.ts"

/** Annotation of a declaration that has a form of its own here; its value is a `WireForm`. */
export const wireForm = "~myrmidon/wireForm"

/** How a declaration crosses. */
export interface WireForm {
  /** In fingerprints. */
  readonly name: string
  /** What stands on the wire, and the way there and back. */
  readonly link: SchemaAST.Link
  /** The same without Schema. */
  readonly fast: Fast
  /** The same at a place of a block, for `direct.ts`. */
  readonly direct?: DirectForm
}

/** See `direct.ts`. */
export interface DirectForm {
  /** Bytes that it takes at most. */
  readonly room: number
  /** There are as many. Where it ends; below 0: it is for others to say what is wrong with it. */
  readonly write: (value: unknown, bytes: Uint8Array, view: DataView, at: number) => number
  /** It ends at `stand.at`; `undefined`: others are to read it. */
  readonly read: (bytes: Uint8Array, view: DataView, at: number, limit: number) => unknown
}

export const makeForm = <T, E>(
  name: string,
  to: Schema.Codec<E, unknown>,
  transformation: SchemaTransformation.Transformation<T, E>,
  fast: Fast,
  direct?: DirectForm
): WireForm => ({
  name,
  link: new SchemaAST.Link(to.ast, transformation),
  fast,
  ...(direct === undefined ? {} : { direct })
})

const memo = new WeakMap<SchemaAST.AST, SchemaAST.AST>()

const walk = (ast: SchemaAST.AST): SchemaAST.AST => {
  let wire = memo.get(ast)
  if (wire === undefined) {
    wire = derive(ast)
    memo.set(ast, wire)
    memo.set(wire, wire)
  }
  return wire
}

/** The form that a declaration says it has. */
export const formOf = (ast: SchemaAST.AST): WireForm | undefined =>
  // Nobody else uses that name.
  ast.annotations?.[wireForm] as WireForm | undefined

const derive = (ast: SchemaAST.AST): SchemaAST.AST => {
  const own = formOf(ast)
  if (own !== undefined) return encodedBy(ast, [own.link])
  if (ast.encoding === undefined) return step(ast)
  const last = ast.encoding.at(-1)!
  const to = walk(last.to)
  if (to === last.to) return ast
  const links = [...ast.encoding.slice(0, -1), new SchemaAST.Link(to, last.transformation)]
  return encodedBy(ast, links as unknown as SchemaAST.Encoding)
}

/** Whether `Schema.Uint8Array` made it: msgpack has a form for its values. */
export const isBytes = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isDeclaration(ast) && representationOf(ast.annotations) === "effect/schema/Uint8Array"

/** The identity that Effect gives its own schemas and checks. */
export const representationOf = (annotations: Schema.Annotations.Annotations | undefined): unknown =>
  (annotations?.["representation"] as { readonly id?: unknown } | undefined)?.id

const bigIntForm = new SchemaAST.Link(
  Schema.Union([Schema.BigInt, Schema.Int]).ast,
  SchemaTransformation.transform<bigint, bigint | number>({ decode: BigInt, encode: (value) => value })
)

// Effect's way out of schemas, and so of this one: what stays in its isolate stays what it is. Over a border it is plain.
const anyForm = new SchemaAST.Link(
  SchemaAST.unknown,
  SchemaTransformation.transform<unknown, unknown>({
    decode: (wire) => {
      const references = referencesHere()
      return references === undefined ? wire : references[wire as number]
    },
    encode: (value) => {
      const references = referencesHere()
      return references === undefined ? value : references.push(value) - 1
    }
  })
)

// The JSON form of a node that holds no others.
const json = (ast: SchemaAST.AST): SchemaAST.AST => Schema.toCodecJson(Schema.make<Schema.Top>(ast)).ast

const declared = (ast: SchemaAST.Declaration): SchemaAST.AST => {
  if (isBytes(ast)) return ast
  const getLink: unknown = ast.annotations?.["toCodecJson"] ?? ast.annotations?.["toCodec"]
  // Nobody says how: a value that is plain goes as it is, another is refused when it is sent.
  if (typeof getLink !== "function") return ast
  // What it holds has its own form here too: a ref in an Option is a number, and a buffer moves.
  const parameters = ast.typeParameters.map(walk)
  const link = getLink(parameters.map((each) => Schema.make<Schema.Top>(SchemaAST.toEncoded(each)))) as
    | SchemaAST.Link
    | undefined
  if (link === undefined) return ast
  const { annotations, checks, context, encodingChecks, encodingRun, run } = ast
  const encoding = [new SchemaAST.Link(walk(link.to), link.transformation)] as const
  return new SchemaAST.Declaration(parameters, run, annotations, checks, encoding, context, encodingChecks, encodingRun)
}

const step = (ast: SchemaAST.AST): SchemaAST.AST => {
  switch (ast._tag) {
    case "Declaration":
      return declared(ast)
    case "BigInt":
      return encodedBy(ast, [bigIntForm])
    case "Any":
      return encodedBy(ast, [anyForm])
    case "Number":
    case "Unknown":
    case "ObjectKeyword":
      return ast
    case "Objects": {
      const fields = ast.propertySignatures.map(({ name, type }) => new SchemaAST.PropertySignature(name, walk(type)))
      const rest = ast.indexSignatures.map(({ parameter, type }) => new SchemaAST.IndexSignature(parameter, walk(type)))
      const { annotations, checks, context, encodingChecks } = ast
      return new SchemaAST.Objects(fields, rest, annotations, checks, undefined, context, encodingChecks)
    }
    case "Arrays": {
      const { annotations, checks, context, elements, encodingChecks, isMutable, rest } = ast
      return new SchemaAST.Arrays(
        isMutable,
        elements.map(walk),
        rest.map(walk),
        annotations,
        checks,
        undefined,
        context,
        encodingChecks
      )
    }
    case "Union": {
      const { annotations, checks, context, encodingChecks, options, types } = ast
      return new SchemaAST.Union(types.map(walk), options, annotations, checks, undefined, context, encodingChecks)
    }
    case "Suspend":
      return new SchemaAST.Suspend(() => walk(ast.thunk()), ast.annotations, ast.checks, undefined, ast.context)
    default:
      return json(ast)
  }
}

/** The same node with another way to its encoded side. */
const encodedBy = (ast: SchemaAST.AST, encoding: SchemaAST.Encoding): SchemaAST.AST => {
  const { annotations, checks, context } = ast
  switch (ast._tag) {
    case "Declaration":
      return new SchemaAST.Declaration(
        ast.typeParameters,
        ast.run,
        annotations,
        checks,
        encoding,
        context,
        ast.encodingChecks,
        ast.encodingRun
      )
    case "Objects":
      return new SchemaAST.Objects(
        ast.propertySignatures,
        ast.indexSignatures,
        annotations,
        checks,
        encoding,
        context,
        ast.encodingChecks
      )
    case "Arrays":
      return new SchemaAST.Arrays(
        ast.isMutable,
        ast.elements,
        ast.rest,
        annotations,
        checks,
        encoding,
        context,
        ast.encodingChecks
      )
    case "Union":
      return new SchemaAST.Union(ast.types, ast.options, annotations, checks, encoding, context, ast.encodingChecks)
    case "Suspend":
      return new SchemaAST.Suspend(ast.thunk, annotations, checks, encoding, context)
    case "Literal":
      return new SchemaAST.Literal(ast.literal, annotations, checks, encoding, context)
    case "UniqueSymbol":
      return new SchemaAST.UniqueSymbol(ast.symbol, annotations, checks, encoding, context)
    case "Enum":
      return new SchemaAST.Enum(ast.enums, annotations, checks, encoding, context)
    case "TemplateLiteral":
      return new SchemaAST.TemplateLiteral(ast.parts, annotations, checks, encoding, context)
    default:
      return new leaves[ast._tag](annotations, checks, encoding, context)
  }
}

const leaves = {
  Null: SchemaAST.Null,
  Undefined: SchemaAST.Undefined,
  Void: SchemaAST.Void,
  Never: SchemaAST.Never,
  Any: SchemaAST.Any,
  Unknown: SchemaAST.Unknown,
  ObjectKeyword: SchemaAST.ObjectKeyword,
  String: SchemaAST.String,
  Number: SchemaAST.Number,
  Boolean: SchemaAST.Boolean,
  Symbol: SchemaAST.Symbol,
  BigInt: SchemaAST.BigInt
} as const

/** The schema of what crosses: from the values of `schema` to plain ones. */
export const toWire = (schema: Schema.Top): Schema.Codec<unknown, unknown> =>
  Schema.make<Schema.Codec<unknown, unknown>>(walk(schema.ast))
