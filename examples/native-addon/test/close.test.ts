// G212: the end of Rust shards, as the addon itself has it.
import { assert, describe, it } from "@effect/vitest"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { addon } from "../src/addon.ts"

interface Binding {
  openSystem(): number
  readonly RustShards: new(options: {
    readonly system: number
    readonly shards: number
    readonly maxActors: number
    readonly mailbox: number
    readonly bufferBytes: number
  }) => { close(within: number): Promise<{ readonly killed: number; readonly stuck: number }> }
}

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("the end of Rust shards", () => {
  const open = () => {
    const binding: Binding = createRequire(import.meta.url)(fileURLToPath(addon))
    const options = { shards: 2, maxActors: 5000, mailbox: 100, bufferBytes: 1024 }
    return new binding.RustShards({ ...options, system: binding.openSystem() })
  }

  it("G212: Infinity waits for the actors, however long they take", async () => {
    assert.deepStrictEqual(await open().close(Infinity), { killed: 0, stuck: 0 })
    // As long as no clock can say.
    assert.deepStrictEqual(await open().close(Number.MAX_VALUE), { killed: 0, stuck: 0 })
  })

  it("G212: what is no time is refused, and nothing has ended", async () => {
    const shards = open()
    for (const within of [NaN, -1, -Infinity]) assert.throws(() => void shards.close(within), /number of ms/)
    assert.deepStrictEqual(await shards.close(60_000), { killed: 0, stuck: 0 })
  })
})
