/**
 * A greeter that follows its source: `node examples/hot-reload/src/main.ts`, type names, and edit `greeter.ts` meanwhile.
 *
 * What was saved is imported again and swapped into the living actor. It is a canary for three guests: when it crashes,
 * the version before comes back, with its state. A file that cannot be imported changes nothing.
 */
import { ActorSystem, ExitReason, HotSwap } from "@myrmidonjs/actor"
import { Console, Effect, Stream } from "effect"
import { createInterface } from "node:readline"
import type * as Source from "./greeter.ts"
import { GreeterLive } from "./greeter.ts"
import { Greeter } from "./protocol.ts"

const source = new URL("./greeter.ts", import.meta.url).href
// Opened when it is read: what was typed before would be lost.
const guests = Stream.suspend(() =>
  Stream.fromAsyncIterable(createInterface({ input: process.stdin }), (cause) => cause)
)

/** Swaps every greeter that lives to what the module says now. */
const follow = () => {
  let running = GreeterLive
  return Effect.fnUntraced(function*(module: object) {
    // As `greeter.ts` is typed; a version that breaks this is noticed where it is written.
    const { GreeterLive: next, migrate } = module as typeof Source
    yield* Console.log(`trying version ${next.version}`)
    const report = yield* HotSwap.swapAll(HotSwap.upgrade(running, next, { migrate }), {
      canary: { messages: 3, within: "30 seconds" }
    })
    for (const { error } of report.failed) yield* Console.log(`version ${next.version} was not taken: ${error.message}`)
    for (const { reason } of report.rolledBack) {
      yield* Console.log(`back to version ${running.version}: ${ExitReason.print(reason)}`)
    }
    if (report.swapped > 0) {
      running = next
      yield* Console.log(`version ${next.version} stays`)
    }
    return report
  })
}

const program = Effect.gen(function*() {
  const greeter = yield* GreeterLive.spawn()
  // It watches before anybody is told that it does.
  yield* Effect.forkScoped(HotSwap.watch(source, follow()), { startImmediately: true })
  yield* Console.log("who is there?")
  yield* Stream.runForEach(guests, (guest) =>
    greeter.ask(Greeter.messages.Greet(guest)).pipe(
      Effect.catch(() => Effect.succeed(`nobody answers ${guest}`)),
      Effect.flatMap(Console.log)
    ))
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
