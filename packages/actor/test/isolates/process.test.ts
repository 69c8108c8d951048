// What holds a process whose system has workers, and how it ends (G56, G158, G159, G292).
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { nativeLoads } from "../fixtures.ts"

const run = async (
  body: string,
  flags: ReadonlyArray<string> = []
): Promise<{ readonly out: ReadonlyArray<string>; readonly code: number | null }> => {
  const program = `
import { ActorSystem } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { Courier, CourierLive, Late, LateLive } from ${JSON.stringify(new URL("./late.ts", import.meta.url).href)}
const scope = Scope.makeUnsafe()
const services = await Effect.runPromise(Layer.buildWithScope(ActorSystem.layer({ isolates: 2, shutdownTimeout: 500 }), scope))
const provided = Effect.provideContext(services)
const run = (effect) => Effect.runPromise(effect.pipe(Scope.provide(scope), provided))
const late = (on, args) => run(LateLive.spawnOn(on, args))
${body}`
  return output([...flags, "--input-type=module-typescript", "--eval", program])
}

const output = async (args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"]
  })
  let out = ""
  child.stdout.on("data", (chunk: Buffer) => out += chunk.toString())
  const [code] = await once(child, "close") as [number | null]
  return { out: out.trim().split("\n"), code }
}

/** ms: starting threads may take its time on a busy machine. */
const patience = 60_000

describe.runIf(nativeLoads)("a process with worker isolates", () => {
  it("G56: ends by itself while their actors are idle", async () => {
    const ended = await run(`
const actor = await late("worker", { name: "a", delay: 0 })
console.log(await Effect.runPromise(actor.ask(Late.messages.Tick("here"))))
`)
    assert.deepStrictEqual(ended, { out: ["ticked here"], code: 0 })
  }, patience)

  it("starts them whatever options V8 was given", async () => {
    const ended = await run(`console.log("started")`, ["--max-old-space-size=512"])
    assert.deepStrictEqual(ended, { out: ["started"], code: 0 })
  }, patience)

  it("G56: is held by a timer of a worker until it has fired", async () => {
    const ended = await run(`await late("worker", { name: "a", delay: 200 })`)
    assert.deepStrictEqual(ended, { out: ["a ticked late"], code: 0 })
  }, patience)

  it("G159: is held by a handler of a worker that waits, and by what a timer of one makes another one do", async () => {
    const ended = await run(`
const { isolates } = await run(Effect.flatMap(ActorSystem, (system) => system.info))
const to = await late(isolates[2].isolate, { name: "a", delay: 0 })
const courier = await run(CourierLive.spawnOn(isolates[1].isolate))
courier.tellUnsafe(Courier.messages.Later({ to, delay: 50 }))
`)
    assert.deepStrictEqual(ended, { out: ["a was slow"], code: 0 })
  }, patience)

  it("G159: is held until whoever waits here has heard from a timer of a worker, every time", async () => {
    const ended = await run(`
const courier = await run(CourierLive.spawnOn("worker"))
for (let round = 0; round < 20; round++) {
  const heard = Deferred.makeUnsafe()
  const to = await run(Late.behavior({
    init: () => null,
    handlers: { Tick: () => "", Forever: () => {}, Slowly: () => Effect.asVoid(Deferred.succeed(heard, undefined)) }
  }).spawn())
  courier.tellUnsafe(Courier.messages.Later({ to, delay: round }))
  await Effect.runPromise(Deferred.await(heard))
}
console.log("heard")
`)
    assert.deepStrictEqual(ended, { out: ["heard"], code: 0 })
  }, patience)

  it(
    "G292: is held by messages that go to and fro, though only a promise of the program's own waits for them",
    async () => {
      const ended = await run(`
const courier = await run(CourierLive.spawnOn("worker"))
let left = 3_000
let finish
const finished = new Promise((resolve) => finish = resolve)
const to = await run(Late.behavior({
  init: () => null,
  handlers: {
    Tick: () => "",
    Forever: () => {},
    Slowly: (_, delay, self) => {
      if (--left === 0) return finish()
      self.send(courier, Courier.messages.Now({ to, delay }))
    }
  }
}).spawn())
courier.tellUnsafe(Courier.messages.Now({ to, delay: 0 }))
await finished
console.log("there and back")
`)
      assert.deepStrictEqual(ended, { out: ["there and back"], code: 0 })
    },
    patience
  )

  it(
    "G155: a program whose behaviours stand in its own module is told so, and is not run by workers of workers",
    async () => {
      const { code, out } = await output([fileURLToPath(new URL("./program.ts", import.meta.url))])
      assert.strictEqual(code, 0)
      assert.strictEqual(out.length, 1)
      assert.include(out[0], "put behaviours into a module of their own")
    },
    patience
  )

  it("G158: a close ends actors in order, the workers' Layers after them, and then the process", async () => {
    const ended = await run(`
await late(1, { name: "a", delay: 0 })
await late(2, { name: "b", delay: 60_000 })
await Effect.runPromise(Scope.close(scope, Exit.void))
console.log("closed")
`)
    assert.deepStrictEqual(ended.code, 0)
    assert.sameMembers(ended.out.slice(0, -1), ["a ended by Shutdown", "b ended by Shutdown", "released", "released"])
    assert.strictEqual(ended.out.at(-1), "closed")
  }, patience)

  it("G158: an actor that does not end is killed in time, a worker that is blocked is ended by force", async () => {
    const ended = await run(`
const stuck = await late("worker", { name: "a", delay: 0 })
stuck.tellUnsafe(Late.messages.Forever())

await Effect.runPromise(Scope.close(scope, Exit.void))
console.log("closed")
`)
    const [told, ...out] = ended.out
    assert.match(told!, /WARN .*isolate \d+ has not ended in time/) // G310
    assert.deepStrictEqual({ ...ended, out }, { out: ["closed"], code: 0 })
  }, patience)
})
