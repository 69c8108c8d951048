/** Progress on stderr: one line that lives in a terminal, plain lines elsewhere. stdout belongs to the command. */
const terminal = process.stderr.isTTY && process.env["CI"] === undefined

/** Seconds between two signs of life where there is no terminal. */
const quiet = 15

/**
 * Shows that `name` is under way until `work` ends. `work` gets a function that takes its latest line of output.
 *
 * @template A
 * @param {string} name
 * @param {(line: (text: string) => void) => Promise<A>} work
 * @param {(value: A) => string} [describe]
 * @returns {Promise<A>}
 */
export const progress = async (name, work, describe = () => "") => {
  const start = performance.now()
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`
  let latest = ""
  let lastShown = start
  const draw = () => {
    if (terminal) {
      const text = `  ${name} · ${seconds()} · ${latest}`.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))
      process.stderr.write(`\r\x1b[K${text}`)
    } else if (performance.now() - lastShown > quiet * 1000) {
      lastShown = performance.now()
      process.stderr.write(`  ${name}: ${seconds()}, ${latest}\n`)
    }
  }
  draw()
  const timer = setInterval(draw, terminal ? 200 : 1000)
  try {
    const value = await work((text) => {
      latest = stripColours(text).trim()
    })
    const note = describe(value)
    process.stderr.write(`${terminal ? "\r\x1b[K" : ""}  ${name}${note === "" ? "" : `: ${note}`} (${seconds()})\n`)
    return value
  } finally {
    clearInterval(timer)
  }
}

/** @param {string} line */
export const say = (line) => {
  process.stderr.write(`${line}\n`)
}

/** @param {string} text */
// oxlint-disable-next-line no-control-regex -- colour codes are control characters
export const stripColours = (text) => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "")
