/**
 * What a value is between two isolates: a number that needs no codec, nothing at all, or bytes.
 *
 * A number goes as it is where its schema is one of numbers with no other form; `undefined` where nothing else fits. Both
 * are held against their schema on either side, as bytes are.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { BadMessage } from "../TellError.ts"
import { issueOfBuffers } from "./buffer/payload.ts"
import { cameWith } from "./buffer/arrival.ts"
import { endOf, pack, packedLength, unpack, unpackIn } from "./buffer/parcel.ts"
import { unexpected } from "./codec/fast.ts"
import { readsOf } from "./codec/kept.ts"
import type { Parcel } from "./codec/place.ts"
import { type Lent, readBeside, readFrom } from "./lent.ts"
import type { Part, Wire } from "./wire.ts"

/** A payload or an answer on its way. */
export type Carried = number | Uint8Array | undefined

const takenAway = "the memory of a buffer was taken away"

/** As the membrane has it. */
export const mostBytes = 2 ** 26

/** How a value crosses. `asBytes`: a number may not go as it is there. */
export const carry = (
  wire: Wire,
  op: number,
  value: unknown,
  part: Part = "payload",
  asBytes = false
): Exit.Exit<Carried, BadMessage> => {
  const crossing = wire.crossingOf(op, part)
  if (crossing !== undefined) {
    if (typeof value === "number" && !asBytes && crossing.fits?.(value) === true) return Exit.succeed(value)
    if (value === undefined && crossing.isNothing) return Exit.void as Exit.Exit<undefined>
    if (crossing.moves) return carryBuffers(wire, op, value, part)
  }
  return wire.encode(op, value, part)
}

// The buffers are their sender's no more, unless it gives them back (`buffer/parcel.ts`).
const carryBuffers = (wire: Wire, op: number, value: unknown, part: Part): Exit.Exit<Carried, BadMessage> => {
  const issue = issueOfBuffers(value)
  if (issue !== undefined) return wire.bad(op, issue)
  const parcel: Parcel = []
  const encoded = wire.encode(op, value, part, parcel)
  if (Exit.isFailure(encoded)) return encoded
  const packed = pack(wire.host, encoded.value, parcel)
  return packed === undefined ? wire.bad(op, takenAway) : Exit.succeed(packed)
}

const uncarryBuffers = (wire: Wire, op: number, packed: Uint8Array, part: Part): Exit.Exit<unknown, BadMessage> => {
  const unpacked = unpack(wire.host, packed)
  if (unpacked === undefined) return wire.bad(op, isMissing)
  const value = decodeWith(wire, op, unpacked.bytes, part, unpacked.parcel)
  // A handler takes those of its message (`buffer/deliver.ts`); an asker has those of an answer at once.
  if (Exit.isSuccess(value) && part !== "payload") { for (const buffer of unpacked.parcel) buffer.arrive() }
  return value
}

const isMissing = "a buffer that came with it is not there"

const decodeWith = (
  wire: Wire,
  op: number,
  bytes: Uint8Array,
  part: Part,
  parcel: Parcel
): Exit.Exit<unknown, BadMessage> => {
  const value = wire.decode(op, bytes, part, parcel)
  if (Exit.isFailure(value)) { for (const buffer of parcel) buffer.release() }
  return value
}

/** A message with buffers that has arrived and is only lent. */
export const uncarryLent = (wire: Wire, op: number, lent: Lent): Exit.Exit<unknown, BadMessage> => {
  const { all, begin, end, view } = lent
  const parcel = unpackIn(wire.host, view, begin, end)
  if (parcel === undefined) return wire.bad(op, isMissing)
  const passage = wire.passageOf(op)
  const last = endOf(end, parcel)
  const read = passage?.read
  if (read !== undefined && read !== null) {
    readsOf(lent)
    const value = readBeside(read, lent, last, parcel)
    if (value !== unexpected) {
      cameWith(value, parcel)
      return Exit.succeed(value)
    }
  }
  const fast = passage?.fast
  const value = fast === undefined ? unexpected : readFrom(wire.host, fast, all, view, begin, last, parcel)
  return value === unexpected
    ? decodeWith(wire, op, all.subarray(begin, last), "payload", parcel)
    : Exit.succeed(value)
}

/** What arrived. */
export const uncarry = (
  wire: Wire,
  op: number,
  carried: Carried,
  part: Part = "payload"
): Exit.Exit<unknown, BadMessage> => {
  const crossing = wire.crossingOf(op, part)
  if (typeof carried === "object") {
    return crossing?.moves === true ? uncarryBuffers(wire, op, carried, part) : wire.decode(op, carried, part)
  }
  if (crossing !== undefined) {
    if (carried === undefined ? crossing.isNothing : crossing.fits?.(carried) === true) return Exit.succeed(carried)
  }
  return wire.bad(op, carried === undefined ? "its payload is missing" : `${carried} does not fit its schema`)
}

/** Why a payload does not cross. */
export const uncarried = (wire: Wire, op: number, value: unknown): string => {
  const moves = wire.crossingOf(op, "payload")?.moves === true
  const parcel: Parcel | undefined = moves ? [] : undefined
  const encoded = wire.encode(op, value, "payload", parcel)
  if (Exit.isFailure(encoded)) return encoded.cause.reasons.filter(Cause.isFailReason)[0]?.error.issue ?? "refused"
  const length = parcel === undefined ? encoded.value.length : packedLength(encoded.value, parcel)
  if (length > mostBytes) return `its payload has ${length} bytes, and ${mostBytes} may cross at a time`
  return moves ? takenAway : "no message with another tag can cross in this process"
}
