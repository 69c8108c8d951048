/** `fair`, `timer-lag` and `flood`: what one actor's work does to the others. */
import { Actor } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { burn, mustBe, now, percentiles } from "../measure.ts"
import { begins, ends } from "../stretch.ts"
import { FairSchedule, fairShape } from "../shapes.ts"
import type { Program } from "../workload.ts"
import type { Open } from "./system.ts"

const Heavy = Actor.make("Heavy", [Rpc.make("Burn")])
const Light = Actor.make("Light", [Rpc.make("Work", { payload: Schema.Number })])
const { Burn } = Heavy.messages
const { Work } = Light.messages

const HeavyLive = Heavy.behavior({
  init: () => undefined,
  handlers: {
    Burn: (_state, _, self) => {
      burn(fairShape.burnMs)
      self.tell(Burn())
    }
  }
})

export const fair = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  let schedule = new FairSchedule(warm)
  const LightLive = Light.behavior({
    init: () => undefined,
    handlers: { Work: (_state, due) => schedule.arrived(due) }
  })
  for (let i = 0; i < fairShape.heavies; i++) system.spawnUnsafe(HeavyLive, undefined).tellUnsafe(Burn())
  const lights = Array.from({ length: fairShape.lights }, () => system.spawnUnsafe(LightLive, undefined))
  await schedule.run((light, due) => void lights[light].tellUnsafe(Work(due)))
  schedule = new FairSchedule(n)
  begins()
  const measured = await schedule.run((light, due) => void lights[light].tellUnsafe(Work(due)))
  ends("all", n)
  return measured
}

const Relay = Actor.make("Relay", [Rpc.make("Pass", { payload: Schema.Int })])
type RelayRef = Actor.Ref<typeof Relay>
const { Pass } = Relay.messages
const Clockwork = Actor.make("Clockwork", [Rpc.make("Tick")])
const { Tick } = Clockwork.messages

const flood = { actors: 1_000, messages: 4_096 } as const

/** A timer of 1 ms of the event loop, armed again when it has fired: how late it was, in ms. */
const eventLoopLag = (ticks: number): Promise<Float64Array> =>
  new Promise((resolve) => {
    const lags = new Float64Array(ticks)
    let at = 0
    const arm = (): void => {
      const due = now() + 1
      setTimeout(() => {
        lags[at++] = Math.max(0, now() - due)
        if (at === ticks) resolve(lags)
        else arm()
      }, 1)
    }
    arm()
  })

/**
 * 4,096 messages go round among 1,000 actors for ever. Beside them: a timer of the event loop, then one of an actor.
 * The same timer with the system idle comes first: what the event loop itself is late by.
 */
export const timerLag = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  const idle = percentiles(await eventLoopLag(warm))
  let passed = 0
  const RelayLive = Relay.behavior({
    init: () => undefined,
    handlers: {
      Pass: (_state, to, self) => {
        passed++
        self.send(relays[to], Pass((to * 7 + 1) % flood.actors))
      }
    }
  })
  const relays: ReadonlyArray<RelayRef> = Array.from(
    { length: flood.actors },
    () => system.spawnUnsafe(RelayLive, undefined)
  )
  for (let i = 0; i < flood.messages; i++) {
    relays[i % flood.actors].tellUnsafe(Pass((i * 31) % flood.actors))
  }
  await eventLoopLag(warm)
  const before = passed
  begins()
  const start = now()
  const loop = percentiles(await eventLoopLag(n))
  const seconds = (now() - start) / 1000
  ends("messages beside a timer of the event loop", passed - before)
  const perSecond = (passed - before) / seconds
  const lags = new Float64Array(n)
  const completed = await new Promise<number>((resolve) => {
    let at = 0
    let due = 0
    const ClockworkLive = Clockwork.behavior({
      init: (_: void, self) => {
        due = now() + 1
        self.after(1, Tick())
      },
      handlers: {
        Tick: (_state, _, self) => {
          lags[at++] = Math.max(0, now() - due)
          if (at === n) {
            resolve(at)
            return
          }
          due = now() + 1
          self.after(1, Tick())
        }
      }
    })
    system.spawnUnsafe(ClockworkLive, undefined)
  })
  const own = percentiles(lags)
  return {
    completed,
    seconds,
    extra: {
      p50_ms: loop.p50,
      p99_ms: loop.p99,
      max_ms: loop.max,
      actor_p99_ms: own.p99,
      actor_max_ms: own.max,
      idle_p99_ms: idle.p99,
      flood_per_s: perSecond
    }
  }
}

const Sink = Actor.make("Sink", [Rpc.make("Drop", { payload: { by: Schema.Int } })])
const { Drop } = Sink.messages
const SinkLive = Sink.behavior({ init: () => undefined, handlers: { Drop: () => {} } })

/** All is queued before the loop turns, so nothing is handled; then kill, and the wait for DOWN. */
export const killFlood = (open: Open): Program => async (n, warm) => {
  const { run } = await open()
  const once = (n: number) =>
    run(Effect.scoped(Effect.gen(function*() {
      const { down, ref } = yield* SinkLive.spawnMonitored(undefined, { mailbox: { capacity: n } })
      let accepted = 0
      begins()
      const start = now()
      for (let i = 0; i < n; i++) {
        if (ref.tellUnsafe(Drop({ by: i })) === "Accepted") accepted++
      }
      const killed = now()
      yield* Actor.kill(ref)
      const reason = yield* down
      const end = now()
      ends(n === warm ? "warm-up" : "all", accepted)
      mustBe(Number(reason._tag === "Killed"), 1, "the DOWN says Killed")
      return { accepted, seconds: (end - start) / 1000, downMs: end - killed }
    })))
  await once(warm)
  const { accepted, downMs, seconds } = await once(n)
  return { completed: accepted, seconds, extra: { down_ms: downMs } }
}
