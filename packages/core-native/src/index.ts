/**
 * The Myrmidon actor runtime in Rust, as a Node.js addon.
 *
 * `Runtime` is the API of this package for programs. `Membrane`, `load` and what they need are the ground that
 * `@myrmidonjs/actor` stands on.
 *
 * @since 0.1.0
 */
export type {
  ActorHandle,
  AskOptions,
  Down,
  ExitSignal,
  MonitorOptions,
  MonitorRef,
  PlainHandle,
  PlainSelf,
  StopOptions,
  TableHandle,
  TellOutcome
} from "./ActorHandle.ts"
export type { Binding, IsolateData } from "./binding.ts"
export type { Carried } from "./border.ts"
export { systemClock } from "./clock.ts"
export {
  ActorExited,
  AskTimeout,
  BadMessage,
  InvalidOption,
  LimitReached,
  MailboxFull,
  NameTaken,
  SystemStopped
} from "./errors.ts"
export type { CrashError, ExitReason } from "./ExitReason.ts"
export type { AwayHost, MembraneCall, MembraneCell, MembraneClock, MembraneHost, MembraneOptions, Why } from "./host.ts"
export { load } from "./load.ts"
export type { Mailbox } from "./Mailbox.ts"
export { Membrane } from "./Membrane.ts"
export { type Attempt, NativeUnavailable } from "./NativeUnavailable.ts"
export { formatPid, type Pid } from "./Pid.ts"
export { type DeadLetter, Runtime, type RuntimeOptions, type SpawnOptions } from "./Runtime.ts"
