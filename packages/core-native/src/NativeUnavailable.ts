/**
 * The addon cannot be loaded here.
 *
 * @since 0.1.0
 */

/**
 * One place where the addon was looked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt {
  /** A file or a package. */
  readonly from: string
  /** Why it was not that one. */
  readonly error: string
}

/**
 * No binary of the addon fits this platform, or the one that was found is of another version. `hint` says what to do;
 * `tried` where it was looked for.
 *
 * @category errors
 * @since 0.1.0
 */
export class NativeUnavailable extends Error {
  readonly _tag = "NativeUnavailable"
  override readonly name = "NativeUnavailable"
  readonly code = "ERR_MYRMIDON_NATIVE_UNAVAILABLE"
  /** The platform, as the packages are named: `linux-x64-gnu`. */
  readonly triple: string
  readonly tried: ReadonlyArray<Attempt>
  readonly hint: string

  constructor(fields: {
    readonly triple: string
    readonly tried: ReadonlyArray<Attempt>
    readonly hint: string
  }) {
    const tried = fields.tried.map(({ error, from }) => `\n  ${from}: ${error}`).join("")
    super(`The native addon of Myrmidon cannot be loaded on ${fields.triple}. ${fields.hint}${tried}`)
    this.triple = fields.triple
    this.tried = fields.tried
    this.hint = fields.hint
  }
}
