// The systems that every test of this folder runs over, and the children that several of them use.
import { Actor, ActorSystem, ExitReason } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

export type AnyLayer = Layer.Layer<ActorSystem, unknown>

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

/** Name and Layer of the twin, and of the native system where its binary is. */
export const systems: ReadonlyArray<readonly [name: string, system: AnyLayer]> = [
  ["twin", ActorSystem.layerMemory()],
  ...nativeLoads ? [["native", ActorSystem.layer()] as const] : []
]

/** Under virtual time and a seeded order. */
export const testSystems: ReadonlyArray<readonly [name: string, system: AnyLayer]> = [
  ["twin", ActorSystem.layerTest({ seed: 1n })],
  ...nativeLoads ? [["native", ActorSystem.layerTest({ seed: 1n, backend: "native" })] as const] : []
]

export const Worker = Actor.make("Worker", [
  Rpc.make("Crash", { payload: Schema.String }),
  Rpc.make("Leave"),
  Rpc.make("Id", { success: Schema.String })
])
export const { Crash, Id, Leave } = Worker.messages

/** What children did, in order: `start a`, `end a shutdown`. */
export class Journal {
  readonly lines: Array<string> = []
  /** What the next starts of a child do, oldest first; then it starts. */
  readonly script = new Map<string, Array<"fail" | "throw" | "ignore" | "hang">>()

  take(): ReadonlyArray<string> {
    return this.lines.splice(0)
  }
}

export class StartRefused extends Schema.TaggedError<StartRefused>()("StartRefused", { id: Schema.String }) {}

/** A child that writes down its life. `trap`: it gets exit signals as messages, and ignores them. */
export const workerOf = (journal: Journal, options: { readonly trap?: boolean; readonly cleanup?: boolean } = {}) => {
  const behavior = {
    init: (id: string): { readonly id: string } | Effect.Effect<{ readonly id: string }, StartRefused> => {
      switch (journal.script.get(id)?.shift()) {
        case "fail":
          journal.lines.push(`fail ${id}`)
          return Effect.fail(new StartRefused({ id }))
        case "throw":
          journal.lines.push(`throw ${id}`)
          throw new Error(`${id} threw`)
        case "ignore":
          journal.lines.push(`ignore ${id}`)
          return Supervisor.ignore
        case "hang":
          journal.lines.push(`hang ${id}`)
          return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void journal.lines.push(`cancel ${id}`)))
        default:
          journal.lines.push(`start ${id}`)
          return { id }
      }
    },
    handlers: {
      Crash: (_: { readonly id: string }, message: string) => {
        throw new Error(message)
      },
      Leave: (_: { readonly id: string }, __: void, self: { readonly stop: () => void }) => self.stop(),
      Id: (state: { readonly id: string }) => state.id
    },
    terminate: ({ id }: { readonly id: string }, reason: ExitReason) => {
      journal.lines.push(`end ${id} ${ExitReason.print(reason)}`)
    }
  }
  return options.trap === true ? Worker.behavior({ ...behavior, signals: { exit: () => {} } }) : Worker.behavior(behavior)
}
