/**
 * `effect/rpc`: an actor is a server with a client, joined without serialization, as `effect/cluster` joins them
 * inside a runner. Tracing is off, one message at a time (`concurrency: 1`). A tell is a call with `discard`, which
 * is acknowledged when its handler starts; `pingpong` and `big` are calls, as RPC has no other way to answer.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcServer from "effect/rpc/RpcServer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { burn, mustBe, now, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, FairSchedule, fairShape, inFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, randomActors, type Subject } from "../workload.ts"
import { versionOf } from "../version.ts"

/** One protocol for all workloads: a number goes in, a number comes back. */
class Actors extends RpcGroup.make(
  Rpc.make("Add", { payload: { by: Schema.Number } }),
  Rpc.make("Total", { success: Schema.Number }),
  Rpc.make("Number", { payload: { value: Schema.Number } }),
  Rpc.make("Sum", { payload: { num: Schema.Number, size: Schema.Number }, success: Schema.Number })
) {}
type Rpcs = RpcGroup.Rpcs<typeof Actors>
type Client = RpcClient.RpcClient<Rpcs>

interface Handlers {
  readonly Add?: (payload: { readonly by: number }) => Effect.Effect<void>
  readonly Total?: () => Effect.Effect<number>
  readonly Number?: (payload: { readonly value: number }) => Effect.Effect<void>
  readonly Sum?: (payload: { readonly num: number; readonly size: number }) => Effect.Effect<number>
}
const absent = (): Effect.Effect<never> => Effect.die("this actor does not understand that")

const spawnActor = (scope: Scope.Scope, handlers: Handlers): Effect.Effect<Client> =>
  Effect.gen(function*() {
    const context = yield* Actors.toHandlers({ Add: absent, Total: absent, Number: absent, Sum: absent, ...handlers })
    let toClient: (response: never) => Effect.Effect<void> = () => Effect.void
    const server = yield* Effect.provideContext(
      RpcServer.makeNoSerialization(Actors, {
        onFromServer: (response) => toClient(response as never),
        disableTracing: true,
        disableClientAcks: true,
        disableFatalDefects: true,
        concurrency: 1
      }),
      Context.add(context, Scope.Scope, scope)
    )
    const { client, write } = yield* RpcClient.makeNoSerialization(Actors, {
      onFromClient: ({ message }) => server.write(0, message),
      supportsAck: false,
      disableTracing: true
    })
    toClient = write
    return client
  }).pipe(Scope.provide(scope))

const counter = (start: number): Handlers => {
  let state = start
  return {
    Add: ({ by }) =>
      Effect.sync(() => {
        state += by
      }),
    Total: () => Effect.sync(() => state)
  }
}
const tell = { discard: true } as const

const spawn: Program = async (n, warm) => {
  const scope = Scope.makeUnsafe()
  const held: Array<Client> = []
  return spawnShape(n, warm, (n) =>
    Effect.runPromise(Effect.gen(function*() {
      const first = held.length
      for (let i = 0; i < n; i++) held.push(yield* spawnActor(scope, counter(0)))
      return held.length - first
    })), () => Effect.runPromise(Scope.close(scope, Exit.void)))
}

const pingpong: Program = async (n, warm) => {
  const tally = new Tally()
  const pong = await Effect.runPromise(spawnActor(Scope.makeUnsafe(), { Number: () => Effect.sync(() => tally.hit()) }))
  return warmThenTime(n, warm, (n) =>
    Effect.runPromise(Effect.gen(function*() {
      const before = tally.handled
      for (let i = 0; i < n; i++) yield* pong.Number({ value: i })
      return tally.handled - before
    })))
}

const ask: Program = async (n, warm) => {
  const actor = await Effect.runPromise(spawnActor(Scope.makeUnsafe(), counter(7)))
  return askShape(n, warm, (samples) =>
    Effect.runPromise(Effect.gen(function*() {
      let right = 0
      for (let i = 0; i < samples.length; i++) {
        const asked = now()
        if ((yield* actor.Total()) === 7) right++
        samples[i] = now() - asked
      }
      return right
    })), (n) => {
    let left = n
    let right = 0
    const lane = Effect.gen(function*() {
      while (left > 0) {
        left--
        if ((yield* actor.Total()) === 7) right++
      }
    })
    return Effect.runPromise(Effect.replicateEffect(lane, inFlight, { concurrency: "unbounded", discard: true }))
      .then(() => right)
  })
}

