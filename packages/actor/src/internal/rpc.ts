/**
 * The one place that touches `effect/rpc` at run time: it is marked unstable, and a minor release may move it.
 */
import * as Context from "effect/Context"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"
import type * as Schema from "effect/Schema"
import { Lane, Reentrant } from "../Mailbox.ts"
import { Traced } from "../Traced.ts"

/** What an actor needs to know of one Rpc. */
export interface RpcInfo {
  readonly tag: string
  readonly rpc: Rpc.Any
  readonly payload: Schema.Top
  /** Of a stream: of its items. */
  readonly success: Schema.Top
  /** Of a stream: of its failures. */
  readonly error: Schema.Top
  readonly isStream: boolean
  readonly isPriority: boolean
  readonly isReentrant: boolean
  readonly isTraced: boolean
}

const isWithProps = (rpc: Rpc.Any): rpc is Rpc.AnyWithProps => "payloadSchema" in rpc

const infoOf = (rpc: Rpc.Any): RpcInfo => {
  if (!isWithProps(rpc)) throw new TypeError(`"${rpc._tag}" is not an Rpc`)
  const stream = RpcSchema.isStreamSchema(rpc.successSchema) ? rpc.successSchema : undefined
  return {
    tag: rpc._tag,
    rpc,
    payload: rpc.payloadSchema,
    success: stream === undefined ? rpc.successSchema : stream.success,
    error: stream === undefined ? rpc.errorSchema : stream.error,
    isStream: stream !== undefined,
    isPriority: Context.get(rpc.annotations, Lane) === "priority",
    isReentrant: Context.get(rpc.annotations, Reentrant),
    isTraced: Context.get(rpc.annotations, Traced)
  }
}

const infos = new WeakMap<object, ReadonlyArray<RpcInfo>>()

/** The Rpcs of a group, in its order; the same array for the same group. */
export const infosOf = <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>): ReadonlyArray<RpcInfo> => {
  let known = infos.get(group)
  if (known === undefined) infos.set(group, known = Array.from(group.requests.values(), infoOf))
  return known
}

/** For protocols of this package. */
export const makeRpc: typeof Rpc.make = Rpc.make

export const makeGroup = <const Rpcs extends ReadonlyArray<Rpc.Any>>(
  rpcs: Rpcs
): RpcGroup.RpcGroup<Rpcs[number]> => RpcGroup.make(...rpcs)

/** Every Rpc of the group with this annotation. */
export const annotateGroup = <Rpcs extends Rpc.Any, I, S>(
  group: RpcGroup.RpcGroup<Rpcs>,
  key: Context.Key<I, S>,
  value: S
): RpcGroup.RpcGroup<Rpcs> => group.annotateRpcs(key, value)
