/**
 * What all isolates of a system use, as one of them reads it. One that does not answer in time is left out: nobody waits
 * for an isolate that is blocked.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../../Actor.ts"
import type { BehaviorInfo } from "../../ActorSystem.ts"
import type { AskError } from "../../AskError.ts"
import type { Message } from "../../Message.ts"
import { behaviorKey, behaviorSums } from "../behaviorSum.ts"
import type { Cell } from "../cell.ts"
import type { Overview, Totals } from "../isolates.ts"
import type { Rust } from "../native/rust.ts"
import type { Measure } from "../shard.ts"
import { topOf } from "../top.ts"
import { messages } from "./asking.ts"
import { type Info, infoFrom } from "./info.ts"
import type { Team } from "./team.ts"

/** ms that an isolate has for its answer. */
const patience = 1_000

const measured: Readonly<Record<Measure, (info: ActorInfo) => number>> = {
  reductions: ({ reductions }) => reductions,
  time: ({ millis }) => millis,
  mailbox: ({ mailbox }) => mailbox,
  memory: ({ memory }) => memory
}

/** What stays of it when nobody of it lives. */
const past = (row: BehaviorInfo): BehaviorInfo => ({ ...row, actors: 0, mailbox: 0, memory: 0 })

const late = `it did not answer within ${Duration.format(Duration.millis(patience))}`

const leftOut = (isolate: number, why = late): Effect.Effect<void> =>
  Effect.logWarning(`isolate ${isolate} is left out: ${why}`)

export class TeamOverview implements Overview {
  private readonly team: Team
  /** What each isolate said last: what its behaviours had used is not forgotten with it. */
  private readonly said = new Map<number, ReadonlyArray<BehaviorInfo>>()

  constructor(team: Team) {
    this.team = team
  }

  private others(): ReadonlyArray<{ readonly isolate: number; readonly agent: Cell }> {
    return this.team.loads().flatMap(({ isolate }) => {
      const agent = isolate === this.team.here ? undefined : this.team.agentOf(isolate)
      return agent === undefined ? [] : [{ isolate, agent }]
    })
  }

