/** Ends by itself: an idle runtime does not hold the process, a conversation that has ended neither. */
import { Runtime } from "../../src/index.ts"

const runtime = new Runtime()
const actor = runtime.spawn((n) => n + 1)
console.log(await actor.ask(1))
