/** What a greeter understands. Its versions change; this does not, and is loaded once. */
import { Actor } from "@myrmidonjs/actor"
import { Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Greeter = Actor.make("Greeter", [Rpc.make("Greet", { payload: Schema.String, success: Schema.String })])
