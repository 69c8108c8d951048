/**
 * References to actors: what messages are sent to.
 *
 * An `ActorRef` means one actor; when that has ended, a restarted one has another ref. A `NamedRef` means whoever has
 * the name when a message is sent. Sending needs no service: a ref knows its system.
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
   * How long to wait for the reply: 5 seconds by default, `Duration.infinity` for no limit. (When the asked actor ends,
   * the ask fails at once, whatever the timeout. An actor that asks itself gets `BadMessage`.)
   */
  readonly timeout?: Duration.Input | undefined
}

/**
 * What messages can be sent to: an `ActorRef` or a `NamedRef`. Contravariant in the messages: a recipient of more
 * messages can be used where one of fewer is wanted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recipient<in Rpcs extends Rpc.Any> {
  /**
   * Sends a message and does not wait for an answer. It arrives at most once, behind what this sender sent there
   * before.
   *
   * A full mailbox fails with `TellError` (`MailboxFull`), or makes the sender wait, by the mailbox's policy. A message
   * to an actor that has ended is no error but a dead letter (`ActorSystem.deadLetters`).
   */
  readonly tell: (message: Message.Unary<Rpcs>) => Effect.Effect<void, TellError>
  /**
   * `tell` without an Effect, for code outside of actors: returns what became of the message. In actors: `self.send`.
   */
  readonly tellUnsafe: (message: Message.Unary<Rpcs>) => TellOutcome
  /**
   * Sends a message and waits for its reply. Fails with the error that the protocol declares, or with `AskError`: the
   * actor ended, did not reply in time, or its mailbox is full.
   */
  readonly ask: <Tag extends Message.UnaryTag<Rpcs>>(
    message: Message.Of<Rpcs, Tag>,
    options?: AskOptions
  ) => Effect.Effect<Rpc.Success<Message.ByTag<Rpcs, Tag>>, Rpc.Error<Message.ByTag<Rpcs, Tag>> | AskError>
  /**
   * Sends a message whose reply is a stream, each time that the stream is run. It fails when the actor ends. At most
   * `bufferSize` items (16 by default) wait for a slow reader; a size that is no whole number fails with `BadMessage`.
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
 * A reference to one actor. After a restart the successor has another PID and another ref; to follow it over restarts,
 * use a `NamedRef` or `Actor.Service`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorRef<in Rpcs extends Rpc.Any> extends Recipient<Rpcs> {
  readonly "~myrmidon/ActorRef": true
  readonly pid: Pid
}

/**
 * A reference to whoever has a name: looked up with each message, so that it follows an actor over restarts. When
 * nobody has the name, a `tell` is a dead letter, and an `ask` fails with `ActorExited` (`NoProc`).
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
 * A ref of any actor, whatever messages it understands: enough to link, monitor, kill or inspect it.
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
  /** The schema of a ref, for fields of payloads: it is encoded as the PID and the identity of the running system. */
  readonly schema: <Name extends string, Rpcs extends Rpc.Any>(
    protocol: Protocol<Name, Rpcs>
  ) => Schema.Codec<ActorRef<Rpcs>, string>
  /** A ref that follows a name, from the protocol of the actor. */
  readonly named: <Name extends string, Rpcs extends Rpc.Any>(
    protocol: Protocol<Name, Rpcs>,
    name: string
  ) => Effect.Effect<NamedRef<Rpcs>, never, ActorSystem>
  /** A ref that follows a name, from a behaviour of the actor's protocol. */
  readonly namedFor: <Rpcs extends Rpc.Any, Args, State, E, R>(
    behavior: Behavior<Rpcs, Args, State, E, R>,
    name: string
  ) => Effect.Effect<NamedRef<Rpcs>, never, ActorSystem>
  /** `fromPid`, with a behaviour of the actor's protocol. */
  readonly fromPidFor: <Rpcs extends Rpc.Any, Args, State, E, R>(
    behavior: Behavior<Rpcs, Args, State, E, R>,
    pid: Pid
  ) => Effect.Effect<ActorRef<Rpcs>, never, ActorSystem>
  /** A ref from a PID that was stored or printed. Whether such an actor lives is not checked here. */
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
