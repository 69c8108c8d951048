/** What went wrong and what to do about it, for a person: shown without a stack. */
export class Failure extends Error {
  /** The exit code of the process. */
  code

  /**
   * @param {string} message
   * @param {number} [code]
   */
  constructor(message, code = 1) {
    super(message)
    this.code = code
  }
}
