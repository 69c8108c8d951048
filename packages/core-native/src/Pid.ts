/**
 * Handles of actors: one number per life of one actor, never reused.
 *
 * @since 0.1.0
 */
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
 * A PID as in logs: `<shard.index.generation>`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const formatPid = (pid: Pid): string => printPid(pid)
