/**
 * Typed actors for Effect.
 *
 * @since 0.1.0
 */
export * as Actor from "./Actor.ts"
export { ActorElsewhere } from "./ActorElsewhere.ts"
export { ActorRef, type AnyRef, type AskOptions, type NamedRef, type Recipient } from "./ActorRef.ts"
export {
  ActorSystem,
  type BehaviorInfo,
  type IsolateInfo,
  type NativeOptions,
  type SystemInfo,
  type SystemOptions
} from "./ActorSystem.ts"
export { ActorExited, AskError, AskTimeout } from "./AskError.ts"
export type { Behavior } from "./Behavior.ts"
export { BufferMoved } from "./BufferMoved.ts"
export { Codec, type PayloadCodec } from "./Codec.ts"
export type { DeadLetter } from "./DeadLetter.ts"
export { ExitReason, ExitReasonSchema } from "./ExitReason.ts"
export { type Down, ExitSignal, type MonitorRef } from "./ExitSignal.ts"
export * as HotSwap from "./HotSwap.ts"
export type { PlanReport, SwapReport, Upgrade } from "./HotSwap.ts"
export {
  type ActorStatistics,
  Inspector,
  type TracedIn,
  type TracedMessage,
  type TracedOut,
  type TraceOptions
} from "./Inspector.ts"
export { InvalidOption } from "./InvalidOption.ts"
export * as Link from "./Link.ts"
export { Lane, type Mailbox, Reentrant } from "./Mailbox.ts"
export type { Message } from "./Message.ts"
export * as Module from "./Module.ts"
export * as Monitor from "./Monitor.ts"
export type { IsolateId, Movable } from "./Movable.ts"
export { Pid } from "./Pid.ts"
export type { Protocol } from "./Protocol.ts"
export { ReplaceFailed } from "./ReplaceFailed.ts"
export { type ChildOptions, CurrentActor, type Forwarded, type Self, type SpawnOptions, type TimerRef } from "./Self.ts"
export { SharedBuffer } from "./SharedBuffer.ts"
export {
  InitCrashed,
  InitTimeout,
  IsolateUnavailable,
  LimitReached,
  ModuleUnavailable,
  NameNotFound,
  NameTaken,
  NativeUnavailable,
  OwnerStopped,
  ProtocolMismatch,
  SpawnError,
  SystemStopped
} from "./SpawnError.ts"
export {
  HandledMessage,
  MigrationFailed,
  MigrationTimeout,
  RolledBack,
  StateInvalid,
  StateNotCopyable,
  SwapError,
  SwapInProgress,
  WrongVersion
} from "./SwapError.ts"
export type { Canary, Selection, SwapOptions, UpgradeOptions } from "./SwapOptions.ts"
export type { SystemEvent } from "./SystemEvent.ts"
export { BadMessage, MailboxFull, NodeBusy, NoSession, TellError, type TellOutcome } from "./TellError.ts"
export { Traced } from "./Traced.ts"
