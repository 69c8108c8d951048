/**
 * `buffer`: a block goes to and fro between two actors, each of which looks at its first and last byte. `between`: of two
 * isolates, as for the peers. `within`: of one. `many_…`: eight blocks are under way, so that an isolate finds the next one
 * when it has sent one on.
 */
import { Actor, SharedBuffer } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { type Hops, hopsEach, many, perHop, rowOf } from "../buffers.ts"
import { mustBe } from "../measure.ts"
import type { Program } from "../workload.ts"
import { mark, Returner, ReturnerLive, Server } from "./returner.ts"
import { nativeWith, type Open, type Opened } from "./system.ts"

const Player = Actor.make("Player", [Rpc.make("Hop", { payload: { data: SharedBuffer.schema, left: Schema.Int } })])
const { Hop } = Player.messages

interface Match {
  other: Actor.Ref<typeof Player> | undefined
  readonly done: (data: SharedBuffer) => void
}

const PlayerLive = Player.behavior({
  init: (match: Match) => match,
  handlers: {
    Hop: (match, { data, left }, self) => {
      mark(data)
      if (left === 0) match.done(data.retain())
      else self.send(match.other!, Hop({ data, left: left - 1 }))
    }
  }
})

// `start` sends a block on its way of `count` hops, the first of them to come; `finish` is told when it is back.
const counted =
  (opened: Opened, start: (data: SharedBuffer, count: number) => void, finish: Finish, blocks = 1): Hops =>
  async (size, count) => {
    const each = hopsEach(count, blocks)
    const sent: Array<SharedBuffer> = []
    for (let i = 0; i < blocks; i++) sent.push(await opened.run(SharedBuffer.allocate(size)))
    const back: Array<SharedBuffer> = []
    await new Promise<void>((resolve) => {
      finish.done = (data) => {
        if (back.push(data) === blocks) resolve()
      }
      for (const data of sent) start(data, each)
    })
    for (const data of back) {
      mustBe(data.bytes()[size - 1], each % 256, "the marks of all hops")
      data.release()
    }
    return each * blocks
  }

interface Finish {
  done: (data: SharedBuffer) => void
}

const copies = async ({ run, system }: Opened): Promise<number> => {
  const info = await run(Effect.flatMap(Effect.succeed(system), (system) => system.info))
  mustBe(info.bufferBytes, 0, "bytes outstanding")
  return info.buffersAreCopied ? 1 : 0
}

const hopsWithin = (opened: Opened): Hops => {
  const finish: Finish = { done: () => {} }
  const match = (): Match => ({ other: undefined, done: (data) => finish.done(data) })
  const [left, right] = [match(), match()]
  const a = opened.system.spawnUnsafe(PlayerLive, left), b = opened.system.spawnUnsafe(PlayerLive, right)
  left.other = b
  right.other = a
  return counted(opened, (data, count) => void a.tellUnsafe(Hop({ data, left: count - 1 })), finish)
}

/** Within one isolate. */
export const within = (open: Open): Program => async (n, warm) => {
  const opened = await open()
  const fields = await perHop(n, warm, "", false, hopsWithin(opened))
  return rowOf(n, { ...fields, copies: await copies(opened) })
}

const { Back } = Server.messages
const { Meet, Over } = Returner.messages

/** Between two isolates; the fields of hops within one begin with `within_`. */
export const between: Program = async (n, warm) => {
  const opened = await nativeWith({ isolates: 1 })
  const finish: Finish = { done: () => {} }
  const measured = await opened.run(Effect.scoped(Effect.gen(function*() {
    const returner = yield* ReturnerLive.spawnOn("worker", undefined)
    const ServerLive = Server.behavior({
      init: () => undefined,
      handlers: {
        Back: (_state, { data, left }, self) => {
          if (left <= 0) return finish.done(data.retain())
          mark(data)
          self.send(returner, Over({ data, left: left - 2 }))
        }
      }
    })
    const server = opened.system.spawnUnsafe(ServerLive, undefined)
    yield* returner.tell(Meet(server))
    const hops = (blocks: number): Hops =>
      counted(opened, (data, count) => void server.tellUnsafe(Back({ data, left: count })), finish, blocks)
    const there = yield* Effect.promise(() => perHop(n, warm, "", false, hops(1)))
    const together = yield* Effect.promise(() => perHop(n, warm, "many_", false, hops(many)))
    const here = yield* Effect.promise(() => perHop(n, warm, "within_", false, hopsWithin(opened)))
    return rowOf(n, { ...there, ...together, ...here, copies: yield* Effect.promise(() => copies(opened)) })
  })))
  await opened.close()
  return measured
}
