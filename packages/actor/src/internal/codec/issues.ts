/**
 * Why a value has no encoding, or bytes no value. Thrown inside of the codec alone, and caught at its door
 * (`msgpack.ts`): nobody else sees them.
 */

/** How errors of Schema print a path. */
const print = (path: ReadonlyArray<PropertyKey>): string =>
  path.length === 0
    ? ""
    : `\n  at ${path.map((key) => `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`).join("")}`

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
