/**
 * Bytes that stand in the arena of the membrane, and the shortcut of the codec into it: a value is written where it
 * leaves from, and read where it came in. What the shortcut does not do is left to `wire.ts`, which alone refuses.
 */
import type { DirectRead, DirectWrite } from "./codec/direct.ts"
import { type Fast, unexpected } from "./codec/fast.ts"
import { besideIs, type Parcel, within, withinOf } from "./codec/place.ts"
import { isAtEnd, readingIn } from "./codec/reader.ts"
import { beginIn, endIn, isFree } from "./codec/writer.ts"
import type { Host } from "./host.ts"

/** As the membrane has it (`packages/core-native/src/border.ts`). The same object each time. */
export interface Lent {
  readonly all: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  readonly begin: number
  readonly end: number
  /** The bytes by themselves, for as long as they are lent. */
  readonly bytes: () => Uint8Array
  /** Some bytes of `all`, for as long as anybody wants them. */
  readonly keep: (at: number, length: number) => Uint8Array
}

/** Where the next payload may be written. */
export interface Room {
  readonly all: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  /** Bytes that it may have at most. */
  readonly most: number
}

/** As `writeInto`, by a function that was made for its schema. */
export const writeDirectly = (write: DirectWrite, room: Room, offset: number, value: unknown): number => {
  try {
    const end = write(value, room.all, room.view, offset, offset + room.most)
    return end < 0 ? -1 : end - offset
  } catch {
    // The other way says what is wrong.
    return -1
  }
}

/** The same of a value with buffers, which `beside` gets. */
export const writeBeside = (write: DirectWrite, room: Room, offset: number, value: unknown, beside: Parcel): number => {
  const outer = besideIs(beside)
  const length = writeDirectly(write, room, offset, value)
  besideIs(outer)
  return length
}

/** The length of the value at `offset` of `room`; below 0: it does not stand there. */
export const writeInto = (host: Host, fast: Fast, room: Room, offset: number, value: unknown): number => {
  if (!isFree()) return -1
  beginIn(room.all, room.view, offset)
  let isWritten = false
  try {
    isWritten = withinOf(host, fast.write, value)
  } catch {
    // The other way says what is wrong, with its path.
  }
  const length = endIn()
  return isWritten ? length : -1
}

/** The value in `lent` up to `end`, by a function that was made for its schema, or `unexpected`. */
export const readBeside = (read: DirectRead, lent: Lent, end: number, beside: Parcel): unknown => {
  const outer = besideIs(beside)
  const value = read(lent.all, lent.view, lent.begin, end)
  besideIs(outer)
  return value
}

const whole = (fast: Fast): unknown => {
  const value = fast.read()
  return isAtEnd() ? value : unexpected
}

/** The value in `all` from `begin` up to `end`, or `unexpected`. `beside`: the buffers that came with it. */
export const readFrom = (
  host: Host,
  fast: Fast,
  all: Uint8Array,
  view: DataView,
  begin: number,
  end: number,
  beside: Parcel | undefined
): unknown => {
  try {
    return within(host, beside, () => readingIn(all, view, begin, end, () => whole(fast)))
  } catch {
    return unexpected
  }
}
