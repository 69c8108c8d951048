/**
 * Trees as data and as text.
 */
import { Actor, ActorExited, type AnyRef, ExitReason, Pid } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { TreeNode } from "../Child.ts"
import { Keeper } from "./keeperProtocol.ts"
import { invalidArgument, refOf } from "./invalid.ts"
import { ActorNode, DynamicNode, type Node, PlacedNode, SupervisorNode } from "./node.ts"
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

/** What the keeper says, with null for what is undefined. */
type PlainTree = Omit<TreeNode, "name" | "pid" | "children"> & {
  readonly name: string | null
  readonly pid: Pid | null
  readonly children: ReadonlyArray<PlainTree>
}

const fromPlain = (plain: PlainTree): TreeNode => ({
  ...plain,
  name: plain.name ?? undefined,
  pid: plain.pid ?? undefined,
  children: plain.children.map(fromPlain)
})

/** As data that crosses to another isolate. */
export const toPlain = (node: TreeNode): PlainTree => ({
  ...node,
  name: node.name ?? null,
  pid: node.pid ?? null,
  children: node.children.map(toPlain)
})

// Of one that winds up, or does not answer, no children are known.
const below = ({ keeper }: PlacedNode): Effect.Effect<ReadonlyArray<TreeNode>> =>
  keeper === undefined
    ? Effect.succeed([])
    : Effect.map(
      Effect.orElseSucceed(keeper.ask(Keeper.messages.Tree()), () => null),
      (plain) => plain === null ? [] : fromPlain(plain as PlainTree).children
    )

export const treeOf = (node: Node): Effect.Effect<TreeNode> =>
  Effect.gen(function*() {
    const { id, restarts, status } = node
    const ref = node.ref
    const { mailbox, name } = yield* looks(ref)
    const own = { id, name, pid: ref?.pid, restarts, status, mailbox, omitted: 0, children: [] }
    if (node instanceof SupervisorNode) {
      return { ...own, type: "supervisor", children: yield* Effect.forEach([...node.children], treeOf) }
    }
    if (node instanceof PlacedNode) return { ...own, type: "supervisor", children: yield* below(node) }
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
    const node = nodeOf(refOf(ref))
    if (node === undefined) return Effect.andThen(Actor.info(ref), Effect.sync(noSupervisor))
    const current = node instanceof PlacedNode ? node.ref?.pid : node.incarnation?.self.pid
    const isCurrent = current === ref.pid
    return Effect.flatMap(Actor.isAlive(ref), (alive) =>
      isCurrent && alive
        ? treeOf(node)
        : Effect.fail(new ActorExited({ pid: ref.pid, name: undefined, reason: ExitReason.noProc(true) })))
  })

const noSupervisor = (): never => invalidArgument("ref", "must be of a supervisor that was started in this isolate")

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

const checked = (node: TreeNode): TreeNode =>
  typeof node === "object" && node !== null && typeof node.id === "string" && Array.isArray(node.children)
    ? node
    : invalidArgument("tree", "must be what Supervisor.tree gives")

export const render = (node: TreeNode): string => {
  const lines = [line(checked(node))]
  const walk = (children: ReadonlyArray<TreeNode>, indent: string): void =>
    children.map(checked).forEach((child, at) => {
      const isLast = at === children.length - 1
      lines.push(`${indent}${isLast ? "└─ " : "├─ "}${line(child)}`)
      walk(child.children, indent + (isLast ? "   " : "│  "))
    })
  walk(node.children, "")
  return lines.join("\n")
}
