/**
 * Plays a random program on a random tree, and holds it to what must always be true:
 *
 * - no child starts while an earlier life of it has not ended, and nobody is left at the end;
 * - whenever nothing is under way, exactly the actors of the tree are alive, and none is still to be started;
 * - the end of the root ends everything in reverse order.
 *
 * What each program comes to (who escalates when) is the business of the rows and of the differential test.
 */
import { Actor, ActorRef, ActorSystem, type AnyRef, HotSwap, type Pid } from "@myrmidonjs/actor"
import { type Child, type Dynamic, type Running, Supervisor, type TreeNode } from "@myrmidonjs/supervisor"
import { assert } from "@effect/vitest"
import { Deferred, Effect, Exit, type Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Crash, Leave, quiet, StartRefused, Unlink, Worker } from "../fixtures.ts"
import type { Op, TreeSpec } from "./tree.ts"

type SupervisorSpec = Extract<TreeSpec, { readonly kind: "supervisor" }>
type AnyChild = Child<string, unknown, never, unknown, ActorSystem>
type AnyRunning = Running<AnyChild>
type AnyDynamic = Dynamic<never, string, never>

/** Seconds of virtual time within which everything under way must be over: the longest stop of a tree, and more. */
const patience = 60

/** A node of the tree with the supervisors that lead to it. */
interface Found {
  readonly node: TreeNode
  readonly path: ReadonlyArray<string>
}

