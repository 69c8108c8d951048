/** `ask`, `count` and the three forms of `random`: code outside of actors that sends and asks. */
import { Actor } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, now, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, inFlight } from "../shapes.ts"
import { type Program, randomActors } from "../workload.ts"
import { Counter, CounterLive } from "./counter.ts"
import type { Open, Opened } from "./system.ts"

const { Add, Total } = Counter.messages

export const ask = (open: Open): Program => async (n, warm) => {
  const { run, system } = await open()
  const counter = system.spawnUnsafe(CounterLive, 7)
  return askShape(n, warm, (samples) =>
    run(Effect.gen(function*() {
      let right = 0
      for (let i = 0; i < samples.length; i++) {
        const asked = now()
        if ((yield* counter.ask(Total())) === 7) right++
        samples[i] = now() - asked
      }
      return right
    })), (n) => {
    let left = n
    let right = 0
    const lane = Effect.gen(function*() {
      while (left > 0) {
        left--
        if ((yield* counter.ask(Total())) === 7) right++
      }
    })
    return run(Effect.replicateEffect(lane, inFlight, { concurrency: "unbounded", discard: true })).then(() => right)
  })
}

export const count = (open: Open): Program => async (n, warm) => {
  const { run, system } = await open()
  return warmThenTime(n, warm, async (n) => {
    const counter = system.spawnUnsafe(CounterLive, 0)
    await produce(n, () => void counter.tellUnsafe(Add({ by: 1 })))
    return run(counter.ask(Total()))
  })
}

/** An adder that counts for all of them. Its payload is an object, or a bare number. */
const Adder = Actor.make("Adder", [Rpc.make("Plus", { payload: { by: Schema.Int } })])
const NumberAdder = Actor.make("NumberAdder", [Rpc.make("PlusNumber", { payload: Schema.Int })])
const { Plus } = Adder.messages
const { PlusNumber } = NumberAdder.messages

interface Sum {
  n: number
}

/** The states are kept beside the actors, so that the sum can be checked after the clock has stopped. */
const randomShape = async <Ref>(
  n: number,
  warm: number,
  spawn: (init: () => Sum) => Ref,
  send: (n: number, next: () => Ref) => Promise<void>,
  tally: Tally
) => {
  const states: Array<Sum> = []
  const init = (): Sum => {
    const state = { n: 0 }
    states.push(state)
    return state
  }
  const actors = Array.from({ length: randomActors }, () => spawn(init))
  let x = 1
  const next = (): Ref => {
    x = xorshift32(x)
    return actors[x % randomActors]
  }
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await send(n, next)
    await done
    return tally.handled
  })
  mustBe(states.reduce((sum, state) => sum + state.n, 0), n + warm, "the sum of all states")
  return measured
}

const adder = (tally: Tally) =>
  Adder.behavior({
    init: (init: () => Sum) => init(),
    handlers: {
      Plus: (state, { by }) => {
        state.n += by
        tally.hit()
      }
    }
  })

const randomWith = (
  open: Open,
  send: (opened: Opened, n: number, next: () => Actor.Ref<typeof Adder>) => Promise<void>
): Program =>
async (n, warm) => {
  const opened = await open()
  const tally = new Tally()
  const AdderLive = adder(tally)
  return randomShape(
    n,
    warm,
    (init) => opened.system.spawnUnsafe(AdderLive, init),
    (n, next) => send(opened, n, next),
    tally
  )
}

export const random = (open: Open): Program =>
  randomWith(open, (_, n, next) => produce(n, () => void next().tellUnsafe(Plus({ by: 1 }))))

export const randomEffect = (open: Open): Program =>
  randomWith(open, ({ run }, n, next) =>
    run(Effect.gen(function*() {
      for (let i = 0; i < n; i++) yield* next().tell(Plus({ by: 1 }))
    })))

export const randomNumber = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  const tally = new Tally()
  const NumberAdderLive = NumberAdder.behavior({
    init: (init: () => Sum) => init(),
    handlers: {
      PlusNumber: (state, by) => {
        state.n += by
        tally.hit()
      }
    }
  })
  return randomShape(
    n,
    warm,
    (init) => system.spawnUnsafe(NumberAdderLive, init),
    (n, next) => produce(n, () => void next().tellUnsafe(PlusNumber(1))),
    tally
  )
}
