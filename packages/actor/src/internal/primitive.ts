/**
 * Effects as plain objects: a class whose instances run by `evaluate`, with no closure inside.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type * as Fiber from "effect/Fiber"

/** Makes instances of `constructor` Effects. Its own interface must say so. */
export const primitive = <Self extends Effect.Effect<unknown, unknown, unknown>>(
  constructor: { readonly prototype: Self },
  label: string,
  evaluate: (
    this: Self,
    fiber: Fiber.Fiber<unknown, unknown>
  ) => Effect.Effect<Effect.Success<Self>, Effect.Error<Self>, Effect.Services<Self>>
): void => {
  Object.setPrototypeOf(constructor.prototype, Effectable.Prototype<Self>({ label, evaluate }))
}
