/** Child processes: the environment that all of them get, and the two ways to run one. */
import { spawn, spawnSync } from "node:child_process"
import { delimiter } from "node:path"
import { at, root } from "./paths.mjs"

const windows = process.platform === "win32"

/** The Node that the workspace pins comes first, so that `node` is the same one everywhere. */
export const environment = () => {
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH"
  return {
    ...process.env,
    [pathName]: `${at("node_modules", ".bin")}${delimiter}${process.env[pathName] ?? ""}`,
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
    // tstyche needs TypeScript's JavaScript API, which TypeScript 7 does not have, and would fetch 6 by itself.
    TSTYCHE_TYPESCRIPT_MODULE: "typescript6",
    TSTYCHE_NO_COLOR: "1"
  }
}

/**
 * @typedef {object} Ran
 * @property {number} code
 * @property {string} output stdout and stderr in the order in which they came
 */

/**
 * Runs a command and keeps what it says. `onLine` sees each line as it comes. One that says nothing for `silence` seconds
 * (no limit unless it is given) is ended with all that it has started.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {{ onLine?: (line: string) => void, env?: Record<string, string>, cwd?: string, silence?: number }} [options]
 * @returns {Promise<Ran>}
 */
export const capture = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...environment(), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: windows,
      // A group of its own, which can be ended as one.
      detached: !windows
    })
    const end = () => {
      if (child.pid === undefined) return
      try {
        process.kill(windows ? child.pid : -child.pid, "SIGKILL")
      } catch {
        // It has ended by itself.
      }
    }
    const interrupted = () => {
      end()
      process.exit(130)
    }
    process.on("SIGINT", interrupted).on("SIGTERM", interrupted)
    let output = ""
    let rest = ""
    const { silence } = options
    const hangs = silence === undefined ? undefined : setTimeout(() => {
      output += `no word for ${silence} s: it hangs, and was ended\n`
      end()
    }, silence * 1000)
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      hangs?.refresh()
      const text = chunk.toString("utf8")
      output += text
      if (options.onLine === undefined) return
      const lines = (rest + text).split(/[\r\n]+/)
      rest = lines.pop() ?? ""
      for (const line of lines) if (line.trim() !== "") options.onLine(line)
    }
    child.stdout.on("data", take)
    child.stderr.on("data", take)
    const over = () => {
      clearTimeout(hangs)
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted)
    }
    child.on("error", (error) => {
      over()
      resolve({ code: 127, output: `${output}${error.message}\n` })
    })
    child.on("close", (code, signal) => {
      over()
      if (signal !== null) output += `ended by ${signal}\n`
      resolve({ code: code ?? 1, output })
    })
  })

/**
 * Runs a command that owns the terminal; its exit code.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @returns {Promise<number>}
 */
export const hand = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: "inherit", shell: windows })
    // Ctrl-C reaches the child by the terminal; whoever started it waits until it has tidied up.
    const ignore = () => undefined
    process.on("SIGINT", ignore)
    child.on("error", reject)
    child.on("close", (code) => {
      process.off("SIGINT", ignore)
      resolve(code ?? 1)
    })
  })

/**
 * What a short command prints on stdout, or undefined when it cannot run.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 */
export const ask = (command, args) => {
  const done = spawnSync(command, args, { cwd: root, env: environment(), encoding: "utf8", shell: windows })
  return done.status === 0 ? done.stdout.trim() : undefined
}
