/**
 * What programs without Effect write, which types come out, and which programs must stay refused. Compiled, never run.
 */
import {
  type ActorHandle,
  type Down,
  type ExitReason,
  type ExitSignal,
  Runtime,
  type TellOutcome
} from "@myrmidonjs/core-native"
import { expect } from "tstyche"

export async function plain(): Promise<number> {
  await using rt = new Runtime({ maxActors: 10, keepAlive: true })
  const table = rt.spawn({
    init: () => ({ n: 0 }),
    handlers: {
      add: (state, by: number) => (state.n += by),
      reset: (state) => {
        state.n = 0
      },
      slow: async (state, label: string, self) => (await fetch(label), self.stop(), state.n)
    },
    exit: (state, signal) => {
      expect<typeof signal>().type.toBe<ExitSignal>()
      state.n++
    },
    down: (_, down) => {
      expect<typeof down>().type.toBe<Down>()
    }
  }, { name: "counter", mailbox: { capacity: 5, onFull: "suspend", sendTimeout: 100 } })
  const told = table.send("add", 1)
  expect<typeof told>().type.toBe<TellOutcome>()
  const n = await table.ask("add", 2)
  expect<typeof n>().type.toBe<number>()
  const slow = await table.ask("slow", "x")
  expect<typeof slow>().type.toBe<number>()
  await table.ask("reset")
  // @ts-expect-error! a number is asked for
  table.send("add", "one")
  // @ts-expect-error! a payload is missing
  table.send("add")
  // @ts-expect-error! no such message
  void table.ask("sub", 1)
  const echo = rt.spawn((message: string, self) => `${self.pid}: ${message}`)
  expect<typeof echo>().type.toBe<ActorHandle<string, string>>()
  const counted = rt.spawn((by: number, self) => (self.setState(self.state + by), self.state), { state: 0 })
  expect<typeof counted>().type.toBe<ActorHandle<number, number>>()
  const answer = await echo.ask("hello", { timeout: 100 })
  expect<typeof answer>().type.toBe<string>()
  // @ts-expect-error! a text is asked for
  echo.send(1)
  // @ts-expect-error! no such policy
  rt.spawn((text: string) => text, { mailbox: { onFull: "block" } })
  echo.link(table)
  const reason = await table.monitor()
  expect<typeof reason>().type.toBe<ExitReason>()
  return reason._tag === "Shutdown" ? n : 0
}
