/**
 * What an Effect program writes when it has no actors: an unbounded `Queue` and a fiber that takes from it for ever.
 *
 * In favour of the peer: handlers are plain functions, the producer offers without an Effect, an answer completes its
 * Deferred without one, and each workload has the loop that is best for it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import { burn, mustBe, now, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, FairSchedule, fairShape, inFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, randomActors, type Subject } from "../workload.ts"
import { versionOf } from "../version.ts"

interface Actor<M> {
  readonly mailbox: Queue.Queue<M>
  readonly fiber: Fiber.Fiber<never>
}
const forkLoop = <M>(mailbox: Queue.Queue<M>, loop: Effect.Effect<never>): Effect.Effect<Actor<M>> =>
  Effect.map(Effect.forkDetach(loop, { startImmediately: true }), (fiber) => ({ mailbox, fiber }))
const spawnActor = <M>(make: (mailbox: Queue.Queue<M>) => (message: M) => void): Effect.Effect<Actor<M>> =>
  Effect.flatMap(
    Queue.unbounded<M>(),
    (mailbox) =>
      forkLoop(mailbox, Effect.forever(Effect.map(Queue.take(mailbox), make(mailbox)), { disableYield: true }))
  )
/** For `count`: all that is there in one step. Faster when much is there, slower when one message is. */
const spawnBatching = <M>(make: () => (message: M) => void): Effect.Effect<Actor<M>> =>
  Effect.flatMap(Queue.unbounded<M>(), (mailbox) => {
    const handle = make()
    const loop = Effect.map(Queue.takeAll(mailbox), (messages) => {
      for (let i = 0; i < messages.length; i++) handle(messages[i])
    })
    return forkLoop(mailbox, Effect.forever(loop, { disableYield: true }))
  })
/** For the heavy actors of `fair`: `forever` as it is by default. Without its yield an actor goes on for 2,048 operations: some 10 s here. */
const spawnYielding = <M>(make: (mailbox: Queue.Queue<M>) => (message: M) => void): Effect.Effect<Actor<M>> =>
  Effect.flatMap(
    Queue.unbounded<M>(),
    (mailbox) => forkLoop(mailbox, Effect.forever(Effect.map(Queue.take(mailbox), make(mailbox))))
  )
const spawnAll = <M>(n: number, make: (index: number) => (message: M) => void): Promise<ReadonlyArray<Actor<M>>> =>
  Effect.runPromise(Effect.gen(function*() {
    const actors: Array<Actor<M>> = []
    for (let i = 0; i < n; i++) actors.push(yield* spawnActor(() => make(i)))
    return actors
  }))
const send = <M>(to: Actor<M>, message: M): void => void Queue.offerUnsafe(to.mailbox, message)

type CounterMessage = { readonly by: number } | { readonly reply: Deferred.Deferred<number> }
const counter = (start: number) => () => {
  let state = start
  return (message: CounterMessage): void => {
    if ("by" in message) state += message.by
    else Deferred.doneUnsafe(message.reply, Exit.succeed(state))
  }
}
const total = (actor: Actor<CounterMessage>): Effect.Effect<number> =>
  Effect.suspend(() => {
    const reply = Deferred.makeUnsafe<number>()
    send(actor, { reply })
    return Deferred.await(reply)
  })

const spawn: Program = (n, warm) => {
  const held: Array<Actor<CounterMessage>> = []
  return spawnShape(n, warm, (n) =>
    Effect.runPromise(Effect.gen(function*() {
      const first = held.length
      for (let i = 0; i < n; i++) held.push(yield* spawnActor(counter(0)))
      return held.length - first
    })), () => Effect.runPromise(Fiber.interruptAll(held.map((actor) => actor.fiber))))
}

const pingpong: Program = (n, warm) =>
  warmThenTime(n, warm, (n) =>
    new Promise((resolve) => {
      void Effect.runPromise(Effect.gen(function*() {
        let trips = 0
        const pong: Actor<string> = yield* spawnActor<string>(() => (ball) => send(ping, ball))
        const ping: Actor<string> = yield* spawnActor<string>(() => (ball) => {
          if (trips++ === n) resolve(n)
          else send(pong, ball)
        })
        send(ping, "ball")
      }))
    }))

