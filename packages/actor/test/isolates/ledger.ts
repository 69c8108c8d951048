/**
 * What is known of every message of a chaos run, whichever isolate ends: memory that all threads of the process share.
 *
 * A message has a number; whoever sends it writes where it goes before it is sent, whoever handles it counts.
 */
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads"

const key = "myrmidon/chaos/ledger"

/** What became of the sending. */
export const Sent = { No: 0, Accepted: 1, Refused: 2 } as const

/** Messages of one run. */
export const room = 2 ** 23

interface Memory {
  readonly head: SharedArrayBuffer
  readonly sent: SharedArrayBuffer
  readonly handled: SharedArrayBuffer
  readonly from: SharedArrayBuffer
  readonly to: SharedArrayBuffer
}

/** Next message, next thread. */
const Head = { Message: 0, Thread: 1 } as const

export class Ledger {
  private readonly head: Int32Array
  private readonly sentBytes: Uint8Array
  private readonly handledBytes: Uint8Array
  private readonly fromThread: Uint16Array
  private readonly toThread: Uint16Array
  /** The number of the thread that this is. */
  readonly thread: number

  private constructor(memory: Memory) {
    this.head = new Int32Array(memory.head)
    this.sentBytes = new Uint8Array(memory.sent)
    this.handledBytes = new Uint8Array(memory.handled)
    this.fromThread = new Uint16Array(memory.from)
    this.toThread = new Uint16Array(memory.to)
    this.thread = Atomics.add(this.head, Head.Thread, 1)
  }

  /** Begins a run. Threads that start from now on have it. */
  static open(): Ledger {
    const memory: Memory = {
      head: new SharedArrayBuffer(16),
      sent: new SharedArrayBuffer(room),
      handled: new SharedArrayBuffer(room),
      from: new SharedArrayBuffer(2 * room),
      to: new SharedArrayBuffer(2 * room)
    }
    setEnvironmentData(key, memory as never)
    return current = new Ledger(memory)
  }

  /** The one of this thread. */
  static here(): Ledger {
    if (current === undefined) {
      const memory = getEnvironmentData(key) as unknown as Memory | undefined
      if (memory === undefined) throw new Error("no ledger: open one before the system starts")
      current = new Ledger(memory)
    }
    return current
  }

  get messages(): number {
    return Math.min(room, Atomics.load(this.head, Head.Message))
  }

  /** A number for a message to an actor of that thread; undefined: there are no more. */
  next(to: number): number | undefined {
    const id = Atomics.add(this.head, Head.Message, 1)
    if (id >= room) return undefined
    Atomics.store(this.fromThread, id, this.thread)
    Atomics.store(this.toThread, id, to)
    return id
  }

  sent(id: number, accepted: boolean): void {
    Atomics.store(this.sentBytes, id, accepted ? Sent.Accepted : Sent.Refused)
  }

  handled(id: number): void {
    Atomics.add(this.handledBytes, id, 1)
  }

  about(id: number) {
    return {
      sent: Atomics.load(this.sentBytes, id),
      handled: Atomics.load(this.handledBytes, id),
      from: Atomics.load(this.fromThread, id),
      to: Atomics.load(this.toThread, id)
    }
  }
}

let current: Ledger | undefined
