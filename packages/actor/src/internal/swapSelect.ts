/** Which actors a group swap is about. In turns of the event loop, where there are many to look at. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../Actor.ts"
import { ActorSystem } from "../ActorSystem.ts"
import type { Pid } from "../Pid.ts"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"
import type { ShardInfo } from "./shard.ts"
import { hostOf } from "./system.ts"
import { Turn } from "./turn.ts"
import type { UpgradeImpl } from "./upgrade.ts"

export interface Selection {
  readonly where?: ((info: ActorInfo) => boolean) | undefined
  /** `nobody`: that of a name that nobody has. */
  readonly tree?: Cell | "nobody" | undefined
}

/** Everybody below `root`, while others may still be born there. */
function* below(root: Cell): Generator<Cell> {
  const todo = [root]
  // Of a child that is linked as well, both know.
  const seen = new Set<Cell>()
  const hooked = root.host.endHooks.byParent()
  for (let cell = todo.pop(); cell !== undefined; cell = todo.pop()) {
    for (const child of [...cell.life?.children?.all() ?? [], ...hooked.get(cell) ?? []]) {
      if (seen.has(child) || !child.host.shard.holds(child)) continue
      seen.add(child)
      yield child
      todo.push(child)
    }
  }
}

/** In order of their spawn, of those that are there now. */
function* everybody({ shard }: Host, pids: Float64Array): Generator<Cell> {
  for (const pid of pids) yield shard.cellOf(pid as Pid)
}

/** What a predicate sees. The shard is asked for what it asks for: most look at a name or a PID, and there are many. */
class Seen implements ActorInfo {
  private readonly cell: Cell
  private found: ShardInfo | undefined = undefined

  constructor(cell: Cell) {
    this.cell = cell
  }

  // One that has ended meanwhile is refused when it is swapped.
  private get asked(): ShardInfo {
    return this.found ??= this.cell.host.shard.info(this.cell) ?? ended
  }

  get pid(): Pid {
    return this.cell.pid
  }

  get name(): string | undefined {
    return this.cell.life?.name
  }

  get protocol(): string {
    return this.cell.bound.program.protocol
  }

  get version(): string {
    return this.cell.bound.program.version
  }

  get status(): ActorInfo["status"] {
    return this.asked.status
  }

  get mailbox(): number {
    return this.asked.mailbox
  }

  get held(): number {
    return this.asked.held
  }

  get reductions(): number {
    return this.asked.reductions
  }

  get millis(): number {
    return this.asked.millis
  }

  get memory(): number {
    return this.asked.memory
  }

  get links(): ReadonlyArray<Pid> {
    return this.asked.links
  }
}

const ended: ShardInfo = { status: "idle", mailbox: 0, held: 0, reductions: 0, millis: 0, memory: 0, links: [] }

export const selectCells = (
  context: Context.Context<never>,
  upgrade: UpgradeImpl,
  selection: Selection | undefined
): Effect.Effect<ReadonlyArray<Cell>> =>
  Effect.gen(function*() {
    const host = hostOf(Context.get(context as Context.Context<ActorSystem>, ActorSystem))
    const { where, tree } = selection ?? {}
    const chosen: Array<Cell> = []
    const turn = new Turn()
    turn.begin(host)
    const pids = tree === undefined ? host.shard.pids() : undefined
    if (pids !== undefined && turn.isHalfOver(host, pids.length)) yield* turn.next
    const all = pids !== undefined ? everybody(host, pids) : tree === undefined || tree === "nobody" ? [] : below(tree)
    let seen = 0
    for (const cell of all) {
      seen++
      if (upgrade.runs(cell) && (where === undefined || where(new Seen(cell)))) chosen.push(cell)
      if (turn.step(cell)) yield* turn.next
    }
    // Whoever changes them has a turn of its own.
    if (turn.isHalfOver(host, seen)) yield* turn.next
    return chosen
  })
