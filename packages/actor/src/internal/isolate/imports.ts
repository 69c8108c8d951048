/** What modules have registered, imported when this isolate does not know it yet. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ExitReason } from "../../ExitReason.ts"
import { ModuleUnavailable } from "../../SpawnError.ts"
import type { Host } from "../host.ts"
import type { UpgradeImpl } from "../upgrade.ts"
import { type Entry, lookUp, lookUpUpgrade, type ModuleKey, type UpgradeKey } from "./registry.ts"

/** What a module throws is anybody's. */
const textOf = (thrown: unknown): string => {
  const reason = ExitReason.crashed(thrown)
  if (reason._tag !== "Crashed") return reason._tag
  const { message, name } = reason.error
  return message === "" ? name : message
}

/** One that awaits what never comes is given up: nobody else would say so. */
const importModule = (url: string, within: number): Effect.Effect<unknown, ModuleUnavailable> =>
  Effect.timeoutOrElse(
    Effect.tryPromise({
      try: () => import(/* @vite-ignore */ url),
      catch: (error) => new ModuleUnavailable({ url, issue: `cannot be imported: ${textOf(error)}` })
    }),
    {
      duration: within,
      orElse: () => {
        const issue = `is not imported after ${Duration.format(Duration.millis(within))}`
        return Effect.fail(new ModuleUnavailable({ url, issue }))
      }
    }
  )

const registered = <A>(
  host: Host,
  url: string,
  find: () => A | undefined,
  missing: () => string
): Effect.Effect<A, ModuleUnavailable> =>
  Effect.suspend(() => {
    const known = find()
    if (known !== undefined) return Effect.succeed(known)
    const imported = importModule(url, host.options.importSilence)
    const imports = host.isolates?.whileImporting(imported) ?? imported
    return Effect.flatMap(imports, () => {
      const found = find()
      return found === undefined
        ? Effect.fail(new ModuleUnavailable({ url, issue: `${missing()} when it is evaluated` }))
        : Effect.succeed(found)
    })
  })

const which = (ordinal: number): string => ordinal === 0 ? "" : ` (its number ${ordinal + 1})`

/** The behaviour of a module. */
export const entryOf = (host: Host, key: ModuleKey): Effect.Effect<Entry, ModuleUnavailable> =>
  registered(host, key.url, () => lookUp(key), () => {
    const { ordinal, protocol, version } = key
    return `Actor.module registers no behaviour of ${protocol}, version "${version}"${which(ordinal)}`
  })

/** The upgrade of a module. */
export const upgradeOf = (host: Host, key: UpgradeKey): Effect.Effect<UpgradeImpl, ModuleUnavailable> =>
  registered(host, key.url, () => lookUpUpgrade(key), () => {
    const { from, ordinal, protocol, to } = key
    return `HotSwap.module registers no upgrade of ${protocol}, "${from}" to "${to}"${which(ordinal)}`
  })
