// Buffers that are on their way when nobody is left to take them (G200). Each test ends only when all bytes are back.
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, type DeadLetter, SharedBuffer } from "@myrmidonjs/actor"
import { load } from "@myrmidonjs/core-native"
import { Deferred, Effect, Exit, Fiber, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { markAsUntransferable } from "node:worker_threads"
import { makePacked } from "../../src/internal/buffer/parcel.ts"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { NativeBlock, NativePool } from "../../src/internal/native/buffers.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads, turn } from "../fixtures.ts"
import { Courier, CourierLive, Keeper } from "./couriers.ts"

const { Block, Both, Die, Fetch, Give, Hoard, Huge, Late, Pass, Take, Tallied, Tally } = Courier.messages

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

const allBack = Effect.gen(function*() {
  const { info } = yield* ActorSystem
  while ((yield* info).bufferBytes > 0) yield* turn
})

/** A file that is not there until `go`. */
const gate = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "myrmidon-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
).pipe(Effect.flatMap((folder) => {
  const file = join(folder, "go")
  const go = Effect.sync(() => writeFileSync(file, ""))
  // Whatever fails, a thread that waits for it goes on.
  return Effect.as(Effect.addFinalizer(() => go), { file, go })
}))

const downs = Effect.flatMap(
  ActorSystem,
  ({ events }) =>
    Effect.forkScoped(Stream.runHead(Stream.filter(events, ({ _tag }) => _tag === "IsolateDown")), {
      startImmediately: true
    })
)

const terminate = Effect.map(ActorSystem, (system) => {
  const fleet = fleetOf(hostOf(system))!
  for (const { isolate } of fleet.team.loads()) if (isolate !== 0) fleet.terminate(isolate)
})

const system = ActorSystem.layer({ isolates: 1, shutdownTimeout: 1_000 })

const limited = ActorSystem.layer({ isolates: 1, shutdownTimeout: 1_000, maxBufferBytes: 1_000 })

describe("buffers on their way", () => {
  it("G256: what names them is in V8's heap, or in memory that many of them share, and is never written again", () => {
    for (const [length, most] of [[40, 0], [65, 5]] as const) {
      const { arrayBuffers } = process.memoryUsage()
      const packed = Array.from({ length: 1000 }, (_, i) => makePacked(length, []).fill(i))
      assert.isAtMost(process.memoryUsage().arrayBuffers - arrayBuffers, most * 16_384)
      for (const [i, each] of packed.entries()) assert.deepStrictEqual([...new Set(each)], [i % 256])
    }
    assert.strictEqual(makePacked(1 << 20, []).length, 1 << 20)
  })
})

describe.runIf(nativeLoads)("a block that is moved", () => {
  it("G254: a large one's memory is on V8's account twice while it is moved, a small one's and a huge one's once", () => {
    const told = (bytes: number): ReadonlyArray<readonly [told: number, seen: number]> => {
      const pool = new NativePool(load(), 2 ** 28, undefined)
      const block = pool.allocate(bytes)
      assert(block instanceof NativeBlock)
      const told: Array<readonly [number, number]> = []
      const { native } = pool
      const weigh = native.weigh.bind(native)
      let view: Uint8Array | undefined = undefined
      Object.defineProperty(native, "weigh", {
        value: (bytes: number): void => {
          told.push([bytes, view?.length ?? 0])
          weigh(bytes)
        }
      })
      view = new Uint8Array(block.attach())
      told.length = 0
      assert.isDefined(block.leave())
      assert.strictEqual(view.length, 0)
      return told
    }
    for (const bytes of [2 ** 22, 2 ** 26]) assert.deepStrictEqual(told(bytes), [[bytes, bytes], [-bytes, 0]])
    for (const bytes of [2 ** 22 - 1, 2 ** 26 + 1]) assert.deepStrictEqual(told(bytes), [])
  })
})

