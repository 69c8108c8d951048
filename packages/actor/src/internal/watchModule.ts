/** Imports a module again when its file changes. Node alone; nothing of it is loaded before it is used. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as FileSystem from "node:fs"

// Asked of the process, and not imported: a bundle for a browser has no such module.
const builtIn = (): typeof FileSystem => {
  const fs = globalThis.process?.getBuiltinModule?.("node:fs")
  if (fs === undefined) throw new Error("HotSwap.watch needs the file system of Node")
  return fs
}

/** ms in which several writes are one change. */
const calm = 50

/** A module is loaded once per URL: the query makes it another one, whoever watches it. */
let imports = 0

const importAgain = (url: URL): Effect.Effect<object, Cause.UnknownError> => {
  const fresh = new URL(url)
  fresh.searchParams.set("v", String(++imports))
  return Effect.tryPromise((): Promise<object> => import(/* @vite-ignore */ fresh.href))
}

export const watchModule = <A, E, R>(
  url: string,
  apply: (module: object) => Effect.Effect<A, E, R>
): Effect.Effect<never, E, R> =>
  Effect.scoped(Effect.gen(function*() {
    const { watch } = builtIn()
    const file = new URL(url)
    const changes = yield* Queue.sliding<true, Cause.Done>(1)
    // Its folder: who saves by putting another file in its place would take the watched one away.
    const name = decodeURIComponent(file.pathname.slice(file.pathname.lastIndexOf("/") + 1))
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        watch(new URL(".", file), (_, changed) => {
          if (changed === null || changed === name) Queue.offerUnsafe(changes, true)
        }).on("error", (error) => Queue.failCauseUnsafe(changes, Cause.die(error)))
      ),
      (watcher) => Effect.sync(() => watcher.close())
    )
    while (true) {
      yield* Queue.take(changes)
      yield* Effect.sleep(calm)
      yield* Queue.clear(changes)
      const module = yield* importAgain(file).pipe(
        Effect.tapError((error) => Effect.logError(`${url} could not be imported`, error.cause)),
        Effect.orElseSucceed(() => undefined)
      )
      if (module !== undefined) yield* apply(module)
    }
  })) as Effect.Effect<never, E, R>
