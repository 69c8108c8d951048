// Who has a buffer, and when its memory is given back: the same on native and twin.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  type AskError,
  BufferMoved,
  type DeadLetter,
  SharedBuffer
} from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Option, Schema, Stream } from "effect"
import { markAsUntransferable } from "node:worker_threads"
import { Rpc } from "effect/rpc"
import { lookup } from "../src/internal/opcodes.ts"
import { infosOf } from "../src/internal/rpc.ts"
import { hostOf } from "../src/internal/system.ts"
import { Wire } from "../src/internal/wire.ts"
import { Overflow, systems, testSystems } from "./fixtures.ts"

const { schema } = SharedBuffer

const Store = Actor.make("Store", [
  Rpc.make("Put", { payload: { data: schema } }),
  Rpc.make("Keep", { payload: { data: schema } }),
  Rpc.make("Take", { success: schema }),
  Rpc.make("Echo", { payload: schema, success: schema }),
  Rpc.make("EchoLater", { payload: schema, success: schema }),
  Rpc.make("Sum", { payload: { all: Schema.Array(schema), maybe: Schema.Option(schema) }, success: Schema.Int }),
  Rpc.make("Fail", { payload: schema, error: Overflow }),
  Rpc.make("Throw", { payload: schema }),
  Rpc.make("Wait", { payload: schema }),
  Rpc.make("Pass", { payload: schema }),
  Rpc.make("Read", { payload: schema, success: Schema.Int, stream: true }),
  Rpc.make("Late", { payload: schema })
])
const { Echo, EchoLater, Fail, Keep, Late, Pass, Put, Read, Sum, Take, Throw, Wait } = Store.messages

const sumOf = (buffer: SharedBuffer): number => buffer.bytes().reduce((sum, byte) => sum + byte, 0)

interface Seen {
  readonly lengths: Array<number>
  readonly handles: Array<SharedBuffer>
  kept: SharedBuffer | undefined
}

const StoreLive = Store.behavior({
  init: (next: Actor.Ref<typeof Store> | undefined): Seen & { readonly next: typeof next } => ({
    lengths: [],
    handles: [],
    kept: undefined,
    next
  }),
  handlers: {
    Put: (state, { data }) => {
      state.lengths.push(data.bytes().length)
      state.handles.push(data)
    },
    Keep: (state, { data }) => {
      state.kept = data.retain()
    },
    Take: (state) => state.kept!,
    Echo: (_, buffer) => buffer,
    EchoLater: (_, buffer) => Effect.as(Effect.yieldNow, buffer),
    Sum: (_, { all, maybe }) => [...all, ...Option.toArray(maybe)].reduce((sum, each) => sum + sumOf(each), 0),
    Fail: () => Exit.fail(new Overflow({ limit: 1 })),
    Throw: () => {
      throw new Error("on purpose")
    },
    Wait: () => Effect.never,
    Pass: (state, buffer, self) => {
      self.send(state.next!, Put({ data: buffer }))
    },
    Read: (_, buffer) => {
      const kept = buffer.retain()
      return Stream.ensuring(Stream.sync(() => sumOf(kept)), Effect.sync(kept.release))
    },
    Late: (_, buffer, self) => {
      self.after(10, Put({ data: buffer }))
    }
  }
})

const outstanding = Effect.flatMap(ActorSystem, (system) => Effect.map(system.info, (info) => info.bufferBytes))

const filled = Effect.fnUntraced(function*(...bytes: ReadonlyArray<number>) {
  const buffer = yield* SharedBuffer.allocate(bytes.length)
  buffer.bytes().set(bytes)
  return buffer
})

const isMoved = (buffer: SharedBuffer): boolean => {
  try {
    buffer.bytes()
    return false
  } catch (error) {
    assert.instanceOf(error, BufferMoved)
    return true
  }
}

/** Runs `program`; afterwards nothing is outstanding, whatever the collector does. */
const balanced = <A, E>(program: Effect.Effect<A, E, ActorSystem>) =>
  Effect.andThen(program, Effect.map(outstanding, (bytes) => assert.strictEqual(bytes, 0)))