describe.runIf(nativeLoads)("bytes outstanding", () => {
  it.live(
    "G138: are those of all isolates, wherever a buffer goes, and never exceed the system's limit",
    () =>
      Effect.gen(function*() {
        const { info } = yield* ActorSystem
        const courier = yield* CourierLive.spawnOn("worker", undefined)
        assert.strictEqual(yield* courier.ask(Hoard(600)), 600)
        assert.strictEqual((yield* info).bufferBytes, 600)
        const refused = yield* Effect.flip(SharedBuffer.allocate(401))
        assert.deepInclude(refused, { _tag: "LimitReached", what: "bytes", limit: 1_000 })
        const mine = yield* SharedBuffer.allocate(400)
        assert.strictEqual(yield* Effect.flip(courier.ask(Hoard(1))), "LimitReached")
        // Neither lost nor counted again, when it moves.
        const given = yield* courier.ask(Give())
        assert.strictEqual((yield* info).bufferBytes, 1_000)
        assert.strictEqual((yield* Effect.flip(SharedBuffer.allocate(1)))._tag, "LimitReached")
        mine.release()
        assert.strictEqual(yield* courier.ask(Hoard(400)), 1_000)
        given.release()
        assert.strictEqual((yield* info).bufferBytes, 400)
      }).pipe(Effect.scoped, Effect.provide(limited)),
    patience
  )

  it.live("G138: an isolate that ends gives back what it held", () =>
    Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const down = yield* downs
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      assert.strictEqual(yield* courier.ask(Hoard(1_000)), 1_000)
      assert.strictEqual((yield* Effect.flip(SharedBuffer.allocate(1)))._tag, "LimitReached")
      yield* terminate
      yield* Fiber.join(down)
      yield* allBack
      const whole = yield* SharedBuffer.allocate(1_000)
      assert.strictEqual((yield* info).bufferBytes, 1_000)
      whole.release()
    }).pipe(Effect.scoped, Effect.provide(limited)), patience)
})

