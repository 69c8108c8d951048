/**
 * What a worker isolate runs: joins the system, starts its agent, and says that it is ready. All else is asked of it by
 * messages.
 *
 * It stays until it is closed or ended: an idle one waits for work. Its thread ends by itself after its close, unless
 * something else in it goes on.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { workerData } from "node:worker_threads"
import type { Pid } from "../../Pid.ts"
import type { ResolvedOptions } from "../options.ts"
import { infosOf } from "../rpc.ts"
import { endAll, hostOf, loadAddonFrom, open } from "../system.ts"
import { Errands, makeAgent } from "./agent.ts"
import { whenQuiet } from "./quiet.ts"
import { Agent, agentName } from "./protocol.ts"
import { relayed, relayTo } from "./relay.ts"
import { messages } from "./asking.ts"
import { Team } from "./team.ts"
import { thread } from "./thread.ts"

export interface WorkerData {
  /** The handle of the system. */
  readonly system: number
  /** By what refs of it are known. */
  readonly boot: string
  /** Which start this is. */
  readonly ticket: number
  /** The agent of the isolate that started it. */
  readonly first: Pid
  readonly options: Omit<ResolvedOptions, "onDeadLetter">
}

thread.isWorker = true

const start = (data: WorkerData) =>
  Effect.gen(function*() {
    const native = yield* loadAddonFrom(data.options.addon)
    const options: ResolvedOptions = { ...data.options, onDeadLetter: undefined }
    const system = yield* open(options, "native", native.makeShard, undefined, data)
    const host = hostOf(system)
    const errands = new Errands(host)
    const close = (within: number) =>
      Effect.andThen(
        endAll(host, within),
        Effect.sync(() => {
          // The answer goes out with what the shard hands over at its end.
          setImmediate(() => {
            void host.shard.close()
            host.closed = true
            host.forget()
          })
        })
      )
    const behavior = makeAgent(host, errands, {
      ready: () => {},
      pong: () => {},
      importing: (isolate, begins) => team.isImporting(isolate, begins),
      quiet: () => whenQuiet(host),
      close
    }, relayed(host))
    const here = host.shard.border!.isolate
    const agent = host.spawnNow(behavior, undefined, { name: agentName(here) })
    const team = new Team(host, agent, errands, () => undefined, () => Effect.void)
    host.isolates = team
    const first = host.typed(data.first, Agent.name, infosOf(Agent.group))
    relayTo(host, first)
    const ready = messages["myrmidon/Ready"]({ isolate: here, ticket: data.ticket })
    first.tellUnsafe(ready)
  })

// Its scope is never closed: `close` does in order what that would do.
const started = await Effect.runPromiseExit(
  Effect.provideService(start(workerData as WorkerData), Scope.Scope, Scope.makeUnsafe())
)
// What the worker's `error` shows, and with it the one who started it.
if (Exit.isFailure(started)) throw new Error(String(started.cause))
