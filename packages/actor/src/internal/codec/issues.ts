/**
 * Why a value has no encoding, or bytes no value. Thrown inside of the codec alone, and caught at its door
 * (`msgpack.ts`): nobody else sees them.
 */

/** Steps of a path that are printed. */
const steps = 8

/** How errors of Schema print a path: the first steps of one that is so long that it goes round in a circle. */
const print = (path: ReadonlyArray<PropertyKey>): string => {
  if (path.length === 0) return ""
  const isLong = path.length > 4 * steps
  const shown = isLong ? path.slice(0, steps) : path
  const keys = shown.map((key) => `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`)
  return `\n  at ${keys.join("")}${isLong ? `… and ${path.length - steps} more` : ""}`
}

/** The value cannot be encoded. Its path is filled in from the inside out. */
export class NotEncodable extends Error {
  readonly path: Array<PropertyKey> = []

  get issue(): string {
    return `${this.message}${print(this.path)}`
  }
}

/** The bytes are not what this codec writes, or not whole. */
export class Malformed extends Error {
  readonly offset: number

  constructor(issue: string, offset: number) {
    super(issue)
    this.offset = offset
  }

  get issue(): string {
    return `malformed msgpack at byte ${this.offset}: ${this.message}`
  }
}

/** Values that hold themselves end here, and so do bytes that would overflow the stack. */
export const maxDepth = 256
