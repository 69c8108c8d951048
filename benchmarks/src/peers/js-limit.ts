/**
 * The limit of plain JavaScript: actors written by hand for these workloads, with one queue of two columns for all of
 * them. No PIDs, no bounds, no links, no failure: what is left when everything but "one message at a time" is gone.
 *
 * Its `random` also carries the floor of that workload (`floor.ts`).
 */
import { mustBe, now, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { askShape, bigOther, inFlight, keepInFlight, leafSum, spawnShape } from "../shapes.ts"
import { bigActors, type Program, randomActors, type Subject } from "../workload.ts"
import { measureFloor } from "./floor.ts"

/** The behaviour is shared, the state is the actor's own: as in a framework. */
class Actor<in out S, in out M> {
  readonly handle: (state: S, message: M, self: Actor<S, M>) => void
  readonly state: S
  constructor(handle: (state: S, message: M, self: Actor<S, M>) => void, state: S) {
    this.handle = handle
    this.state = state
  }
}
type AnyActor = Actor<unknown, unknown>

/** One ring of (actor, message), which doubles when it is full. Drained by a microtask, as promises are. */
class Queue {
  private actors = Array.from<AnyActor | undefined>({ length: 8192 })
  private messages = Array.from<unknown>({ length: 8192 })
  private mask = 8191
  private head = 0
  private tail = 0
  private armed = false

  send<S, M>(to: Actor<S, M>, message: M): void {
    if (((this.tail + 1) & this.mask) === this.head) this.grow()
    // Columns are untyped on purpose: `send` alone writes them, and pairs each message with who understands it.
    this.actors[this.tail] = to as AnyActor
    this.messages[this.tail] = message
    this.tail = (this.tail + 1) & this.mask
    if (!this.armed) {
      this.armed = true
      queueMicrotask(this.drain)
    }
  }

  private readonly drain = (): void => {
    while (this.head !== this.tail) {
      const actor = this.actors[this.head]!
      const message = this.messages[this.head]
      this.messages[this.head] = undefined
      this.head = (this.head + 1) & this.mask
      actor.handle(actor.state, message, actor)
    }
    this.armed = false
  }

  private grow(): void {
    const { actors, head, mask, messages } = this
    const size = (mask + 1) * 2
    this.actors = Array.from<AnyActor | undefined>({ length: size })
    this.messages = Array.from<unknown>({ length: size })
    for (let i = 0; i < mask; i++) {
      this.actors[i] = actors[(head + i) & mask]
      this.messages[i] = messages[(head + i) & mask]
    }
    this.head = 0
    this.tail = mask
    this.mask = size - 1
  }
}
const queue = new Queue()

interface Counter {
  n: number
}
type Add = { readonly by: number }
type Total = { readonly reply: (total: number) => void }
const counter = (state: Counter, message: Add | Total): void => {
  if ("by" in message) state.n += message.by
  else message.reply(state.n)
}
const total = (actor: Actor<Counter, Add | Total>): Promise<number> =>
  new Promise((reply) => queue.send(actor, { reply }))

const spawn: Program = (n, warm) => {
  const held: Array<Actor<Counter, Add | Total>> = []
  return spawnShape(n, warm, async (n) => {
    const first = held.length
    for (let i = 0; i < n; i++) held.push(new Actor(counter, { n: 0 }))
    return held.length - first
  }, async () => {
    held.length = 0
  })
}

const pingpong: Program = (n, warm) =>
  warmThenTime(n, warm, (n) =>
    new Promise((resolve) => {
      const pong = new Actor((_state: undefined, ball: string): void => queue.send(ping, ball), undefined)
      const ping: Actor<{ trips: number }, string> = new Actor((state: { trips: number }, ball: string) => {
        if (state.trips++ === n) resolve(n)
        else queue.send(pong, ball)
      }, { trips: 0 })
      queue.send(ping, "ball")
    }))

const ask: Program = (n, warm) => {
  const actor = new Actor(counter, { n: 7 })
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
    const actor = new Actor(counter, { n: 0 })
    await produce(n, () => queue.send(actor, { by: 1 }))
    return total(actor)
  })

const random: Program = async (n, warm) => {
  const tally = new Tally()
  const add = (state: Counter, message: Add): void => {
    state.n += message.by
    tally.hit()
  }
  const actors = Array.from({ length: randomActors }, () => new Actor<Counter, Add>(add, { n: 0 }))
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      queue.send(actors[x % randomActors], { by: 1 })
    })
    await done
    return tally.handled
  })
  mustBe(actors.reduce((sum, actor) => sum + actor.state.n, 0), n + warm, "the sum of all states")
  return { ...measured, extra: { floor_ns: await measureFloor(n) } }
}

const big: Program = (n, warm) => {
  const tally = new Tally()
  /** A ping carries who sent it; a pong is -1, the start -2. */
  interface Player {
    readonly index: number
    x: number
    left: number
  }
  return warmThenTime(n, warm, async (n) => {
    const next = (state: Player): void => {
      if (state.left-- <= 0) return
      state.x = xorshift32(state.x)
      queue.send(actors[bigOther(state.index, state.x)], state.index)
    }
    const handle = (state: Player, from: number): void => {
      if (from >= 0) queue.send(actors[from], -1)
      else {
        if (from === -1) tally.hit()
        next(state)
      }
    }
    const actors = Array.from(
      { length: bigActors },
      (_, index) => new Actor<Player, number>(handle, { index, x: index + 1, left: n / bigActors })
    )
    const done = tally.expect(n)
    for (const actor of actors) queue.send(actor, -2)
    await done
    return tally.handled
  })
}

const skynet: Program = (n, warm) => {
  interface Node {
    readonly parent: Actor<Node, Sum | Start> | undefined
    readonly done: ((sum: number) => void) | undefined
    sum: number
    missing: number
  }
  interface Start {
    readonly num: number
    readonly size: number
  }
  type Sum = number
  const handle = (state: Node, message: Sum | Start, self: Actor<Node, Sum | Start>): void => {
    if (typeof message === "number") {
      state.sum += message
      if (--state.missing > 0) return
      if (state.parent === undefined) state.done?.(state.sum)
      else queue.send(state.parent, state.sum)
    } else if (message.size === 1) queue.send(state.parent!, message.num)
    else {
      const size = message.size / 10
      for (let i = 0; i < 10; i++) {
        const child = new Actor<Node, Sum | Start>(handle, { parent: self, done: undefined, sum: 0, missing: 10 })
        queue.send(child, { num: message.num + i * size, size })
      }
    }
  }
  return warmThenTime(n, warm, async (size) => {
    const sum = await new Promise<number>((done) => {
      queue.send(new Actor<Node, Sum | Start>(handle, { parent: undefined, done, sum: 0, missing: 10 }), {
        num: 0,
        size
      })
    })
    mustBe(sum, leafSum(size), "the sum of all leaves")
    return size
  })
}

export const subject: Subject = {
  name: "js-limit",
  version: process.version,
  programs: { spawn, pingpong, ask, count, random, big, skynet },
  cannot: {
    fair: "it has no scheduler: its queue runs until it is empty, and two actors that go on for ever never let it be"
  }
}
