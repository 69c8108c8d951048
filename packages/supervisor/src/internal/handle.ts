/** What handles of supervisors have in common, wherever those live. */
import type { ChildInfo } from "../Child.ts"

/** What programs hold prints as its place in the tree: whatever it stands on holds the whole system. */
export abstract class Handle {
  abstract readonly node: { readonly pathText: string; readonly path: ReadonlyArray<string> }

  toString(): string {
    return `supervisor ${this.node.pathText}`
  }

  toJSON(): unknown {
    return { _id: "Supervisor", path: this.node.path }
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

/** How many of what there are among the children of one. */
export const countOf = (children: ReadonlyArray<Pick<ChildInfo, "type" | "status">>) => {
  const supervisors = children.filter(({ type }) => type === "supervisor").length
  return {
    specs: children.length,
    active: children.filter(({ status }) => status === "running").length,
    supervisors,
    workers: children.length - supervisors
  }
}
