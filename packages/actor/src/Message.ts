/**
 * Messages: an envelope around the payload, so that any payload schema works (Void, a class, bytes) and the payload
 * object itself is never copied or tagged.
 *
 * @since 0.1.0
 */
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcSchema from "effect/rpc/RpcSchema"
import type * as Stream from "effect/Stream"

/**
 * A message of a protocol, made by its constructors (`Counter.messages.Add(...)`). A literal `{ _tag, payload }` is one
 * too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Message<out Tag extends string, out Payload> {
  readonly _tag: Tag
  readonly payload: Payload
}

/**
 * @since 0.1.0
 */
export declare namespace Message {
  /**
   * The Rpc with this tag.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ByTag<Rpcs extends Rpc.Any, Tag extends string> = Extract<Rpcs, { readonly _tag: Tag }>
  /**
   * The tags of messages whose reply is a stream: they are sent by `stream`, and by nothing else.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type StreamTag<Rpcs> = Rpcs extends Rpc.Rpc<infer Tag, infer _P, infer S, infer _E, infer _M, infer _Q>
    ? [S] extends [RpcSchema.Stream<infer _A, infer _F>] ? Tag : never
    : never
  /**
   * The tags of messages whose reply is one value: they are sent by `tell` and `ask`.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type UnaryTag<Rpcs extends Rpc.Any> = Exclude<Rpcs["_tag"], StreamTag<Rpcs>>
  /**
   * The message with this tag.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Of<Rpcs extends Rpc.Any, Tag extends Rpcs["_tag"]> = Message<Tag, Rpc.Payload<ByTag<Rpcs, Tag>>>
  /**
   * Every message of a protocol, as a discriminated union: for `Match.tag`, `switch`, storage.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Any<Rpcs extends Rpc.Any> = Rpcs extends Rpc.Any ? Message<Rpcs["_tag"], Rpc.Payload<Rpcs>> : never
  /**
   * Every message whose reply is one value.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Unary<Rpcs extends Rpc.Any> = Rpcs extends Rpc.Any
    ? [StreamTag<Rpcs>] extends [never] ? Message<Rpcs["_tag"], Rpc.Payload<Rpcs>> : never
    : never
  /**
   * What the constructor of an Rpc takes: its payload, or nothing where there is none. `any` and `unknown` are
   * payloads.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Arguments<R extends Rpc.Any, Payload> = unknown extends Rpc.Payload<R> ? [payload: Payload]
    : [Rpc.Payload<R>] extends [void] ? []
    : [payload: Payload]
  /**
   * Makes the messages of one Rpc.
   *
   * @category models
   * @since 0.1.0
   */
  export interface Constructor<R extends Rpc.Any> {
    /** Makes a message without checking the payload against its schema. */
    (...payload: Arguments<R, Rpc.Payload<R>>): Message<R["_tag"], Rpc.Payload<R>>
    /** Makes a message, with the schema's constructor defaults, and checks it; throws the schema's `SchemaError`. */
    readonly make: (...payload: Arguments<R, Rpc.PayloadConstructor<R>>) => Message<R["_tag"], Rpc.Payload<R>>
    /** Whether a message has this tag. */
    readonly is: (message: Message<string, unknown>) => message is Message<R["_tag"], Rpc.Payload<R>>
    /** The Rpc itself. */
    readonly rpc: R
  }
  /**
   * The constructors of a protocol, by tag.
   *
   * @category models
   * @since 0.1.0
   */
  export type Constructors<Rpcs extends Rpc.Any> = { readonly [R in Rpcs as R["_tag"]]: Constructor<R> }
  /**
   * What a stream reply emits.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type StreamItem<R> = Rpc.Success<R> extends Stream.Stream<infer A, infer _E, infer _R> ? A : never
  /**
   * What a stream reply fails with.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type StreamError<R> = Rpc.Success<R> extends Stream.Stream<infer _A, infer E, infer _R> ? E | Rpc.Error<R>
    : never
}
