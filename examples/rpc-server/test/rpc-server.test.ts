// One protocol, one client program: a local actor, HTTP and a WebSocket give the same answers, errors and streams.
import { ActorSystem } from "@myrmidonjs/actor"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../src/main.ts"

it("serves the same group to a local client, over HTTP and over a WebSocket", async () => {
  const seen = await Effect.runPromise(Effect.provide(program, ActorSystem.layerMemory()))
  const expected = { left: 2, refusal: "sold out, 2 left", countdown: [2, 1, 0] }
  assert.deepStrictEqual(seen, { local: expected, http: expected, webSocket: expected })
})
