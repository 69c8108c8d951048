/** `pingpong`, `big` and `skynet`: actors that talk to each other. */
import { Actor, type Self } from "@myrmidonjs/actor"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { bigOther, leafSum } from "../shapes.ts"
import { bigActors, type Program } from "../workload.ts"
import type { Open } from "./system.ts"

const Player = Actor.make("Player", [Rpc.make("Ball")])
type PlayerRef = Actor.Ref<typeof Player>
const { Ball } = Player.messages

interface Side {
  readonly other: () => PlayerRef
  /** Of the one who serves. */
  readonly trips: number
  readonly done: () => void
}
const PlayerLive = Player.behavior({
  init: (side: Side) => ({ ...side, left: side.trips }),
  handlers: {
    Ball: (state, _, self) => {
      if (state.left-- === 0) state.done()
      else self.send(state.other(), Ball())
    }
  }
})

export const pingpong = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  return warmThenTime(n, warm, (n) =>
    new Promise((resolve) => {
      const pong: PlayerRef = system.spawnUnsafe(PlayerLive, { other: () => ping, trips: Infinity, done: () => {} })
      const ping: PlayerRef = system.spawnUnsafe(PlayerLive, { other: () => pong, trips: n, done: () => resolve(n) })
      ping.tellUnsafe(Ball())
    }))
}

const Pinger = Actor.make("Pinger", [Rpc.make("Start"), Rpc.make("Ping", { payload: Schema.Int }), Rpc.make("Pong")])
type PingerRef = Actor.Ref<typeof Pinger>
const { Ping, Pong, Start } = Pinger.messages

export const big = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  const tally = new Tally()
  let actors: Array<PingerRef> = []
  interface State {
    readonly index: number
    x: number
    left: number
  }
  const next = (state: State, self: Self.Any): void => {
    if (state.left-- <= 0) return
    state.x = xorshift32(state.x)
    self.send(actors[bigOther(state.index, state.x)], Ping(state.index))
  }
  const PingerLive = Pinger.behavior({
    init: (args: { readonly index: number; readonly pings: number }): State => ({
      index: args.index,
      x: args.index + 1,
      left: args.pings
    }),
    handlers: {
      Start: (state, _, self) => next(state, self),
      Ping: (_, from, self) => {
        self.send(actors[from], Pong())
      },
      Pong: (state, _, self) => {
        tally.hit()
        next(state, self)
      }
    }
  })
  return warmThenTime(n, warm, async (n) => {
    actors = Array.from(
      { length: bigActors },
      (_, index) => system.spawnUnsafe(PingerLive, { index, pings: n / bigActors })
    )
    const done = tally.expect(n)
    for (const actor of actors) actor.tellUnsafe(Start())
    await done
    return tally.handled
  })
}

const Node = Actor.make("Node", [
  Rpc.make("Grow", { payload: { num: Schema.Int, size: Schema.Int } }),
  Rpc.make("Sum", { payload: Schema.Int })
])
type NodeRef = Actor.Ref<typeof Node>
const { Grow, Sum } = Node.messages

interface NodeArgs {
  readonly parent: NodeRef | undefined
  /** Of the root alone. */
  readonly done: ((sum: number) => void) | undefined
}
const NodeLive = Node.behavior({
  init: ({ done, parent }: NodeArgs) => ({ parent, done, sum: 0, missing: 10 }),
  handlers: {
    Grow: (state, { num, size }, self) => {
      if (size === 1) {
        self.send(state.parent!, Sum(num))
        self.stop()
        return
      }
      const part = size / 10
      for (let i = 0; i < 10; i++) self.send(child(self, self.ref), Grow({ num: num + i * part, size: part }))
    },
    Sum: (state, value, self) => {
      state.sum += value
      if (--state.missing > 0) return
      if (state.parent === undefined) state.done?.(state.sum)
      else self.send(state.parent, Sum(state.sum))
      self.stop()
    }
  }
})
/** Not linked, as the peers' are not: a node ends when it has passed its sum on. */
const child = (self: Self.Any, parent: NodeRef): NodeRef =>
  self.spawnUnsafe(NodeLive, { parent, done: undefined }, { link: false })

export const skynet = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  return warmThenTime(n, warm, async (size) => {
    const sum = await new Promise<number>((done) => {
      system.spawnUnsafe(NodeLive, { parent: undefined, done }).tellUnsafe(Grow({ num: 0, size }))
    })
    mustBe(sum, leafSum(size), "the sum of all leaves")
    return size
  })
}
