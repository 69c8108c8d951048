/**
 * References to actors: what can be sent to.
 *
 * An `ActorRef` is one incarnation, a `NamedRef` follows a name. Neither has an `R`: a recipient carries its system.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { ActorSystem } from "./ActorSystem.ts"
import type { AskError } from "./AskError.ts"
import { behaviorOf } from "./internal/behaviorImpl.ts"
import { invalid } from "./internal/invalid.ts"
import { makeNamed, makeNamedFor } from "./internal/named.ts"
import { protocolOf } from "./internal/protocolOf.ts"
import { refSchema } from "./internal/refSchema.ts"
import { infosOf } from "./internal/rpc.ts"
import { hostOf } from "./internal/system.ts"
import type { Behavior } from "./Behavior.ts"
import type { Message } from "./Message.ts"
import { Pid } from "./Pid.ts"
import type { Protocol } from "./Protocol.ts"
import type { IsolateUnavailable, NameNotFound, ProtocolMismatch } from "./SpawnError.ts"
import type { TellError, TellOutcome } from "./TellError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AskOptions {
  /**
   * 5 seconds by default; `Duration.infinity` must be written. Whatever ends the callee ends the ask at once; asking
   * oneself fails with `BadMessage`.
   */
  readonly timeout?: Duration.Input | undefined
}

/**
 * What can be sent to: a ref, a name. Contravariant: who handles more messages may stand in for who handles fewer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recipient<in Rpcs extends Rpc.Any> {
  /**
   * At most once. Waits where the policy is "suspend". A target that is gone is a dead letter, not an error: remotely
   * nobody could know.
   */
  readonly tell: (message: Message.Unary<Rpcs>) => Effect.Effect<void, TellError>
  /** Sync. For code outside of actors; inside, `self.send`. */
  readonly tellUnsafe: (message: Message.Unary<Rpcs>) => TellOutcome
  /** Waits for the reply, the callee's end or the timeout, whichever is first. */
  readonly ask: <Tag extends Message.UnaryTag<Rpcs>>(
    message: Message.Of<Rpcs, Tag>,
    options?: AskOptions
  ) => Effect.Effect<Rpc.Success<Message.ByTag<Rpcs, Tag>>, Rpc.Error<Message.ByTag<Rpcs, Tag>> | AskError>
  /**
   * A stream reply; it ends with the actor. `bufferSize` items (16 by default) wait for the reader; one that is no whole
   * number, or Infinity, is `BadMessage`.
   */
  readonly stream: <Tag extends Message.StreamTag<Rpcs>>(
    message: Message.Of<Rpcs, Tag>,
    options?: { readonly bufferSize?: number | undefined }
  ) => Stream.Stream<
    Message.StreamItem<Message.ByTag<Rpcs, Tag>>,
    Message.StreamError<Message.ByTag<Rpcs, Tag>> | AskError
  >
}

/**
 * One incarnation: after a restart its PID is gone for good.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorRef<in Rpcs extends Rpc.Any> extends Recipient<Rpcs> {
  readonly "~myrmidon/ActorRef": true
  readonly pid: Pid
}

/**
 * Follows a name over restarts: resolved per send. A name that nobody has is a dead letter for `tell`, and
 * `ActorExited` with `NoProc` for `ask`.
 *
 * @category models
 * @since 0.1.0
 */
export interface NamedRef<in Rpcs extends Rpc.Any> extends Recipient<Rpcs> {
  readonly "~myrmidon/NamedRef": true
  readonly name: string
  readonly current: Effect.Effect<ActorRef<Rpcs>, NameNotFound | ProtocolMismatch | IsolateUnavailable>
}

/**
 * Anything with a PID, whatever it understands: link, monitor, kill and info need no protocol.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyRef = ActorRef<never>

// A number that is no PID is nobody's: it must not reach the words of a record.
const knownPid = (pid: Pid): Pid => {
  if (typeof pid !== "number") throw invalid("pid", "a PID", pid)
  return Pid.isPid(pid) ? pid : 0 as Pid
}

/**
 * Refs in payloads, by name and by PID.
 *
 * **Example** (A ref that travels in a message)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorRef } from "@myrmidonjs/actor"
 * import { Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Listener = Actor.make("Listener", [Rpc.make("Heard", { payload: Schema.String })])
 * const Bus = Actor.make("Bus", [Rpc.make("Subscribe", { payload: { listener: ActorRef.schema(Listener) } })])
 * Object.keys(Bus.messages) // => ["Subscribe"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ActorRef: {
  /** For payload fields: refs travel. Encoded as the PID with the boot identity of its system. */
  readonly schema: <Name extends string, Rpcs extends Rpc.Any>(
    protocol: Protocol<Name, Rpcs>
  ) => Schema.Codec<ActorRef<Rpcs>, string>
  /** Follows a name of this system. */
  readonly named: <Name extends string, Rpcs extends Rpc.Any>(
    protocol: Protocol<Name, Rpcs>,
    name: string
  ) => Effect.Effect<NamedRef<Rpcs>, never, ActorSystem>
  /** Follows a name of this system whose holder runs `behavior`, or another of its protocol. */
  readonly namedFor: <Rpcs extends Rpc.Any, Args, State, E, R>(
    behavior: Behavior<Rpcs, Args, State, E, R>,
    name: string
  ) => Effect.Effect<NamedRef<Rpcs>, never, ActorSystem>
  /** A ref from the PID of an actor that runs `behavior`, or another of its protocol. Unchecked until first used. */
  readonly fromPidFor: <Rpcs extends Rpc.Any, Args, State, E, R>(
    behavior: Behavior<Rpcs, Args, State, E, R>,
    pid: Pid
  ) => Effect.Effect<ActorRef<Rpcs>, never, ActorSystem>
  /** A ref from a PID that was stored or printed. Unchecked until first used. */
  readonly fromPid: <Name extends string, Rpcs extends Rpc.Any>(
    protocol: Protocol<Name, Rpcs>,
    pid: Pid
  ) => Effect.Effect<ActorRef<Rpcs>, never, ActorSystem>
} = {
  schema: <Name extends string, Rpcs extends Rpc.Any>(protocol: Protocol<Name, Rpcs>) => refSchema(protocol),
  named: <Name extends string, Rpcs extends Rpc.Any>(protocol: Protocol<Name, Rpcs>, name: string) =>
    Effect.map(ActorSystem, (system) => makeNamed(hostOf(system), protocol, name)),
  namedFor: <Rpcs extends Rpc.Any, Args, State, E, R>(behavior: Behavior<Rpcs, Args, State, E, R>, name: string) =>
    Effect.map(ActorSystem, (system) => makeNamedFor(hostOf(system), behaviorOf(behavior).program, name)),
  fromPidFor: <Rpcs extends Rpc.Any, Args, State, E, R>(behavior: Behavior<Rpcs, Args, State, E, R>, pid: Pid) =>
    Effect.map(ActorSystem, (system) => {
      const { program } = behaviorOf(behavior)
      const host = hostOf(system)
      return host.cellOf(knownPid(pid), program, () => program) as unknown as ActorRef<Rpcs>
    }),
  fromPid: <Name extends string, Rpcs extends Rpc.Any>(protocol: Protocol<Name, Rpcs>, pid: Pid) =>
    Effect.map(ActorSystem, (system) => {
      const { group, name } = protocolOf(protocol)
      return hostOf(system).typed(knownPid(pid), name, infosOf(group)) as unknown as ActorRef<Rpcs>
    })
}
