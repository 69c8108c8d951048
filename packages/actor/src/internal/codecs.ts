/**
 * Checks of payloads and replies, for systems that ask for them.
 *
 * `validate` checks the decoded side, `roundTrip` (tests) goes through the encoded side as JSON and back, so that a
 * program that only works by reference fails early. Both are synchronous: a schema that needs services finds none here.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Bound } from "./bound.ts"
import type { RpcInfo } from "./rpc.ts"

type Check = (value: unknown) => Exit.Exit<unknown, string>

const print = (error: unknown): string => error instanceof Error ? error.message : String(error)

const guarded = (check: (value: unknown) => unknown): Check => (value) => {
  try {
    return Exit.succeed(check(value))
  } catch (error) {
    return Exit.fail(print(error))
  }
}

const validating = new WeakMap<Schema.Top, Check>()
const roundTripping = new WeakMap<Schema.Top, Check>()

// The services that a codec may need were checked where the protocol is served; here it gets none.
const plain = (schema: Schema.Top): Schema.Codec<unknown, unknown> => schema as Schema.Codec<unknown, unknown>

const checkOf = (schema: Schema.Top, roundTrip: boolean): Check => {
  const cache = roundTrip ? roundTripping : validating
  let check = cache.get(schema)
  if (check === undefined) {
    check = guarded(roundTrip ? roundTripper(plain(schema)) : Schema.decodeUnknownSync(Schema.toType(plain(schema))))
    cache.set(schema, check)
  }
  return check
}

const roundTripper = (schema: Schema.Codec<unknown, unknown>): (value: unknown) => unknown => {
  const codec = Schema.toCodecJson(schema)
  const encode = Schema.encodeUnknownSync(codec), decode = Schema.decodeUnknownSync(codec)
  return (value) => decode(encode(value))
}

const infoOf = (bound: Bound, op: number): RpcInfo | undefined => bound.program.rpcs[op]

/** The payload as its receiver sees it, or what is wrong with it. */
export const checkPayload = (bound: Bound, op: number, payload: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(payload) : checkOf(info.payload, bound.host.roundTrip)(payload)
}

/** The reply as its asker sees it, or what is wrong with it. Of a stream: one item. */
export const checkSuccess = (bound: Bound, op: number, value: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(value) : checkOf(info.success, bound.host.roundTrip)(value)
}

/** The domain error as its asker sees it, or what is wrong with it. */
export const checkError = (bound: Bound, op: number, error: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(error) : checkOf(info.error, bound.host.roundTrip)(error)
}
