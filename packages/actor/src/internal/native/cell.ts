/**
 * An actor of the native system. Its mailbox and all else that is between actors lives in Rust; what is here is what
 * every cell has. Not a class of its own: its constructor would be called through another one with every spawn.
 */
export { Cell as NativeCell } from "../cell.ts"
