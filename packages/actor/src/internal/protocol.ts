/**
 * Makes protocols: a group, its message constructors, and the door to its behaviours.
 */
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Schema from "effect/Schema"
import type { Message } from "../Message.ts"
import type { Protocol } from "../Protocol.ts"
import { makeBehavior } from "./behavior.ts"
import { type BehaviorOptions, compile } from "./bound.ts"
import { Envelope } from "./envelope.ts"
import { invalid } from "./invalid.ts"
import { isName } from "./name.ts"
import { intern } from "./opcodes.ts"
import { annotateGroup, groupOf, infosOf, type RpcInfo } from "./rpc.ts"

const constructorOf = (info: RpcInfo) => {
  const op = intern(info.tag)
  const empty: Envelope<string, unknown> = new Envelope(op, info.tag, undefined)
  Object.freeze(empty)
  const construct = (payload?: unknown): Envelope<string, unknown> =>
    payload === undefined ? empty : new Envelope(op, info.tag, payload)
  return Object.assign(construct, {
    make: (payload?: unknown) => construct((info.payload as Schema.Codec<unknown, unknown>).make(payload)),
    is: (message: Message<string, unknown>): boolean => Envelope.tag(message) === info.tag,
    rpc: info.rpc
  })
}

export const makeProtocol = <const Name extends string, Rpcs extends Rpc.Any>(
  name: Name,
  group: RpcGroup.RpcGroup<Rpcs>
): Protocol<Name, Rpcs> => {
  // NUL sets names apart where protocols are told to other isolates (`spoken.ts`).
  if (!isName(name) || name.includes("\0")) {
    throw invalid("name", "a well-formed string that is not empty, without NUL", name)
  }
  const infos = infosOf(groupOf(group))
  const messages: Record<string, unknown> = {}
  for (const info of infos) messages[info.tag] = constructorOf(info)
  const protocol = {
    "~myrmidon/Protocol": true as const,
    name,
    group,
    messages,
    annotate: <I, S>(key: Parameters<typeof annotateGroup<Rpcs, I, S>>[1], value: S) =>
      makeProtocol(name, annotateGroup(group, key, value)),
    behavior: (options: BehaviorOptions) => makeBehavior(compile(name, infos, options))
  }
  // The constructors and the behaviour were built from the group that the type is made of.
  return protocol as unknown as Protocol<Name, Rpcs>
}
