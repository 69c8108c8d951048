/**
 * Loads `@myrmidonjs/core-native`, where it is installed, and makes shards of it.
 */
import type { Shard, ShardHost, ShardOptions } from "../shard.ts"
import type { NativeModule } from "./membrane.ts"
import type { RustOptions, RustShards } from "./rust.ts"
import { NativeShard } from "./shard.ts"

// Not a literal: a bundler for the browser would follow it into Node's modules.
const specifier: string = "@myrmidonjs/core-native"

/** Why there is no native system: what `ActorSystem.layer` makes its `NativeUnavailable` of. */
export interface LoadFailure {
  readonly triple: string
  readonly tried: ReadonlyArray<string>
}

interface Attempt {
  readonly from: string
  readonly error: string
}

/** Of who is not here to say so itself. */
const platform = (): string => {
  const { process } = globalThis as { readonly process?: { readonly platform: string; readonly arch: string } }
  return process === undefined ? "unknown" : `${process.platform}-${process.arch}`
}

const failureOf = (error: unknown): LoadFailure => {
  const { tried, triple } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly triple?: string
    readonly tried?: ReadonlyArray<Attempt>
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    triple: triple ?? platform(),
    tried: tried?.map((attempt) => `${attempt.from}: ${attempt.error}`) ?? [`${specifier}: ${message}`]
  }
}

interface Native {
  readonly makeShard: (options: ShardOptions, host: ShardHost) => Shard
  readonly openSystem: () => number
  readonly hasBehaviors: () => boolean
  readonly startRust: (options: RustOptions) => RustShards
}

/** `addon`: the program's own, by path. Rejects with a `LoadFailure`. */
export const loadNative = async (addon?: string): Promise<Native> => {
  try {
    const module = await import(specifier) as NativeModule
    const binding = module.load(addon)
    return {
      makeShard: (options, host) => new NativeShard(module, binding, options, host),
      openSystem: () => binding.openSystem(),
      hasBehaviors: () => binding.hasBehaviors(),
      startRust: (options) => new binding.RustShards(options)
    }
  } catch (error) {
    throw failureOf(error)
  }
}
