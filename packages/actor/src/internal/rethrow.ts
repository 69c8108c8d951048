/**
 * Reports an error of the program's own code that must not leave through the code that called it: outside, where it is
 * like any that nobody catches. With promises alone, so that a bare engine does.
 */
export const rethrow = (error: unknown): void => {
  void Promise.resolve().then(() => {
    throw error
  })
}
