/** How many tests passed and failed, from what each runner prints. */

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * Sums every `test result:` line of `cargo test`: units, integration tests and doc tests print one each.
 *
 * @param {string} output
 * @returns {Count}
 */
export const countCargo = (output) => {
  const count = { passed: 0, failed: 0 }
  for (const match of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    count.passed += Number(match[1])
    count.failed += Number(match[2])
  }
  return count
}

/**
 * The file that vitest's JSON reporter writes. A test file that failed without a failed test (it did not load, or what
 * comes before its tests failed) counts as one failure.
 *
 * @param {string | undefined} json
 * @returns {Count}
 */
export const countVitest = (json) => {
  if (json === undefined) return { passed: 0, failed: 0 }
  /** @type {unknown} */
  const report = JSON.parse(json)
  if (typeof report !== "object" || report === null) return { passed: 0, failed: 0 }
  const { numPassedTests, numFailedTests, testResults } = /** @type {Record<string, unknown>} */ (report)
  const fruitless = Array.isArray(testResults)
    ? testResults.filter((file) =>
      file.status === "failed" &&
      !file.assertionResults.some((/** @type {{ status: string }} */ test) => test.status === "failed")
    ).length
    : 0
  return { passed: Number(numPassedTests ?? 0), failed: Number(numFailedTests ?? 0) + fruitless }
}

/**
 * tstyche's line `Assertions: 1 failed, 2 passed, 3 total`.
 *
 * @param {string} output
 * @returns {Count}
 */
export const countTstyche = (output) => {
  const line = /^Assertions:.*$/m.exec(output)?.[0] ?? ""
  /** @param {string} word */
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0)
  return { passed: number("passed"), failed: number("failed") }
}

/**
 * A run that failed without a failed test still failed, and so did one in which nothing ran.
 *
 * @param {Count} count
 * @param {number} code
 * @returns {Count}
 */
export const withExit = (count, code) =>
  (code !== 0 || count.passed === 0) && count.failed === 0 ? { ...count, failed: 1 } : count
