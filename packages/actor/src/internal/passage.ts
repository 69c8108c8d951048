/**
 * How the payloads of one tag cross to another isolate, in one object that each of them finds by its number (`wire.ts`):
 * as they are, straight into or out of the membrane's arena by a shortcut, or by the codec.
 */
import type { PayloadCodec } from "../Codec.ts"
import type { DirectRead, DirectWrite } from "./codec/direct.ts"
import type { Fast } from "./codec/fast.ts"
import { MsgpackCodec } from "./codec/msgpack.ts"
import type { Crossing } from "./crossing.ts"

export class Passage {
  readonly fits: Crossing["fits"]
  readonly moves: boolean
  readonly isNothing: boolean
  readonly fast: Fast | undefined
  readonly #codec: PayloadCodec
  /** undefined: not asked for yet. */
  #write: DirectWrite | null | undefined = undefined
  #read: DirectRead | null | undefined = undefined

  constructor(codec: PayloadCodec, crossing: Crossing) {
    this.#codec = codec
    this.fits = crossing.fits
    this.moves = crossing.moves
    this.isNothing = crossing.isNothing
    this.fast = codec instanceof MsgpackCodec ? codec.fast : undefined
  }

  get write(): DirectWrite | null {
    const known = this.#write
    return known === undefined ? this.#write = this.#codec instanceof MsgpackCodec ? this.#codec.write : null : known
  }

  get read(): DirectRead | null {
    const known = this.#read
    return known === undefined ? this.#read = this.#codec instanceof MsgpackCodec ? this.#codec.read : null : known
  }
}
