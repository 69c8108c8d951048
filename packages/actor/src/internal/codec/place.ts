/**
 * In whose name a payload is encoded or decoded just now: refs are numbers on the wire, and only a system knows whom
 * they name; buffers travel beside the bytes.
 *
 * Owner: `wire.ts` sets it around a call of the codec. Outside of one there is nobody, and a ref has no form.
 */
import type { BufferHandle } from "../buffer/handle.ts"
import type { Host } from "../host.ts"

/** The buffers of a message, in the order of their numbers on the wire. */
export type Parcel = Array<BufferHandle>

let here: Host | undefined
let parcel: Parcel | undefined
let references: Array<unknown> | undefined

/** The system whose payload is in hand. */
export const hostHere = (): Host | undefined => here

/** Where its buffers go, or come from. `undefined`: no memory is shared across that border. */
export const parcelHere = (): Parcel | undefined => parcel

/** Where values of `Schema.Any` stay what they are: there and back within one call. `undefined`: across a border. */
export const referencesHere = (): Array<unknown> | undefined => references

/** From now on they are `beside`; what they were before is to be set again. */
export const besideIs = (beside: Parcel | undefined): Parcel | undefined => {
  const outer = parcel
  parcel = beside
  return outer
}

/** Encodes and decodes in `body`, in the name of `host`, with no border in between. */
export const thereAndBack = <A>(host: Host, body: () => A): A => {
  const outer = references
  references = []
  try {
    return within(host, [], body)
  } finally {
    references = outer
  }
}

/** Calls `body` with `argument` in the name of `host`, with no buffers beside it. */
export const withinOf = <A, B>(host: Host, body: (argument: A) => B, argument: A): B => {
  const outer = here, outerParcel = parcel
  here = host
  parcel = undefined
  try {
    return body(argument)
  } finally {
    here = outer
    parcel = outerParcel
  }
}

/** Runs `body` in the name of `host`. */
export const within = <A>(host: Host, beside: Parcel | undefined, body: () => A): A => {
  const outer = here, outerParcel = parcel
  here = host
  parcel = beside
  try {
    return body()
  } finally {
    here = outer
    parcel = outerParcel
  }
}
