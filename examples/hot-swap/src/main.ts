/**
 * An actor counts, somebody edits its source file, and the same actor goes on with the new code:
 * `node examples/hot-swap/src/main.ts` prints `version 1: 1`, then `version 2: 11`.
 *
 * What is edited is a copy in `demo-output/`, so that the repository stays as it is.
 */
import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
import { Console, Deferred, Effect } from "effect"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import type * as Behaviors from "./counter.ts"
import { Counter } from "./protocol.ts"

type Module = typeof Behaviors

const { Add } = Counter.messages
const file = new URL("../demo-output/counter.ts", import.meta.url)
const source = readFileSync(new URL("./counter.ts", import.meta.url), "utf8")

const edit = (text: string) =>
  Effect.sync(() => {
    mkdirSync(new URL(".", file), { recursive: true })
    writeFileSync(file, text)
  })

const tell = Effect.fnUntraced(function*(counter: Actor.Ref<typeof Counter>) {
  const { version } = yield* Actor.info(counter)
  yield* Console.log(`version ${version}: ${yield* counter.ask(Add(1))}`)
})

const program = Effect.gen(function*() {
  yield* edit(source)
  let { CounterLive: running } = yield* Effect.promise((): Promise<Module> => import(file.href))
  const counter = yield* running.spawn(0)
  const swapped = yield* Deferred.make<void>()
  yield* Effect.forkScoped(
    HotSwap.watch(file.href, (module) => {
      const { CounterLive: next } = module as Module
      const upgrade = HotSwap.upgrade(running, next)
      running = next
      return Effect.tap(HotSwap.swapAll(upgrade), () => Deferred.succeed(swapped, undefined))
    }),
    { startImmediately: true }
  )
  yield* tell(counter)
  yield* edit(source.replace(`version: "1"`, `version: "2"`).replace("+= by", "+= by * 10"))
  yield* Deferred.await(swapped)
  yield* tell(counter)
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
