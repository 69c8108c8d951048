/** What was thrown, as it crosses: anybody's text, of which what is not well-formed is replaced. */
import * as Schema from "effect/Schema"
import * as Getter from "effect/SchemaGetter"

/** The text, with U+FFFD for each lone surrogate, which no encoding of ours has. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd")

const wellFormedJson = (json: Schema.Json): Schema.Json => {
  if (typeof json === "string") return wellFormed(json)
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return (json as ReadonlyArray<Schema.Json>).map(wellFormedJson)
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [wellFormed(key), wellFormedJson(value)]))
}

export const Defect = Schema.Json.pipe(Schema.decodeTo(Schema.Defect(), {
  decode: Getter.passthrough(),
  encode: Getter.transform(wellFormedJson)
}))
