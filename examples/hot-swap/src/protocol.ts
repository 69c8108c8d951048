/** What stays the same: the protocol is no part of the file that changes. */
import { Actor } from "@myrmidonjs/actor"
import { Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
