/** The behaviour: the file that is edited while its actor lives. */
import { Counter } from "../src/protocol.ts"

export const CounterLive = Counter.behavior({
  version: "1",
  init: (n: number) => ({ n }),
  handlers: { Add: (state, by) => (state.n += by) }
})
