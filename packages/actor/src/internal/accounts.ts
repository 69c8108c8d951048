/**
 * Who has used what, by behaviour (G108).
 *
 * The shard keeps each actor's account. Here is what outlives it: `dead` adds the account of a life to that of its
 * behaviour, and a swap closes the books of the version before. A reading adds the living to it, so that nothing is
 * done per message. An actor that has ended for others and is not buried yet is in neither for a moment: a reading never
 * says less than one before it.
 *
 * Owner: the host.
 */
import type { BehaviorInfo } from "../ActorSystem.ts"
import type { Bound } from "./bound.ts"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"

/** Accounts that a system keeps; behaviours beyond share the last. */
const most = 1024
const others = { protocol: "(others)", version: "" }

export class Account {
  readonly protocol: string
  readonly version: string
  /** Of those that have ended or run something else now; below 0 where they brought an account of another version along. */
  reductions = 0
  millis = 0
  /** What was said last. */
  saidReductions = 0
  saidMillis = 0

  constructor(protocol: string, version: string) {
    this.protocol = protocol
    this.version = version
  }

  add(reductions: number, millis: number): void {
    this.reductions += reductions
    this.millis += millis
  }
}

interface Row {
  actors: number
  reductions: number
  millis: number
  mailbox: number
  memory: number
}

export class Accounts {
  private readonly host: Host
  private readonly byKey = new Map<string, Account>()
  /** For metrics: told of each account once. */
  onNew: (account: Account) => void = () => {}

  constructor(host: Host) {
    this.host = host
  }

  of(bound: Bound): Account {
    return bound.account ??= this.find(bound.program)
  }

  private find({ protocol, version }: { readonly protocol: string; readonly version: string }): Account {
    const key = `${protocol} ${version}`
    const known = this.byKey.get(key)
    if (known !== undefined) return known
    if (this.byKey.size >= most - 1 && protocol !== others.protocol) return this.find(others)
    const account = new Account(protocol, version)
    this.byKey.set(key, account)
    this.onNew(account)
    return account
  }

  ended(cell: Cell, reductions: number, millis: number): void {
    this.of(cell.bound).add(reductions, millis)
  }

  /** From now on the actor runs another behaviour: what it has used stays with the one before. */
  moved(cell: Cell, before: Bound, after: Bound): void {
    const from = this.of(before)
    const to = this.of(after)
    if (from === to) return
    const used = this.host.shard.account(cell)
    if (used === undefined) return
    from.add(used.reductions, used.millis)
    // The shard goes on counting from there.
    to.add(-used.reductions, -used.millis)
  }

  /** By account: the living, and what has ended. */
  read(): ReadonlyMap<Account, BehaviorInfo> {
    const rows = new Map<Account, Row>()
    for (const account of this.byKey.values()) {
      rows.set(account, { actors: 0, reductions: account.reductions, millis: account.millis, mailbox: 0, memory: 0 })
    }
    const usages = this.host.shard.usages()
    usages.cells.forEach((cell, at) => {
      const row = rows.get(this.of(cell.bound))
      if (row === undefined) return
      row.actors++
      row.reductions += usages.reductions[at]!
      row.millis += usages.millis[at]!
      row.mailbox += usages.mailbox[at]!
      row.memory += usages.memory[at]!
    })
    return new Map(Array.from(rows, ([account, row]) => {
      const reductions = account.saidReductions = Math.max(account.saidReductions, row.reductions)
      const millis = account.saidMillis = Math.max(account.saidMillis, row.millis)
      return [account, { protocol: account.protocol, version: account.version, ...row, reductions, millis }]
    }))
  }
}
