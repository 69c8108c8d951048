/**
 * XState 5 with `fromTransition` logic, its lightest actor. There is no mailbox hop: `send` runs the receiver on the
 * caller's stack unless it is already running.
 *
 * An actor that sends to itself for ever would therefore never return: the heavy actors of `fair` send to themselves
 * by the event loop, as their docs do with a delayed event. A transition also sees `xstate.stop`.
 */
import { type ActorRef, type ActorRefFrom, createActor, type EventObject, fromTransition, type Snapshot } from "xstate"
import { burn, mustBe, now, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, FairSchedule, fairShape, inFlight, keepInFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, randomActors, type Subject } from "../workload.ts"
import { versionOf } from "../version.ts"

type Ref<E extends EventObject> = ActorRef<Snapshot<unknown>, E>

type CounterEvent = { readonly type: "add"; readonly by: number } | {
  readonly type: "total"
  readonly reply: (total: number) => void
}
const counter = fromTransition((state: number, event: CounterEvent) => {
  if (event.type === "add") return state + event.by
  if (event.type === "total") event.reply(state)
  return state
}, ({ input }: { readonly input: number }) => input)
type Counter = ActorRefFrom<typeof counter>
const startCounter = (input: number): Counter => {
  const actor = createActor(counter, { input })
  actor.start()
  return actor
}
const total = (actor: Counter): Promise<number> => new Promise((reply) => actor.send({ type: "total", reply }))

const spawn: Program = (n, warm) => {
  const held: Array<ReturnType<typeof startCounter>> = []
  return spawnShape(n, warm, async (n) => {
    const first = held.length
    for (let i = 0; i < n; i++) held.push(startCounter(0))
    return held.length - first
  }, async () => {
    for (const actor of held) actor.stop()
  })
}

const pingpong: Program = (n, warm) =>
  warmThenTime(n, warm, (n) =>
    new Promise((resolve) => {
      type Ball = { readonly type: "ball" }
      const ball: Ball = { type: "ball" }
      const pong = createActor(fromTransition((state: undefined, _event: Ball) => {
        ping.send(ball)
        return state
      }, undefined))
      const ping: Ref<Ball> & { start: () => unknown } = createActor(fromTransition((trips: number, _event: Ball) => {
        if (trips === n) resolve(n)
        else pong.send(ball)
        return trips + 1
      }, 0))
      pong.start()
      ping.start()
      ping.send(ball)
    }))

const ask: Program = (n, warm) => {
  const actor = startCounter(7)
  return askShape(n, warm, async (samples) => {
    let right = 0
    for (let i = 0; i < samples.length; i++) {
      const asked = now()
      if (await total(actor) === 7) right++
      samples[i] = now() - asked
    }
    return right
  }, (n) => keepInFlight(n, inFlight, () => total(actor)))
}

const count: Program = (n, warm) =>
  warmThenTime(n, warm, async (n) => {
    const actor = startCounter(0)
    await produce(n, () => actor.send({ type: "add", by: 1 }))
    return total(actor)
  })

const random: Program = async (n, warm) => {
  const tally = new Tally()
  const adder = fromTransition((state: number, event: { readonly type: "add"; readonly by: number }) => {
    tally.hit()
    return state + event.by
  }, 0)
  const actors = Array.from({ length: randomActors }, () => createActor(adder).start())
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      actors[x % randomActors].send({ type: "add", by: 1 })
    })
    await done
    return tally.handled
  })
  mustBe(actors.reduce((sum, actor) => sum + actor.getSnapshot().context, 0), n + warm, "the sum of all states")
  return measured
}

const big: Program = (n, warm) => {
  const tally = new Tally()
  type Event = { readonly type: "start" } | { readonly type: "ping"; readonly from: number } | { readonly type: "pong" }
  interface State {
    readonly index: number
    readonly x: number
    readonly left: number
  }
  return warmThenTime(n, warm, async (n) => {
    const player = fromTransition((state: State, event: Event): State => {
      if (event.type === "ping") {
        actors[event.from].send({ type: "pong" })
        return state
      }
      if (event.type === "pong") tally.hit()
      if (state.left === 0) return state
      const x = xorshift32(state.x)
      actors[bigOther(state.index, x)].send({ type: "ping", from: state.index })
      return { index: state.index, x, left: state.left - 1 }
    }, ({ input }: { readonly input: State }) => input)
    const actors: Array<Ref<Event>> = Array.from(
      { length: bigActors },
      (_, index) => createActor(player, { input: { index, x: index + 1, left: n / bigActors } }).start()
    )
    const done = tally.expect(n)
    for (const actor of actors) actor.send({ type: "start" })
    await done
    return tally.handled
  })
}

const skynet: Program = (n, warm) => {
  type Event = { readonly type: "start" } | { readonly type: "sum"; readonly value: number }
  interface Input {
    readonly num: number
    readonly size: number
    readonly up: (sum: number) => void
  }
  interface Node extends Input {
    readonly sum: number
    readonly missing: number
  }
  const node = fromTransition((state: Node, event: Event, { self }): Node => {
    if (event.type === "sum") {
      const sum = state.sum + event.value
      if (state.missing === 1) state.up(sum)
      return { ...state, sum, missing: state.missing - 1 }
    }
    if (event.type !== "start") return state
    if (state.size === 1) {
      state.up(state.num)
      return state
    }
    const size = state.size / 10
    for (let i = 0; i < 10; i++) {
      const child = createActor(node, {
        input: {
          num: state.num + i * size,
          size,
          up: (value) => {
            self.send({ type: "sum", value })
            child.stop()
          }
        }
      })
      child.start()
      child.send({ type: "start" })
    }
    return { ...state, missing: 10 }
  }, ({ input }: { readonly input: Input }): Node => ({ ...input, sum: 0, missing: 0 }))
  return warmThenTime(n, warm, async (size) => {
    const sum = await new Promise<number>((up) => {
      createActor(node, { input: { num: 0, size, up } }).start().send({ type: "start" })
    })
    mustBe(sum, leafSum(size), "the sum of all leaves")
    return size
  })
}

const fair: Program = async (n, warm) => {
  let schedule = new FairSchedule(warm)
  for (let i = 0; i < fairShape.heavies; i++) {
    const heavy = createActor(fromTransition((state: undefined, event: { readonly type: "burn" }, { self }) => {
      burn(fairShape.burnMs)
      setTimeout(() => self.send(event), 0)
      return state
    }, undefined)).start()
    heavy.send({ type: "burn" })
  }
  const light = fromTransition((state: undefined, event: { readonly type: "work"; readonly due: number }) => {
    schedule.arrived(event.due)
    return state
  }, undefined)
  const lights = Array.from({ length: fairShape.lights }, () => createActor(light).start())
  await schedule.run((light, due) => lights[light].send({ type: "work", due }))
  schedule = new FairSchedule(n)
  return schedule.run((light, due) => lights[light].send({ type: "work", due }))
}

export const subject: Subject = {
  name: "xstate",
  version: versionOf("xstate"),
  programs: { spawn, pingpong, ask, count, random, big, skynet, fair },
  sizes: { random: 2_000_000 }
}
