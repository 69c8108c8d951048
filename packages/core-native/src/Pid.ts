/**
 * Handles of actors: one number per life of one actor, never reused.
 *
 * @since 0.1.0
 */
import { invalid } from "./options.ts"
import { printPid } from "./words.ts"

/**
 * A plain number at run time: `===`, `Map` key, sendable. Branded, so that literals are refused where a PID is asked
 * for.
 *
 * @category models
 * @since 0.1.0
 */
export type Pid = number & { readonly "~myrmidon/Pid": "Pid" }

/**
 * A PID as in logs: `<shard.index.generation>`. Throws `InvalidOption` for what cannot be one.
 *
 * **Example** (As it stands in a log)
 *
 * ```ts import.meta.vitest
 * import { formatPid, Runtime } from "@myrmidonjs/core-native"
 *
 * const runtime = new Runtime()
 * const actor = runtime.spawn((message: string) => message)
 * formatPid(actor.pid).split(".").length // => 3
 * await runtime.shutdown()
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const formatPid = (pid: Pid): string => {
  if (Number.isSafeInteger(pid) && pid >= 0) return printPid(pid)
  throw invalid("pid", "a PID", pid)
}
