// G140: buffers of a message that its handler passes on, and that cannot go.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { systems } from "./fixtures.ts"

const Image = Actor.make("Image", [
  Rpc.make("Take", { payload: { pixels: SharedBuffer.schema, note: Schema.Unknown }, success: Schema.Int })
])
const { Take } = Image.messages
const Other = Actor.make("Other", [Rpc.make("Nothing")])

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe.each(systems)("buffers of a forward that fails on the %s", (_name, system) => {
  it.live("G140: they are released, whoever could not take them, but for those that the handler retained", () =>
    Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const kept: Array<SharedBuffer> = []
      const passing = (to: () => unknown, retains = false) =>
        Image.behavior({
          init: () => null,
          handlers: {
            Take: (_, { note, pixels }, self) => {
              if (retains) kept.push(pixels.retain())
              return self.forward(to() as ActorRef<never>, Take({ pixels, note }) as never) as never
            }
          }
        })
      const other = yield* Other.behavior({ init: () => null, handlers: { Nothing: () => {} } }).spawn()
      const nobody = yield* ActorRef.named(Image, "nobody")
      const wrong = yield* passing(() => other).spawn()
      const gone = yield* passing(() => nobody).spawn()
      const full = yield* Image.behavior({
        mailbox: { capacity: 1, onFull: "reject" },
        init: () => null,
        handlers: { Take: () => 0 }
      }).spawn()
      yield* Actor.suspend(full)
      yield* Effect.addFinalizer(() => Effect.ignore(Actor.resume(full)))
      yield* full.tell(Take({ pixels: yield* SharedBuffer.allocate(8), note: 0 }))
      const crowded = yield* passing(() => full).spawn()
      for (const passer of [wrong, gone, crowded]) {
        yield* Effect.flip(passer.ask(Take({ pixels: yield* SharedBuffer.allocate(1000), note: 0 })))
        assert.strictEqual((yield* info).bufferBytes, 8)
        yield* passer.tell(Take({ pixels: yield* SharedBuffer.allocate(1000), note: 0 }))
        yield* turn
        // Behind that one.
        yield* Effect.flip(passer.ask(Take({ pixels: yield* SharedBuffer.allocate(1000), note: 0 })))
        assert.strictEqual((yield* info).bufferBytes, 8)
      }
      const keeper = yield* passing(() => other, true).spawn()
      yield* Effect.flip(keeper.ask(Take({ pixels: yield* SharedBuffer.allocate(1000), note: 0 })))
      assert.strictEqual(kept[0]!.bytes().length, 1000)
      kept[0]!.release()
      assert.strictEqual((yield* info).bufferBytes, 8)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
