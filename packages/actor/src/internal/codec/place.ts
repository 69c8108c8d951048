/**
 * In whose name a payload is encoded or decoded just now: refs are numbers on the wire, and only a system knows whom
 * they name.
 *
 * Owner: `wire.ts` sets it around a call of the codec. Outside of one there is nobody, and a ref has no form.
 */
import type { Host } from "../host.ts"

let here: Host | undefined

/** The system whose payload is in hand. */
export const hostHere = (): Host | undefined => here

/** Runs `body` in the name of `host`. */
export const within = <A>(host: Host, body: () => A): A => {
  const outer = here
  here = host
  try {
    return body()
  } finally {
    here = outer
  }
}