const ask: Program = async (n, warm) => {
  const actor = await Effect.runPromise(spawnActor(counter(7)))
  return askShape(n, warm, (samples) =>
    Effect.runPromise(Effect.gen(function*() {
      let right = 0
      for (let i = 0; i < samples.length; i++) {
        const asked = now()
        if ((yield* total(actor)) === 7) right++
        samples[i] = now() - asked
      }
      return right
    })), (n) => {
    let left = n
    let right = 0
    const lane = Effect.gen(function*() {
      while (left > 0) {
        left--
        if ((yield* total(actor)) === 7) right++
      }
    })
    return Effect.runPromise(
      Effect.as(Effect.replicateEffect(lane, inFlight, { concurrency: "unbounded", discard: true }), 0)
    ).then(() => right)
  })
}

const count: Program = (n, warm) =>
  warmThenTime(n, warm, async (n) => {
    const actor = await Effect.runPromise(spawnBatching(counter(0)))
    await produce(n, () => send(actor, { by: 1 }))
    return Effect.runPromise(total(actor))
  })

const random: Program = async (n, warm) => {
  const tally = new Tally()
  const states = Array.from({ length: randomActors }, () => 0)
  const actors = await spawnAll<{ readonly by: number }>(randomActors, (index) => (message) => {
    states[index] += message.by
    tally.hit()
  })
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      send(actors[x % randomActors], { by: 1 })
    })
    await done
    return tally.handled
  })
  mustBe(states.reduce((sum, state) => sum + state, 0), n + warm, "the sum of all states")
  return measured
}

const big: Program = (n, warm) => {
  const tally = new Tally()
  return warmThenTime(n, warm, async (n) => {
    /** A ping carries who sent it; a pong is -1, the start -2. */
    const actors = await spawnAll<number>(bigActors, (index) => {
      let x = index + 1
      let left = n / bigActors
      return (from) => {
        if (from >= 0) {
          send(actors[from], -1)
          return
        }
        if (from === -1) tally.hit()
        if (left-- <= 0) return
        x = xorshift32(x)
        send(actors[bigOther(index, x)], index)
      }
    })
    const done = tally.expect(n)
    for (const actor of actors) send(actor, -2)
    await done
    return tally.handled
  })
}

const skynet: Program = (n, warm) => {
  const node = (num: number, size: number, parent: Queue.Queue<number>): Effect.Effect<void> =>
    Effect.gen(function*() {
      const mailbox = yield* Queue.unbounded<number>()
      let sum = num
      if (size > 1) {
        sum = 0
        for (let i = 0; i < 10; i++) {
          yield* Effect.forkDetach(node(num + (i * size) / 10, size / 10, mailbox))
        }
        for (let i = 0; i < 10; i++) sum += yield* Queue.take(mailbox)
      }
      Queue.offerUnsafe(parent, sum)
    })
  return warmThenTime(n, warm, async (size) => {
    const sum = await Effect.runPromise(Effect.gen(function*() {
      const root = yield* Queue.unbounded<number>()
      yield* Effect.forkDetach(node(0, size, root))
      return yield* Queue.take(root)
    }))
    mustBe(sum, leafSum(size), "the sum of all leaves")
    return size
  })
}

const fair: Program = async (n, warm) => {
  let schedule = new FairSchedule(warm)
  const heavies = await Effect.runPromise(Effect.replicateEffect(
    spawnYielding<string>((mailbox) => (message) => {
      burn(fairShape.burnMs)
      Queue.offerUnsafe(mailbox, message)
    }),
    fairShape.heavies
  ))
  const lights = await spawnAll<number>(fairShape.lights, () => (due) => schedule.arrived(due))
  for (const heavy of heavies) send(heavy, "burn")
  await schedule.run((light, due) => send(lights[light], due))
  schedule = new FairSchedule(n)
  return schedule.run((light, due) => send(lights[light], due))
}

export const subject: Subject = {
  name: "effect-queue",
  version: versionOf("effect"),
  programs: { spawn, pingpong, ask, count, random, big, skynet, fair },
  sizes: { pingpong: 500_000, random: 400_000 }
}
