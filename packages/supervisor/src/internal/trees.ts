/** The trees of this isolate that others can import, by their keepers. */
import type { MovableTree } from "./spec.ts"

const trees = new WeakMap<object, MovableTree>()

export const registerTree = (tree: MovableTree): MovableTree => {
  trees.set(tree.behavior, tree)
  return tree
}

/** undefined: what that module registers there is none. */
export const treeOfKeeper = (behavior: object): MovableTree | undefined => trees.get(behavior)
