/**
 * Upgrades: how a state of one version becomes one of the next, on a copy, with nothing changed when it fails.
 */
import type * as Context from "effect/Context"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { MigrationFailed, StateInvalid, StateNotCopyable, SwapError, WrongVersion } from "../SwapError.ts"
import { type BehaviorImpl, boundFor } from "./behaviorImpl.ts"
import type { Bound, Program } from "./bound.ts"
import type { Cell } from "./cell.ts"
import { copyPlain, NotCopyable } from "./copy.ts"
import type { Host } from "./host.ts"
import type { UpgradeKey } from "./isolate/registry.ts"

export interface UpgradeOptions {
  readonly migrate?: ((state: unknown) => unknown) | undefined
  readonly copy?: "share" | ((state: unknown) => unknown) | undefined
  readonly back?: ((state: unknown) => unknown) | undefined
}

/** From one behaviour to the next. */
interface Step {
  readonly from: BehaviorImpl
  readonly to: BehaviorImpl
  readonly options: UpgradeOptions
}

/** What `HotSwap.upgrade` makes: a chain of steps. */
export class UpgradeImpl {
  readonly steps: readonly [Step, ...ReadonlyArray<Step>]
  // One for all: every version that is kept holds it.
  /** The state before from the state after; undefined: some step does not know the way. */
  readonly back: ((state: unknown) => unknown) | undefined
  /** A migration of it was an Effect: its actors have to be held still for it, and are so from the start. */
  takesTime = false
  /** Where other isolates find it. */
  key: UpgradeKey | undefined = undefined

  constructor(steps: readonly [Step, ...ReadonlyArray<Step>]) {
    this.steps = steps
    const backs = steps.map((step) => step.options.back)
    this.back = backs.includes(undefined)
      ? undefined
      : (state) => backs.reduceRight<unknown>((at, back) => back!(at), state)
  }

  get from(): string {
    return this.first.program.version
  }

  get to(): string {
    return this.last.program.version
  }

  get first(): BehaviorImpl {
    return this.steps[0].from
  }

  get last(): BehaviorImpl {
    return this.steps[this.steps.length - 1]!.to
  }

  bound(cell: Cell, context: Context.Context<never>): Bound {
    return boundFor(this.last, cell.host, context)
  }

  /** What the new behaviour needs is there: a Layer of its own may take its time. */
  ready(host: Host): Effect.Effect<void, SwapError> {
    const { ready } = this.last
    if (ready === undefined) return Exit.void
    return Effect.catchCause(Effect.asVoid(ready(host)), (cause) => Effect.fail(failed(Cause.squash(cause))))
  }

  runs(cell: Cell): boolean {
    return baseOf(cell.bound.program) === this.first.program
  }
}

/** Of a program that was wrapped for a while: what it wraps. */
export const baseOf = (program: Program): Program => program.base ?? program

export const swapError = (reason: SwapError["reason"]): SwapError => new SwapError({ reason })

export const wrongVersion = (upgrade: UpgradeImpl, cell: Cell): SwapError =>
  swapError(
    new WrongVersion({
      expected: `${upgrade.first.program.protocol} ${upgrade.from}`,
      running: `${cell.bound.program.protocol} ${cell.bound.program.version}`
    })
  )

const failed = (cause: unknown): SwapError => swapError(new MigrationFailed({ cause }))

const copiers = new WeakMap<object, (state: unknown) => unknown>()

/**
 * There and back through JSON: that is what the behaviour says its state is. What is no plain data on that side either
 * (`Schema.Any`) would be shared, and is not copied by that.
 */
const copyThrough = (schema: Schema.Codec<unknown, unknown>): (state: unknown) => unknown => {
  let copier = copiers.get(schema)
  if (copier === undefined) {
    const codec = Schema.toCodecJson(schema)
    const encode = Schema.encodeUnknownSync(codec), decode = Schema.decodeUnknownSync(codec)
    copiers.set(schema, copier = (state) => decode(copyPlain(encode(state))))
  }
  return copier
}

/** The copy that a migration gets. Throws a `SwapError`. */
const copyOf = (state: unknown, { from, options }: Step): unknown => {
  const { copy } = options
  if (copy === "share") return state
  if (copy !== undefined) {
    try {
      return copy(state)
    } catch (error) {
      throw failed(error)
    }
  }
  try {
    return copyPlain(state)
  } catch (error) {
    if (!(error instanceof NotCopyable)) throw failed(error)
    const schema = from.program.options.state as Schema.Codec<unknown, unknown> | undefined
    if (schema !== undefined) {
      try {
        return copyThrough(schema)(state)
      } catch {
        // Told below, with its place.
      }
    }
    throw swapError(new StateNotCopyable({ path: error.path }))
  }
}

const checks = new WeakMap<object, (state: unknown) => unknown>()

/** What is wrong with a state, by the schema of its behaviour. */
export const issueOf = (state: unknown, { options }: Program): Error | undefined => {
  const schema = options.state as Schema.Codec<unknown, unknown> | undefined
  if (schema === undefined) return undefined
  let decode = checks.get(schema)
  if (decode === undefined) checks.set(schema, decode = Schema.decodeUnknownSync(Schema.toType(schema)))
  try {
    decode(state)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Against the new behaviour's own schema. Throws a `SwapError`. */
const check = (state: unknown, { to }: Step): unknown => {
  const issue = issueOf(state, to.program)
  if (issue !== undefined) throw swapError(new StateInvalid({ issue: issue.message }))
  return state
}

const effectOf = (value: unknown): Effect.Effect<unknown, unknown> | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>
  if (!(value instanceof Promise)) return undefined
  // A migration that is given up is waited for by nobody: its rejection must not end the process.
  value.catch(() => {})
  return Effect.promise(() => value)
}

/**
 * The new state, or an Effect of it where a migration is one. Throws a `SwapError` for what fails at once; the Effect
 * fails with one.
 */
export const migrate = (
  upgrade: UpgradeImpl,
  state: unknown
): { readonly state: unknown } | Effect.Effect<unknown, SwapError> => {
  let at = copyOf(state, upgrade.steps[0])
  for (let index = 0; index < upgrade.steps.length; index++) {
    const step = upgrade.steps[index]!
    const { migrate } = step.options
    if (migrate === undefined) {
      check(at, step)
      continue
    }
    let result: unknown
    try {
      result = migrate(at)
    } catch (error) {
      throw failed(error)
    }
    const effect = effectOf(result)
    if (effect !== undefined) return finishLater(upgrade, index, effect)
    at = check(result, step)
  }
  return { state: at }
}

const finishLater = (
  upgrade: UpgradeImpl,
  index: number,
  effect: Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, SwapError> =>
  Effect.matchCauseEffect(effect, {
    // One that interrupts itself has failed too; of one that was given up nobody hears.
    onFailure: (cause) => Effect.fail(failed(Cause.squash(cause))),
    onSuccess: (state) => {
      const rest = upgrade.steps.slice(index + 1)
      try {
        check(state, upgrade.steps[index]!)
        if (rest.length === 0) return Exit.succeed(state)
        const [first, ...others] = rest
        // It is a copy already.
        const chain = new UpgradeImpl([{ ...first!, options: { ...first!.options, copy: "share" } }, ...others])
        const result = migrate(chain, state)
        return Effect.isEffect(result) ? result : Exit.succeed(result.state)
      } catch (error) {
        return error instanceof SwapError ? Exit.fail(error) : Exit.die(error)
      }
    }
  })
