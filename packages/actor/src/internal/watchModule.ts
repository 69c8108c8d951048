/** Imports a module again when its file changes. Node alone; nothing of it is loaded before it is used. */
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

export const watchModule = <A, E, R>(
  url: string,
  apply: (module: object) => Effect.Effect<A, E, R>
): Effect.Effect<never, E, R> =>
  Effect.scoped(Effect.gen(function*() {
    const { watch } = builtIn()
    const changes = yield* Queue.sliding<true>(1)
    yield* Effect.acquireRelease(
      Effect.sync(() => watch(new URL(url), { persistent: true }, () => void Queue.offerUnsafe(changes, true))),
      (watcher) => Effect.sync(() => watcher.close())
    )
    for (let version = 1;; version++) {
      yield* Queue.take(changes)
      yield* Effect.sleep(calm)
      // A module is loaded once per URL: the query makes it another one.
      const fresh = new URL(url)
      fresh.searchParams.set("v", String(version))
      const module = yield* Effect.tryPromise((): Promise<object> => import(/* @vite-ignore */ fresh.href)).pipe(
        Effect.tapError((error) => Effect.logError(`${url} could not be imported`, error)),
        Effect.orElseSucceed(() => undefined)
      )
      if (module !== undefined) yield* apply(module)
    }
  })) as Effect.Effect<never, E, R>
