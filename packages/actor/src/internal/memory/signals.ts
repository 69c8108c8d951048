/**
 * The control lane of the shard: exit and down signals, in the order in which they were sent.
 *
 * It is never bounded out, and served before any message; at most `SIGNALS_PER_PASS` at a time, so that a storm of links
 * starves nobody.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { MemoryCell } from "./cell.ts"
import type { LinkHalf } from "./links.ts"
import type { Watch } from "./monitors.ts"

export const SIGNALS_PER_PASS = 256

export const SignalKind = { Exit: 0, LinkExit: 1, Down: 2, Freed: 3 } as const

export class Signal {
  next: Signal | undefined = undefined
  readonly kind: number
  /** undefined: an outside watch. */
  readonly to: MemoryCell | undefined
  readonly from: MemoryCell | undefined
  /** undefined: of `Freed`. */
  readonly reason: ExitReason | undefined
  /** The receiver's half of the link. */
  readonly link: LinkHalf | undefined
  readonly watch: Watch | undefined

  constructor(
    kind: number,
    to: MemoryCell | undefined,
    from: MemoryCell | undefined,
    reason: ExitReason | undefined,
    link: LinkHalf | undefined,
    watch: Watch | undefined
  ) {
    this.kind = kind
    this.to = to
    this.from = from
    this.reason = reason
    this.link = link
    this.watch = watch
  }
}

export class SignalQueue {
  head: Signal | undefined = undefined
  private tail: Signal | undefined = undefined

  exit(to: MemoryCell, from: MemoryCell | undefined, reason: ExitReason): void {
    this.push(new Signal(SignalKind.Exit, to, from, reason, undefined, undefined))
  }

  linkExit(to: MemoryCell, from: MemoryCell, reason: ExitReason, link: LinkHalf): void {
    this.push(new Signal(SignalKind.LinkExit, to, from, reason, link, undefined))
  }

  down(watch: Watch, reason: ExitReason): void {
    this.push(new Signal(SignalKind.Down, watch.watcher, watch.target, reason, undefined, watch))
  }

  /** All signals of an ended life are out: its slot may be used again. */
  freed(cell: MemoryCell): void {
    this.push(new Signal(SignalKind.Freed, cell, undefined, undefined, undefined, undefined))
  }

  shift(): Signal | undefined {
    const signal = this.head
    if (signal === undefined) return undefined
    this.head = signal.next
    if (this.head === undefined) this.tail = undefined
    return signal
  }

  private push(signal: Signal): void {
    if (this.tail === undefined) this.head = signal
    else this.tail.next = signal
    this.tail = signal
  }
}
