// Hooks that throw: reported as an uncaught error would be, once each, and the loop goes on.
import { Runtime } from "../../src/index.ts"

const uncaught = []
process.on("uncaughtException", (error) => uncaught.push(error.message))

const fail = (what) => () => {
  throw new Error(what)
}
const runtime = new Runtime({ longSchedule: 1, onDeadLetter: fail("letter"), onLongSchedule: fail("long") })
const gone = runtime.spawn(() => {})
gone.kill()
await gone.monitor()
const echo = runtime.spawn((text) => {
  const until = performance.now() + 5
  while (performance.now() < until);
  return text
})
gone.send("late")
const answer = await echo.ask("on")
await runtime.shutdown()
console.log([answer, ...new Set(uncaught)].join(" "))
