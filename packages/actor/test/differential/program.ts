/**
 * Random programs in the step language of `conformance/README.md`, each made from one seed.
 *
 * A program spawns a handful of scripted actors and then lets them, and the world outside, do everything that the
 * language has. Its steps hold no expectations: two systems are compared, not one with a prediction.
 */
import type { Action } from "../conformance/script.ts"

/** splitmix64, so that neighbouring seeds have nothing in common. */
class Dice {
  private state: bigint

  constructor(seed: bigint) {
    this.state = seed
  }

  below(bound: number): number {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn
    let z = this.state
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn
    return Number((z ^ (z >> 31n)) % BigInt(bound))
  }

  one<A>(of: ReadonlyArray<A>): A {
    return of[this.below(of.length)]!
  }

  may(percent: number): boolean {
    return this.below(100) < percent
  }

  /** By weight. */
  pick<A>(of: ReadonlyArray<readonly [weight: number, make: () => A]>): A {
    let at = this.below(of.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, make] of of) {
      if (at < weight) return make()
      at -= weight
    }
    throw new Error("weights do not add up")
  }
}

const ids = ["a", "b", "c", "d", "e"] as const
const names = ["n1", "n2"] as const
const marks = ["1", "2", "3"] as const

export interface Kind {
  /**
   * Groups of steps that happen before anything runs, handlers that both send and end actors or that wait while messages
   * queue up, senders that are held from their next slice on. What comes of that depends on the order of the actors and the length of slices: only lockstep
   * makes it the same on two systems.
   */
  readonly races: boolean
}

export const programOf = (seed: bigint, { races }: Kind): ReadonlyArray<Action> => {
  const dice = new Dice(seed)
  let texts = 0
  let questions = 0
  const id = () => dice.one(ids)
  const mark = () => dice.one(marks)
  const text = () => `${++texts}`
  const reason = () => dice.one(["Normal", "Shutdown", "Shutdown(x)", "Killed"])

  const options = (mayName: boolean) => ({
    ...dice.may(40) ? { trap: true } : {},
    ...dice.may(25) ? { cleanup: true } : {},
    ...dice.may(20) ? { budget: dice.one([1, 3]) } : {},
    ...mayName && dice.may(25) ? { name: dice.one(names) } : {},
    ...dice.may(40)
      ? {
        capacity: 1 + dice.below(4),
        onFull: dice.one(["reject", "drop-newest", "drop-oldest", races ? "suspend" : "reject"]),
        sendTimeout: 40
      }
      : {}
  })

  const action = (depth: number): Action =>
    dice.pick<Action>([
      [14, () => ["send", id(), text()]],
      [4, () => ["urgent", id(), text()]],
      [3, () => ["next", text()]],
      [6, () => ["link", id()]],
      [3, () => ["unlink", id()]],
      [5, () => ["monitor", mark(), id()]],
      [3, () => ["demonitor", mark()]],
      [1, () => ["stop", dice.one(["Normal", "Shutdown(x)"])]],
      [1, () => ["throw", text()]],
      [races ? 3 : 0, () => ["wait"]],
      [races ? 5 : 0, () => [dice.one(["peek", "hasty"]), id(), text()]],
      [1, () => ["spawn", id(), { link: dice.may(50), trap: dice.may(40), cleanup: dice.may(25) }]],
      [3, () => ["after", mark(), dice.below(60), text()]],
      [2, () => ["every", mark(), 1 + dice.below(40), text()]],
      [3, () => ["cancel", mark()]],
      [
        4,
        () => ["ask", `p${++questions}`, id(), races ? mode() : dice.one(["echo", "fail", "throw"]), text(), {
          timeout: 1 + dice.below(100),
          ...races ? { first: Array.from({ length: dice.below(4) }, before) } : {}
        }]
      ],
      [1, () => ["kill", id()]],
      [2, () => ["exit", id(), reason()]],
      [1, () => ["trap", dice.may(50)]],
      [depth > 0 ? 8 : 0, () => ["all", Array.from({ length: 2 + dice.below(4) }, () => action(depth - 1))]]
    ])

  /** What a handler sends before it answers. */
  const before = (): Action => [dice.one(["peek", "peek", "hasty", "send"]), id(), text()]

  const sent = (): Action => [dice.one(["send", "send", "urgent"]), id(), text()]

  const mode = () => dice.one(["echo", "echo", "fail", "throw", "never", races ? "wait" : "echo"])

  const step = (): Action =>
    dice.pick<Action>([
      [12, () => ["tell", id(), text()]],
      [4, () => ["urgent", id(), text()]],
      [races ? 3 : 0, () => ["peek", id(), text()]],
      [30, () => ["do", id(), action(races ? 2 : 0)]],
      [races ? 0 : 10, () => ["do", id(), ["all", Array.from({ length: 2 + dice.below(4) }, sent)]]],
      [6, () => ["ask", `q${++questions}`, id(), mode(), text(), { timeout: 1 + dice.below(100) }]],
      [8, () => ["release", id()]],
      [3, () => ["answer", id(), text()]],
      [2, () => ["kill", id()]],
      [3, () => ["exit", id(), reason()]],
      [1, () => ["stop", id()]],
      [3, () => ["watch", `w${++questions}`, id()]],
      [1, () => ["unwatch", `w${dice.below(questions + 1)}`]],
      [5, () => ["trySpawn", id(), options(true)]]
    ])

  const steps: Array<Action> = ids.map((id): Action => ["trySpawn", id, options(false)])
  const length = 10 + dice.below(30)
  for (let i = 0; i < length; i++) {
    if (dice.may(15)) steps.push(["advance", dice.below(80)])
    else if (races && dice.may(50)) steps.push(["batch", Array.from({ length: 2 + dice.below(6) }, step)])
    else steps.push(step())
  }
  return steps
}

/** Each once with one step fewer, at the top level and inside of batches, longest cuts first. */
function* cuts(steps: ReadonlyArray<Action>): Generator<ReadonlyArray<Action>> {
  for (let size = Math.floor(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = ids.length; at + size <= steps.length; at += size) {
      yield [...steps.slice(0, at), ...steps.slice(at + size)]
    }
  }
  for (const [at, [verb, inner]] of steps.entries()) {
    if (verb !== "batch") continue
    const batch = inner as ReadonlyArray<Action>
    for (let i = 0; i < batch.length; i++) {
      yield [...steps.slice(0, at), ["batch", batch.toSpliced(i, 1)], ...steps.slice(at + 1)]
    }
  }
}

/** The shortest program found, of at most `tries`, that still fails. */
export const shrink = async (
  steps: ReadonlyArray<Action>,
  fails: (steps: ReadonlyArray<Action>) => Promise<boolean>,
  tries = 300
): Promise<ReadonlyArray<Action>> => {
  let best = steps
  for (let found = true; found;) {
    found = false
    for (const shorter of cuts(best)) {
      if (--tries < 0) return best
      if (await fails(shorter)) {
        best = shorter
        found = true
        break
      }
    }
  }
  return best
}
