/**
 * Edit this file while the program runs: the greeter goes on as what you have saved, and knows whom it has greeted.
 * Give the version another name each time, and the state as many fields as you like.
 */
import { Greeter } from "./protocol.ts"

interface State {
  greeted: number
}

/** Also from a version that did not have all of it. */
export const migrate = (old: Partial<State>): State => ({ greeted: 0, ...old })

export const GreeterLive = Greeter.behavior({
  version: "1",
  init: () => migrate({}),
  handlers: { Greet: (state, guest) => `hello ${guest}, you are number ${++state.greeted}` }
})
