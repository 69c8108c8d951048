/**
 * Protocols as arguments.
 */
import type * as Rpc from "effect/rpc/Rpc"
import type { Protocol } from "../Protocol.ts"
import { invalid, isMarked } from "./invalid.ts"

/** What `Actor.make` or `Actor.fromRpcGroup` made. Throws `InvalidOption`. */
export const protocolOf = <Name extends string, Rpcs extends Rpc.Any>(
  protocol: Protocol<Name, Rpcs>
): Protocol<Name, Rpcs> => {
  if (isMarked(protocol, "~myrmidon/Protocol")) return protocol
  throw invalid("protocol", "a protocol that Actor.make made", protocol)
}