const count: Program = (n, warm) =>
  warmThenTime(n, warm, (n) =>
    Effect.runPromise(Effect.gen(function*() {
      const actor = yield* spawnActor(Scope.makeUnsafe(), counter(0))
      for (let i = 0; i < n; i++) yield* actor.Add({ by: 1 }, tell)
      return yield* actor.Total()
    })))

const random: Program = async (n, warm) => {
  const tally = new Tally()
  const states = Array.from({ length: randomActors }, () => 0)
  const actors = await Effect.runPromise(Effect.gen(function*() {
    const scope = Scope.makeUnsafe()
    const actors: Array<Client> = []
    for (let index = 0; index < randomActors; index++) {
      actors.push(
        yield* spawnActor(scope, {
          Add: ({ by }) =>
            Effect.sync(() => {
              states[index] += by
              tally.hit()
            })
        })
      )
    }
    return actors
  }))
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await Effect.runPromise(Effect.gen(function*() {
      for (let i = 0; i < n; i++) {
        x = xorshift32(x)
        yield* actors[x % randomActors].Add({ by: 1 }, tell)
      }
    }))
    await done
    return tally.handled
  })
  mustBe(states.reduce((sum, state) => sum + state, 0), n + warm, "the sum of all states")
  return measured
}

const big: Program = (n, warm) =>
  warmThenTime(n, warm, (n) =>
    Effect.runPromise(Effect.gen(function*() {
      let pongs = 0
      const scope = Scope.makeUnsafe()
      const actors: Array<Client> = []
      for (let index = 0; index < bigActors; index++) {
        actors.push(yield* spawnActor(scope, { Number: () => Effect.void }))
      }
      const pinger = Effect.fnUntraced(function*(index: number) {
        let x = index + 1
        for (let left = n / bigActors; left > 0; left--) {
          x = xorshift32(x)
          yield* actors[bigOther(index, x)].Number({ value: index })
          pongs++
        }
      })
      yield* Effect.forEach(actors, (_, index) => pinger(index), { concurrency: "unbounded", discard: true })
      return pongs
    })))

const skynet: Program = (n, warm) => {
  const sumOf = (num: number, size: number): Effect.Effect<number> =>
    Effect.gen(function*() {
      const scope = Scope.makeUnsafe()
      const actor = yield* spawnActor(scope, {
        Sum: ({ num, size }) => {
          if (size === 1) return Effect.succeed(num)
          const parts = Array.from({ length: 10 }, (_, i) => sumOf(num + (i * size) / 10, size / 10))
          return Effect.map(Effect.all(parts, { concurrency: "unbounded" }), (sums) => sums.reduce((a, b) => a + b, 0))
        }
      })
      const sum = yield* actor.Sum({ num, size })
      yield* Scope.close(scope, Exit.void)
      return sum
    })
  return warmThenTime(n, warm, async (size) => {
    mustBe(await Effect.runPromise(sumOf(0, size)), leafSum(size), "the sum of all leaves")
    return size
  })
}

const fair: Program = async (n, warm) => {
  let schedule = new FairSchedule(warm)
  const scope = Scope.makeUnsafe()
  for (let i = 0; i < fairShape.heavies; i++) {
    // Awaiting a tell to oneself would wait for its handler to start, and that waits for this one: so it is forked.
    const heavy: Client = await Effect.runPromise(spawnActor(scope, {
      Number: (payload) =>
        Effect.suspend(() => {
          burn(fairShape.burnMs)
          return Effect.asVoid(Effect.forkDetach(heavy.Number(payload, tell)))
        })
    }))
    Effect.runFork(heavy.Number({ value: 0 }, tell))
  }
  const lights: Array<Client> = []
  for (let i = 0; i < fairShape.lights; i++) {
    lights.push(
      await Effect.runPromise(spawnActor(scope, {
        Number: ({ value }) => Effect.sync(() => schedule.arrived(value))
      }))
    )
  }
  const send = (light: number, due: number): void => void Effect.runFork(lights[light].Number({ value: due }, tell))
  await schedule.run(send)
  schedule = new FairSchedule(n)
  return schedule.run(send)
}

export const subject: Subject = {
  name: "effect-rpc",
  version: versionOf("effect"),
  programs: { spawn, pingpong, ask, count, random, big, skynet, fair },
  sizes: { count: 1_000_000, random: 300_000 }
}
