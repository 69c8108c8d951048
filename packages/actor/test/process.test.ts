// What holds the process: not an idle system; a pending ask, an armed timer, and `keepAlive`.
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { systems } from "./fixtures.ts"

const run = async (system: string, body: string): Promise<{ readonly out: string; readonly code: number | null }> => {
  const program = `
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Layer, Schema, Scope } from "effect"
import { Rpc } from "effect/rpc"
const Late = Actor.make("Late", [Rpc.make("Wait", { success: Schema.String }), Rpc.make("Tick")])
const LateLive = Late.behavior({
  init: (delay: number, self) => {
    if (delay > 0) self.after(delay, Late.messages.Tick())
    return 0
  },
  handlers: { Wait: () => Effect.never, Tick: () => console.log("ticked") }
})
const start = (options = {}) =>
  Effect.runPromise(Effect.flatMap(
    Layer.buildWithScope(ActorSystem.${system}(options), Scope.makeUnsafe()),
    (services) => Effect.provideContext(ActorSystem, services)
  ))
${body}`
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"]
  })
  let out = ""
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString()
    // It is held, as it should be: it said so, and would go on for ever.
    if (out.includes("HELD")) child.kill()
  })
  const [code] = await once(child, "exit") as [number | null]
  return { out: out.trim(), code }
}

describe.each(systems)("a process with the %s", (name) => {
  const system = name === "twin" ? "layerMemory" : "layer"

  it("G56: ends by itself while actors are idle", async () => {
    const { code, out } = await run(
      system,
      `
const system = await start()
system.spawnUnsafe(LateLive, 0).tellUnsafe(Late.messages.Tick())
`
    )
    assert.deepStrictEqual({ out, code }, { out: "ticked", code: 0 })
  })

  it("is held by an armed timer until it has fired", async () => {
    const { code, out } = await run(
      system,
      `
const system = await start()
system.spawnUnsafe(LateLive, 30)
`
    )
    assert.deepStrictEqual({ out, code }, { out: "ticked", code: 0 })
  })

  it("is held by a pending ask until it has ended", async () => {
    const { code, out } = await run(
      system,
      `
const system = await start()
const ask = system.spawnUnsafe(LateLive, 0).ask(Late.messages.Wait(), { timeout: 50 })
Effect.runFork(Effect.flip(ask)).addObserver((exit) => console.log(exit.value.reason._tag))
`
    )
    assert.deepStrictEqual({ out, code }, { out: "AskTimeout", code: 0 })
  })

  it("is held by keepAlive", async () => {
    const { code, out } = await run(
      system,
      `
await start({ keepAlive: true })
// Unreferenced: it runs only if something else holds the process.
setTimeout(() => console.log("HELD"), 100).unref()
`
    )
    assert.deepStrictEqual({ out, code }, { out: "HELD", code: null })
  })
})