describe.each(systems)("SharedBuffer on the %s", (_name, system) => {
  const run = <A, E>(program: Effect.Effect<A, E, ActorSystem>) => balanced(program).pipe(Effect.provide(system))
  const scoped = <A, E, R>(program: Effect.Effect<A, E, R>) => Effect.scoped(program)

  it.effect("G136: sending moves it: the sender's handle and every view of it are of no use", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const buffer = yield* filled(1, 2, 3)
      const view = buffer.bytes()
      assert.strictEqual(buffer.bytes(), view)
      assert.strictEqual(yield* outstanding, 3)
      assert.strictEqual(yield* actor.ask(Sum({ all: [buffer], maybe: Option.none() })), 6)
      assert.strictEqual(view.length, 0)
      assert.isTrue(isMoved(buffer))
      buffer.release()
    }))))

  it.effect("G228: the system says from its start whether views are copies, and its first view changes nothing of it", () =>
    Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const { bufferBytes, buffersAreCopied } = yield* info
      // Node takes the runtime's memory as it is.
      assert.deepStrictEqual([bufferBytes, buffersAreCopied], [0, false])
      const buffer = yield* SharedBuffer.allocate(4)
      buffer.bytes().fill(1)
      assert.strictEqual((yield* info).buffersAreCopied, buffersAreCopied)
      buffer.release()
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G136: so it is everywhere in a payload, and what stands around it is a copy", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const [a, b, c] = [yield* filled(1), yield* filled(2), yield* filled(4)]
      const payload = { all: [a, b], maybe: Option.some(c) }
      assert.strictEqual(yield* actor.ask(Sum(payload)), 7)
      assert.deepStrictEqual([a, b, c].map(isMoved), [true, true, true])
      assert.strictEqual(payload.all[0], a)
    }))))

  it.effect("G136: sent twice, or released before, it is a BadMessage, and nothing is delivered", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const buffer = yield* filled(1)
      yield* actor.tell(Put({ data: buffer }))
      for (const again of [buffer, yield* Effect.tap(filled(1), (released) => Effect.sync(() => released.release()))]) {
        assert.strictEqual(actor.tellUnsafe(Put({ data: again })), "BadMessage")
        const told = yield* Effect.flip(actor.tell(Put({ data: again })))
        assert.include(told.message, "a buffer that was sent or released before")
        const asked = yield* Effect.flip(actor.ask(Echo(again)))
        assert(asked._tag === "AskError" && asked.reason._tag === "BadMessage")
      }
      const twice = yield* filled(1)
      const error = yield* Effect.flip(actor.ask(Sum({ all: [twice, twice], maybe: Option.none() })))
      assert.include(error.message, "twice")
      assert.isFalse(isMoved(twice))
      twice.release()
    }))))

  it.effect("G136: a refused send gives it back", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined, { mailbox: { capacity: 1 } })
      yield* Actor.suspend(actor)
      yield* actor.tell(Put({ data: yield* filled(1) }))
      const buffer = yield* filled(7)
      assert.strictEqual(actor.tellUnsafe(Put({ data: buffer })), "MailboxFull")
      assert.deepStrictEqual([...buffer.bytes()], [7])
      assert.strictEqual((yield* Effect.flip(actor.ask(Echo(buffer))))._tag, "AskError")
      assert.deepStrictEqual([...buffer.bytes()], [7])
      buffer.release()
      yield* Actor.resume(actor)
      yield* Actor.stop(actor)
    }))))

  it.effect("G139: a handler has it until it is done", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      yield* actor.tell(Put({ data: yield* filled(1, 2) }))
      assert.strictEqual(
        yield* Effect.flip(actor.ask(Fail(yield* filled(1)))).pipe(Effect.map((error) => error._tag)),
        "Overflow"
      )
      yield* actor.tell(Fail(yield* filled(1)))
      yield* Actor.stop(actor)
    }))))

  it.effect("G139: kept, it stays, and can be answered with", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      yield* actor.ask(Keep({ data: yield* filled(1, 2, 3) }))
      assert.strictEqual(yield* outstanding, 3)
      const back = yield* actor.ask(Take())
      assert.deepStrictEqual([...back.bytes()], [1, 2, 3])
      // Answered once, it is not the actor's any more.
      const error = yield* Effect.flip(actor.ask(Take()))
      assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
      back.release()
      back.release()
    }))))

  it.effect("G139: an answer with the buffer of its own message hands it back, at once or later", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      for (const Message of [Echo, EchoLater]) {
        const sent = yield* filled(5)
        const back = yield* actor.ask(Message(sent))
        assert.notStrictEqual(back, sent)
        assert.deepStrictEqual([...back.bytes()], [5])
        back.release()
        // Nobody waits for the answer: released with the handler.
        yield* actor.tell(Message(yield* filled(6)))
      }
      yield* Actor.stop(actor)
    }))))

  it.effect("G139: sent on, it is the next one's", () =>
    run(scoped(Effect.gen(function*() {
      const last = yield* StoreLive.spawn(undefined)
      const first = yield* StoreLive.spawn(last)
      yield* first.ask(Pass(yield* filled(1, 2)))
      yield* Actor.stop(last)
    }))))

  it.effect("G139: a stream has what it retained", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      assert.deepStrictEqual(yield* Stream.runCollect(actor.stream(Read(yield* filled(3, 4)))), [7])
    }))))

  it.effect("G140: what dies with its mailbox, its handler or on the way is released", () =>
    run(
      scoped(Effect.gen(function*() {
        const actor = yield* StoreLive.spawn(undefined)
        yield* Actor.suspend(actor)
        for (let i = 0; i < 10; i++) yield* actor.tell(Put({ data: yield* filled(i, i) }))
        assert.strictEqual(yield* outstanding, 20)
        yield* Actor.kill(actor)
        yield* Effect.yieldNow
        // To a dead one.
        yield* actor.tell(Put({ data: yield* filled(1) }))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(actor.ask(Echo(yield* filled(1))))))
        // Its handler throws.
        const throwing = yield* StoreLive.spawnDetached(undefined)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(throwing.ask(Throw(yield* filled(1))))))
        // Its handler waits when it is killed.
        const waiting = yield* StoreLive.spawnDetached(undefined)
        yield* waiting.tell(Wait(yield* filled(1)))
        yield* waiting.tell(Put({ data: yield* filled(1) }))
        yield* Effect.yieldNow
        yield* Actor.kill(waiting)
      })).pipe(Effect.andThen(settled))
    ))

  it.effect("G140: a dead letter shows the message, and no bytes", () => {
    const letters: Array<DeadLetter> = []
    return Effect.gen(function*() {
      const actor = yield* StoreLive.spawnDetached(undefined)
      yield* Actor.kill(actor)
      yield* actor.tell(Put({ data: yield* filled(1, 2) }))
      yield* settled
      const [letter] = letters
      assert(letter !== undefined)
      assert.strictEqual(letter.message._tag, "Put")
      const { data } = letter.message.payload as { readonly data: SharedBuffer }
      assert.strictEqual(data.byteLength, 2)
      assert.isTrue(isMoved(data))
      assert.strictEqual(yield* outstanding, 0)
    }).pipe(Effect.provide(
      _name === "native"
        ? ActorSystem.layer({ onDeadLetter: (letter) => letters.push(letter) })
        : ActorSystem.layerMemory({ onDeadLetter: (letter) => letters.push(letter) })
    ))
  })

  it.effect("G140: buffers of what is sent to a name that nobody has are released, and a wrong one is BadMessage", () => {
    const letters: Array<DeadLetter> = []
    return Effect.gen(function*() {
      const nobody = yield* ActorRef.named(Store, "nobody")
      const Sender = Actor.make("Sender", [Rpc.make("Send", { payload: schema, success: Schema.String })])
      const sender = yield* Sender.behavior({
        init: () => 0,
        handlers: { Send: (_, data, self) => self.send(nobody, Put({ data })) }
      }).spawn()
      yield* nobody.tell(Put({ data: yield* filled(1) }))
      assert.strictEqual(nobody.tellUnsafe(Put({ data: yield* filled(2) })), "Accepted")
      assert.strictEqual(yield* sender.ask(Sender.messages.Send(yield* filled(3))), "Accepted")
      const asked = yield* Effect.flip(nobody.ask(Echo(yield* filled(4))))
      assert.strictEqual((asked as AskError).reason._tag, "ActorExited")
      const read = yield* Effect.flip(Stream.runDrain(nobody.stream(Read(yield* filled(5)))))
      assert.strictEqual((read as AskError).reason._tag, "ActorExited")
      assert.strictEqual(yield* outstanding, 0)
      assert.deepStrictEqual(letters.map(({ message, why }) => `${message._tag} ${why}`), [
        "Put NotAlive",
        "Put NotAlive",
        "Put NotAlive",
        "Echo NotAlive",
        "Read NotAlive"
      ])
      for (const { message } of letters) {
        const { payload } = message
        const buffer = message._tag === "Put" ? (payload as { readonly data: SharedBuffer }).data : payload
        assert.isTrue(isMoved(buffer as SharedBuffer))
      }

      const gone = yield* filled(6)
      gone.release()
      assert.strictEqual(nobody.tellUnsafe(Put({ data: gone })), "BadMessage")
      assert.strictEqual((yield* Effect.flip(nobody.tell(Put({ data: gone })))).reason._tag, "BadMessage")
      assert.strictEqual(((yield* Effect.flip(nobody.ask(Echo(gone)))) as AskError).reason._tag, "BadMessage")
      assert.strictEqual(letters.length, 5)
    }).pipe(
      Effect.scoped,
      Effect.provide(
        _name === "native"
          ? ActorSystem.layer({ onDeadLetter: (letter) => letters.push(letter) })
          : ActorSystem.layerMemory({ onDeadLetter: (letter) => letters.push(letter) })
      )
    )
  })

  it.effect("G138: the limit is a typed error, and what is released is room again", () =>
    Effect.gen(function*() {
      const held = yield* SharedBuffer.allocate(60)
      const error = yield* Effect.flip(SharedBuffer.allocate(41))
      assert.deepInclude(error, { _tag: "LimitReached", what: "bytes", limit: 100 })
      assert.strictEqual((yield* Effect.flip(SharedBuffer.allocate(2 ** 50)))._tag, "LimitReached")
      assert.strictEqual((yield* Effect.flip(SharedBuffer.copy(held)))._tag, "LimitReached")
      held.release()
      const whole = yield* SharedBuffer.allocate(100)
      assert.strictEqual(yield* outstanding, 100)
      whole.release()
      assert.strictEqual(yield* outstanding, 0)
    }).pipe(Effect.provide(
      _name === "native" ? ActorSystem.layer({ maxBufferBytes: 100 }) : ActorSystem.layerMemory({ maxBufferBytes: 100 })
    )))

  it.effect("G138: a size that is none is InvalidOption", () =>
    run(Effect.gen(function*() {
      for (const bytes of [-1, 0.5, NaN, Infinity, 2 ** 53, "8" as unknown as number]) {
        assert.strictEqual((yield* Effect.flip(SharedBuffer.allocate(bytes)))._tag, "InvalidOption")
      }
      for (const maxBufferBytes of [-1, 0.5, 2 ** 41]) {
        const error = yield* Effect.flip(Effect.provide(ActorSystem, ActorSystem.layerMemory({ maxBufferBytes })))
        assert.strictEqual(error.option, "maxBufferBytes")
      }
    })))

  it.effect("G137: memory that its program has pinned is not sent", () =>
    Effect.scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const data = yield* filled(1, 2)
      markAsUntransferable(data.bytes().buffer)
      const error = yield* Effect.flip(actor.tell(Put({ data })))
      assert.strictEqual(error.reason._tag, "BadMessage")
      assert.include(error.message, "taken away")
      assert.deepStrictEqual([...data.bytes()], [1, 2])
    })).pipe(Effect.provide(system)))

  it.effect("G187: pinned memory that is released goes with its views, and ends nothing", () =>
    Effect.gen(function*() {
      const data = yield* filled(1, 2)
      const view = data.bytes()
      markAsUntransferable(view.buffer)
      data.release()
      assert.isTrue(isMoved(data))
      assert.deepStrictEqual([...view], [1, 2])
    }).pipe(Effect.provide(system)))

  it.effect("an empty one is one too", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const empty = yield* SharedBuffer.allocate(0)
      assert.strictEqual(empty.bytes().length, 0)
      const back = yield* actor.ask(Echo(empty))
      assert.strictEqual(back.bytes().length, 0)
      assert.isTrue(isMoved(empty))
      back.release()
    }))))

  it.effect("G136: a copy is another buffer, for another receiver", () =>
    run(scoped(Effect.gen(function*() {
      const actors = [yield* StoreLive.spawn(undefined), yield* StoreLive.spawn(undefined)]
      const buffer = yield* filled(1, 2)
      const copy = yield* SharedBuffer.copy(buffer)
      copy.bytes()[0] = 9
      assert.deepStrictEqual([...buffer.bytes()], [1, 2])
      assert.strictEqual(yield* actors[0]!.ask(Sum({ all: [buffer], maybe: Option.none() })), 3)
      assert.strictEqual(yield* actors[1]!.ask(Sum({ all: [copy], maybe: Option.none() })), 11)
      assert.strictEqual((yield* Effect.flip(SharedBuffer.copy(buffer)))._tag, "BufferMoved")
    }))))

  it.effect("G137: memory that a program takes away is not sent, nor freed under it", () =>
    Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const buffer = yield* filled(1, 2, 3)
      const taken = (buffer.bytes().buffer as unknown as { transfer: () => ArrayBuffer }).transfer()
      assert.isTrue(isMoved(buffer))
      assert.strictEqual(actor.tellUnsafe(Put({ data: buffer })), "BadMessage")
      buffer.release()
      assert.deepStrictEqual([...new Uint8Array(taken)], [1, 2, 3])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G139: a timer cannot carry one", () =>
    run(scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawnDetached(undefined)
      const exit = yield* Effect.exit(actor.ask(Late(yield* filled(1))))
      assert.include(String(exit), "a timer cannot carry a buffer")
    }))))

  it.effect("G130: over a border it goes beside the bytes, or as bytes where no memory is shared", () =>
    run(Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const wire = new Wire(
        host,
        infosOf(Store.group).reduce<Array<ReturnType<typeof infosOf>[number]>>((infos, info) => {
          infos[lookup(info.tag)] = info
          return infos
        }, [])
      )
      const op = lookup("Put")
      const data = yield* filled(1, 2, 3)
      const beside: Array<never> = []
      const bytes = yield* wire.encode(op, { data }, "payload", beside)
      assert.isBelow(bytes.length, 10)
      assert.deepStrictEqual(beside, [data])
      assert.deepStrictEqual(yield* wire.decode(op, bytes, "payload", beside), { data })
      assert.include((yield* Effect.flip(wire.decode(op, bytes, "payload", []))).issue, "no buffer came with it")
      const whole = yield* wire.encode(op, { data })
      const copy = (yield* wire.decode(op, whole)) as { readonly data: SharedBuffer }
      assert.deepStrictEqual([...copy.data.bytes()], [1, 2, 3])
      assert.deepStrictEqual([...data.bytes()], [1, 2, 3])
      data.release()
      copy.data.release()
    })))
})

/** The fibers of handlers that were killed end some turns later. */
const settled = Effect.gen(function*() {
  const done = yield* Deferred.make<void>()
  setImmediate(() => setImmediate(() => Effect.runFork(Deferred.succeed(done, undefined))))
  yield* Deferred.await(done)
})

describe.each(testSystems)("SharedBuffer in layerTest, on the %s", (_name, system) => {
  it.effect("G57: goes through the codec and is moved all the same", () =>
    balanced(Effect.scoped(Effect.gen(function*() {
      const actor = yield* StoreLive.spawn(undefined)
      const sent = yield* filled(5)
      const back = yield* actor.ask(Echo(sent))
      assert.deepStrictEqual([...back.bytes()], [5])
      assert.isTrue(isMoved(sent))
      back.release()
      const inside = yield* filled(6)
      assert.strictEqual(yield* actor.ask(Sum({ all: [], maybe: Option.some(inside) })), 6)
      assert.isTrue(isMoved(inside))
    }))).pipe(Effect.provide(system)))
})
