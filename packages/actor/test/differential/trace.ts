/**
 * Runs a program on one system, and writes down what its shard does as text that two systems can be compared by.
 */
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Call } from "../../src/internal/call.ts"
import type { Cell } from "../../src/internal/cell.ts"
import { tagOf } from "../../src/internal/opcodes.ts"
import { CallEnd } from "../../src/internal/shard.ts"
import type { MakeShard } from "../../src/internal/system.ts"
import { type ExitReason, Pid } from "@myrmidonjs/actor"
import { type Ending, run } from "../conformance/driver.ts"
import { type Action, reasonText, World } from "../conformance/script.ts"
import { type Seen, Under } from "../conformance/under.ts"

export interface Trace {
  /** Everything, in its order. */
  readonly all: ReadonlyArray<string>
  /** Deliveries by (sender, receiver, lane). */
  readonly lanes: Readonly<Record<string, ReadonlyArray<string>>>
  readonly letters: ReadonlyArray<string>
  readonly ending: Ending
}

// Each native shard of a process has a number of its own.
const who = (pid: unknown): string => pid === 0 ? "outside" : Pid.print(pid as Pid).replace(/^<\d+\./, "<")
const cell = (cell: unknown): string => who((cell as Cell).pid)
const ends = Object.fromEntries(Object.entries(CallEnd).map(([name, code]) => [code, name]))

const content = (op: unknown, payload: unknown): string => {
  const { action, mode, text } = payload as {
    readonly action?: unknown
    readonly mode?: string
    readonly text?: string
  }
  return `${tagOf(op as number)} ${action === undefined ? `${mode ?? ""} ${text}` : JSON.stringify(action)}`
}

const describe = (what: Parameters<Seen>[0], args: ReadonlyArray<unknown>): string => {
  const [first, second, third, fourth, fifth] = args
  switch (what) {
    case "deliver":
      return `${cell(first)} <- ${who(fourth)} ${content(second, third)}${fifth === undefined ? "" : " (call)"}`
    case "exitSignal":
      return `${cell(first)} <- ${who(second)} exit ${reasonText(third as ExitReason)}`
    case "down":
      return `${cell(first)} <- ${who(third)} down ${second as number} ${reasonText(fourth as ExitReason)}`
    case "outsideDown":
      return `outside <- ${who(second)} down ${first as number} ${reasonText(third as ExitReason)}`
    case "terminate":
    case "dead":
      return `${cell(first)} ${what} ${reasonText(second as ExitReason)}`
    case "callEnded":
      return `call to ${cell((first as Call).callee)} ended ${ends[second as number] ?? ""} ${
        third === undefined ? "" : reasonText(third as ExitReason)
      }`
    case "deadLetter":
      return `dead letter ${fifth as string} ${who(first)} <- ${who(second)} ${content(third, fourth)}`
    default:
      return what
  }
}

const laneOf = (what: Parameters<Seen>[0], [to, op, , from]: ReadonlyArray<unknown>): string | undefined =>
  what !== "deliver"
    ? undefined
    : `${who(from)} -> ${cell(to)} ${["Urgent", "Hasty"].includes(tagOf(op as number)) ? "priority" : "normal"}`

export const trace = async (
  steps: ReadonlyArray<Action>,
  backend: MakeShard,
  seed: bigint | undefined
): Promise<Trace> => {
  const all: Array<string> = []
  const letters: Array<string> = []
  const lanes: Record<string, Array<string>> = {}
  let over = false
  const under = new Under(backend, {
    seed,
    seen: (what, args) => {
      if (over || what === "longSchedule") return
      const text = describe(what, args)
      all.push(text)
      if (what === "deadLetter") letters.push(text)
      const lane = laneOf(what, args)
      if (lane !== undefined) (lanes[lane] ??= []).push(text)
    }
  })
  const world = new World()
  const program = Effect.map(run({ id: "random", title: "", holds: [], steps }, under, world), (ending) => {
    over = true
    return ending
  })
  const ending: Ending = await Effect.runPromise(
    program.pipe(Effect.provide(under.layer), Effect.provide(TestClock.layer()), Effect.orDie, Effect.scoped)
  )
  // Without lockstep PIDs are taken from a reserve: lives are told apart by the order in which they were spawned.
  const lives = new Map(Array.from(world.ids, ([pid, id], at) => [who(pid), `${id}#${at}`]))
  const named = (text: string): string => text.replace(/<[\d.]+>/g, (pid) => lives.get(pid) ?? pid)
  // The number of a shard that is gone is given out again, and the PIDs of its successor begin where its own ended.
  const base = Math.min(...Array.from(world.ids.keys(), (pid) => Math.floor(pid / 2 ** 32)))
  const rebased = (text: string): string =>
    text.replace(/<(\d+)\.(\d+)>/g, (_, index, generation) => `<${index}.${Number(generation) - base}>`)
  return {
    all: all.map(rebased),
    lanes: Object.fromEntries(Object.entries(lanes).map(([lane, texts]) => [named(lane), texts.map(named)])),
    letters: letters.map(named).sort(),
    ending
  }
}
