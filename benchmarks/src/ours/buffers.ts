/** `buffer`: a block goes to and fro between two actors of one isolate; each looks at its first and last byte. */
import { Actor, SharedBuffer } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { perHop, rowOf } from "../buffers.ts"
import { mustBe } from "../measure.ts"
import type { Program } from "../workload.ts"
import type { Open } from "./system.ts"

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
      const bytes = data.bytes()
      bytes[0]++
      bytes[bytes.length - 1]++
      if (left === 0) match.done(data.retain())
      else self.send(match.other!, Hop({ data, left: left - 1 }))
    }
  }
})

export const buffer = (open: Open): Program => async (n, warm) => {
  const { run, system } = await open()
  let finish: (data: SharedBuffer) => void = () => {}
  const match = (): Match => ({ other: undefined, done: (data) => finish(data) })
  const [left, right] = [match(), match()]
  const a = system.spawnUnsafe(PlayerLive, left), b = system.spawnUnsafe(PlayerLive, right)
  left.other = b
  right.other = a
  const fields = await perHop(n, warm, "", false, async (size, count) => {
    const data = await run(SharedBuffer.allocate(size))
    const back = await new Promise<SharedBuffer>((resolve) => {
      finish = resolve
      a.tellUnsafe(Hop({ data, left: count - 1 }))
    })
    mustBe(back.bytes()[size - 1], count % 256, "the marks of all hops")
    back.release()
  })
  const info = await run(Effect.flatMap(Effect.succeed(system), (system) => system.info))
  mustBe(info.bufferBytes, 0, "bytes outstanding")
  return rowOf(n, { ...fields, copies: info.buffersAreCopied ? 1 : 0 })
}
