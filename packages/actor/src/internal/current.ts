/**
 * Which actor a fiber belongs to.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import { CurrentActor, type Self } from "../Self.ts"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"

/** What the `Self` objects of this package carry beside their interface. */
export interface SelfOfCell extends Self.Any {
  readonly "~cell": Cell
}

/** The actor whose Effect this fiber runs. */
export const actorOf = (fiber: Fiber.Fiber<unknown, unknown> | undefined): Cell | undefined => {
  if (fiber === undefined) return undefined
  const self = Context.getOrUndefined(fiber.context, CurrentActor)
  return self !== undefined && "~cell" in self ? (self as SelfOfCell)["~cell"] : undefined
}

/** The same, for a send within `host`. A fiber with another scheduler is no actor's: its context need not be searched. */
export const senderOf = (fiber: Fiber.Fiber<unknown, unknown>, host: Host): Cell | undefined =>
  fiber.cache.scheduler === host.scheduler ? actorOf(fiber) : undefined
