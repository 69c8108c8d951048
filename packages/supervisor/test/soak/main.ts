/**
 * A supervision soak: `npm run check -- soak`. Ten minutes (MYRMIDON_SOAK_MINUTES) of load with crashes, kills, failing
 * starts, orders, hot swaps and dynamic children on the native system (`--memory`: the twin). Every few seconds all of
 * it rests, and then
 *
 * - every message that was accepted has been handled or is a dead letter,
 * - the live actors are exactly those of the tree, and none is still to be started,
 * - every life that has begun and is not in the tree has closed its scope,
 * - the heap is no larger than it was after the first rests.
 *
 * Exit: 0 all of that held, 1 something did not, which is printed first.
 */
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Effect, References } from "effect"
import { soak } from "./soak.ts"

const minutes = Number(process.env["MYRMIDON_SOAK_MINUTES"] ?? 10)
const seed = Number(process.env["MYRMIDON_SEED"] ?? 1)
if (!(minutes > 0)) throw new Error("MYRMIDON_SOAK_MINUTES must be a number above 0")

const letters = { dead: 0, rolledBack: 0 }
const tags = new Set(["Work", "Wait", "Crash", "Leave", "Unlink"])
const onDeadLetter = ({ message, why }: DeadLetter): void => {
  if (!tags.has(message._tag)) return
  // Its handler was entered before it crashed the canary.
  if (why === "SwapRolledBack") letters.rolledBack++
  else letters.dead++
}
const options = { onDeadLetter, mailbox: { capacity: 1_000 } }
const system = process.argv.includes("--memory") ? ActorSystem.layerMemory(options) : ActorSystem.layer(options)

// The logs of failed restarts would be most of the output.
const quietly = Effect.provideService(
  Effect.scoped(soak({ minutes, seed, letters })),
  References.MinimumLogLevel,
  "None"
)
const report = await Effect.runPromise(Effect.provide(quietly, system))
for (const [key, value] of Object.entries(report.figures)) console.log(`${key.padEnd(20)}${value}`)
for (const problem of report.problems) console.log(`PROBLEM: ${problem}`)
console.log(JSON.stringify({ ...report.figures, problems: report.problems.length }))
process.exitCode = report.problems.length > 0 ? 1 : 0
