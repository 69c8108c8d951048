// Blocks that leave an isolate in a packet and enter another one, by number; here both are the same.
import { assert, describe, it } from "@effect/vitest"
import { load } from "@myrmidonjs/core-native"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { NativeBlock, NativePool } from "../../src/internal/native/buffers.ts"

const gc = (): void => {
  setFlagsFromString("--expose-gc")
  ;(runInNewContext("gc") as () => void)()
}
/** Finalizers run in it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("a block in a packet", () => {
  const pools = () => [new NativePool(load(), 1000, undefined), new NativePool(load(), 1000, undefined)] as const
  const allocated = (pool: NativePool, bytes: number): NativeBlock => {
    const block = pool.allocate(bytes)
    assert(block instanceof NativeBlock)
    return block
  }

  it("G136: takes its bytes along, and nothing stays behind", () => {
    const [from, to] = pools()
    const block = allocated(from, 4)
    const view = new Uint8Array(block.attach())
    view.set([1, 2, 3, 4])
    const number = block.leave()
    assert(number !== undefined)
    assert.strictEqual(view.length, 0)
    assert.isUndefined(block.leave())
    block.release()
    const arrived = to.enter(number, 4)
    assert(arrived !== undefined)
    assert.isUndefined(to.enter(number, 4))
    assert.deepStrictEqual([...new Uint8Array(arrived.attach())], [1, 2, 3, 4])
    // Still on the account of whoever allocated it.
    assert.deepStrictEqual([from.bytes(), to.bytes()], [4, 0])
    arrived.release()
    assert.deepStrictEqual([from.bytes(), to.bytes()], [0, 0])
    assert.isUndefined(to.enter(number, 4))
  })

  it("G137: memory that was taken away does not leave", () => {
    const [from] = pools()
    const block = allocated(from, 4)
    ;(block.attach() as unknown as { transfer: () => ArrayBuffer }).transfer()
    assert.isUndefined(block.leave())
    assert.isFalse(block.move())
  })

  it("G136: moved within the isolate and by packet in turn, it is the same memory", () => {
    const [from, to] = pools()
    let block = allocated(from, 3)
    for (let i = 1; i <= 50; i++) {
      const bytes = new Uint8Array(block.attach())
      assert.strictEqual(bytes[2], i - 1)
      bytes[2] = i
      assert.isTrue(block.move())
      assert.strictEqual(bytes.length, 0)
      const pool = i % 2 === 0 ? from : to
      const arrived = pool.enter(block.leave()!, 3)
      assert(arrived instanceof NativeBlock)
      block = arrived
    }
    block.release()
    assert.strictEqual(from.bytes(), 0)
  })

  it("G311: of 64 that go to and fro together each isolate makes one view, and of more the oldest goes", () => {
    const ends = [new NativePool(load(), 1000, undefined), new NativePool(load(), 1000, undefined)] as const
    const made = [0, 0]
    ends.forEach((pool, at) => {
      const { view } = pool
      pool.view = (handle) => {
        made[at]!++
        return view.call(pool, handle)
      }
    })
    const hop = (blocks: ReadonlyArray<NativeBlock>, to: NativePool): ReadonlyArray<NativeBlock> =>
      blocks.map((block) => {
        new Uint8Array(block.attach())[0]!++
        const arrived = to.enter(block.leave()!, 2)
        assert(arrived !== undefined)
        return arrived
      })
    const toAndFro = (blocks: ReadonlyArray<NativeBlock>) => hop(hop(blocks, ends[1]), ends[0])
    let blocks: ReadonlyArray<NativeBlock> = Array.from({ length: 64 }, () => allocated(ends[0], 2))
    for (let i = 0; i < 3; i++) blocks = toAndFro(blocks)
    assert.deepStrictEqual(made, [64, 64])
    blocks = toAndFro([...blocks, allocated(ends[0], 2)])
    for (const block of blocks) block.attach()
    assert.deepStrictEqual(made, [66, 65])
    assert.deepStrictEqual(new Set(blocks.map((block) => new Uint8Array(block.attach())[0])), new Set([6 + 2, 2]))
    for (const block of blocks) block.release()
    assert.deepStrictEqual(ends.map((pool) => pool.bytes()), [0, 0])
  })

  it("G137: memory that was taken away outlives its block, which nobody reaches any more", async () => {
    const [pool] = pools()
    const taken = (): ArrayBuffer => {
      const memory = allocated(pool, 4).attach()
      new Uint8Array(memory).fill(7)
      return (memory as unknown as { transfer: () => ArrayBuffer }).transfer()
    }
    const memory = taken()
    const lost = (): void => void allocated(pool, 1)
    lost()
    for (let round = 0; round < 20 && pool.bytes() > 4; round++) {
      gc()
      await turn()
    }
    // The collector has been here: what nobody had looked at is gone.
    assert.strictEqual(pool.bytes(), 4)
    gc()
    await turn()
    assert.strictEqual(pool.bytes(), 4)
    assert.deepStrictEqual([...new Uint8Array(memory)], [7, 7, 7, 7])
  })

  it("G138: a copy that was taken away keeps nothing: its block is released", () => {
    const pool = new NativePool(load(), 1000, undefined, true)
    const block = allocated(pool, 4)
    ;(block.attach() as unknown as { transfer: () => ArrayBuffer }).transfer()
    block.release()
    assert.strictEqual(pool.bytes(), 0)
  })

  it("G228: whether views are copies is known before there is one", () => {
    // As where the platform refuses external memory: the addon learns of it with its first view.
    class Refusing extends load().NativeBuffers {
      #known: boolean
      constructor(limit: number, copies: boolean, system?: number) {
        super(limit, true, system)
        this.#known = copies
      }
      override get copies(): boolean {
        return this.#known
      }
      override view(handle: number): ArrayBuffer {
        this.#known = true
        return super.view(handle)
      }
    }
    const binding = { NativeBuffers: Refusing }
    for (const limit of [1000, 0]) {
      const pool = new NativePool(binding, limit, undefined)
      assert.isTrue(pool.copies())
      assert.strictEqual(pool.bytes(), 0)
    }
    assert.isFalse(new NativePool(load(), 1000, undefined).copies())
  })
})
