/** Opens one of our two systems. The programs beside this file do not know which. */
import { ActorSystem, type NativeOptions, type SystemOptions } from "@myrmidonjs/actor"
import type * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"

export interface Opened {
  readonly system: ActorSystem["Service"]
  readonly run: <A, E>(effect: Effect.Effect<A, E, ActorSystem>) => Promise<A>
  /** Closes its scope: all actors stop, in order. */
  readonly close: () => Promise<void>
}
export type Open = (options?: SystemOptions) => Promise<Opened>

const opener = (layer: typeof ActorSystem.layer | typeof ActorSystem.layerMemory): Open => async (options = {}) => {
  const runtime = ManagedRuntime.make(layer(options))
  return {
    system: await runtime.runPromise(ActorSystem),
    run: (effect) => runtime.runPromise(effect),
    close: () => runtime.dispose()
  }
}
/** With worker isolates. */
export const nativeWith = (options: NativeOptions): Promise<Opened> => opener(ActorSystem.layer)(options)
export const native: Open = opener(ActorSystem.layer)
export const memory: Open = opener(ActorSystem.layerMemory)
