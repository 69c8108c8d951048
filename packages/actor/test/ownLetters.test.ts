// The runtime's own words between isolates are none of the program's dead letters.
import { describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { Rpc } from "effect/rpc"
import { assert } from "vitest"
import { backends, Under } from "./conformance/under.ts"

// The agents of isolates have such tags.
const Idle = Actor.make("Idle", [Rpc.make("Nap"), Rpc.make("myrmidon/Ping")])
const IdleLive = Idle.behavior({
  init: () => null,
  handlers: { Nap: () => undefined, "myrmidon/Ping": () => undefined }
})

describe.each(backends)("dead letters on the %s system", (_, backend) => {
  it.effect("G306: a sign of life that meets nobody is no dead letter, a message of the program is", () => {
    const under = new Under(backend)
    return Effect.gen(function*() {
      const gone = (yield* ActorSystem).spawnUnsafe(IdleLive, undefined)
      yield* Actor.kill(gone)
      yield* under.settle
      // What an isolate says to another one, of which it has not heard yet that it is gone.
      gone.tellUnsafe(Idle.messages["myrmidon/Ping"]())
      gone.tellUnsafe(Idle.messages.Nap())
      yield* under.settle
      assert.deepStrictEqual(under.letters.map(({ message, why }) => [message._tag, why]), [["Nap", "NotAlive"]])
    }).pipe(Effect.provide(under.layer))
  })
})
