/** What was thrown, as it crosses: anybody's text, of which what is not well-formed is replaced. */
import * as Schema from "effect/Schema"
import * as Getter from "effect/SchemaGetter"
import { wellFormed } from "./wellFormed.ts"

export { wellFormed } from "./wellFormed.ts"

/** The same for the texts in plain data. */
export const wellFormedData = <A>(data: A): A => rewritten(data) as A

const rewritten = (data: unknown): unknown => {
  if (typeof data === "string") return wellFormed(data)
  if (typeof data !== "object" || data === null) return data
  if (Array.isArray(data)) return (data as ReadonlyArray<unknown>).map(rewritten)
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [wellFormed(key), rewritten(value)]))
}

export const Defect = Schema.Json.pipe(Schema.decodeTo(Schema.Defect(), {
  decode: Getter.passthrough(),
  encode: Getter.transform((json: Schema.Json) => wellFormedData(json))
}))
