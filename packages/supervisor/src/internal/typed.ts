/**
 * Between a child's spec and its type, and what of its options the supervisor reads.
 */
import type { Child } from "../Child.ts"
import type { ChildOptions } from "../ChildSpec.ts"
import { isObject, type Spec } from "./spec.ts"

// What a spec holds is known to this package alone; its type says what comes of it.
export const typed = (spec: Spec): never => spec as never
export const untyped = (child: Child.Any): Spec => child as unknown as Spec

// What is no object is refused by name when the tree starts.
export const childOptions = (options: ChildOptions): ChildOptions => {
  if (!isObject(options)) return options
  const { place, restart, shutdown, significant } = options
  return { place, restart, shutdown, significant }
}
