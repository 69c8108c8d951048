/**
 * A million of every kind: `npm run check -- leaks`.
 *
 * As a program: `node packages/actor/test/leaks/main.ts [--native | --memory] [operations of each kind] [words of their
 * names]`; without either, both systems in processes of their own, at the same time.
 * Exit: 0 nothing is left of any, 1 something is, which its row says.
 */
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect, References } from "effect"
import { spawn } from "node:child_process"
import { kinds } from "./kinds.ts"
import { reckon } from "./reckoning.ts"

const args = process.argv.slice(2)
const backends = ["--native", "--memory"]
const backend = args.find((arg) => backends.includes(arg))
const [count = "1000000", ...words] = args.filter((arg) => arg !== backend)
const operations = Number(count)
if (!Number.isSafeInteger(operations) || operations < 1) throw new Error("how many: an integer of 1 or more")

const both = (): Promise<number> => {
  const codes = backends.map((backend) =>
    new Promise<number>((resolve) => {
      const child = spawn(process.execPath, [import.meta.filename, backend, ...args], { stdio: "inherit" })
      child.on("exit", (code) => resolve(code ?? 1))
    })
  )
  return Promise.all(codes).then((all) => Math.max(...all))
}

const one = (isMemory: boolean): Promise<number> => {
  // A trace takes most of the time of an operation that fails, and is not looked at.
  Error.stackTraceLimit = 0
  const program = Effect.gen(function*() {
    const system = yield* ActorSystem
    let failed = 0
    for (const kind of kinds.filter(({ name }) => words.every((word) => name.includes(word)))) {
      const { heap, native, problems, seconds } = yield* reckon(system, kind, operations, true)
      if (problems.length > 0) failed++
      console.log(
        [
          isMemory ? "twin  " : "native",
          kind.name.padEnd(44),
          `${seconds.toFixed(1)} s`.padStart(8),
          `heap ${heap.toFixed(2)}`.padStart(12),
          `beside ${native.toFixed(2)}`.padStart(15),
          problems.length === 0 ? "nothing is left" : `LEFT: ${problems.join("; ")}`
        ].join("  ")
      )
    }
    const { system: inKernel, user } = process.cpuUsage()
    console.log(
      `${isMemory ? "twin" : "native"}: ${operations} of each kind, bytes an operation; ${failed} kinds leave `
        + `something; ${((user + inKernel) / 1e6).toFixed(0)} s of CPU`
    )
    return failed > 0 ? 1 : 0
  })
  const layer = isMemory ? ActorSystem.layerMemory() : ActorSystem.layer()
  // Crashes would be most of the output.
  const quietly = Effect.provideService(Effect.scoped(program), References.MinimumLogLevel, "None")
  return Effect.runPromise(Effect.provide(quietly, layer))
}

process.exitCode = backend === undefined ? await both() : await one(backend === "--memory")
