/**
 * How a spec is refused.
 */
import { InvalidSpec } from "../SupervisorError.ts"

/** Throws `InvalidSpec`. */
export const invalid = (id: string, field: string, issue: string): never => {
  throw new InvalidSpec({ id, field, issue })
}
