/**
 * The scripted actor of the inspector rows: it sends what its messages say, in every way in which an actor can.
 *
 * A `World` is one row's. What the messages mean: `conformance/inspector/README.md`.
 */
import { Actor, type ActorSystem, HotSwap, type NamedRef, type Pid, type Self } from "@myrmidonjs/actor"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Rpc } from "effect/rpc"

export const Probe = Actor.make("Probe", [
  Rpc.make("Say", { payload: Schema.String, success: Schema.String, error: Schema.String }),
  Rpc.make("Watch", { payload: Schema.Int, success: Schema.Int, stream: true })
])
export const { Say, Watch } = Probe.messages
export type ProbeRef = Actor.Ref<typeof Probe>
type ProbeRpcs = (typeof Say | typeof Watch)["rpc"]
type ProbeSelf = Self<ProbeRpcs, State>

export interface SpawnRow {
  readonly trap?: boolean
  readonly bye?: string
  readonly capacity?: number
}

interface Args {
  readonly id: string
}

export interface State extends Args {
  /** Notes that it has got. */
  readonly n: number
}

const note = (text: string) => Say(`note ${text}`)

export class World {
  private readonly refs = new Map<string, ProbeRef>()
  private readonly ids = new Map<Pid, string>()
  /** By actor, oldest first. */
  private readonly waiting = new Map<string, Array<() => void>>()
  private readonly open = new Map<string, Array<() => void>>()
  /** A name that nobody has. */
  private readonly nobody: NamedRef<ProbeRpcs>
  /** What a row's actors run at first. */
  readonly first = this.behavior("1", {})
  private readonly second = this.behavior("2", {})

  constructor(nobody: NamedRef<ProbeRpcs>) {
    this.nobody = nobody
  }

  ref(id: string): ProbeRef {
    const ref = this.refs.get(id)
    if (ref === undefined) throw new Error(`the row has no actor ${id}`)
    return ref
  }

  idOf(pid: Pid): string {
    return this.ids.get(pid) ?? "?"
  }

  spawn(id: string, row: SpawnRow = {}): Effect.Effect<void, unknown, ActorSystem> {
    const behavior = row.trap === true || row.bye !== undefined ? this.behavior("1", row) : this.first
    return Effect.map(behavior.spawnDetached({ id }, { mailbox: { capacity: row.capacity } }), (ref) => {
      this.refs.set(id, ref)
      this.ids.set(ref.pid, id)
    })
  }

  swap(id: string): Effect.Effect<unknown, unknown, ActorSystem> {
    return HotSwap.swap(this.ref(id), HotSwap.upgrade(this.first, this.second))
  }

  release(id: string): void {
    this.shift(this.waiting, id)
  }

  answer(id: string): void {
    this.shift(this.open, id)
  }

  private shift(all: Map<string, Array<() => void>>, id: string): void {
    const one = all.get(id)?.shift()
    if (one === undefined) throw new Error(`nothing of ${id} waits`)
    one()
  }

  private behavior(version: string, { bye, trap = false }: SpawnRow) {
    return Probe.behavior({
      version,
      state: Schema.Struct({ id: Schema.String, n: Schema.Int }),
      init: ({ id }: Args): State => ({ id, n: 0 }),
      handlers: {
        Say: ({ id }, text, self) => this.say(id, text, self),
        Watch: (_, n) => Stream.range(1, n).pipe(Stream.rechunk(1))
      },
      signals: {
        down: (_, __, self) => void self.tell(note("down")),
        ...trap ? { exit: (_: State, __: unknown, self: ProbeSelf) => void self.tell(note("exit")) } : {}
      },
      ...bye === undefined ? {} : {
        terminate: (_: State, __: unknown, self: ProbeSelf) => void self.send(this.ref(bye), note("bye"))
      }
    })
  }

  private say(id: string, text: string, self: ProbeSelf) {
    const [verb, first = "", second = ""] = text.split(" ")
    const told = Effect.succeed(text)
    switch (verb) {
      case "note":
        return self.setState({ id, n: self.state.n + 1 }), text
      case "send":
        return self.send(this.ref(first), note(second)), text
      case "self":
        return self.tell(note(first)), text
      case "next":
        return self.next(note(first)), text
      case "anon":
        return this.ref(first).tellUnsafe(note(second)), text
      case "named":
        return self.send(this.nobody, note(first)), text
      case "flood":
        for (let n = 1; n <= Number(second); n++) self.send(this.ref(first), note(String(n)))
        return text
      case "sendBoom":
        self.send(this.ref(first), note(second))
        throw new Error("boom")
      case "after":
        return self.after(Number(first), note(second)), text
      case "tell":
        return Effect.andThen(Effect.orDie(this.ref(first).tell(note(second))), told)
      case "ask":
        return Effect.andThen(Effect.orDie(this.ref(first).ask(note(second))), told)
      case "read":
        return Effect.andThen(Effect.orDie(Stream.runDrain(this.ref(first).stream(Watch(Number(second))))), told)
      case "wait":
        return Effect.callback<void>((resume) => this.push(this.waiting, id, () => resume(Exit.void))).pipe(
          Effect.andThen(Effect.suspend(() => Effect.orDie(this.ref(first).tell(note(second))))),
          Effect.andThen(told)
        )
      case "forward":
        return self.forward(this.ref(first), note(second))
      case "later": {
        const answer = Deferred.makeUnsafe<string, string>()
        this.push(this.open, id, () => Deferred.doneUnsafe(answer, Exit.succeed(text)))
        return answer
      }
      case "refuse":
        return Exit.fail("no")
      case "boom":
        throw new Error("boom")
      case "stop":
        return self.stop(), text
      case "link":
        return self.link(this.ref(first)), text
      case "monitor":
        return self.monitor(this.ref(first)), text
      default:
        throw new Error(`a row sends the unknown message ${text}`)
    }
  }

  private push(all: Map<string, Array<() => void>>, id: string, one: () => void): void {
    all.set(id, [...all.get(id) ?? [], one])
  }
}
