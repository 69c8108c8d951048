/**
 * `effect/cluster`: an entity on one runner, whose message storage and runner transport do nothing, without simulated
 * serialization. One message at a time is the default; a tell is a call with `discard`.
 *
 * An entity starts when the first message reaches it, so `spawn` asks each for its state once.
 */
import * as Entity from "effect/cluster/Entity"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { burn, mustBe, now, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, FairSchedule, fairShape, inFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, type Subject } from "../workload.ts"
import { versionOf } from "../version.ts"

const Actor = Entity.make("Actor", [
  Rpc.make("Add", { payload: { by: Schema.Number } }),
  Rpc.make("Total", { success: Schema.Number }),
  Rpc.make("Number", { payload: { value: Schema.Number } }),
  Rpc.make("Sum", { payload: { num: Schema.Number, size: Schema.Number }, success: Schema.Number }),
  Rpc.make("Burn", { payload: {} }),
  Rpc.make("Light", { payload: { due: Schema.Number } })
])

const tell = { discard: true } as const

/** What all entities of a process report to: a handler is built per entity, inside the layer. */
const tally = new Tally()
let schedule = new FairSchedule(1)

const ActorLive = Actor.toLayer(
  Effect.gen(function*() {
    const client = yield* Actor.client
    const { entityId } = yield* Entity.CurrentAddress
    let state = 0
    return Actor.of({
      Add: ({ payload }) =>
        Effect.sync(() => {
          state += payload.by
          tally.hit()
        }),
      Total: () => Effect.sync(() => state),
      Number: () => Effect.sync(() => tally.hit()),
      Sum: ({ payload: { num, size } }) => {
        if (size === 1) return Effect.succeed(num)
        const parts = Array.from(
          { length: 10 },
          (_, i) => client(`${entityId}.${i}`).Sum({ num: num + (i * size) / 10, size: size / 10 })
        )
        return Effect.orDie(
          Effect.map(Effect.all(parts, { concurrency: "unbounded" }), (sums) => sums.reduce((a, b) => a + b, 0))
        )
      },
      // Forked: a tell to oneself is acknowledged when its handler starts, and that waits for this one.
      Burn: () =>
        Effect.suspend(() => {
          burn(fairShape.burnMs)
          return Effect.asVoid(Effect.forkDetach(client(entityId).Burn({}, tell)))
        }),
      Light: ({ payload }) => Effect.sync(() => schedule.arrived(payload.due))
    })
  }),
  { mailboxCapacity: "unbounded", maxIdleTime: "1 hour", disableFatalDefects: true }
)

const ClusterLive = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerNoop),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(ShardingConfig.layer({
    simulateRemoteSerialization: false,
    maxResidentEntities: "unbounded",
    entityMailboxCapacity: "unbounded"
  }))
)

const start = () =>
  ManagedRuntime.make(
    Layer.provideMerge(ActorLive, ClusterLive).pipe(
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None")),
      Layer.provideMerge(Layer.succeed(References.TracerEnabled, false))
    )
  )
const spawn: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  let next = 0
  return spawnShape(n, warm, (n) =>
    runtime.runPromise(Effect.gen(function*() {
      let started = 0
      for (let i = 0; i < n; i++) {
        if ((yield* client(String(next++)).Total()) === 0) started++
      }
      return started
    })), () => runtime.dispose())
}

const pingpong: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  return warmThenTime(n, warm, (n) =>
    runtime.runPromise(Effect.gen(function*() {
      const pong = client("pong")
      tally.handled = 0
      for (let i = 0; i < n; i++) yield* pong.Number({ value: i })
      return tally.handled
    })))
}

const ask: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  const actor = client("counter")
  return askShape(n, warm, (samples) =>
    runtime.runPromise(Effect.gen(function*() {
      let right = 0
      for (let i = 0; i < samples.length; i++) {
        const asked = now()
        if ((yield* actor.Total()) === 0) right++
        samples[i] = now() - asked
      }
      return right
    })), (n) => {
    let left = n
    let right = 0
    const lane = Effect.gen(function*() {
      while (left > 0) {
        left--
        if ((yield* actor.Total()) === 0) right++
      }
    })
    return runtime.runPromise(Effect.replicateEffect(lane, inFlight, { concurrency: "unbounded", discard: true }))
      .then(() => right)
  })
}

const count: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  let run = 0
  return warmThenTime(n, warm, (n) => {
    const actor = client(`counter${run++}`)
    return runtime.runPromise(Effect.gen(function*() {
      for (let i = 0; i < n; i++) yield* actor.Add({ by: 1 }, tell)
      return yield* actor.Total()
    }))
  })
}

const big: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  const actors = Array.from({ length: bigActors }, (_, index) => client(String(index)))
  return warmThenTime(n, warm, (n) =>
    runtime.runPromise(Effect.gen(function*() {
      tally.handled = 0
      const pinger = Effect.fnUntraced(function*(index: number) {
        let x = index + 1
        for (let left = n / bigActors; left > 0; left--) {
          x = xorshift32(x)
          yield* actors[bigOther(index, x)].Number({ value: index })
        }
      })
      yield* Effect.forEach(actors, (_, index) => pinger(index), { concurrency: "unbounded", discard: true })
      return tally.handled
    })))
}

const skynet: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  let run = 0
  return warmThenTime(n, warm, async (size) => {
    mustBe(
      await runtime.runPromise(client(`skynet${run++}`).Sum({ num: 0, size })),
      leafSum(size),
      "the sum of all leaves"
    )
    return size
  })
}

const fair: Program = async (n, warm) => {
  const runtime = start()
  const client = await runtime.runPromise(Actor.client)
  schedule = new FairSchedule(warm)
  const lights = Array.from({ length: fairShape.lights }, (_, index) => client(`light${index}`))
  for (let i = 0; i < fairShape.heavies; i++) runtime.runFork(client(`heavy${i}`).Burn({}, tell))
  const send = (light: number, due: number): void => void runtime.runFork(lights[light].Light({ due }, tell))
  await schedule.run(send)
  schedule = new FairSchedule(n)
  return schedule.run(send)
}

export const subject: Subject = {
  name: "effect-entity",
  version: versionOf("effect"),
  programs: { spawn, pingpong, ask, count, big, skynet, fair },
  sizes: { spawn: 20_000, pingpong: 200_000, ask: 100_000, count: 200_000, big: 120_000, skynet: 10_000 },
  cannot: { random: "100,000 live entities take more than ten seconds to start" }
}
