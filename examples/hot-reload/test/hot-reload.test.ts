// The program runs as a process of its own on a copy of its sources, which are edited under it.
import { afterEach, assert, it } from "@effect/vitest"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const example = fileURLToPath(new URL("..", import.meta.url))
// Inside the package, so that the copy finds what the sources import.
const home = mkdtempSync(join(example, ".run-"))
let running: ChildProcessWithoutNullStreams | undefined
afterEach(() => {
  running?.kill()
  rmSync(home, { recursive: true, force: true })
})

it("the greeter goes on as what was saved, and goes back when that crashes", async () => {
  cpSync(join(example, "src"), home, { recursive: true })
  const program = spawn(process.execPath, [join(home, "main.ts")], { cwd: home })
  running = program
  const errors: Array<string> = []
  program.stderr.on("data", (data) => errors.push(String(data)))
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { done, value } = await lines.next()
    if (done === true) throw new Error(`it has ended: ${errors.join("")}`)
    return value
  }
  /** Past the lines of a log. */
  const until = async (start: string) => {
    for (let line = await next();; line = await next()) if (line.includes(start)) return line
  }
  const guest = async (name: string) => {
    program.stdin.write(`${name}\n`)
    return next()
  }
  const first = readFileSync(join(home, "greeter.ts"), "utf8")
  /** As an editor does: another file, and then in its place. */
  const save = (text: string) => {
    writeFileSync(join(home, "saved"), text)
    renameSync(join(home, "saved"), join(home, "greeter.ts"))
  }

  assert.strictEqual(await next(), "who is there?")
  assert.strictEqual(await guest("Ada"), "hello Ada, you are number 1")
  const second = first
    .replace("version: \"1\"", "version: \"2\"")
    .replace("greeted: number", "greeted: number\n  last: string")
    .replace("greeted: 0,", "greeted: 0, last: \"somebody\",")
    .replace(
      /handlers: .*/,
      `handlers: {
        Greet: (state, guest) => {
          const { last } = state
          state.last = guest
          return \`good day \${guest}, you are number \${++state.greeted}, after \${last}\`
        }
      }`
    )
  save(second)
  assert.strictEqual(await next(), "trying version 2")
  // Whom it has greeted is still known; the field that it gained has its first value.
  assert.strictEqual(await guest("Bob"), "good day Bob, you are number 2, after somebody")
  assert.strictEqual(await guest("Cleo"), "good day Cleo, you are number 3, after Bob")
  // The third of them decides, before or after it has its answer.
  assert.deepStrictEqual([await guest("Dora"), await next()].sort(), [
    "good day Dora, you are number 4, after Cleo",
    "version 2 stays"
  ])

  // A file that is no program changes nothing.
  save("this is no program")
  await until("could not be imported")
  program.stdin.write("Eve\n")
  assert.strictEqual(await until("good day"), "good day Eve, you are number 5, after Dora")

  save(
    second.replace("version: \"2\"", "version: \"3\"").replace("const { last } = state", "throw new Error(\"oh no\")")
  )
  await until("trying version 3")
  assert.deepStrictEqual([await guest("Fay"), await next()].sort(), [
    "back to version 2: crashed: Error: oh no",
    "nobody answers Fay"
  ])
  assert.strictEqual(await guest("Gil"), "good day Gil, you are number 6, after Eve")

  program.stdin.end()
  const code = await new Promise((resolve) => program.on("exit", resolve))
  assert.strictEqual(code, 0)
}, 60_000)
