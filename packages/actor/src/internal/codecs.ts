/**
 * Checks of payloads and replies, for systems that ask for them.
 *
 * `validate` checks the decoded side, `roundTrip` (tests) goes through the system's codec and back, so that a program
 * that only works by reference fails early. Both are synchronous: a schema that needs services finds none here.
 */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Bound } from "./bound.ts"
import type { RpcInfo } from "./rpc.ts"
import { throughWire } from "./wire.ts"

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

// The services that a codec may need were checked where the protocol is served; here it gets none.
const plain = (schema: Schema.Top): Schema.Codec<unknown, unknown> => schema as Schema.Codec<unknown, unknown>

const check = ({ host }: Bound, schema: Schema.Top, value: unknown): Exit.Exit<unknown, string> => {
  if (host.roundTrip) return throughWire(host, schema, value)
  let validate = validating.get(schema)
  if (validate === undefined) {
    validate = guarded(Schema.decodeUnknownSync(Schema.toType(plain(schema))))
    validating.set(schema, validate)
  }
  return validate(value)
}

const infoOf = (bound: Bound, op: number): RpcInfo | undefined => bound.program.rpcs[op]

/** The payload as its receiver sees it, or what is wrong with it. */
export const checkPayload = (bound: Bound, op: number, payload: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(payload) : check(bound, info.payload, payload)
}

/** The reply as its asker sees it, or what is wrong with it. Of a stream: one item. */
export const checkSuccess = (bound: Bound, op: number, value: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(value) : check(bound, info.success, value)
}

/** The domain error as its asker sees it, or what is wrong with it. */
export const checkError = (bound: Bound, op: number, error: unknown): Exit.Exit<unknown, string> => {
  const info = infoOf(bound, op)
  return info === undefined ? Exit.succeed(error) : check(bound, info.error, error)
}
