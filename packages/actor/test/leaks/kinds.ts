/**
 * What an actor system is asked to do over and over: each kind in batches of so many, after which all of it has happened
 * and nothing of it is to be left.
 */
import { Actor, ActorRef, ActorSystem, ExitReason, HotSwap, Link, Monitor, SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { turn } from "../fixtures.ts"
import {
  Boom,
  type Deed,
  Do,
  Echo,
  Failing,
  Items,
  Later,
  Meanwhile,
  Never,
  Note,
  nothingSeen,
  Pass,
  Probe,
  ProbeLive,
  ProbeNext,
  type ProbeRef,
  Take,
  Tick,
  Trapping
} from "./probe.ts"

/** Does so many of its kind, of which `from` were done before, and is over when they are. */
export type Batch = (count: number, from: number) => Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>

export interface Kind {
  readonly name: string
  readonly make: Effect.Effect<Batch, unknown, ActorSystem | Scope.Scope>
}

type Needs = ActorSystem | Scope.Scope

const kind = (name: string, make: Effect.Effect<Batch, unknown, Needs>): Kind => ({ name, make })

/** One after the other. */
const each = (operation: (n: number) => Effect.Effect<unknown, unknown, Needs>): Batch =>
  Effect.fnUntraced(function*(count: number, from: number) {
    for (let n = from; n < from + count; n++) yield* operation(n)
  })

/** All at the same time. */
const together = (operation: (n: number) => Effect.Effect<unknown, unknown, Needs>): Batch =>
  Effect.fnUntraced(function*(count: number, from: number) {
    const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
    for (let n = from; n < from + count; n++) {
      fibers.push(yield* Effect.forkChild(Effect.exit(operation(n)), { startImmediately: true }))
    }
    yield* Fiber.awaitAll(fibers)
  })

/** So many at the same time. */
const some = (most: number, batch: Batch): Batch =>
  Effect.fnUntraced(function*(count: number, from: number) {
    for (let n = 0; n < count; n += most) yield* batch(Math.min(most, count - n), from + n)
  })

/** Without any Effect, and then whoever was told is asked, so that all of it was handled. */
const told = (ref: ProbeRef, operation: (n: number) => void): Batch =>
  Effect.fnUntraced(function*(count: number, from: number) {
    for (let n = from; n < from + count; n++) operation(n)
    yield* ref.ask(Echo(0))
  })

/** Until what was to come of it has come. */
const until = (isDone: () => boolean) => Effect.repeat(turn, { until: isDone })

const inside = (ref: ProbeRef, deed: Deed): void => void ref.tellUnsafe(Do(deed))

const probe = Effect.suspend(() => ProbeLive.spawn(nothingSeen()))

const spawning = ActorSystem.useSync(({ spawnUnsafe }) => () => spawnUnsafe(ProbeLive, nothingSeen()))

const dead = Effect.gen(function*() {
  const ref = yield* ProbeLive.spawnDetached(nothingSeen())
  yield* Actor.stop(ref)
  return ref
})

const ends: ReadonlyArray<Kind> = [
  kind(
    "spawn + stop",
    Effect.map(spawning, (spawn) => each(() => Effect.suspend(() => Actor.stop(spawn()))))
  ),
  kind("spawn + end of its scope", Effect.succeed(each(() => Effect.scoped(probe)))),
  kind(
    "spawn into a scope that stays, kill",
    Effect.succeed(each(() => Effect.flatMap(probe, Actor.kill)))
  ),
  kind(
    "spawn + crash, each for a reason of its own",
    Effect.gen(function*() {
      const spawn = yield* spawning
      const { info } = yield* ActorSystem
      return Effect.fnUntraced(function*(count, from) {
        const { actors } = yield* info
        for (let n = from; n < from + count; n++) spawn().tellUnsafe(Boom(`boom ${n}`))
        yield* Effect.repeat(turn, { until: () => Effect.map(info, (now) => now.actors === actors) })
      })
    })
  ),
  kind("spawn whose init fails", Effect.succeed(each(() => Effect.exit(Failing.spawnDetached(nothingSeen()))))),
  kind(
    "a child with onEnd, stopped by itself",
    Effect.map(probe, (parent) => {
      const seen = nothingSeen()
      let ended = 0
      const onEnd = () => void ended++
      return Effect.fnUntraced(function*(count) {
        for (let n = 0; n < count; n++) {
          inside(parent, (self) => {
            const child = self.spawnUnsafe(ProbeLive, seen, { onEnd })
            child.tellUnsafe(Do(((own) => own.stop()) satisfies Deed))
          })
        }
        yield* until(() => ended >= count)
        ended = 0
      })
    })
  )
]

const messages: ReadonlyArray<Kind> = [
  kind("tell", Effect.map(probe, (ref) => told(ref, (n) => ref.tellUnsafe(Note(n))))),
  kind("tell of an object", Effect.map(probe, (ref) => told(ref, (n) => ref.tellUnsafe(Note({ n }))))),
  kind("ask", Effect.map(probe, (ref) => each((n) => ref.ask(Echo(n))))),
  kind("ask, all at a time, answered later", Effect.map(probe, (ref) => together((n) => ref.ask(Later(n))))),
  kind("ask passed on", Effect.all([probe, probe]).pipe(Effect.map(([a, b]) => each(() => a.ask(Pass(b)))))),
  kind(
    "ask given up",
    Effect.map(
      probe,
      (ref) =>
        each((n) => Effect.flatMap(Effect.forkChild(ref.ask(Later(n)), { startImmediately: true }), Fiber.interrupt))
    )
  ),
  kind(
    "ask timed out",
    Effect.succeed(Effect.fnUntraced(function*(count, from) {
      const ref = yield* ProbeLive.spawnDetached(nothingSeen())
      // The first one is handled and waits, the others wait behind it.
      yield* together(() => Effect.exit(ref.ask(Never(), { timeout: 1 })))(count, from)
      yield* Actor.kill(ref)
    }))
  ),
  kind(
    "ask handled beside others, timed out",
    Effect.succeed(Effect.fnUntraced(function*(count, from) {
      const ref = yield* ProbeLive.spawnDetached(nothingSeen())
      yield* together(() => Effect.exit(ref.ask(Meanwhile(), { timeout: 1 })))(count, from)
      yield* Actor.kill(ref)
    }))
  ),
  kind("ask of the dead", Effect.map(dead, (ref) => each((n) => Effect.exit(ref.ask(Echo(n)))))),
  kind(
    "ask whose actor is killed",
    Effect.succeed(Effect.fnUntraced(function*(count, from) {
      const ref = yield* ProbeLive.spawnDetached(nothingSeen())
      const asked = yield* Effect.forkChild(together(() => Effect.exit(ref.ask(Never())))(count, from), {
        startImmediately: true
      })
      yield* Actor.kill(ref)
      yield* Fiber.join(asked)
    }))
  ),
  kind(
    "dead letter",
    Effect.gen(function*() {
      const ref = yield* dead
      const { deadLetters } = yield* ActorSystem
      let read = 0
      yield* Effect.forkScoped(Stream.runForEach(deadLetters, () => Effect.sync(() => void read++)), {
        startImmediately: true
      })
      yield* turn
      return Effect.fnUntraced(function*(count, from) {
        read = 0
        for (let n = from; n < from + count; n++) ref.tellUnsafe(Note({ n }))
        yield* until(() => read >= count)
      })
    })
  ),
  kind("stream", Effect.map(probe, (ref) => each(() => Stream.runDrain(ref.stream(Items()))))),
  kind("stream cut short", Effect.map(probe, (ref) => each(() => Stream.runHead(ref.stream(Items())))))
]

const overflowing = (onFull: "reject" | "drop-newest" | "drop-oldest" | "suspend") =>
  ProbeLive.spawn(nothingSeen(), { mailbox: { capacity: 8, onFull } })

const full = (onFull: "reject" | "drop-newest" | "drop-oldest") =>
  kind(`overflow, ${onFull}`, Effect.map(overflowing(onFull), (ref) => told(ref, (n) => ref.tellUnsafe(Note({ n })))))

const overflows: ReadonlyArray<Kind> = [
  // The question at the end of a batch must find room.
  kind(
    "overflow, reject",
    Effect.map(overflowing("reject"), (ref) =>
      Effect.fnUntraced(function*(count, from) {
        for (let n = from; n < from + count; n++) ref.tellUnsafe(Note({ n }))
        yield* turn
        yield* ref.ask(Echo(0))
      }))
  ),
  full("drop-oldest"),
  kind(
    "overflow, drop-newest, asked",
    Effect.map(overflowing("drop-newest"), (ref) => together((n) => ref.ask(Echo(n))))
  ),
  kind(
    "overflow, suspend, fibers held",
    Effect.map(overflowing("suspend"), (ref) => some(25, together((n) => ref.tell(Note({ n })))))
  ),
  kind(
    "overflow, suspend, actors held",
    Effect.gen(function*() {
      const slow = yield* overflowing("suspend")
      const sender = yield* probe
      const send: Deed = (self) => void self.send(slow, Note(1))
      return told(sender, () => inside(sender, send))
    })
  )
]

const signals: ReadonlyArray<Kind> = [
  kind(
    "link + unlink",
    Effect.gen(function*() {
      const [a, b] = yield* Effect.all([probe, probe])
      return told(a, () =>
        inside(a, (self) => {
          self.link(b)
          self.unlink(b)
        }))
    })
  ),
  kind(
    "linked death",
    Effect.gen(function*() {
      const seen = nothingSeen()
      const parent = yield* Trapping.spawn(seen)
      return Effect.fnUntraced(function*(count, from) {
        seen.exits = 0
        for (let n = from; n < from + count; n++) {
          inside(parent, (self) => void self.spawnUnsafe(ProbeLive, seen).tellUnsafe(Boom(`boom ${n}`)))
        }
        yield* until(() => seen.exits >= count)
      })
    })
  ),
  kind("a fiber linked to an actor", Effect.map(probe, (ref) => each(() => Link.linked(Effect.void, ref)))),
  kind(
    "an actor linked to its user",
    Effect.succeed(each(() => ProbeLive.spawnLinked(nothingSeen(), (ref) => ref.ask(Echo(1)))))
  ),
  kind(
    "monitor + demonitor",
    Effect.gen(function*() {
      const [a, b] = yield* Effect.all([probe, probe])
      return told(a, () => inside(a, (self) => void self.demonitor(self.monitor(b))))
    })
  ),
  kind("monitor + demonitor from outside", Effect.map(probe, (ref) => each(() => Effect.scoped(Monitor.make(ref))))),
  kind(
    "DOWN",
    Effect.gen(function*() {
      const seen = nothingSeen()
      const watcher = yield* ProbeLive.spawn(seen)
      const options = { link: false, monitor: true }
      return Effect.fnUntraced(function*(count, from) {
        seen.downs = 0
        for (let n = from; n < from + count; n++) {
          inside(watcher, (self) => void self.spawnUnsafe(ProbeLive, seen, options).tellUnsafe(Boom(`boom ${n}`)))
        }
        yield* until(() => seen.downs >= count)
      })
    })
  ),
  kind(
    "DOWN outside",
    Effect.succeed(
      each(() =>
        Effect.scoped(
          Effect.flatMap(ProbeLive.spawnMonitored(nothingSeen()), ({ down, ref }) =>
            Effect.andThen(Actor.exit(ref, ExitReason.shutdown("enough")), down))
        )
      )
    )
  ),
  kind(
    "a name taken, refused and given back",
    Effect.succeed(each(Effect.fnUntraced(function*(n) {
      const name = `name ${n}`
      const ref = yield* ProbeLive.spawnDetached(nothingSeen(), { name })
      yield* Effect.flip(ProbeLive.spawnDetached(nothingSeen(), { name }))
      yield* Actor.kill(ref)
    })))
  ),
  kind(
    "a name that nobody has",
    Effect.succeed(each(Effect.fnUntraced(function*(n) {
      const ref = yield* ActorRef.named(Probe, `nobody ${n}`)
      yield* Effect.exit(ref.ask(Echo(n)))
      yield* Effect.exit(Actor.whereis(Probe, `nobody ${n}`))
    })))
  )
]

const timers: ReadonlyArray<Kind> = [
  kind(
    "timer + cancel",
    Effect.map(probe, (ref) =>
      told(ref, (n) =>
        inside(ref, (self) => {
          self.cancel(self.after(1 + n % 3_600_000, Tick()))
          self.cancel(self.every(1 + n % 3_600_000, Tick()))
        })))
  ),
  kind(
    "timer fired",
    Effect.gen(function*() {
      const seen = nothingSeen()
      const ref = yield* ProbeLive.spawn(seen)
      const arm: Deed = (self) => void self.after(1, Tick())
      return Effect.fnUntraced(function*(count) {
        seen.ticks = 0
        for (let n = 0; n < count; n++) inside(ref, arm)
        yield* until(() => seen.ticks >= count)
      })
    })
  ),
  kind(
    "timer whose actor ends",
    Effect.map(spawning, (spawn) => {
      const arm: Deed = (self) => {
        self.every("1 hour", Tick())
        self.stop()
      }
      return each(() =>
        Effect.suspend(() => {
          const ref = spawn()
          inside(ref, arm)
          return Effect.exit(ref.ask(Never()))
        })
      )
    })
  )
]

const rest: ReadonlyArray<Kind> = [
  kind(
    "suspend + resume",
    Effect.map(probe, (ref) => each(() => Effect.andThen(Actor.suspend(ref), Actor.resume(ref))))
  ),
  kind(
    "hot swap + rollback",
    Effect.map(probe, (ref) => {
      const upgrade = HotSwap.upgrade(ProbeLive, ProbeNext)
      return each(() => Effect.andThen(HotSwap.swap(ref, upgrade), HotSwap.rollback(ref)))
    })
  ),
  kind(
    "buffer allocated + released",
    Effect.succeed(each(() =>
      Effect.map(SharedBuffer.allocate(256), (buffer) => {
        buffer.bytes()[0] = 1
        buffer.release()
      })
    ))
  ),
  kind(
    "buffer sent",
    Effect.map(
      probe,
      (ref) => each(() => Effect.flatMap(SharedBuffer.allocate(256), (buffer) => ref.ask(Take(buffer))))
    )
  ),
  kind(
    "buffer in a dead letter",
    Effect.map(
      dead,
      (ref) => each(() => Effect.flatMap(SharedBuffer.allocate(256), (buffer) => Effect.exit(ref.ask(Take(buffer)))))
    )
  )
]

export const kinds: ReadonlyArray<Kind> = [...ends, ...messages, ...overflows, ...signals, ...timers, ...rest]

/** Of those that keep what they made: whoever counts has to find them. */
export const leaking: ReadonlyArray<Kind> = [
  kind("actors that stay", Effect.map(spawning, (spawn) => each(() => Effect.sync(spawn)))),
  kind(
    "watches that stay",
    Effect.gen(function*() {
      const ref = yield* probe
      const scope = yield* Scope.make()
      yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
      return each(() => Scope.provide(Monitor.make(ref), scope))
    })
  ),
  kind(
    "objects that stay",
    Effect.sync(() => {
      const kept: Array<unknown> = []
      return each((n) => Effect.sync(() => kept.push({ n, text: `${n}`.repeat(8) })))
    })
  )
]
