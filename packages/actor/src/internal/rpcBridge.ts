/**
 * Actors behind the types of `effect/rpc`, in both directions.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as Scope from "effect/Scope"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Recipient } from "../ActorRef.ts"
import { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import type { Protocol } from "../Protocol.ts"
import type { TellError } from "../TellError.ts"
import { NodeBusy } from "../TellError.ts"
import { effectOf } from "./effectOf.ts"
import { type Target, targetOf } from "./forward.ts"
import { protocolOf } from "./protocolOf.ts"
import { infosOf, type RpcInfo } from "./rpc.ts"

// What a recipient is at run time, whatever its protocol.
interface Untyped extends Target {
  readonly tell: (message: Message<string, unknown>) => Effect.Effect<void, TellError>
  readonly ask: (message: Message<string, unknown>) => Effect.Effect<unknown, unknown>
  readonly stream: (
    message: Message<string, unknown>,
    options?: { readonly bufferSize?: number | undefined }
  ) => Stream.Stream<unknown, unknown>
}

interface CallOptions {
  readonly discard?: boolean | undefined
  readonly asQueue?: boolean | undefined
  readonly streamBufferSize?: number | undefined
}

const asAskError = (tag: string) => (error: TellError): AskError =>
  new AskError({
    tag,
    reason: error.reason._tag === "NoSession" ? new NodeBusy({ node: error.reason.node }) : error.reason
  })

const invoke = (to: Untyped, info: RpcInfo, input: unknown, options: CallOptions | undefined): unknown => {
  const payload = input === undefined ? undefined : (info.payload as Schema.Codec<unknown, unknown>).make(input)
  const message = { _tag: info.tag, payload }
  if (info.isStream) {
    const stream = to.stream(message, { bufferSize: options?.streamBufferSize })
    return options?.asQueue === true ? Stream.toQueue(stream, { capacity: options.streamBufferSize ?? 16 }) : stream
  }
  return options?.discard === true ? Effect.mapError(to.tell(message), asAskError(info.tag)) : to.ask(message)
}

/** One function per tag, made when it is first asked for. */
export const makeClient = <Rpcs extends Rpc.Any>(to: Recipient<Rpcs>): RpcClient.RpcClient<Rpcs, AskError> => {
  const target = targetOf(to) as unknown as Untyped
  const made = new Map<string, (input?: unknown, options?: CallOptions) => unknown>()
  return new Proxy({}, {
    get: (_, tag) => {
      if (typeof tag !== "string") return undefined
      let call = made.get(tag)
      if (call === undefined) {
        const info = target.rpcOf(tag)
        if (info === undefined) return undefined
        made.set(tag, call = (input, options) => invoke(target, info, input, options))
      }
      return call
    }
  }) as RpcClient.RpcClient<Rpcs, AskError>
}

const dieOnAskError = (error: unknown): Effect.Effect<never, unknown> =>
  error instanceof AskError ? Effect.die(error) : Effect.fail(error)

/** Handlers that hand on to an actor. */
export const makeHandlers = <Name extends string, Rpcs extends Rpc.Any, E, R>(
  protocol: Protocol<Name, Rpcs>,
  to: Effect.Effect<Recipient<Rpcs>, E, R>
): Layer.Layer<Rpc.ToHandler<Rpcs>, E, Exclude<R, Scope.Scope>> => {
  const { group } = protocolOf(protocol)
  const handlers = Effect.map(effectOf("to", to), (recipient) => {
    const target = targetOf(recipient) as unknown as Untyped
    return Object.fromEntries(
      infosOf(group).map((info) => [
        info.tag,
        (payload: unknown) => {
          const message = { _tag: info.tag, payload }
          return info.isStream
            ? Stream.catch(target.stream(message), (error) => Stream.fromEffect(dieOnAskError(error)))
            : Effect.catch(target.ask(message), dieOnAskError)
        }
      ])
    )
  })
  // The handlers are as untyped as they are uniform: each does for its tag what the protocol's type says.
  return group.toLayer(handlers as never)
}