describe.runIf(nativeLoads)("buffers on their way", () => {
  it.live("G200: those of messages that an isolate had not read when it ended are freed", () =>
    Effect.gen(function*() {
      const down = yield* downs
      const { file } = yield* gate
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      yield* courier.tell(Block(file))
      for (let n = 0; n < 100; n++) yield* courier.tell(Take({ buffer: yield* SharedBuffer.allocate(1_000 + n) }))
      yield* terminate
      yield* Fiber.join(down)
      yield* allBack
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live("G200: one in an answer that comes after its asker gave up is freed", () =>
    Effect.gen(function*() {
      const { file, go } = yield* gate
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      const buffer = yield* SharedBuffer.allocate(1_000)
      const error = yield* Effect.flip(courier.ask(Late({ buffer, file }), { timeout: 20 }))
      assert.strictEqual(error.reason._tag, "AskTimeout")
      yield* go
      yield* allBack
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live("G200: one in an answer to an isolate that has ended is freed", () =>
    Effect.gen(function*() {
      const down = yield* downs
      const asked = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const buffer = yield* SharedBuffer.allocate(1_000)
      const keeper = yield* Keeper.behavior({
        init: () => null,
        handlers: {
          Fetch: () => Deferred.succeed(asked, undefined).pipe(Effect.andThen(Deferred.await(go)), Effect.as(buffer))
        }
      }).spawn()
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      yield* courier.tell(Fetch({ keeper }))
      yield* Deferred.await(asked)
      yield* terminate
      yield* Fiber.join(down)
      yield* Deferred.succeed(go, undefined)
      yield* allBack
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live(
    "G200: one that an isolate had in its hands when it ended arrives, or is freed",
    () =>
      Effect.gen(function*() {
        const courier = yield* CourierLive.spawnOn("worker", undefined)
        const buffer = yield* SharedBuffer.allocate(1_000)
        const answer = yield* Effect.exit(courier.ask(Die({ buffer })))
        if (Exit.isSuccess(answer)) answer.value.release()
        yield* allBack
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live("G136: a message that is refused because of one gives the others back", () =>
    Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      const [first, second] = [yield* SharedBuffer.allocate(3), yield* SharedBuffer.allocate(2)]
      first.bytes().set([1, 2, 3])
      markAsUntransferable(second.bytes().buffer)
      assert.strictEqual(courier.tellUnsafe(Both({ first, second })), "BadMessage")
      assert.deepStrictEqual([...first.bytes()], [1, 2, 3])
      const error = yield* Effect.flip(courier.tell(Both({ first, second })))
      assert.include(error.message, "taken away")
      assert.deepStrictEqual([...first.bytes()], [1, 2, 3])
      first.release()
      assert.strictEqual((yield* info).bufferBytes, 2)
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live("G136: a message that holds one twice is refused, and nothing has changed", () =>
    Effect.gen(function*() {
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      const buffer = yield* SharedBuffer.allocate(3)
      const bytes = buffer.bytes()
      bytes.set([1, 2, 3])
      assert.strictEqual(courier.tellUnsafe(Both({ first: buffer, second: buffer })), "BadMessage")
      const error = yield* Effect.flip(courier.tell(Tally({ note: "", all: [buffer, buffer] })))
      assert.include(error.message, "twice")
      assert.deepStrictEqual([...bytes], [1, 2, 3])
      buffer.release()
      assert.strictEqual(courier.tellUnsafe(Tally({ note: "", all: [buffer] })), "BadMessage")
      yield* allBack
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live(
    "G136: messages with none, some and many of them, long ones, and one that is sent while another is written",
    () =>
      Effect.gen(function*() {
        const courier = yield* CourierLive.spawnOn("worker", undefined)
        const some = (count: number) =>
          Effect.map(
            Effect.all(Array.from({ length: count }, () => SharedBuffer.allocate(1))),
            (all) =>
              all.map((buffer, i) => {
                buffer.bytes()[0] = i + 1
                return buffer
              })
          )
        // Of 300 the numbers are more than stand in the arena, as are 5,000 letters.
        for (const [letters, count] of [[0, 0], [3, 3], [5_000, 2], [10, 300], [4_060, 1], [1, 1]] as const) {
          assert.strictEqual(
            courier.tellUnsafe(Tally({ note: "x".repeat(letters), all: yield* some(count) })),
            "Accepted"
          )
        }
        const [inner, outer] = [yield* some(2), yield* some(1)]
        const sly = {
          get note() {
            courier.tellUnsafe(Tally({ note: "inner", all: inner }))
            return "outside"
          },
          all: outer
        }
        assert.strictEqual(courier.tellUnsafe(Tally(sly)), "Accepted")
        const sum = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) % 256).reduce((a, b) => a + b, 0)
        assert.deepStrictEqual(yield* courier.ask(Tallied()), [
          "0 and 0: 0",
          "3 and 3: 6",
          "5000 and 2: 3",
          `10 and 300: ${sum(300)}`,
          "4060 and 1: 1",
          "1 and 1: 1",
          "5 and 2: 3",
          "7 and 1: 1"
        ])
        yield* allBack
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live("G200: one in an answer that is too large to be sent is freed", () =>
    Effect.gen(function*() {
      const courier = yield* CourierLive.spawnOn("worker", undefined)
      const buffer = yield* SharedBuffer.allocate(1_000)
      const error = yield* Effect.flip(courier.ask(Huge({ buffer, bytes: 2 ** 26 }), { timeout: Infinity }))
      assert.strictEqual(error.reason._tag, "BadMessage")
      assert.include(error.message, "too large")
      yield* allBack
    }).pipe(Effect.scoped, Effect.provide(system)), patience)

  it.live(
    "G281: whether those that come back are looked at or only sent on, who had them before has nothing",
    () =>
      Effect.gen(function*() {
        const courier = yield* CourierLive.spawnOn("worker", undefined)
        let buffer = yield* SharedBuffer.allocate(1_000)
        let marks = 0
        const views: Array<Uint8Array> = []
        // Every order of looking and not looking, here and there.
        for (let i = 0; i < 64; i++) {
          if ((0b1101_0010 >> i % 8 & 1) !== 0) {
            const bytes = buffer.bytes()
            assert.strictEqual(bytes[0], marks % 256)
            bytes[0] = ++marks
            views.push(bytes)
          }
          const looks = (0b0110_1000_1110 >> i % 12 & 1) !== 0
          if (looks) marks++
          buffer = yield* courier.ask(Pass({ buffer, looks }))
          assert.isTrue(views.every(({ length }) => length === 0))
        }
        assert.strictEqual(buffer.bytes()[0], marks % 256)
        buffer.release()
        yield* allBack
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live(
    "G140: those of a send to another isolate after the system's end are freed; the dead letter shows the rest",
    () =>
      Effect.gen(function*() {
        const letters: Array<DeadLetter> = []
        const onDeadLetter = (letter: DeadLetter): void => void letters.push(letter)
        const { buffer, courier, host } = yield* Effect.gen(function*() {
          const courier = yield* CourierLive.spawnOn("worker", undefined)
          return { courier, buffer: yield* SharedBuffer.allocate(1_000), host: hostOf(yield* ActorSystem) }
        }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1, shutdownTimeout: 1_000, onDeadLetter })))
        letters.length = 0
        assert.strictEqual(host.buffers.bytes(), 1_000)
        const long = "long ".repeat(10_000)
        const sent = [
          courier.tellUnsafe(Block(long)),
          courier.tellUnsafe(Take({ buffer })),
          courier.tellUnsafe(Block(long))
        ]
        assert.deepStrictEqual(sent, ["Accepted", "Accepted", "Accepted"])
        const asked = yield* Effect.flip(courier.ask(Late({ buffer: yield* Effect.succeed(buffer), file: "" })))
        assert.strictEqual(asked.reason._tag, "BadMessage")
        while (letters.length < 3) yield* turn
        assert.deepStrictEqual(letters.map(({ message }) => message.payload), [long, { buffer: 0 }, long])
        assert.strictEqual(host.buffers.bytes(), 0)
        assert.throws(() => buffer.bytes())
      }),
    patience
  )
})
