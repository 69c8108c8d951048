// A duration is one to a spec if it is one to a spawn, and else it is refused by its name (G222).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "@myrmidonjs/actor"
import { type Child, InvalidSpec, Supervisor } from "@myrmidonjs/supervisor"
import { Cause, Duration, Effect, Exit } from "effect"
import { inspect } from "node:util"
import { Journal, workerOf } from "./fixtures.ts"

const worker = workerOf(new Journal())

/** What may be one, as far as a caller without types knows. */
const inputs: ReadonlyArray<unknown> = [
  5,
  10_000_000n,
  "5 millis",
  { seconds: 1 },
  { seconds: 1, milliseconds: 5 },
  Duration.seconds(1),
  [1, 500],
  0,
  -1,
  NaN,
  "",
  "5",
  "soon",
  null,
  true,
  {},
  Object.create(null),
  { second: 1 },
  { seconds: 1, minute: 5 },
  { seconds: NaN },
  { seconds: 1, milliseconds: NaN },
  { seconds: "1" },
  { seconds: 0 },
  { seconds: -1 },
  [],
  [1],
  [1, 2, 3],
  [NaN, 1],
  ["1", 2],
  Object.assign([1, 500], { extra: 1 }),
  new Map(),
  Symbol("duration"),
  () => 5
]

const child = (options: object) => Supervisor.child("child", worker, "", options)
const tree = (options: object) => Supervisor.make("tree", options, [])

/** The field, and a spec that has it. */
const fields: ReadonlyArray<readonly [field: string, spec: (value: never) => unknown]> = [
  ["initTimeout", (initTimeout) => child({ initTimeout })],
  ["mailbox.sendTimeout", (sendTimeout) => child({ mailbox: { sendTimeout } })],
  ["shutdown", (shutdown) => child({ shutdown })],
  ["period", (period) => tree({ period })],
  ["backoff.min", (min) => tree({ backoff: { min, max: "1 hour" } })],
  ["backoff.max", (max) => tree({ backoff: { min: 1, max } })]
]

describe("durations of specs (G222)", () => {
  it.effect.each(fields)("%s is what a spawn takes, and no other", ([field, spec]) =>
    Effect.gen(function*() {
      const wrong: Array<string> = []
      for (const input of inputs) {
        const spawned = yield* Effect.exit(worker.spawnDetached("", { initTimeout: input as never }))
        const started = yield* Effect.exit(Effect.scoped(
          Effect.suspend(() =>
            Supervisor.start(spec(input as never) as Child<string, unknown, never, unknown, ActorSystem>)
          )
        ))
        // None at all is a time to stop in.
        const isTaken = Exit.isSuccess(spawned)
          || field === "shutdown" && (input === 0 || (input as { seconds?: unknown } | null)?.seconds === 0)
        if (isTaken !== Exit.isSuccess(started)) wrong.push(`${inspect(input)}: ${isTaken ? "refused" : "taken"}`)
        if (Exit.isSuccess(started)) continue
        const error = Cause.squash(started.cause)
        if (!(error instanceof InvalidSpec) || error.field !== field) wrong.push(`${inspect(input)}: ${String(error)}`)
      }
      assert.deepStrictEqual(wrong, [])
    }).pipe(Effect.provide(ActorSystem.layerMemory())))
})
