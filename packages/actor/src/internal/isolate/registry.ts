/**
 * The behaviours and upgrades of this isolate that others can import: entered when their module is evaluated, found by where they
 * say they are.
 *
 * A module may register several behaviours; those of one protocol and version are told apart by their order, which is
 * the same in every isolate that evaluates the module.
 */
import type * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { ActorSystem } from "../../ActorSystem.ts"
import type { BehaviorImpl } from "../behaviorImpl.ts"
import type { UpgradeImpl } from "../upgrade.ts"

/** Where a behaviour is, in words that mean the same in every isolate. */
export interface ModuleKey {
  readonly url: string
  readonly protocol: string
  readonly version: string
  /** How many of that module, protocol and version came before it. */
  readonly ordinal: number
}

export interface Entry {
  readonly key: ModuleKey
  readonly behavior: BehaviorImpl
  /** What it needs. */
  readonly layer: Layer.Layer<never, unknown, ActorSystem>
  /** How its arguments and its errors cross; without one, arguments are plain data and errors are `InitCrashed`. */
  readonly args: Schema.Top | undefined
  readonly error: Schema.Top | undefined
}

/** The same for an upgrade. */
export interface UpgradeKey {
  readonly url: string
  readonly protocol: string
  readonly from: string
  readonly to: string
  readonly ordinal: number
}

const modules = new Map<string, Array<Entry>>()

const named = ({ protocol, url, version }: Omit<ModuleKey, "ordinal">): string =>
  JSON.stringify([url, protocol, version])

/** Enters a behaviour under the next ordinal of its kind. */
export const register = (url: string, entry: Omit<Entry, "key">): Entry => {
  const { protocol, version } = entry.behavior.program
  const kind = { url, protocol, version }
  const entries = modules.get(named(kind)) ?? []
  const made: Entry = { ...entry, key: { ...kind, ordinal: entries.length } }
  entries.push(made)
  modules.set(named(kind), entries)
  return made
}

export const lookUp = (key: ModuleKey): Entry | undefined => modules.get(named(key))?.[key.ordinal]

const upgrades = new Map<string, Array<UpgradeImpl>>()

const titled = ({ from, protocol, to, url }: Omit<UpgradeKey, "ordinal">): string =>
  JSON.stringify([url, protocol, from, to])

/** Enters an upgrade under the next ordinal of its kind. */
export const registerUpgrade = (url: string, upgrade: UpgradeImpl): UpgradeImpl => {
  const { from, to } = upgrade
  const kind = { url, protocol: upgrade.first.program.protocol, from, to }
  const entries = upgrades.get(titled(kind)) ?? []
  upgrade.key = { ...kind, ordinal: entries.length }
  entries.push(upgrade)
  upgrades.set(titled(kind), entries)
  return upgrade
}

export const lookUpUpgrade = (key: UpgradeKey): UpgradeImpl | undefined => upgrades.get(titled(key))?.[key.ordinal]