export const play = Effect.fnUntraced(function*(tree: TreeSpec, batches: ReadonlyArray<ReadonlyArray<Op>>) {
  const alive = new Set<string>()
  const twice: Array<string> = []
  const ends: Array<string> = []
  const script = new Map<string, Array<"fail" | "throw" | "ignore" | "hang">>()
  /** What starts that hang wait for. */
  let gate = Deferred.makeUnsafe<void>()
  const suspended = new Set<AnyRef>()
  const pending = new Set<Fiber.Fiber<unknown, unknown>>()
  /** Paths of significant children. */
  const significants = new Set<string>()
  /** Children that a change has forgotten while they ran. */
  const disowned = new Set<AnyRef>()
  const { info } = yield* ActorSystem
  const scope = yield* Scope.make()
  let work = 0
  let next = 0

  /** Begins a life that ends with its scope. */
  const live = (key: string): Effect.Effect<void, never, Scope.Scope> =>
    Effect.suspend(() => {
      if (alive.has(key)) twice.push(key)
      alive.add(key)
      return Effect.addFinalizer(() =>
        Effect.sync(() => {
          work++
          alive.delete(key)
          ends.push(key)
        })
      )
    })
  /** A start that does what its script says. */
  const begin = (key: string): Effect.Effect<void, StartRefused, Scope.Scope> =>
    Effect.suspend(() => {
      work++
      switch (script.get(key)?.shift()) {
        case "fail":
          return Effect.fail(new StartRefused({ id: key }))
        case "throw":
          throw new Error(`${key} threw`)
        case "ignore":
          return Supervisor.ignore
        case "hang":
          return Effect.andThen(Deferred.await(gate), live(key))
        default:
          return live(key)
      }
    })

  const workerOf = (deaf: boolean, version: "1" | "2") =>
    Worker.behavior({
      version,
      init: (key: string): Effect.Effect<{ readonly id: string }, StartRefused, Scope.Scope> =>
        Effect.as(begin(key), { id: key }),
      handlers: {
        Crash: (_, message) => {
          throw new Error(message)
        },
        Leave: (_, __, self) => self.stop(),
        Unlink: (_, __, self) =>
          Effect.flatMap(
            Actor.info(self.ref),
            ({ links }) =>
              Effect.forEach(links, (pid) => Effect.map(ActorRef.fromPid(Worker, pid), (ref) => self.unlink(ref)))
          ).pipe(Effect.ignore),
        Id: ({ id }) => id
      },
      ...deaf ? { signals: { exit: () => {} } } : undefined
    })
  const hearing = workerOf(false, "1"), deaf = workerOf(true, "1")
  /** Whoever runs the first version becomes the second, or back; whoever is started again is what its spec says. */
  const upgrades = [[hearing, workerOf(false, "2")] as const, [deaf, workerOf(true, "2")] as const].map((
    [first, second]
  ) => [HotSwap.upgrade(first, second), HotSwap.upgrade(second, first)] as const)

  const waitsOf = ({ backoff }: { readonly backoff: boolean }) =>
    backoff ? { backoff: { min: "200 millis", max: "1 second" } } as const : {}
  const rulesOf = (spec: SupervisorSpec) => {
    const { autoShutdown, intensity, strategy } = spec
    return { strategy, intensity, autoShutdown, period: "1 hour", ...waitsOf(spec) } as const
  }
  const childrenOf = (spec: SupervisorSpec, path: string) =>
    spec.children.map((child, at) => specOf(child, `n${at}`, path, spec.autoShutdown !== "never"))

  const specOf = (spec: TreeSpec, id: string, above: string, counts: boolean): AnyChild => {
    const path = `${above}/${id}`
    if (spec.kind === "supervisor") {
      return Supervisor.make(id, rulesOf(spec), childrenOf(spec, path)) as AnyChild
    }
    const options = { restart: spec.restart, shutdown: spec.brutal ? "brutal" as const : "1 second" as const }
    if (spec.kind === "effect") {
      return spec.resource
        ? Supervisor.scoped(id, begin(path), options) as AnyChild
        : Supervisor.effect(id, Effect.andThen(live(path), Effect.never), options)
    }
    const behavior = spec.deaf ? deaf : hearing
    if (spec.kind === "worker") {
      const significant = counts && spec.significant && spec.restart !== "permanent"
      if (significant) significants.add(path)
      return Supervisor.child(id, behavior, path, { ...options, significant })
    }
    const { intensity } = spec
    return Supervisor.dynamic(id, behavior, { ...options, intensity, period: "1 hour", ...waitsOf(spec) })
  }
  const root = (yield* Scope.provide(Supervisor.start(specOf(tree, "top", "", false)), scope)) as AnyRunning
  const rootRef = root.ref

  const nodes: Effect.Effect<ReadonlyArray<Found>> = Effect.map(
    Effect.exit(Supervisor.tree(rootRef)),
    (exit): ReadonlyArray<Found> => {
      const found: Array<Found> = []
      const walk = (node: TreeNode, above: ReadonlyArray<string>): void => {
        const path = [...above, node.id]
        found.push({ node, path })
        node.children.forEach((child) => walk(child, path))
      }
      if (Exit.isSuccess(exit)) walk(exit.value, [])
      return found
    }
  )
  const refOf = (pid: Pid) => ActorRef.fromPid(Worker, pid)
  const handleOf = (path: ReadonlyArray<string>): Effect.Effect<AnyRunning, unknown> =>
    path.slice(1).reduce(
      (above, id) => Effect.flatMap(above, (handle) => handle.get(id) as Effect.Effect<AnyRunning, unknown>),
      Effect.succeed(root) as Effect.Effect<AnyRunning, unknown>
    )
  /** Somebody orders it and waits for the answer, whatever it is. */
  const order = (what: Effect.Effect<unknown, unknown, ActorSystem>) =>
    Effect.map(Effect.forkIn(Effect.exit(what), scope, { startImmediately: true }), (fiber) => {
      pending.add(fiber)
      fiber.addObserver(() => {
        work++
        pending.delete(fiber)
      })
    })

  const settle = Effect.gen(function*() {
    for (let before = -1; before !== work;) {
      before = work
      yield* quiet
    }
  })

  /** Why the system is not what the tree says, if it is not. */
  const difference = Effect.gen(function*() {
    const found = yield* nodes
    const running = found.filter(({ node }) => node.status === "running")
    for (const ref of disowned) if (!(yield* Actor.isAlive(ref))) disowned.delete(ref)
    const { actors } = yield* info
    const pids = new Set(running.map(({ node }) => node.pid))
    if (pending.size > 0) return `${pending.size} orders have no answer`
    const restarting = found.find(({ node }) => node.status === "restarting")
    if (restarting !== undefined) return `${restarting.path.join("/")} is still to be started`
    if (pids.size !== running.length) return "a PID stands twice in the tree"
    if (found.length > 0) {
      for (const { node, path } of running) {
        if (!(yield* Actor.isAlive(yield* refOf(node.pid!)))) return `${path.join("/")} does not live`
      }
    }
    return actors === running.length + disowned.size
      ? undefined
      : `${actors} actors are alive, ${running.length} in the tree and ${disowned.size} forgotten`
  })
  const rest = (what: string) =>
    Effect.gen(function*() {
      let why: string | undefined
      for (let second = 0; second < patience; second++) {
        Deferred.doneUnsafe(gate, Effect.void)
        gate = Deferred.makeUnsafe()
        yield* settle
        why = yield* difference
        assert.deepStrictEqual(twice, [], "started twice")
        if (why === undefined) return
        yield* TestClock.adjust("1 second")
      }
      assert.fail(`${what}: ${why}`)
    })

  const pick = (found: ReadonlyArray<Found>, at: number, fits: (found: Found) => boolean): Found | undefined => {
    const fitting = found.filter(fits)
    return fitting[at % fitting.length]
  }
  const isActor = ({ node }: Found): boolean => node.type === "actor" && node.status === "running"
  const isSignificant = (found: Found): boolean => isActor(found) && significants.has(`/${found.path.join("/")}`)
  const tell = (
    op: { readonly at: number },
    message: ReturnType<typeof Crash | typeof Leave | typeof Unlink>,
    fits = isActor
  ) =>
    Effect.gen(function*() {
      const to = pick(yield* nodes, op.at, fits)
      if (to !== undefined) (yield* refOf(to.node.pid!)).tellUnsafe(message)
    })

  const step = (op: Op): Effect.Effect<unknown, unknown, ActorSystem> =>
    Effect.gen(function*() {
      if (op.do === "advance") return yield* TestClock.adjust(op.ms)
      if (op.do === "crash") return yield* tell(op, Crash("boom"))
      if (op.do === "leave") return yield* tell(op, Leave("normal"))
      if (op.do === "part") return yield* tell(op, Leave("normal"), isSignificant)
      if (op.do === "unlink") return yield* tell(op, Unlink())
      const found = yield* nodes
      const parentOf = ({ path }: Found) => found.find((other) => other.path.join("/") === path.slice(0, -1).join("/"))
      switch (op.do) {
        case "suspend":
        case "resume": {
          const one = pick(found, op.at, ({ node }) => node.status === "running" && node.children.length === 0)
          if (one === undefined || one.node.type === "supervisor" || one.node.type === "dynamic") return
          const ref = yield* refOf(one.node.pid!)
          suspended.add(ref)
          return yield* Effect.ignore(op.do === "suspend" ? Actor.suspend(ref) : Actor.resume(ref))
        }
        case "kill": {
          const victim = pick(found, op.at, ({ node }) => node.status === "running")
          return victim === undefined ? undefined : yield* Actor.kill(yield* refOf(victim.node.pid!))
        }
        case "terminate":
        case "restart":
        case "delete": {
          const child = pick(found, op.at, (each) => parentOf(each)?.node.type === "supervisor")
          if (child === undefined) return
          return yield* order(Effect.flatMap(handleOf(child.path.slice(0, -1)), (above) => above[op.do](child.node.id)))
        }
        case "add": {
          const above = pick(found, op.at, ({ node }) => node.type === "supervisor")
          if (above === undefined) return
          const id = `added${next++}`
          const child = Supervisor.child(id, op.at % 2 === 0 ? hearing : deaf, id, { shutdown: "1 second" })
          return yield* order(Effect.flatMap(handleOf(above.path), (handle) => handle.start(child)))
        }
        case "spawn": {
          const dynamic = pick(found, op.at, ({ node }) => node.type === "dynamic")
          if (dynamic === undefined) return
          const start = (handle: AnyRunning) => (handle as unknown as AnyDynamic).start(`child${next++}`)
          return yield* order(Effect.flatMap(handleOf(dynamic.path), start))
        }
        case "release": {
          const child = pick(found, op.at, (each) => parentOf(each)?.node.type === "dynamic" && isActor(each))
          if (child === undefined) return
          const ref = yield* refOf(child.node.pid!)
          const stop = (handle: AnyRunning) => (handle as unknown as AnyDynamic).terminate(ref as never)
          return yield* order(Effect.flatMap(handleOf(child.path.slice(0, -1)), stop))
        }
        case "swapTree": {
          const options = { tree: rootRef, together: op.at % 2 === 0, timeout: "1 second" } as const
          const swap = Effect.forEach(upgrades, (both) => HotSwap.swapAll(both[op.at % 5 === 0 ? 1 : 0], options))
          if (found.length === 0 || op.at % 4 < 2) return yield* order(swap)
          yield* rest("before a swap")
          const pids = Effect.map(nodes, (all) => all.map(({ node }) => node.pid))
          const before = yield* pids
          for (const { failed } of yield* swap) assert.deepStrictEqual(failed, [], "nothing is in the way of a swap")
          assert.deepStrictEqual(yield* pids, before, "a swap ends nobody and starts nobody")
          return
        }
        case "swap": {
          const one = pick(found, op.at, isActor)
          if (one === undefined) return
          const canary = { messages: 1, within: "2 seconds" } as const
          const ref = yield* refOf(one.node.pid!)
          // One of them runs; the others are refused.
          return yield* Effect.forEach(upgrades.flat(), (upgrade) =>
            order(HotSwap.swap(ref, upgrade, { canary, timeout: "1 second" })))
        }
        case "script": {
          const child = pick(found, op.at, ({ node, path }) =>
            node.type === "actor" && path.length > 1)
          if (child === undefined) return
          const key = `/${child.path.join("/")}`
          return void script.set(key, [...script.get(key) ?? [], op.how])
        }
        case "change": {
          if (tree.kind !== "supervisor" || found.length === 0) return
          yield* rest("before a change")
          const before = (yield* nodes).filter(({ node }) => node.status === "running")
          const children = childrenOf(tree, "/top")
          const id = `new${next++}`
          const added = Supervisor.child(id, hearing, id) as AnyChild
          const spec = Supervisor.make("top", rulesOf(tree), [...children.reverse(), added])
          yield* Effect.exit(Supervisor.change(rootRef, spec))
          const after = new Set((yield* nodes).map(({ node }) => node.pid))
          for (const { node } of before) if (!after.has(node.pid)) disowned.add(yield* refOf(node.pid!))
        }
      }
    })

  yield* rest("the first start")
  for (const [at, batch] of batches.entries()) {
    for (const op of batch) yield* step(op)
    yield* rest(`batch ${at}`)
  }

  // Everybody is to say who it is, and what waited is done.
  for (const ref of suspended) yield* Effect.ignore(Actor.resume(ref))
  yield* rest("what was suspended")

  // A dynamic supervisor stops its children at once: they count as one.
  const groups: Array<string> = []
  const groupOf = new Map<string, string>()
  for (const { node, path } of yield* nodes) {
    if (node.status !== "running") continue
    if (node.type === "effect") {
      const key = `/${path.join("/")}`
      groupOf.set(key, key)
      groups.push(key)
    }
    if (node.type !== "actor") continue
    const key = yield* Effect.map((yield* refOf(node.pid!)).ask({ _tag: "Id", payload: undefined }), String)
    const group = node.id === path.at(-2) || !key.endsWith(node.id) ? path.slice(0, -1).join("/") : key
    groupOf.set(key, group)
    if (groups.at(-1) !== group) groups.push(group)
  }
  ends.length = 0
  const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
  yield* settle
  // A root that was killed leaves the scope nothing to wait for.
  for (let second = 0; second < patience; second++) {
    if (closing.pollUnsafe() !== undefined && (yield* info).actors === 0) break
    yield* TestClock.adjust("1 second")
    yield* settle
  }
  assert.strictEqual((yield* info).actors, 0, "nobody is left")
  assert.deepStrictEqual([...alive], [], "everybody has ended")
  const order_ = ends.map((key) => groupOf.get(key)).filter((group) => group !== undefined)
  assert.deepStrictEqual(order_.filter((group, at) => order_[at - 1] !== group), groups.reverse(), "in reverse order")
})
