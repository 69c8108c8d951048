/**
 * The smallest program that uses each published package, as someone who installed it writes it. It is type-checked
 * against the packed types and run on the packed code; its last line of output is `output`.
 */
export interface Program {
  readonly code: string
  readonly output: string
  /** It loads the addon: run only where one has been built. */
  readonly native: boolean
}

const counter = (system: string): string => `
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"

const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int })])
const { Add } = Counter.messages
const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: { Add: (state, { by }) => state.n += by }
})
const program = Effect.gen(function*() {
  const counter = yield* CounterLive.spawn(40)
  yield* counter.tell(Add({ by: 1 }))
  return yield* counter.ask(Add({ by: 1 }))
})
export const answer: Promise<number> = Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(${system})))
`

/** On the twin, with nothing of Node's. */
export const onTheTwin = counter("ActorSystem.layerMemory()")

/** A behaviour that workers import, and the program that spawns it there: plain JavaScript, as it is run. */
export const onWorkers = {
  "counter.mjs": `
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { isMainThread } from "node:worker_threads"

export const Counter = Actor.make("Counter", [
  Rpc.make("Add", { payload: Schema.Struct({ by: Schema.Int }), success: Schema.Int }),
  Rpc.make("IsMain", { success: Schema.Boolean })
])
export const CounterLive = Actor.module(
  import.meta.url,
  Counter.behavior({
    init: (start) => ({ n: start }),
    handlers: { Add: (state, { by }) => state.n += by, IsMain: () => isMainThread }
  }),
  Layer.empty
)
`,
  "main.mjs": `
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { Counter, CounterLive } from "./counter.mjs"

const program = Effect.gen(function*() {
  const counter = yield* CounterLive.spawnOn("worker", 40)
  const n = yield* counter.ask(Counter.messages.Add({ by: 2 }))
  return \`\${n} \${yield* counter.ask(Counter.messages.IsMain())}\`
})
console.log(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 })))))
`
} as const

/** Asks for the native system where nothing native is installed. */
export const withoutNative = `
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect, Layer } from "effect"

const { _tag: tag, message } = await Effect.runPromise(
  Effect.flip(Effect.scoped(Layer.build(ActorSystem.layer())))
)
console.log(JSON.stringify({ tag, message }))
`

export const programs: Readonly<Record<string, Program>> = {
  "@myrmidonjs/actor": {
    code: `${onTheTwin}console.log(await answer)\n`,
    output: "42",
    native: false
  },
  "@myrmidonjs/supervisor": {
    code: `
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"

const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int })])
const { Add } = Counter.messages
const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: { Add: (state, { by }) => state.n += by }
})
const program = Effect.gen(function*() {
  const app = yield* Supervisor.start(Supervisor.make("app", {}, [Supervisor.child("counter", CounterLive, 40)]))
  const counter = yield* app.get("counter")
  return yield* counter.ask(Add({ by: 2 }))
})
console.log(await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))))
`,
    output: "42",
    native: false
  },
  "@myrmidonjs/core-native": {
    code: `
import { Runtime } from "@myrmidonjs/core-native"

const runtime = new Runtime()
const doubler = runtime.spawn((message: number) => message * 2)
const answer: number = await doubler.ask(21)
await runtime.shutdown({ timeout: 1000 })
console.log(answer)
`,
    output: "42",
    native: true
  }
}
