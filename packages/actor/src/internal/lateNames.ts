/**
 * Names of actors that ended lately: an exit signal or a DOWN is handled after its sender's end, when the name is free
 * again, and still says what it was.
 */
import type { Pid } from "../Pid.ts"

/** Signals are handled soon after the end: one that is later than so many other ends comes without a name. */
const most = 4096

export class LateNames {
  private readonly names = new Map<Pid, string>()

  get(pid: Pid): string | undefined {
    return this.names.get(pid)
  }

  /** Forgets the oldest when there are too many. */
  keep(pid: Pid, name: string): void {
    this.names.set(pid, name)
    if (this.names.size > most) this.names.delete(this.names.keys().next().value!)
  }
}
