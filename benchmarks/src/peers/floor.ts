/**
 * The floor of `random`: the handler called directly on the same states through the same refs in the same random
 * order, with no queue. js-limit prints it as `floor_ns`, from a process of its own: behind another loop in the same
 * process the compiler no longer inlines the call.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { mustBe, produce, Tally, warmThenTime, xorshift32 } from "../measure.ts"
import { type Program, randomActors, type Subject } from "../workload.ts"

interface Counter {
  n: number
}
interface Add {
  readonly by: number
}
class Ref {
  readonly handle: (state: Counter, message: Add) => void
  readonly state: Counter
  constructor(handle: (state: Counter, message: Add) => void, state: Counter) {
    this.handle = handle
    this.state = state
  }
}

const random: Program = async (n, warm) => {
  const tally = new Tally()
  const add = (state: Counter, message: Add): void => {
    state.n += message.by
    tally.hit()
  }
  const refs = Array.from({ length: randomActors }, () => new Ref(add, { n: 0 }))
  let x = 1
  const measured = await warmThenTime(n, warm, async (n) => {
    const done = tally.expect(n)
    await produce(n, () => {
      x = xorshift32(x)
      const ref = refs[x % randomActors]
      ref.handle(ref.state, { by: 1 })
    })
    await done
    return tally.handled
  })
  mustBe(refs.reduce((sum, ref) => sum + ref.state.n, 0), n + warm, "the sum of all states")
  return measured
}

export const subject: Subject = { name: "floor", version: process.version, programs: { random } }

/** ns a message, measured in a fresh process. */
export const measureFloor = async (n: number): Promise<number> => {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url))
  const args = [main, "random", "--peer", "floor", "--n", String(n), "--json"]
  const row: unknown = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
  if (typeof row === "object" && row !== null && "ns_per_op" in row && typeof row.ns_per_op === "number") {
    return row.ns_per_op
  }
  throw new Error("the floor could not be measured")
}
