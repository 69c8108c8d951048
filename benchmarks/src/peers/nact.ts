/**
 * nact 7.6.2: every message is a `setImmediate` and a promise.
 *
 * Names are given to all actors: anonymous ones draw 31 random bits and throw when two agree, which 100,000 do.
 */
/* oxlint-disable typescript/no-generated-empty-object-type -- nact declares Ref as an empty class. */
import { dispatch, query, type Ref, spawn, start, stop } from "nact"
import { burn, mustBe, now, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, FairSchedule, fairShape, inFlight, keepInFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, randomActors, type Subject } from "../workload.ts"
import { versionOf } from "../version.ts"

interface Add {
  readonly by: number
}
interface Total {
  readonly reply: Ref<number>
}
/** The counter of `spawn`, `count`, `ask` and `random`: one integer. */
const counter = (state: number, message: Add | Total): number => {
  if ("by" in message) return state + message.by
  dispatch(message.reply, state)
  return state
}
const total = (actor: Ref<Add | Total>): Promise<number> => query(actor, (reply: Ref<number>) => ({ reply }), 60_000)

const spawnProgram: Program = (n, warm) => {
  const system = start()
  const held: Array<Ref<Add | Total>> = []
  return spawnShape(n, warm, async (n) => {
    const first = held.length
    for (let i = 0; i < n; i++) {
      held.push(spawn(system, counter, `a${held.length}`, { initialState: 0 }))
    }
    return held.length - first
  }, async () => {
    stop(system)
  })
}

const pingpong: Program = (n, warm) => {
  const system = start()
  let runs = 0
  return warmThenTime(n, warm, (n) =>
    new Promise((resolve) => {
      interface Ball {
        readonly from: Ref<Ball>
      }
      const run = runs++
      const pong = spawn(system, (_state: undefined, ball: Ball, ctx) => {
        dispatch(ball.from, { from: ctx.self })
        return undefined
      }, `pong${run}`)
      const ping = spawn(
        system,
        (trips: number, ball: Ball, ctx) => {
          if (trips === n) resolve(trips)
          else dispatch(ball.from, { from: ctx.self })
          return trips + 1
        },
        `ping${run}`,
        { initialState: 0 }
      )
      dispatch(ping, { from: pong })
    }))
}

const ask: Program = (n, warm) => {
  const system = start()
  const actor = spawn(system, counter, "counter", { initialState: 7 })
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

const count: Program = (n, warm) => {
  const system = start()
  let runs = 0
  return warmThenTime(n, warm, async (n) => {
    const actor = spawn(system, counter, `counter${runs++}`, { initialState: 0 })
    await produce(n, () => dispatch(actor, { by: 1 }))
    return total(actor)
  })
}

const random: Program = async (n, warm) => {
  const system = start()
  const tally = new Tally()
  const adder = (state: number, message: Add | Total): number => {
    if ("by" in message) {
      tally.hit()
      return state + message.by
    }
    dispatch(message.reply, state)
    return state
  }
  const actors = Array.from({ length: randomActors }, (_, i) => spawn(system, adder, `a${i}`, { initialState: 0 }))
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      dispatch(actors[x % randomActors], { by: 1 })
    })
    await done
    return tally.handled
  })
  let sum = 0
  for (const actor of actors) sum += await total(actor)
  mustBe(sum, n + warm, "the sum of all states")
  return measured
}

const big: Program = (n, warm) => {
  const system = start()
  const tally = new Tally()
  let runs = 0
  interface Message {
    /** A ping carries who sent it; a pong nobody. */
    readonly from: number | undefined
  }
  interface State {
    x: number
    left: number
  }
  return warmThenTime(n, warm, async (n) => {
    const each = n / bigActors
    const run = runs++
    const actors: Array<Ref<Message>> = []
    for (let index = 0; index < bigActors; index++) {
      const next = (state: State): State => {
        if (state.left-- > 0) {
          state.x = xorshift32(state.x)
          dispatch(actors[bigOther(index, state.x)], { from: index })
        }
        return state
      }
      actors.push(spawn(
        system,
        (state: State, message: Message): State => {
          if (message.from === undefined) {
            tally.hit()
            return next(state)
          }
          if (message.from === index) return next(state)
          dispatch(actors[message.from], { from: undefined })
          return state
        },
        `big${run}.${index}`,
        { initialState: { x: index + 1, left: each } }
      ))
    }
    const done = tally.expect(n)
    // A ping from oneself is the start.
    for (let index = 0; index < bigActors; index++) dispatch(actors[index], { from: index })
    await done
    return tally.handled
  })
}

const skynet: Program = (n, warm) => {
  const system = start()
  let runs = 0
  type Message =
    | { readonly _tag: "Start"; readonly num: number; readonly size: number; readonly parent: Ref<Message> }
    | {
      readonly _tag: "Sum"
      readonly value: number
    }
  interface State {
    readonly parent: Ref<Message> | undefined
    readonly sum: number
    readonly missing: number
  }
  const node = (
    state: State,
    message: Message,
    ctx: { readonly self: Ref<Message> }
  ): State => {
    if (message._tag === "Start") {
      if (message.size === 1) {
        dispatch(message.parent, { _tag: "Sum", value: message.num })
        stop(ctx.self)
        return state
      }
      const size = message.size / 10
      for (let i = 0; i < 10; i++) {
        const child = spawn(ctx.self, node, `${i}`, { initialState: nothing })
        dispatch(child, { _tag: "Start", num: message.num + i * size, size, parent: ctx.self })
      }
      return { parent: message.parent, sum: 0, missing: 10 }
    }
    const sum = state.sum + message.value
    if (state.missing === 1) {
      dispatch(state.parent!, { _tag: "Sum", value: sum })
      stop(ctx.self)
    }
    return { parent: state.parent, sum, missing: state.missing - 1 }
  }
  const nothing: State = { parent: undefined, sum: 0, missing: 0 }
  return warmThenTime(n, warm, (size) =>
    new Promise((resolve, reject) => {
      const root = spawn(system, (_state: undefined, message: Message) => {
        if (message._tag === "Sum") {
          try {
            mustBe(message.value, leafSum(size), "the sum of all leaves")
            resolve(size)
          } catch (error) {
            reject(error)
          }
        }
        return undefined
      }, `root${runs}`)
      const top = spawn(system, node, `top${runs++}`, { initialState: nothing })
      dispatch(top, { _tag: "Start", num: 0, size, parent: root })
    }))
}

const fair: Program = async (n, warm) => {
  const system = start()
  let schedule = new FairSchedule(warm)
  for (let i = 0; i < fairShape.heavies; i++) {
    const heavy = spawn(system, (_state: undefined, message: string, ctx) => {
      burn(fairShape.burnMs)
      dispatch(ctx.self, message)
      return undefined
    }, `heavy${i}`)
    dispatch(heavy, "burn")
  }
  const lights = Array.from({ length: fairShape.lights }, (_, i) =>
    spawn(system, (_state: undefined, due: number) => {
      schedule.arrived(due)
      return undefined
    }, `light${i}`))
  await schedule.run((light, due) => dispatch(lights[light], due))
  schedule = new FairSchedule(n)
  return schedule.run((light, due) => dispatch(lights[light], due))
}

export const subject: Subject = {
  name: "nact",
  version: versionOf("nact"),
  programs: { spawn: spawnProgram, pingpong, ask, count, random, big, skynet, fair },
  sizes: { random: 1_000_000, fair: 40_000 }
}