  /** The same of Rust shards, which have no agents. */
  private askRust<A>(
    ask: (rust: Rust, shards: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<A | undefined>, unknown>,
    silent: (isolate: number) => Effect.Effect<void> = leftOut
  ): Effect.Effect<ReadonlyMap<number, A>> {
    return Effect.suspend(() => {
      const loads = this.team.loads().filter(({ isRust }) => isRust)
      const answers = new Map<number, A>()
      if (loads.length === 0) return Effect.succeed(answers)
      const { rust } = this.team.host.shard.border!
      // The pool whose thread waits for them may be busy, too.
      const asked = Effect.timeoutOrElse(ask(rust, loads.map(({ shard }) => shard)), {
        duration: 2 * patience,
        orElse: () => Effect.succeed<ReadonlyArray<A | undefined>>([])
      })
      return Effect.flatMap(Effect.orElseSucceed(asked, () => []), (found) => {
        const missing = loads.filter(({ isolate }, at) => {
          const answer = found[at]
          if (answer !== undefined) answers.set(isolate, answer)
          return answer === undefined
        })
        return Effect.as(Effect.forEach(missing, ({ isolate }) => silent(isolate), { discard: true }), answers)
      })
    })
  }

  private ask<A>(message: Message<string, unknown>): Effect.Effect<ReadonlyMap<number, A>> {
    return Effect.suspend(() => {
      const answers = new Map<number, A>()
      const one = ({ agent, isolate }: { readonly isolate: number; readonly agent: Cell }): Effect.Effect<void> =>
        Effect.matchEffect(agent.ask(message, { timeout: patience }) as Effect.Effect<A, AskError>, {
          onSuccess: (answer) => Effect.sync(() => void answers.set(isolate, answer)),
          // One that has just ended is no news.
          onFailure: ({ reason }) =>
            reason._tag === "ActorExited"
              ? Effect.void
              : leftOut(isolate, reason._tag === "BadMessage" ? reason.issue : undefined)
        })
      const all = Effect.forEach(this.others(), one, { concurrency: "unbounded", discard: true })
      return Effect.as(all, answers)
    })
  }

  get totals(): Effect.Effect<ReadonlyMap<number, Totals>> {
    return this.ask(messages["myrmidon/Totals"]())
  }

  top(n: number, by: Measure): Effect.Effect<ReadonlyArray<ActorInfo>> {
    return Effect.suspend(() => {
      const own = topOf(this.team.host, n, by)
      const asked = this.ask<ReadonlyArray<{ readonly pid: ActorInfo["pid"]; readonly info: typeof Info.Type }>>(
        messages["myrmidon/Top"]({ n, by })
      )
      const measure = measured[by]
      const inRust = this.askRust((rust, shards) => rust.top(shards, n, by, patience))
      return Effect.zipWith(
        asked,
        inRust,
        (answers, rust) =>
          [
            ...own,
            ...[...answers.values()].flat().map(({ info, pid }) => infoFrom(pid, info)),
            ...[...rust.values()].flat()
          ]
            .sort((a, b) => measure(b) - measure(a) || a.pid - b.pid)
            .slice(0, n),
        { concurrent: true }
      )
    })
  }

  private inRust(
    silent: (isolate: number) => Effect.Effect<void>
  ): Effect.Effect<ReadonlyMap<number, ReadonlyArray<BehaviorInfo>>> {
    return this.askRust((rust, shards) => rust.behaviors(shards, patience), silent)
  }

  /** What Rust shards do not tell by themselves, for metrics. */
  get lookAtRust(): Effect.Effect<void> {
    return Effect.map(this.inRust(() => Effect.void), (answers) => {
      for (const [isolate, rows] of answers) this.hear(isolate, rows)
    })
  }

  get behaviors(): Effect.Effect<ReadonlyArray<BehaviorInfo>> {
    const asked = this.ask<ReadonlyArray<BehaviorInfo>>(messages["myrmidon/Behaviors"]())
    return Effect.zipWith(asked, this.inRust(leftOut), (others, rust) => {
      const answers = new Map([...others, ...rust])
      // One that has ended while others were waited for is among `gone` already, with what it had said before.
      for (const [isolate, rows] of answers) {
        if (rust.has(isolate) || this.team.agentOf(isolate) !== undefined) this.hear(isolate, rows)
      }
      const rest = [...this.said].flatMap(([isolate, rows]) => answers.has(isolate) ? rows : rows.map(past))
      return [...behaviorSums([...this.team.host.accounts.read().values(), ...rest]).values()]
    }, { concurrent: true })
  }

  /** An isolate has said what its behaviours use. */
  hear(isolate: number, rows: ReadonlyArray<BehaviorInfo>): void {
    const before = new Map(this.said.get(isolate)?.map((row) => [behaviorKey(row), row]))
    this.said.set(
      isolate,
      rows.map((row) => {
        const known = before.get(behaviorKey(row))
        if (known === undefined) {
          this.team.host.behaviorMetrics?.saw(row)
          return row
        }
        // An answer may have overtaken a report that is older: what was used never shrinks.
        const { millis, reductions } = known
        return { ...row, reductions: Math.max(row.reductions, reductions), millis: Math.max(row.millis, millis) }
      })
    )
  }

  get latest(): ReadonlyArray<BehaviorInfo> {
    return [...this.said.values()].flat()
  }

  /** An isolate has ended: what it said last is one sum with all that have ended before. */
  down(isolate: number): void {
    const rows = this.said.get(isolate)
    if (rows === undefined) return
    this.said.delete(isolate)
    this.said.set(gone, [...behaviorSums([...this.said.get(gone) ?? [], ...rows.map(past)]).values()])
  }
}

/** No isolate has this number. */
const gone = -1
