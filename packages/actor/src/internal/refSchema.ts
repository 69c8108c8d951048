/**
 * Refs in payloads. Encoded: the PID with the boot identity of its system, `<0.1.0>@boot`; on the wire, where both sides
 * are of one system, the PID's number alone.
 */
import type * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Option from "effect/Option"
import type { ActorRef } from "../ActorRef.ts"
import { Pid } from "../Pid.ts"
import type { Protocol } from "../Protocol.ts"
import { Cell } from "./cell.ts"
import { refForm } from "./codec/forms.ts"
import { wireForm } from "./codec/wireSchema.ts"
import { openHosts } from "./openHosts.ts"
import { protocolOf } from "./protocolOf.ts"
import { infosOf, type RpcInfo } from "./rpc.ts"

const isCell = (u: unknown): u is Cell => u instanceof Cell

const decode = (text: string): Cell | undefined => {
  const at = text.indexOf("@")
  const pid = Pid.parse(text.slice(0, at))
  const host = openHosts.get(text.slice(at + 1))
  return Option.isSome(pid) ? host?.shard.cellOf(pid.value) : undefined
}

const encoded = Schema.String.check(Schema.makeFilter((text: string) => decode(text) !== undefined, {
  identifier: "ActorRef",
  expected: "the PID of an actor of a system that is open here, as <0.1.0>@boot"
}))

const schemaOf = (protocol: string, rpcs: ReadonlyArray<RpcInfo>): Schema.Codec<Cell, string> =>
  encoded.pipe(Schema.decodeTo(
    Schema.declare(isCell, { identifier: "ActorRef", [wireForm]: refForm(isCell, Pid.isPid, protocol, rpcs) }),
    SchemaTransformation.transform({
      decode: (text: string): Cell => decode(text)!,
      encode: (cell: Cell): string => `${Pid.print(cell.pid)}@${cell.host.boot}`
    })
  ))

/** Any ref fits at run time; what it understands is checked where it is sent to. */
export const refSchema = <Name extends string, Rpcs extends Rpc.Any>(
  protocol: Protocol<Name, Rpcs>
): Schema.Codec<ActorRef<Rpcs>, string> =>
  schemaOf(protocolOf(protocol).name, infosOf(protocol.group)) as unknown as Schema.Codec<ActorRef<Rpcs>, string>
