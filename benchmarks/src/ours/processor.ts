/**
 * What this thread had of the processor: for how long it computed, and how long it waited while others had it. Wall clock
 * alone cannot tell a program that is slow from one that was put aside.
 */
import { closeSync, openSync, readSync } from "node:fs"

export class Processor {
  /** Computed so far, ms: without what others had, programs of this system and, where the host tells, of others. */
  computed = 0
  /** Could have computed and did not, ms; 0 where the system does not say. */
  waited = 0
  private readonly file: number | undefined = open()
  private readonly bytes = Buffer.alloc(96)

  /** A few us. */
  read(): void {
    if (this.file === undefined) {
      const { system, user } = process.threadCpuUsage()
      this.computed = (user + system) / 1000
      return
    }
    // Linux adds up a thread's time when its tick comes, every 4 ms or so, and when the process asks for all of its.
    process.cpuUsage()
    const length = readSync(this.file, this.bytes, 0, this.bytes.length, 0)
    const [computed, waited] = this.bytes.toString("latin1", 0, length).split(" ")
    this.computed = Number(computed) / 1e6
    this.waited = Number(waited) / 1e6
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file)
  }
}

const open = (): number | undefined => {
  try {
    return openSync("/proc/thread-self/schedstat", "r")
  } catch {
    return undefined
  }
}
