/**
 * The scripted actor that the conformance rows drive: it performs what it is told and logs what it handles.
 *
 * A `World` is one row's: it knows its actors by their names in the row. What is logged is text in the form that
 * `conformance/README.md` gives, so that every driver can compare the same lists.
 */
import {
  Actor,
  type ActorSystem,
  type AskError,
  type Down,
  type ExitReason,
  type ExitSignal,
  Lane,
  type MonitorRef,
  type Pid,
  Reentrant,
  type Self,
  type TimerRef
} from "@myrmidonjs/actor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"

export type Action = readonly [verb: string, ...rest: ReadonlyArray<unknown>]

export interface SpawnStep {
  readonly trap?: boolean
  readonly name?: string
  readonly capacity?: number
  readonly onFull?: "reject" | "drop-newest" | "drop-oldest" | "suspend"
  readonly sendTimeout?: number
  readonly cleanup?: boolean
  readonly budget?: number
  readonly init?: "throw"
  readonly link?: boolean
  readonly monitor?: string
}

class Refused extends Schema.TaggedError<Refused>()("Refused", { text: Schema.String }) {}

export const Script = Actor.make("Script", [
  Rpc.make("Do", { payload: { action: Schema.Unknown } }),
  Rpc.make("Note", { payload: { text: Schema.String } }),
  Rpc.make("Urgent", { payload: { text: Schema.String } }).annotate(Lane, "priority"),
  Rpc.make("Peek", { payload: { text: Schema.String } }).annotate(Reentrant, true),
  Rpc.make("Hasty", { payload: { text: Schema.String } }).annotate(Reentrant, true).annotate(Lane, "priority"),
  Rpc.make("Enter", { payload: { action: Schema.Unknown } }).annotate(Reentrant, true),
  Rpc.make("Ask", {
    payload: {
      mode: Schema.Literals(["echo", "fail", "throw", "never", "wait", "forward"]),
      text: Schema.String,
      first: Schema.optionalKey(Schema.Array(Schema.Unknown))
    },
    success: Schema.String,
    error: Refused
  })
])
export const { Ask, Do, Enter, Hasty, Note, Peek, Urgent } = Script.messages
export type ScriptRef = Actor.Ref<typeof Script>
type ScriptRpcs = typeof Script extends { readonly messages: infer M }
  ? M[keyof M] extends { readonly rpc: infer R } ? R extends Rpc.Any ? R : never : never
  : never
type ScriptSelf = Self<ScriptRpcs, State>

/** What a step of an ask may say. `first`: what its handler does before it answers. */
export interface AskStep {
  readonly timeout?: number
  readonly first?: ReadonlyArray<Action>
}

export const questionOf = (mode: string, text: string, first: ReadonlyArray<Action> | undefined) =>
  Ask({ mode: mode as "echo", text, ...first === undefined ? {} : { first } })

interface State {
  readonly id: string
  readonly timers: Map<string, TimerRef>
  readonly monitors: Map<string, MonitorRef>
}

interface Args {
  readonly id: string
  readonly init: "throw" | undefined
}

export const reasonText = (reason: ExitReason): string => {
  switch (reason._tag) {
    case "Shutdown":
      return reason.detail === undefined ? "Shutdown" : `Shutdown(${reason.detail})`
    case "Crashed":
      return `Crashed(${reason.error.message})`
    case "NoProc":
      return `NoProc(${reason.everExisted})`
    default:
      return reason._tag
  }
}

export const parseReason = (text: string): ExitReason => {
  const detail = /^Shutdown\((.*)\)$/.exec(text)?.[1]
  if (detail !== undefined) return { _tag: "Shutdown", detail }
  if (text === "Shutdown" || text === "Normal" || text === "Killed") return { _tag: text }
  throw new Error(`a row cannot make the reason ${text}`)
}

export const askResult = (exit: Exit.Exit<string, Refused | AskError>): string =>
  Exit.match(exit, {
    onSuccess: (text) => `ok ${text}`,
    onFailure: (cause) => {
      const failed = cause.reasons.find((reason) => reason._tag === "Fail")
      if (failed === undefined) return "interrupted"
      const { error } = failed
      if (error._tag === "Refused") return `error ${error.text}`
      return error.reason._tag === "ActorExited" ? `ActorExited(${reasonText(error.reason.reason)})` : error.reason._tag
    }
  })

