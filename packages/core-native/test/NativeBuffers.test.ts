// Blocks as ArrayBuffers: who frees the memory, with external memory and with copies.
import { assert, describe, it } from "@effect/vitest"
import { once } from "node:events"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Worker } from "node:worker_threads"
import { load } from "../src/load.ts"
import { hopsOf } from "./hops.ts"

const isNative = process.env["MYRMIDON_NO_NATIVE"] === undefined

const gc = (): void => {
  setFlagsFromString("--expose-gc")
  ;(runInNewContext("gc") as () => void)()
}
/** The loop's turn: finalizers of memory run in it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe.runIf(isNative).each([["external memory", false], ["copies", true]] as const)(
  "blocks by %s",
  (_name, copies) => {
    const make = (limit = 1000) => new (load().NativeBuffers)(limit, copies)

    it("G136: a departed block has no view, and the next one shows what was written", () => {
      const buffers = make()
      const block = buffers.allocate(4)
      const first = buffers.view(block)
      new Uint8Array(first).set([1, 2, 3, 4])
      assert.strictEqual(buffers.depart(block, first), 0)
      assert.strictEqual(first.byteLength, 0)
      assert.throws(() => buffers.view(block), "no block that is held here")
      assert.strictEqual(buffers.depart(block, undefined), 1)
      assert.isTrue(hopsOf(buffers).arrive(block))
      assert.isFalse(hopsOf(buffers).arrive(block))
      const second = buffers.view(block)
      assert.deepStrictEqual([...new Uint8Array(second)], [1, 2, 3, 4])
      assert.strictEqual(buffers.copies, copies)
      assert.strictEqual(buffers.release(block, second), 0)
      assert.strictEqual(second.byteLength, 0)
    })

    it("G137: a stale number names no other block", () => {
      const buffers = make()
      const old = buffers.allocate(10)
      buffers.release(old, undefined)
      const block = buffers.allocate(10)
      assert.notStrictEqual(block, old)
      for (const wrong of [old, 0, -1, 1.5, NaN, 2 ** 53, Infinity]) {
        assert.strictEqual(buffers.release(wrong, undefined), 1)
        assert.strictEqual(buffers.depart(wrong, undefined), 1)
        assert.isFalse(hopsOf(buffers).arrive(wrong))
        assert.throws(() => buffers.view(wrong))
      }
      assert.strictEqual(buffers.bytes, 10)
      buffers.release(block, undefined)
      assert.strictEqual(buffers.bytes, 0)
    })

    it("G136: who does not hold a block frees it not", () => {
      const [holder, other] = [make(), make()]
      const block = holder.allocate(10)
      assert.strictEqual(other.release(block, undefined), 1)
      assert.strictEqual(holder.bytes, 10)
      holder.depart(block, undefined)
      assert.strictEqual(other.release(block, undefined), 1, "it is in flight")
      assert.isTrue(hopsOf(other).arrive(block))
      assert.strictEqual(other.release(block, undefined), 0)
      assert.strictEqual(holder.bytes, 0)
    })

    it("G138: the limit holds", () => {
      const buffers = make(10)
      const block = buffers.allocate(10)
      assert.strictEqual(buffers.allocate(1), 0)
      assert.strictEqual(buffers.allocate(2 ** 60), 0)
      assert.strictEqual(make(2 ** 53).allocate(2 ** 50), -1)
      buffers.release(block, undefined)
      const empty = buffers.allocate(0)
      assert.strictEqual(buffers.view(empty).byteLength, 0)
      buffers.release(empty, undefined)
    })

    it("G138: all isolates of a system are on one account, with the limit that the first of them says", () => {
      const { NativeBuffers, openSystem } = load()
      const system = openSystem()
      const [one, other] = [new NativeBuffers(1000, copies, system), new NativeBuffers(5000, copies, system)]
      const block = one.allocate(600)
      assert.deepStrictEqual([one.bytes, other.bytes], [600, 600])
      assert.strictEqual(other.allocate(401), 0)
      one.depart(block, undefined)
      assert.strictEqual(other.allocate(401), 0)
      assert.isTrue(hopsOf(other).arrive(block))
      assert.strictEqual(one.allocate(401), 0)
      assert.strictEqual(other.release(block, undefined), 0)
      assert.deepStrictEqual([one.bytes, other.bytes], [0, 0])
      assert.strictEqual(make().bytes, 0)
      assert.throws(() => new NativeBuffers(1, copies, 2 ** 32 - 1), "the system has ended, or never was")
    })

    it("G136: a hop's calls leave and arrive as the others do", () => {
      const buffers = make()
      const { arrive, comeBack, leave, moved } = hopsOf(buffers)
      const block = buffers.allocate(4)
      const view = (buffers.view(block) as unknown as { transfer: () => ArrayBuffer }).transfer()
      moved(block, view)
      new Uint8Array(view).fill(7)
      const kept = (view as unknown as { transfer: () => ArrayBuffer }).transfer()
      assert.strictEqual(leave(block), 0)
      assert.strictEqual(leave(block), 1)
      assert.throws(() => buffers.view(block), "no block that is held here")
      // A copy is not the block's memory.
      assert.strictEqual(comeBack(block, kept), copies ? 1 : 2)
      assert.strictEqual(comeBack(block, kept), 0)
      for (const wrong of [0, -1, 1.5, NaN, 2 ** 53, Infinity]) {
        assert.strictEqual(leave(wrong), 1)
        assert.isFalse(arrive(wrong))
        assert.strictEqual(comeBack(wrong, kept), 0)
        moved(wrong, kept)
      }
      assert.strictEqual(buffers.release(block, copies ? undefined : kept), 0)
      assert.strictEqual(buffers.bytes, 0)
      assert.throws(() => buffers.attach({}, new Float64Array(1)), "must be a Float64Array of at least 2 elements")
    })

    it("hands a block over many times", () => {
      const buffers = make(2 ** 20)
      const block = buffers.allocate(2 ** 16)
      const hops = hopsOf(buffers)
      for (let i = 0; i < 2000; i++) {
        const view = buffers.view(block)
        const bytes = new Uint8Array(view)
        assert.strictEqual(bytes[0], i % 256)
        bytes[0] = i + 1
        buffers.depart(block, view)
        hops.arrive(block)
      }
      buffers.release(block, undefined)
      assert.strictEqual(buffers.bytes, 0)
    })
  }
)

describe.runIf(isNative)("blocks and the collector", () => {
  it("G137: a view that nobody reaches gives its block up; one that was handed on says nothing", async () => {
    const buffers = new (load().NativeBuffers)(1000, false)
    const lost = (): void => {
      buffers.view(buffers.allocate(10))
    }
    const handedOn = (): number => {
      const block = buffers.allocate(7)
      buffers.depart(block, buffers.view(block))
      hopsOf(buffers).arrive(block)
      return block
    }
    lost()
    const block = handedOn()
    for (let round = 0; round < 20 && buffers.bytes > 7; round++) {
      gc()
      await turn()
    }
    assert.strictEqual(buffers.bytes, 7)
    assert.strictEqual(buffers.view(block).byteLength, 7)
    buffers.release(block, undefined)
  })

  it("G137: memory that was taken away goes with whoever has it", async () => {
    const buffers = new (load().NativeBuffers)(1000, false)
    const taken = (): void => {
      const block = buffers.allocate(10)
      const view = buffers.view(block)
      const elsewhere = (view as unknown as { transfer: () => ArrayBuffer }).transfer()
      assert.strictEqual(buffers.depart(block, view), 2)
      assert.strictEqual(buffers.release(block, view), 2)
      new Uint8Array(elsewhere).fill(1)
    }
    taken()
    assert.strictEqual(buffers.bytes, 10)
    for (let round = 0; round < 20 && buffers.bytes > 0; round++) {
      gc()
      await turn()
    }
    assert.strictEqual(buffers.bytes, 0)
  })

  it("G186: memory that was taken to another thread outlives the isolate that had the block", async () => {
    const worker = new Worker(new URL("./worker/taken.mjs", import.meta.url))
    const exit = once(worker, "exit")
    const [taken] = await once(worker, "message") as [ArrayBuffer]
    await exit
    assert.isTrue(new Uint8Array(taken).every((byte) => byte === 7))
    // Were it free, this would be put in its place.
    const next = new Uint8Array(2 ** 22).fill(1)
    assert.strictEqual(new Uint8Array(taken).at(-1)! + next.at(-1)!, 8)
  })

  it("G203: what a terminated worker had sent halfway is freed, and what others have taken is not", async () => {
    const system = load().openSystem()
    const buffers = new (load().NativeBuffers)(2 ** 30, false, system)
    const workerData = system
    const worker = new Worker(new URL("./worker/leaving.mjs", import.meta.url), { workerData })
    const { arrive } = hopsOf(buffers)
    const [numbers] = await once(worker, "message") as [Array<number>]
    assert.strictEqual(buffers.bytes, 100_000)
    for (const number of numbers.slice(0, 10)) assert.isTrue(arrive(number))
    await worker.terminate()
    assert.strictEqual(buffers.bytes, 10_000)
    for (const number of numbers) assert.isFalse(arrive(number))
    for (const number of numbers) buffers.release(number, undefined)
    assert.strictEqual(buffers.bytes, 0)
  })

  // Seven workers: a sanitizer takes its time over each.
  it("G60: a terminated worker's blocks are freed", { timeout: 60_000 }, async () => {
    const held = 64 * 2 ** 20
    const round = async (): Promise<void> => {
      const worker = new Worker(new URL("./worker/buffers.mjs", import.meta.url))
      const [bytes] = await once(worker, "message") as [number]
      assert.strictEqual(bytes, held)
      await worker.terminate()
    }
    await round()
    const before = process.memoryUsage().rss
    for (let i = 0; i < 6; i++) await round()
    assert.isBelow(process.memoryUsage().rss - before, 1.5 * held)
  })
})
