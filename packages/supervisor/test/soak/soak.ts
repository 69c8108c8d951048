/**
 * The soak itself: chaos, and rests in which everything is counted.
 */
import { Actor, ActorRef, ActorSystem, HotSwap } from "@myrmidonjs/actor"
import {
  type Child,
  type Dynamic,
  type Running,
  Supervisor,
  type SupervisorEvent,
  type TreeNode
} from "@myrmidonjs/supervisor"
import { Effect, Stream } from "effect"
import { Random } from "./random.ts"
import { type Counts, Crash, Leave, Unlink, Wait, Work, Worker, type WorkerRef, workers } from "./worker.ts"

type AnyChild = Child<string, unknown, never, unknown, ActorSystem>
type AnyRunning = Running<AnyChild>
type AnyDynamic = Dynamic<never, string, never>

const regions = 6
const perRegion = 5
const dynamics = ["permanent", "transient", "temporary"] as const
/** Children of each dynamic supervisor, about. */
const crowd = 300
/** Rounds of chaos between two rests, and messages in each. */
const rounds = 400
const perRound = 500
/** ms that a rest may take: the longest stop of a tree, and much more. */
const patience = 30_000
/** Rests after which the heap is as large as it may become. */
const warm = 3
const megabyte = 2 ** 20

export interface Report {
  readonly figures: Readonly<Record<string, number>>
  readonly problems: ReadonlyArray<string>
}

const treeOf = (mild: AnyWorker, deaf: AnyWorker, spare: ReadonlyArray<string>) => {
  const strategies = ["one_for_one", "one_for_all", "rest_for_one"] as const
  const region = (at: number) =>
    Supervisor.make(
      `region${at}`,
      { strategy: strategies[at % 3]!, intensity: 2, period: "1 second" },
      Array.from({ length: perRegion }, (_, child) =>
        Supervisor.child(`w${child}`, child === 2 ? deaf : mild, `region${at}/w${child}`, {
          shutdown: child === 3 ? "brutal" : "20 millis"
        }))
    ) as AnyChild
  return Supervisor.make("top", { intensity: Number.MAX_SAFE_INTEGER, period: "1 second" }, [
    ...Array.from({ length: regions }, (_, at) => region(at)),
    ...dynamics.map((restart) =>
      Supervisor.dynamic(restart, mild, {
        restart,
        intensity: 60,
        period: "1 second",
        shutdown: "20 millis"
      }) as AnyChild
    ),
    Supervisor.effect("loop", Effect.never),
    ...spare.map((id) => Supervisor.child(id, mild, id) as AnyChild)
  ])
}
type AnyWorker = ReturnType<typeof workers>["first"]

