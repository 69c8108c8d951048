/**
 * How specs, and what is handed to a tree that runs, are refused.
 */
import { type AnyRef, InvalidOption } from "@myrmidonjs/actor"
import { InvalidSpec } from "../SupervisorError.ts"

/** Throws `InvalidSpec`. */
export const invalid = (id: string, field: string, issue: string): never => {
  throw new InvalidSpec({ id, field, issue })
}

/** Throws `InvalidOption`. */
export const invalidArgument = (option: string, issue: string): never => {
  throw new InvalidOption({ option, issue })
}

/** An id that is none in words; what prints itself is not asked to. */
export const printId = (id: unknown): string =>
  typeof id === "string" ? id : typeof id === "object" && id !== null ? "an object" : String(id)

/** Of a child that is asked about. Throws `InvalidOption`. */
export const idOf = (id: string): string =>
  typeof id === "string" ? id : invalidArgument("id", `must be a string, is ${printId(id)}`)

/** Throws `InvalidOption`. */
export const refOf = (ref: AnyRef): AnyRef =>
  typeof ref === "object" && ref !== null && "~myrmidon/ActorRef" in ref
    ? ref
    : invalidArgument("ref", `must be an ActorRef, is ${printId(ref)}`)