export class World {
  readonly refs = new Map<string, ScriptRef>()
  readonly ids = new Map<Pid, string>()
  readonly logs = new Map<string, Array<string>>()
  /** By actor: how its waiting handlers are released, oldest first. */
  readonly waiting = new Map<string, Array<() => void>>()
  /** By actor: its open answers, oldest first. */
  readonly open = new Map<string, Array<(text: string) => void>>()

  readonly plain = this.behavior({})
  readonly trapping = this.behavior({ trap: true })
  readonly cleaning = this.behavior({ cleanup: true })
  readonly both = this.behavior({ trap: true, cleanup: true })

  behaviorOf(step: SpawnStep) {
    if (step.trap) return step.cleanup ? this.both : this.trapping
    return step.cleanup ? this.cleaning : this.plain
  }

  /** As `by` sees it, or whoever is no actor. */
  ref(id: string, by?: ScriptRef): ScriptRef {
    const ref = this.refs.get(id)
    if (ref === undefined) throw new Error(`the row has no actor ${id}`)
    return this.seen(ref, by)
  }

  /** Where a row has its actors in several isolates, each sees the others otherwise. */
  protected seen(ref: ScriptRef, _by: ScriptRef | undefined): ScriptRef {
    return ref
  }

  /** Where an actor of the row is spawned. */
  place<A, E>(_id: string, spawn: Effect.Effect<A, E, ActorSystem>): Effect.Effect<A, E, ActorSystem> {
    return spawn
  }

  idOf(pid: Pid): string {
    return this.ids.get(pid) ?? "outside"
  }

  log(id: string, entry: string): void {
    const log = this.logs.get(id)
    if (log === undefined) this.logs.set(id, [entry])
    else log.push(entry)
  }

  know(id: string, ref: ScriptRef): void {
    this.refs.set(id, ref)
    this.ids.set(ref.pid, id)
  }

  private behavior(options: { readonly trap?: boolean; readonly cleanup?: boolean }) {
    const signals = {
      ...(options.trap
        ? {
          exit: (state: State, signal: ExitSignal) =>
            this.log(state.id, `exit ${this.idOf(signal.from)} ${reasonText(signal.reason)}`)
        }
        : {}),
      down: (state: State, down: Down) => {
        const named = [...state.monitors].find(([, ref]) => ref === down.monitor)?.[0]
        this.log(state.id, `down ${named ?? this.spawnMonitors.get(down.from) ?? "?"} ${reasonText(down.reason)}`)
      }
    }
    return Script.behavior({
      init: ({ id, init }: Args): State => {
        if (init === "throw") throw new Error("init")
        return { id, timers: new Map(), monitors: new Map() }
      },
      handlers: {
        Do: (state, { action }, self) => this.perform(state, action as Action, self),
        Note: (state, { text }) => this.log(state.id, `note ${text}`),
        Urgent: (state, { text }) => this.log(state.id, `urgent ${text}`),
        Peek: (state, { text }) => this.log(state.id, `peek ${text}`),
        Hasty: (state, { text }) => this.log(state.id, `hasty ${text}`),
        Enter: (state, { action }, self) => this.perform(state, action as Action, self),
        Ask: (state, { first, mode, text }, self) => {
          this.log(state.id, `ask ${text}`)
          const before = () => {
            for (const [verb, ...rest] of (first ?? []) as ReadonlyArray<Action>) {
              this.performNow(state, verb, rest, self)
            }
          }
          if (mode === "echo" || mode === "fail" || mode === "throw") before()
          switch (mode) {
            case "echo":
              return text
            case "fail":
              return Exit.fail(new Refused({ text }))
            case "throw":
              throw new Error(text)
            case "wait":
              return Effect.map(this.wait(state.id), () => (before(), text))
            case "forward": {
              const [to, rest] = text.split(" ")
              return self.forward(
                this.ref(to!, self.ref),
                Ask({ mode: "echo", text: rest!, ...first === undefined ? {} : { first } })
              )
            }
            case "never": {
              const answer = Deferred.makeUnsafe<string, Refused>()
              this.open.set(state.id, [...this.open.get(state.id) ?? [], (text) => {
                before()
                Deferred.doneUnsafe(answer, Exit.succeed(text))
              }])
              return answer
            }
          }
        }
      },
      signals,
      ...(options.cleanup
        ? { terminate: (state: State, reason: ExitReason) => this.log(state.id, `terminate ${reasonText(reason)}`) }
        : {})
    })
  }

