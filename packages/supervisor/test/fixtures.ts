// The systems that every test of this folder runs over, and the children that several of them use.
import { Actor, ActorRef, ActorSystem, ExitReason } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Rpc } from "effect/rpc"

export type AnyLayer = Layer.Layer<ActorSystem, unknown>

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

/** Under virtual time and a seeded order. */
export const testSystems: ReadonlyArray<readonly [name: string, system: AnyLayer]> = [
  ["twin", ActorSystem.layerTest({ seed: 1n })],
  ...nativeLoads ? [["native", ActorSystem.layerTest({ seed: 1n, backend: "native" })] as const] : []
]

export const Worker = Actor.make("Worker", [
  Rpc.make("Crash", { payload: Schema.String }),
  /** Ends by itself: "normal" or "shutdown". */
  Rpc.make("Leave", { payload: Schema.String }),
  Rpc.make("Unlink"),
  Rpc.make("Id", { success: Schema.String })
])
export const { Crash, Id, Leave, Unlink } = Worker.messages

/** What children did, in order: `start a`, `end a shutdown`. */
export class Journal {
  private lines: Array<string> = []
  /** Lines ever written. */
  count = 0
  /** What the next starts of a child do, oldest first; then it starts. */
  readonly script = new Map<string, Array<"fail" | "throw" | "ignore" | "hang">>()

  write(line: string): void {
    this.count++
    this.lines.push(line)
  }

  /** Since the last `take`. */
  has(line: string): boolean {
    return this.lines.includes(line)
  }

  take(): ReadonlyArray<string> {
    return this.lines.splice(0)
  }
}

export class StartRefused extends Schema.TaggedError<StartRefused>()("StartRefused", { id: Schema.String }) {}

interface State {
  readonly id: string
}

/** A child that writes down its life. `trap`: it gets exit signals as messages, and ignores them. `hangs`: so does its end. */
export const workerOf = (
  journal: Journal,
  options: { readonly trap?: boolean | undefined; readonly hangs?: boolean | undefined } = {}
) => {
  const init = (id: string): State | Effect.Effect<State, StartRefused> => {
    switch (journal.script.get(id)?.shift()) {
      case "fail":
        journal.write(`fail ${id}`)
        return Effect.fail(new StartRefused({ id }))
      case "throw":
        journal.write(`throw ${id}`)
        throw new Error(`${id} threw`)
      case "ignore":
        journal.write(`ignore ${id}`)
        return Supervisor.ignore
      case "hang":
        journal.write(`hang ${id}`)
        return Effect.onInterrupt(Effect.never, () => Effect.sync(() => journal.write(`cancel ${id}`)))
      default:
        journal.write(`start ${id}`)
        return { id }
    }
  }
  return Worker.behavior({
    init,
    handlers: {
      Crash: (_, message) => {
        throw new Error(message)
      },
      Leave: (_, how, self) => self.stop(how === "normal" ? ExitReason.normal : ExitReason.shutdown()),
      Unlink: (_, __, self) =>
        Effect.map(
          Actor.info(self.ref),
          ({ links }) =>
            Effect.forEach(links, (pid) => Effect.map(ActorRef.fromPid(Worker, pid), (ref) => self.unlink(ref)))
        ).pipe(Effect.flatten, Effect.ignore),
      Id: (state) => state.id
    },
    ...options.trap === true ? { signals: { exit: () => {} } } : undefined,
    terminate: ({ id }, reason) => {
      journal.write(`end ${id} ${ExitReason.print(reason)}`)
      return options.hangs === true ? Effect.never : Effect.void
    }
  })
}

/** Writes down that an Effect has begun, and with its scope that it has ended. */
export const lived = (journal: Journal, id: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.suspend(() => {
    journal.write(`start ${id}`)
    return Effect.addFinalizer(() => Effect.sync(() => journal.write(`end ${id}`)))
  })

/** A resource that does what its script says, as `workerOf` does. */
export const resourceOf = (journal: Journal, id: string): Effect.Effect<void, StartRefused, Scope.Scope> =>
  Effect.suspend((): Effect.Effect<void, StartRefused, Scope.Scope> => {
    const word = journal.script.get(id)?.shift()
    if (word === undefined) return lived(journal, id)
    journal.write(`${word} ${id}`)
    switch (word) {
      case "fail":
        return Effect.fail(new StartRefused({ id }))
      case "throw":
        throw new Error(`${id} threw`)
      case "ignore":
        return Supervisor.ignore
      case "hang":
        return Effect.onInterrupt(Effect.never, () => Effect.sync(() => journal.write(`cancel ${id}`)))
    }
  })

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Turns of the event loop until it holds; no time passes. */
export const eventually = (what: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let turns = 0; !holds(); turns++) {
      if (turns === 10_000) return yield* Effect.die(new Error(`never: ${what}`))
      yield* turn
    }
  })

/** So many turns: whatever was about to happen without the clock has happened. */
export const quiet: Effect.Effect<void> = Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8], () => turn, { discard: true })

export const actors = Effect.flatMap(ActorSystem, ({ info }) => Effect.map(info, ({ actors }) => actors))

/** A test over one system. Afterwards its trees stop with their scope, whoever is deaf has an hour, and nobody is left. */
export const testOver =
  (system: AnyLayer) => (name: string, body: () => Effect.Effect<void, unknown, ActorSystem | Scope.Scope>) =>
    it.effect(name, () =>
      Effect.provide(
        Effect.gen(function*() {
          const scope = yield* Scope.make()
          const exit = yield* Effect.exit(Scope.provide(Effect.suspend(body), scope))
          const closing = yield* Effect.forkChild(Scope.close(scope, exit), { startImmediately: true })
          yield* quiet
          yield* TestClock.adjust("1 hour")
          yield* Fiber.join(closing)
          yield* exit
          assert.strictEqual(yield* actors, 0, "nobody is left")
        }),
        system
      ))
