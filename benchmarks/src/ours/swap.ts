/**
 * `swap`: all live actors are given another version, with a migration of their state, while messages come in at a steady
 * rate whoever is late. There and back again, several times; then every actor is rolled back by hand.
 */
import { Actor, HotSwap, type SwapReport } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, now, xorshift32 } from "../measure.ts"
import { begins, ends } from "../stretch.ts"
import type { Program } from "../workload.ts"
import { AbsenceMeter } from "./absences.ts"
import type { Open } from "./system.ts"

/** Messages a second, to actors chosen at random. */
const rate = 100_000
/** Times that all are swapped. */
const rounds = 10

const Account = Actor.make("Account", [
  Rpc.make("Deposit", { payload: Schema.Int }),
  Rpc.make("Balance", { success: Schema.Int })
])
const { Balance, Deposit } = Account.messages

/** Counted where it is done. */
let handled = 0

const V1 = Account.behavior({
  init: (id: number) => ({ id, balance: 0, owner: "somebody" }),
  handlers: {
    Deposit: (state, amount) => {
      handled++
      state.balance += amount
    },
    Balance: (state) => state.balance
  }
})
const V2 = Account.behavior({
  version: "2",
  init: (id: number) => ({ id, balance: 0, owner: "somebody", deposits: 0 }),
  handlers: {
    Deposit: (state, amount) => {
      handled++
      state.balance += amount
      state.deposits++
    },
    Balance: (state) => state.balance
  }
})
const there = HotSwap.upgrade(V1, V2, { migrate: (old) => ({ ...old, deposits: 0 }) })
const back = HotSwap.upgrade(V2, V1, { migrate: ({ balance, id, owner }) => ({ id, balance, owner }) })

/** Sends at its rate until it is stopped, and tells the meter when the event loop is there. */
const load = (meter: AbsenceMeter, send: (at: number) => void) => {
  const start = now()
  let sent = 0
  let x = 1
  let stopped = false
  const tick = (): void => {
    if (stopped) return
    meter.back()
    for (const due = Math.floor((now() - start) * rate / 1000); sent < due; sent++) {
      x = xorshift32(x)
      send(x)
    }
    meter.away()
    setImmediate(tick)
  }
  meter.away()
  tick()
  return {
    stop: () => {
      stopped = true
      return sent
    }
  }
}

export const swap = (open: Open): Program => async (n) => {
  const { run, system } = await open()
  const accounts = Array.from({ length: n }, (_, id) => system.spawnUnsafe(V1, id))
  const reports: Array<SwapReport> = []
  let millis = 0
  const meter = new AbsenceMeter()
  /** Those of each round. */
  const absences: Array<ReturnType<AbsenceMeter["take"]>> = []
  /** Those of the load alone, just as long: what a machine does to a program without a swap in it. */
  let alone: ReturnType<AbsenceMeter["take"]> = []
  const running = load(meter, (x) => void accounts[x % n].tellUnsafe(Deposit(1)))
  await run(Effect.gen(function*() {
    // The first two rounds warm up.
    for (let round = -2; round < rounds; round++) {
      meter.take()
      yield* Effect.sleep("20 millis")
      if (round >= 0) alone = alone.concat(meter.take())
      begins()
      // What was handled before in the same turn is the load's.
      meter.take()
      meter.away()
      const began = now()
      const report = yield* HotSwap.swapAll(round % 2 === 0 ? there : back)
      const took = now() - began
      meter.back()
      ends(round < 0 ? "warm-up" : "swaps", report.swapped)
      if (round < 0) continue
      millis += took
      absences.push(meter.take())
      reports.push(report)
    }
  }))
  const swapped = reports.reduce((sum, report) => sum + report.swapped, 0)
  mustBe(swapped, n * rounds, "swaps")
  // Every actor holds its last two versions: one step back for each.
  const began = now()
  await run(Effect.forEach(accounts, (account) => HotSwap.rollback(account), { discard: true }))
  const rollback = now() - began
  const sent = running.stop()
  // In order behind every deposit.
  await run(Effect.forEach(accounts, (account) => account.ask(Balance()), { discard: true }))
  const all = meter.explain(absences.flat())
  const atRest = meter.explain(alone)
  const rests = absences.map((round) => meter.explain(round))
  // Of the rounds, the one in the middle.
  const middle = (of: "longest" | "own") => rests.map((round) => round[of]).toSorted((a, b) => a - b)[rounds >> 1]
  meter.close()
  return {
    completed: swapped / rounds,
    seconds: millis / 1000 / rounds,
    extra: {
      swaps_per_s: swapped / millis * 1000,
      pause_p99_us: Math.max(...reports.map(({ pause }) => pause.p99)),
      lost: sent - handled,
      rollback_ms: rollback,
      max_slice_ms: all.longest,
      median_slice_ms: middle("longest"),
      own_slice_ms: all.own,
      median_own_slice_ms: middle("own"),
      over_1ms: all.over,
      over_1ms_own: all.overOwn,
      over_1ms_unsure: all.overUnsure,
      alone_max_slice_ms: atRest.longest,
      alone_own_slice_ms: atRest.own,
      alone_over_1ms: atRest.over,
      alone_over_1ms_own: atRest.overOwn,
      alone_over_1ms_unsure: atRest.overUnsure
    }
  }
}
