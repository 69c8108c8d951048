/**
 * The name of an actor in an error about it. Without an own `name` an Error shows that of its class: that is nobody's name,
 * and does not cross.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Getter from "effect/SchemaGetter"

/** The field, of an error whose class has that name. */
export const ownName = (className: string) =>
  Schema.optional(Schema.String).pipe(Schema.encodeTo(Schema.optional(Schema.String), {
    decode: Getter.passthrough(),
    encode: Getter.transformOptional(Option.filter((name) => name !== className))
  }))
