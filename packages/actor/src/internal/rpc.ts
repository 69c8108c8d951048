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
import { invalid, isMarked } from "./invalid.ts"

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

const isWithProps = (rpc: Rpc.Any): rpc is Rpc.AnyWithProps =>
  Rpc.isRpc(rpc) && "payloadSchema" in rpc && typeof rpc._tag === "string"

const checkedRpc = (rpc: Rpc.Any): Rpc.AnyWithProps => {
  if (isWithProps(rpc)) return rpc
  throw invalid("rpcs", "made by Rpc.make, each of them", rpc)
}

/** What it is annotated with. Throws `InvalidOption`. */
const annotationsOf = (rpc: Rpc.AnyWithProps) => ({
  Lane: checked(rpc, "Lane", Context.get(rpc.annotations, Lane), ["normal", "priority"]),
  Reentrant: checked(rpc, "Reentrant", Context.get(rpc.annotations, Reentrant), [true, false]),
  Traced: checked(rpc, "Traced", Context.get(rpc.annotations, Traced), [true, false])
})

const checked = <A>(rpc: Rpc.AnyWithProps, name: string, value: A, of: ReadonlyArray<A>): A => {
  if (of.includes(value)) return value
  throw invalid(`${name} of ${rpc._tag}`, `one of ${of.join(", ")}`, value)
}

const infoOf = (any: Rpc.Any): RpcInfo => {
  const rpc = checkedRpc(any)
  const annotated = annotationsOf(rpc)
  const stream = RpcSchema.isStreamSchema(rpc.successSchema) ? rpc.successSchema : undefined
  return {
    tag: rpc._tag,
    rpc,
    payload: rpc.payloadSchema,
    success: stream === undefined ? rpc.successSchema : stream.success,
    error: stream === undefined ? rpc.errorSchema : stream.error,
    isStream: stream !== undefined,
    isPriority: annotated.Lane === "priority",
    isReentrant: annotated.Reentrant,
    isTraced: annotated.Traced
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
): RpcGroup.RpcGroup<Rpcs[number]> => {
  if (!Array.isArray(rpcs)) throw invalid("rpcs", "a list of Rpcs", rpcs)
  const tags = new Set<string>()
  for (const rpc of rpcs) {
    const { _tag } = checkedRpc(rpc)
    // A group keeps the last one of a tag, and says nothing.
    if (tags.has(_tag)) throw invalid("rpcs", "one of each tag", _tag)
    tags.add(_tag)
  }
  return RpcGroup.make(...rpcs)
}

/** What somebody else made. Throws `InvalidOption`. */
export const groupOf = <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>): RpcGroup.RpcGroup<Rpcs> => {
  if (isMarked(group, "requests") && group.requests instanceof Map) return group
  throw invalid("group", "made by RpcGroup.make", group)
}

/** Every Rpc of the group with this annotation. */
export const annotateGroup = <Rpcs extends Rpc.Any, I, S>(
  group: RpcGroup.RpcGroup<Rpcs>,
  key: Context.Key<I, S>,
  value: S
): RpcGroup.RpcGroup<Rpcs> => {
  if (!Context.isKey(key)) throw invalid("key", "the key of an annotation", key)
  return group.annotateRpcs(key, value)
}
