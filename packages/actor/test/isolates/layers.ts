/** Behaviours whose Layers are not built. */
import { Actor } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"

export class NoLicence extends Schema.TaggedError<NoLicence>()("NoLicence", { tries: Schema.Int }) {}

const Licensed = Actor.make("Licensed", [])
const behavior = Licensed.behavior({ init: () => 0, handlers: {} })
let tries = 0
const refusing = Layer.effectDiscard(Effect.suspend(() => Effect.fail(new NoLicence({ tries: ++tries }))))

export const WithSchema = Actor.module(import.meta.url, behavior, refusing, { error: NoLicence })
export const WithoutSchema = Actor.module(import.meta.url, behavior, refusing)
export const Dying = Actor.module(import.meta.url, behavior, Layer.effectDiscard(Effect.die(new Error("no licence"))))