  /** Of spawns with a monitor: the row's name for it, by the PID that is watched. */
  private readonly spawnMonitors = new Map<Pid, string>()

  private wait(id: string): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      this.waiting.set(id, [...this.waiting.get(id) ?? [], () => resume(Effect.void)])
    })
  }

  private perform(state: State, action: Action, self: ScriptSelf): Effect.Effect<void> {
    const [verb, ...rest] = action
    const [first, second, third, fourth] = rest as ReadonlyArray<string>
    switch (verb) {
      case "trap":
        return Effect.sync(() => self.become(first ? this.trapping : this.plain))
      case "all":
        return Effect.forEach(rest[0] as ReadonlyArray<Action>, (each) => this.perform(state, each, self), {
          discard: true
        })
      case "wait":
        return this.wait(state.id)
      case "throw":
        return Effect.die(new Error(first!))
      case "kill":
        return Actor.kill(this.ref(first!, self.ref))
      case "exit":
        return Actor.exit(this.ref(first!, self.ref), parseReason(second!))
      case "ask": {
        const { first: before, ...options } = (rest[4] ?? {}) as AskStep
        return this.ref(second!, self.ref).ask(questionOf(third!, fourth!, before), options).pipe(
          Effect.exit,
          Effect.map((exit) => this.log(state.id, `answer ${first} ${askResult(exit)}`))
        )
      }
      default:
        return Effect.sync(() => this.performNow(state, verb, rest, self))
    }
  }

  private performNow(state: State, verb: string, rest: ReadonlyArray<unknown>, self: ScriptSelf): void {
    const [first, second, third] = rest as ReadonlyArray<string>
    const outcome = (name: string, result: string) => {
      if (result !== "Accepted") this.log(state.id, `${name} ${result}`)
    }
    switch (verb) {
      case "send":
        return outcome("send", self.send(this.ref(first!, self.ref), Note({ text: second! })))
      case "urgent":
        return outcome("urgent", self.send(this.ref(first!, self.ref), Urgent({ text: second! })))
      case "peek":
        return outcome("peek", self.send(this.ref(first!, self.ref), Peek({ text: second! })))
      case "hasty":
        return outcome("hasty", self.send(this.ref(first!, self.ref), Hasty({ text: second! })))
      case "enter":
        return outcome("enter", self.send(this.ref(first!, self.ref), Enter({ action: rest[1] })))
      case "answer":
        return this.open.get(state.id)?.shift()?.(first!)
      case "next":
        return self.next(Note({ text: first! }))
      case "link":
        return self.link(this.ref(first!, self.ref))
      case "unlink":
        return self.unlink(this.ref(first!, self.ref))
      case "monitor":
        return void state.monitors.set(first!, self.monitor(this.ref(second!, self.ref)))
      case "demonitor":
        if (!state.monitors.has(first!)) return
        return this.log(state.id, `demonitor ${first} ${self.demonitor(state.monitors.get(first!)!)}`)
      case "stop":
        return self.stop(parseReason(first!))
      case "spawn": {
        const step = rest[1] as SpawnStep
        const child = self.spawnUnsafe(this.behaviorOf(step), { id: first!, init: step.init }, {
          ...spawnOptions(step),
          link: step.link ?? false,
          monitor: step.monitor !== undefined
        })
        if (step.monitor !== undefined) this.spawnMonitors.set(child.pid, step.monitor)
        return this.know(first!, child)
      }
      case "after":
        return void state.timers.set(first!, self.after(Number(second), Note({ text: third! })))
      case "every":
        return void state.timers.set(first!, self.every(Number(second), Note({ text: third! })))
      case "cancel": {
        if (!state.timers.has(first!)) return
        const left = self.cancel(state.timers.get(first!)!)
        return this.log(state.id, `cancel ${first} ${left === undefined ? "none" : Math.round(left)}`)
      }
      default:
        throw new Error(`a row asks for the unknown action ${verb}`)
    }
  }
}

export const spawnOptions = (step: SpawnStep) => ({
  name: step.name,
  budget: step.budget,
  mailbox: { capacity: step.capacity, onFull: step.onFull, sendTimeout: step.sendTimeout }
})
