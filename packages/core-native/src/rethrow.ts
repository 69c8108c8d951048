/**
 * Reports an error of code that the loop called: outside of the loop, where it is like any that nobody catches.
 */
export const rethrow = (error: unknown): void => {
  void Promise.resolve().then(() => {
    throw error
  })
}
