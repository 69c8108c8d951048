// What `@myrmidonjs/core-native` exports is what this package expects of it: `internal/native/membrane.ts` says it in
// shapes of its own, for neither of the two imports the other's types.
import { assert, describe, it } from "@effect/vitest"
import type { Binding, Membrane as Exported, MembraneHost } from "@myrmidonjs/core-native"
import * as coreNative from "@myrmidonjs/core-native"
import type { Call } from "../../src/internal/call.ts"
import type { NativeCell } from "../../src/internal/native/cell.ts"
import type {
  NativeAway,
  NativeCensus,
  NativeMembrane,
  NativeModule,
  NativeSignals,
  NativeTiming
} from "../../src/internal/native/membrane.ts"
import type { Outcome, ShardHost } from "../../src/internal/shard.ts"

type Options = ConstructorParameters<NativeModule["Membrane"]>[1]

/** That package knows outcomes and PIDs as numbers. */
type Numbered<Part> = {
  readonly [Name in keyof Part]: Part[Name] extends (...args: infer Args) => Outcome ? (...args: Args) => number
    : Part[Name]
}
type Parts = Pick<NativeMembrane, "signals" | "census" | "timing"> & { readonly away: Numbered<NativeAway> }
type Whole = Numbered<Omit<NativeMembrane, keyof Parts>> & Parts

// Compiled, not run: what the one makes is handed where the other is asked for.
const made = (binding: Binding, options: Options, host: MembraneHost<NativeCell, Call>): Whole =>
  new coreNative.Membrane(binding, options, host)
const held = (membrane: Exported<NativeCell, Call>): Whole => membrane
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

const members: Record<Exclude<keyof NativeMembrane, keyof Parts>, true> = {
  takePid: true,
  takenLow: true,
  takenGeneration: true,
  adopt: true,
  release: true,
  open: true,
  started: true,
  abandon: true,
  exitSelf: true,
  finished: true,
  setFlags: true,
  isAlive: true,
  find: true,
  send: true,
  call: true,
  isBusy: true,
  answered: true,
  behind: true,
  awaitRoom: true,
  canHelp: true,
  helpedAt: true,
  hasten: true,
  stepOut: true,
  stepIn: true,
  help: true,
  stop: true,
  ready: true,
  resume: true,
  suspend: true,
  defer: true,
  whereis: true,
  pidNamed: true,
  keepAlive: true,
  holds: true,
  closed: true,
  close: true
}
const away: Record<keyof NativeAway, true> = {
  send: true,
  call: true,
  room: true,
  beginPayload: true,
  sendPayload: true,
  sendLoaded: true,
  mayLeave: true,
  reply: true,
  forward: true,
  opOf: true,
  tagOf: true,
  shard: true,
  isolate: true,
  isolates: true
}
const signals: Record<keyof NativeSignals, true> = {
  exit: true,
  link: true,
  unlink: true,
  monitor: true,
  demonitor: true,
  watch: true,
  unwatch: true
}
const census: Record<keyof NativeCensus, true> = {
  info: true,
  account: true,
  stats: true,
  top: true,
  usages: true,
  cells: true,
  pids: true
}
const timing: Record<keyof NativeTiming, true> = { start: true, cancel: true }

const options: Options = {
  maxActors: 10,
  capacity: 10,
  longSchedule: 10,
  clock: { now: () => 0, wakeIn: () => {} },
  seed: undefined
}

describe("the membrane", () => {
  it("has every member that the native shard calls, with the types that it expects", () => {
    assert.isFunction(made)
    assert.isFunction(held)
    assert.strictEqual(Object.keys(told).length, 11)
    assert.isFunction(coreNative.load)
    const membrane = made(coreNative.load(), options, {} as MembraneHost<NativeCell, Call>)
    const parts: ReadonlyArray<readonly [object, object]> = [
      [members, membrane],
      [away, membrane.away],
      [signals, membrane.signals],
      [census, membrane.census],
      [timing, membrane.timing]
    ]
    for (const [names, part] of parts) {
      for (const name of Object.keys(names)) assert.isTrue(name in part, name)
    }
    void membrane.close()
  })
})
