/**
 * Events of a tree that is kept here, told to the supervisor above it in another isolate: whoever listens there hears
 * of the whole tree.
 *
 * They are gathered while the isolate is at something and cross together, before the word of the tree's end. What finds
 * no room is lost, and counted as that of a slow reader.
 */
import { ActorRef, ActorSystem, type Self } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SupervisorEvent } from "../SupervisorEvent.ts"
import { eventsOf } from "./events.ts"
import type { KeeperArgs } from "./keeperProtocol.ts"
import { SupervisorNode } from "./node.ts"
import { nodeOf } from "./registry.ts"
import { SupervisorProtocol, type Told } from "./supervisorProtocol.ts"

const { Heard } = SupervisorProtocol.messages

/** In one message. */
const most = 256

export class Relay {
  private waiting: Array<Told> = []
  readonly close: () => void

  private constructor(close: (relay: Relay) => void) {
    this.close = () => close(this)
  }

  static make(self: Self.Any, { above, path }: KeeperArgs): Effect.Effect<Relay, never, ActorSystem> {
    return Effect.contextWith((context: Context.Context<ActorSystem>) =>
      Effect.map(ActorRef.fromPid(SupervisorProtocol, above), (ref) => {
        // It stands in this isolate, and whoever listens here has heard.
        if (nodeOf(ref) instanceof SupervisorNode) return new Relay(() => {})
        const events = eventsOf(Context.get(context, ActorSystem))
        const place = path.join("/")
        const send = (relay: Relay): void => {
          for (let at = 0; at < relay.waiting.length; at += most) {
            const told = relay.waiting.slice(at, at + most)
            if (self.send(ref, Heard({ events: told })) !== "Accepted") events.lost(context, told.length)
          }
          relay.waiting = []
        }
        const tap = ({ _tag: tag, child, pid, reason, supervisor }: SupervisorEvent, origin: string): void => {
          if (supervisor !== place && !supervisor.startsWith(`${place}/`)) return
          relay.waiting.push({ tag, supervisor, child, pid: pid ?? null, reason: reason ?? null, origin })
          if (relay.waiting.length === 1) queueMicrotask(() => send(relay))
        }
        events.taps.add(tap)
        const relay = new Relay((relay) => {
          events.taps.delete(tap)
          send(relay)
        })
        return relay
      })
    )
  }
}
