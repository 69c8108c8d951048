/**
 * Trees as data and as text.
 */
import { Actor, ActorExited, type AnyRef, ExitReason, Pid } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { TreeNode } from "../Child.ts"
import { ActorNode, DynamicNode, type Node, SupervisorNode } from "./node.ts"
import { nodeOf } from "./registry.ts"

/** Of a dynamic supervisor, so many children are listed. */
const listed = 100

const looks = (
  ref: AnyRef | undefined
): Effect.Effect<{ readonly name: string | undefined; readonly mailbox: number }> =>
  ref === undefined
    ? Effect.succeed({ name: undefined, mailbox: 0 })
    : Effect.map(Effect.option(Actor.info(ref)), (info) =>
      Option.isSome(info)
        ? { name: info.value.name, mailbox: info.value.mailbox }
        : { name: undefined, mailbox: 0 })

const treeOf = (node: Node): Effect.Effect<TreeNode> =>
  Effect.gen(function*() {
    const { id, restarts, status } = node
    const ref = node.ref
    const { mailbox, name } = yield* looks(ref)
    const own = { id, name, pid: ref?.pid, restarts, status, mailbox, omitted: 0, children: [] }
    if (node instanceof SupervisorNode) {
      return { ...own, type: "supervisor", children: yield* Effect.forEach([...node.children], treeOf) }
    }
    if (!(node instanceof DynamicNode)) return { ...own, type: node instanceof ActorNode ? "actor" : "effect" }
    const { incarnation } = node
    const running = incarnation?.running
    const count = running?.size ?? 0
    const shown = Array.from({ length: Math.min(count, listed) }, (_, at) => ({
      ref: running!.refAt(at),
      restarts: running!.restartsAt(at)
    }))
    const children = yield* Effect.forEach(shown, (child) =>
      Effect.map(looks(child.ref), ({ mailbox, name }): TreeNode => ({
        id,
        type: "actor",
        name,
        pid: child.ref.pid,
        restarts: child.restarts,
        status: incarnation?.isStopping(child.ref) === true ? "stopped" : "running",
        mailbox,
        children: [],
        omitted: 0
      })))
    return { ...own, type: "dynamic", children, omitted: count - children.length }
  })

export const tree = (ref: AnyRef): Effect.Effect<TreeNode, ActorExited> =>
  Effect.suspend(() => {
    const node = nodeOf(ref)
    const isCurrent = node?.incarnation?.self.pid === ref.pid
    return Effect.flatMap(Actor.isAlive(ref), (alive) =>
      node !== undefined && isCurrent && alive
        ? treeOf(node)
        : Effect.fail(
          new ActorExited({ pid: ref.pid, name: undefined, reason: ExitReason.noProc(node !== undefined) })
        ))
  })

const line = ({ id, mailbox, name, omitted, pid, restarts, status, type }: TreeNode): string =>
  [
    name === undefined || name === id ? id : `${id} (${name})`,
    type === "actor" ? undefined : type,
    pid === undefined ? undefined : Pid.print(pid),
    status === "running" ? undefined : status,
    restarts === 0 ? undefined : `${restarts} restart${restarts === 1 ? "" : "s"}`,
    mailbox === 0 ? undefined : `${mailbox} queued`,
    omitted === 0 ? undefined : `and ${omitted} more`
  ].filter((part) => part !== undefined).join("  ")

export const render = (node: TreeNode): string => {
  const lines = [line(node)]
  const walk = (children: ReadonlyArray<TreeNode>, indent: string): void =>
    children.forEach((child, at) => {
      const isLast = at === children.length - 1
      lines.push(`${indent}${isLast ? "└─ " : "├─ "}${line(child)}`)
      walk(child.children, indent + (isLast ? "   " : "│  "))
    })
  walk(node.children, "")
  return lines.join("\n")
}
