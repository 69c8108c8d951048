/**
 * An actor of the native system. Its mailbox and all else that is between actors lives in Rust; what is here is what
 * every cell has.
 */
import { Cell } from "../cell.ts"
import type { Host } from "../host.ts"

export class NativeCell extends Cell {
  get host(): Host {
    return this.bound.host
  }
}
