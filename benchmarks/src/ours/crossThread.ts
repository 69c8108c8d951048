/**
 * `cross-thread`: a native thread sends to one actor through the inbox and the doorbell of its shard, 256 messages at a
 * time; then one at a time, which is what a doorbell costs.
 *
 * The producer is core-native's own, for tests and benchmarks. It knows PIDs and numbers of tags, not refs and
 * messages, so this program alone looks a number up inside the actor package.
 */
import { load } from "@myrmidonjs/core-native"
import { lookup } from "../../../packages/actor/src/internal/opcodes.ts"
import { Actor } from "@myrmidonjs/actor"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, Tally, warmThenTime } from "../measure.ts"
import type { Program } from "../workload.ts"
import type { Open } from "./system.ts"

const Receiver = Actor.make("Receiver", [Rpc.make("Received", { payload: Schema.Int })])

export const crossThread = (open: Open): Program => async (n, warm) => {
  const { system } = await open()
  const tally = new Tally()
  let sum = 0
  const ReceiverLive = Receiver.behavior({
    init: () => undefined,
    handlers: {
      Received: (_state, value) => {
        sum += value
        tally.hit()
      }
    }
  })
  const received = lookup("Received")
  const binding = load()
  const flooded = (batch: number) => (n: number, warm: number) =>
    warmThenTime(n, warm, async (n) => {
      // Room for all: whether the receiver keeps up is not the question.
      const receiver = system.spawnUnsafe(ReceiverLive, undefined, { mailbox: { capacity: n } })
      sum = 0
      const done = tally.expect(n)
      binding.flood(receiver.pid, received, n, batch)
      await done
      mustBe(sum, (n * (n - 1)) / 2, "the sum of all numbers")
      return tally.handled
    })
  const measured = await flooded(256)(n, warm)
  const single = await flooded(1)(warm, Math.ceil(warm / 10))
  return { ...measured, extra: { batch_1_ns: (single.seconds * 1e9) / single.completed } }
}
