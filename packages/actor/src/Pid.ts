/**
 * Handles of actors: one number per life of one actor, never reused.
 *
 * Owner: nobody; a PID is a value. Layout: `crates/myrmidon-core/src/pid.rs` (slab index 24, shard 8, generation 21).
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { pidForm } from "./internal/codec/forms.ts"
import { wireForm } from "./internal/codec/wireSchema.ts"
import { invalid } from "./internal/invalid.ts"
import { MAX_GENERATION, MAX_INDEX, MAX_SHARD } from "./internal/generated/numbers.ts"

/**
 * The identity of one actor; no other actor ever has the same. At run time it is a number, to be compared by `===`,
 * used as a key, or sent. It is branded, so that other numbers are refused where a PID is wanted.
 *
 * @category models
 * @since 0.1.0
 */
export type Pid = number & Brand.Brand<"~myrmidon/Pid">

const form = /^<(0|[1-9]\d{0,2})\.([1-9]\d{0,7})\.(0|[1-9]\d{0,6})>$/

const print = (pid: Pid): string => {
  // 0 too: that of nobody.
  if (!Number.isSafeInteger(pid) || pid < 0) throw invalid("pid", "a PID", pid)
  const low = pid % 4294967296
  return `<${Math.floor(low / 16777216)}.${low % 16777216}.${Math.floor(pid / 4294967296)}>`
}

const parseUndefined = (text: string): Pid | undefined => {
  const match = form.exec(text)
  if (match === null) return undefined
  const shard = Number(match[1]), index = Number(match[2]), generation = Number(match[3])
  if (shard > MAX_SHARD || index > MAX_INDEX || generation > MAX_GENERATION) return undefined
  return (generation * 4294967296 + shard * 16777216 + index) as Pid
}

// In errors and dead letters of a name that nobody has.
const nobody = 0 as Pid

const fromPrinted = (text: string): Pid | undefined => text === "<0.0.0>" ? nobody : parseUndefined(text)

const isPid = (u: unknown): u is Pid => typeof u === "number" && Number.isSafeInteger(u) && u > 0 && u % 16777216 !== 0

const isPidOrNobody = (u: unknown): u is Pid => u === nobody || isPid(u)

/**
 * Prints, parses and encodes PIDs.
 *
 * **Example** (Reading a PID back from a log)
 *
 * ```ts import.meta.vitest
 * import { Pid } from "@myrmidonjs/actor"
 * import { Option } from "effect"
 *
 * Option.map(Pid.parse("<0.7.2>"), Pid.print) // => Option.some("<0.7.2>")
 * Pid.parse("<0.0.0>") // => Option.none()
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Pid: {
  /** The schema of a PID, for payloads and storage: encoded in its printed form. */
  readonly schema: Schema.Codec<Pid, string>
  /** `<shard.index.generation>`, as in logs. */
  readonly print: (pid: Pid) => string
  /** The reverse of `print`. */
  readonly parse: (text: string) => Option.Option<Pid>
  /** Whether a value has the shape of a PID. */
  readonly isPid: (u: unknown) => u is Pid
} = {
  schema: Schema.String.check(Schema.makeFilter((text: string) => fromPrinted(text) !== undefined, {
    identifier: "Pid",
    expected: "a PID such as <0.1.0>"
  })).pipe(Schema.decodeTo(
    Schema.declare(isPidOrNobody, { identifier: "Pid", [wireForm]: pidForm(isPidOrNobody) }),
    SchemaTransformation.transform({
      decode: (text: string): Pid => fromPrinted(text)!,
      encode: (pid: Pid): string => print(pid)
    })
  )),
  print,
  parse: (text) => Option.fromUndefinedOr(typeof text === "string" ? parseUndefined(text) : undefined),
  isPid
}