export const soak = Effect.fnUntraced(function*(
  { letters, minutes, seed }: {
    readonly minutes: number
    readonly seed: number
    readonly letters: { readonly dead: number; readonly rolledBack: number }
  }
) {
  const system = yield* ActorSystem
  const random = new Random(seed)
  const counts: Counts = { handled: 0, begun: 0, over: 0 }
  const { back, badly, first: mild, there } = workers(counts, random, false)
  const { first: deaf } = workers(counts, random, true)
  const told = { Started: 0, Crashed: 0, Restarted: 0, Escalated: 0 }
  const done = { accepted: 0, refused: 0, orders: 0, kills: 0, swaps: 0, changes: 0, rests: 0 }
  const problems: Array<string> = []
  const heaps: Array<number> = []
  let pending = 0
  let changing = false
  let next = 0

  yield* Effect.forkScoped(
    Stream.runForEach(Supervisor.events, ({ _tag }: SupervisorEvent) => Effect.sync(() => void told[_tag]++)),
    { startImmediately: true }
  )
  const root = (yield* retried(Supervisor.start(treeOf(mild, deaf, [])))) as AnyRunning

  const handle = (path: ReadonlyArray<string>): Effect.Effect<AnyRunning, unknown> =>
    path.reduce(
      (above, id) => Effect.flatMap(above, (running) => running.get(id) as Effect.Effect<AnyRunning, unknown>),
      Effect.succeed(root) as Effect.Effect<AnyRunning, unknown>
    )
  const dynamic = (id: string) => handle([id]) as unknown as Effect.Effect<AnyDynamic, unknown>
  /** Somebody orders it and waits for the answer, whatever it is; one in ten gives up. */
  const order = (what: Effect.Effect<unknown, unknown, ActorSystem>) => {
    pending++
    done.orders++
    const patient = random.below(10) > 0 ? what : Effect.timeoutOption(what, 5)
    return Effect.forkScoped(Effect.ensuring(Effect.exit(patient), Effect.sync(() => void pending--)))
  }
  const treeNow = Effect.orDie(Supervisor.tree(root.ref))
  const list = Effect.map(treeNow, (tree) => {
    const found: Array<TreeNode> = []
    const walk = (node: TreeNode): void => {
      found.push(node)
      node.children.forEach(walk)
    }
    walk(tree)
    return found
  })
  const tell = (ref: WorkerRef, message: Parameters<WorkerRef["tellUnsafe"]>[0]): void => {
    if (ref.tellUnsafe(message) === "Accepted") done.accepted++
    else done.refused++
  }

  /** Many messages, and a little of everything else. The refs may be those of the dead. */
  const round = Effect.gen(function*() {
    const nodes = yield* list
    const actors = nodes.filter(({ pid, type }) => type === "actor" && pid !== undefined)
    const refs = yield* Effect.forEach(actors, ({ pid }) => ActorRef.fromPid(Worker, pid!))
    for (let i = 0; i < perRound; i++) {
      const ref = random.of(refs)
      if (ref === undefined) break
      const what = random.below(400)
      tell(ref, what === 0 ? Crash() : what === 1 ? Leave() : what === 2 ? Unlink() : what < 6 ? Wait(2) : Work(i))
    }
    const region = `region${random.below(regions)}`, child = `w${random.below(perRegion)}`
    const crowded = random.of(dynamics)!
    switch (random.below(12)) {
      case 0:
        return yield* order(Effect.flatMap(handle([region]), (above) => above.terminate(child)))
      case 1:
      case 2:
        return yield* order(Effect.flatMap(handle([region]), (above) => above.restart(child)))
      case 3: {
        const victim = random.of(actors)
        if (victim === undefined) return
        done.kills++
        return yield* Actor.kill(yield* ActorRef.fromPid(Worker, victim.pid!))
      }
      case 4: {
        if (random.below(10) > 0) return
        const victim = random.of(
          nodes.filter(({ id, pid, type }) => type !== "actor" && id !== "top" && pid !== undefined)
        )
        if (victim === undefined) return
        done.kills++
        return yield* Actor.kill(yield* ActorRef.fromPid(Worker, victim.pid!))
      }
      case 5: {
        const ref = random.of(refs)
        if (ref === undefined) return
        return yield* order(Effect.flatMap(dynamic(crowded), (many) => many.terminate(ref as never)))
      }
      case 6:
      case 7: {
        const missing = crowd - (nodes.find(({ id }) => id === crowded)?.children.length ?? 0)
        if (missing <= 0) return
        const many = yield* Effect.option(dynamic(crowded))
        if (many._tag === "None" || (yield* many.value.count) >= crowd) return
        for (let i = 0; i < 20; i++) yield* order(many.value.start(`${crowded}${next++}`))
        return
      }
      case 8: {
        const ref = random.of(refs)
        if (ref === undefined) return
        done.swaps++
        return yield* order(HotSwap.swap(ref, random.below(2) === 0 ? there : back))
      }
      case 9: {
        if (random.below(20) > 0) return
        done.swaps++
        return yield* order(HotSwap.swapAll(random.below(2) === 0 ? there : back, { tree: root.ref }))
      }
      case 10: {
        const ref = random.of(refs)
        if (ref === undefined) return
        done.swaps++
        return yield* order(HotSwap.swap(ref, badly, { canary: { messages: 1, within: "1 hour" } }))
      }
      default: {
        if (changing || random.below(20) > 0) return
        changing = true
        pending++
        done.changes++
        const spare = Array.from({ length: random.below(4) }, (_, at) => `spare${at}`)
        // One that a change forgets goes on, and no tree tells of it.
        const change = Effect.forEach(["spare0", "spare1", "spare2"], (id) => Effect.exit(root.terminate(id))).pipe(
          Effect.andThen(Supervisor.change(root.ref, treeOf(mild, deaf, spare))),
          Effect.andThen(Effect.forEach(spare, (id) => Effect.exit(root.restart(id))))
        )
        return yield* Effect.forkScoped(Effect.ensuring(
          Effect.exit(change),
          Effect.sync(() => {
            changing = false
            pending--
          })
        ))
      }
    }
  })

  /** Why it does not rest, if it does not. */
  const unrest = Effect.gen(function*() {
    if (pending > 0) return `${pending} orders have no answer`
    const nodes = yield* list
    const late = nodes.find(({ status }) => status === "restarting")
    if (late !== undefined) return `${late.id} is still to be started`
    const running = nodes.filter(({ status }) => status === "running")
    const inTree = running.reduce((sum, { omitted }) => sum + 1 + omitted, 0)
    const { actors, queued } = yield* system.info
    if (queued > 0) return `${queued} messages wait`
    if (new Set(running.map(({ pid }) => pid)).size !== running.length) return "a PID stands twice in the tree"
    if (actors !== inTree) return `${actors} actors are alive, ${inTree} in the tree`
    const lives = inTree - running.filter(({ type }) => type !== "actor").length
    if (counts.begun - counts.over !== lives) return `${counts.begun - counts.over} lives, ${lives} in the tree`
    const lost = done.accepted - counts.handled - letters.dead
    return lost === 0 ? undefined : `${lost} messages of ${done.accepted} neither handled nor dead letters`
  })
  const rest = Effect.gen(function*() {
    const until = performance.now() + patience
    let why = yield* unrest
    // A canary that has no message waits for one.
    while (why !== undefined && performance.now() < until) {
      for (const node of yield* list) {
        if (node.type === "actor" && node.status === "running") {
          tell(yield* ActorRef.fromPid(Worker, node.pid!), Work(0))
        }
      }
      yield* Effect.sleep(20)
      why = yield* unrest
    }
    done.rests++
    if (why !== undefined) problems.push(`rest ${done.rests}: ${why}`)
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.()
      yield* Effect.sleep(5)
    }
    heaps.push(process.memoryUsage().heapUsed / megabyte)
    console.log(
      `rest ${done.rests}: ${done.accepted} messages, ${told.Restarted} restarts, ${heaps.at(-1)!.toFixed(0)} MB`
    )
  })

  const began = performance.now()
  const ends = began + minutes * 60_000
  while (performance.now() < ends && problems.length === 0) {
    for (let i = 0; i < rounds && performance.now() < ends; i++) {
      yield* round
      yield* Effect.sleep(1)
    }
    yield* rest
  }
  const settled = Math.max(...heaps.slice(0, warm)), last = heaps.at(-1)!
  if (last > settled * 1.3 + 10) problems.push(`the heap has grown from ${settled.toFixed(0)} to ${last.toFixed(0)} MB`)
  yield* Actor.stop(root.ref)
  const { actors } = yield* system.info
  if (actors > 0) problems.push(`${actors} actors are left`)
  const figures = {
    seconds: Math.round((performance.now() - began) / 1000),
    ...done,
    handled: counts.handled,
    dead_letters: letters.dead,
    rolled_back: letters.rolledBack,
    lives: counts.begun,
    started: told.Started,
    crashed: told.Crashed,
    restarted: told.Restarted,
    escalated: told.Escalated,
    heap_mb_settled: Math.round(settled),
    heap_mb_last: Math.round(last),
    rss_mb: Math.round(process.memoryUsage.rss() / megabyte)
  }
  return { figures, problems } satisfies Report
})

/** One start in fifty fails, and the whole tree with it. */
const retried = <A, E, R>(start: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => Effect.retry(start, { times: 100 })
