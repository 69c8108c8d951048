// What `@myrmidonjs/core-native` exports is what this package expects of it: `internal/native/membrane.ts` says it in
// shapes of its own, for neither of the two imports the other's types.
import { assert, describe, it } from "@effect/vitest"
import type { Binding, Membrane as Exported, MembraneHost } from "@myrmidonjs/core-native"
import * as coreNative from "@myrmidonjs/core-native"
import type { Call } from "../../src/internal/call.ts"
import type { NativeCell } from "../../src/internal/native/cell.ts"
import type { NativeMembrane, NativeModule } from "../../src/internal/native/membrane.ts"
import type { Outcome, ShardHost } from "../../src/internal/shard.ts"

type Options = ConstructorParameters<NativeModule["Membrane"]>[1]

/** That package knows outcomes and PIDs as numbers. */
type Numbered = {
  readonly [Name in keyof NativeMembrane]: NativeMembrane[Name] extends (...args: infer Args) => Outcome
    ? (...args: Args) => number
    : NativeMembrane[Name]
}

// Compiled, not run: what the one makes is handed where the other is asked for.
const made = (binding: Binding, options: Options, host: MembraneHost<NativeCell, Call>): Numbered =>
  new coreNative.Membrane(binding, options, host)
const held = (membrane: Exported<NativeCell, Call>): Numbered => membrane
const told: Record<keyof ShardHost, true> & Record<keyof MembraneHost<NativeCell, Call>, true> = {
  spentCall: true,
  deliver: true,
  exitSignal: true,
  down: true,
  outsideDown: true,
  terminate: true,
  dead: true,
  callEnded: true,
  deadLetter: true,
  longSchedule: true,
  away: true
}

const members: Record<keyof NativeMembrane, true> = {
  takePid: true,
  adopt: true,
  release: true,
  open: true,
  started: true,
  abandon: true,
  exitSelf: true,
  finished: true,
  setFlags: true,
  isAlive: true,
  info: true,
  account: true,
  top: true,
  usages: true,
  pids: true,
  find: true,
  send: true,
  call: true,
  sendAway: true,
  callAway: true,
  mayLeave: true,
  reply: true,
  forward: true,
  borderOpOf: true,
  borderTagOf: true,
  shard: true,
  isolate: true,
  isolates: true,
  isBusy: true,
  answered: true,
  awaitRoom: true,
  canHelp: true,
  helpedAt: true,
  help: true,
  stop: true,
  ready: true,
  resume: true,
  suspend: true,
  defer: true,
  exit: true,
  link: true,
  unlink: true,
  monitor: true,
  demonitor: true,
  watch: true,
  unwatch: true,
  whereis: true,
  pidNamed: true,
  startTimer: true,
  cancelTimer: true,
  stats: true,
  cells: true,
  keepAlive: true,
  holds: true,
  closed: true,
  close: true
}

describe("the membrane", () => {
  it("has every member that the native shard calls, with the types that it expects", () => {
    assert.isFunction(made)
    assert.isFunction(held)
    assert.strictEqual(Object.keys(told).length, 11)
    assert.isFunction(coreNative.load)
    for (const name of Object.keys(members)) assert.isTrue(name in coreNative.Membrane.prototype, name)
  })
})
