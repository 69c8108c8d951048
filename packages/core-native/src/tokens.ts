/**
 * Tokens of pending calls: 32 bits, of which the lower 22 name an entry and the upper 10 its life.
 *
 * A call ends once, by its answer or by the shard. Either side may have ended it while the other's word is still on its
 * way, so a token that comes late must find nothing: an entry's next life has another token. (A stale word would have
 * to survive 1,024 lives of one entry; the shard emits it within a tick or two.)
 */
const ENTRY_BITS = 22
const ENTRY_MASK = (1 << ENTRY_BITS) - 1
const LIVES = 1 << (32 - ENTRY_BITS)

// With its sign: an unsigned word is a boxed double for half of the lives, and so would be the field that keeps it.
const tokenOf = (life: number, index: number): number => (life << ENTRY_BITS) | index

interface Entry<Call> {
  call: Call | undefined
  life: number
}

export class Tokens<Call> {
  readonly #entries: Array<Entry<Call>> = [{ call: undefined, life: 0 }]
  readonly #free: Array<number> = []

  /** Calls that are pending. */
  get pending(): number {
    return this.#entries.length - 1 - this.#free.length
  }

  /** A token for a call, a signed word; 0 when there are as many as there can be. */
  open(call: Call): number {
    let index = this.#free.pop()
    if (index === undefined) {
      index = this.#entries.length
      if (index > ENTRY_MASK) return 0
      this.#entries.push({ call: undefined, life: 0 })
    }
    const entry = this.#entries[index]!
    entry.call = call
    return tokenOf(entry.life, index)
  }

  /** The call of a token, while it is pending; with its sign or, as in a record, without. */
  get(token: number): Call | undefined {
    const entry = this.#entries[token & ENTRY_MASK]
    return entry !== undefined && entry.life === token >>> ENTRY_BITS ? entry.call : undefined
  }

  /** Ends a token. The call that it stood for, or undefined: it had ended already. */
  close(token: number): Call | undefined {
    const index = token & ENTRY_MASK
    const entry = this.#entries[index]
    if (entry === undefined || entry.life !== token >>> ENTRY_BITS) return undefined
    const call = entry.call
    if (call === undefined) return undefined
    entry.call = undefined
    entry.life = (entry.life + 1) % LIVES
    this.#free.push(index)
    return call
  }

  /** Ends every token; the calls that were pending. */
  clear(): Array<Call> {
    const calls = this.#entries.map((entry) => entry.call).filter((call) => call !== undefined)
    this.#entries.forEach((entry, index) => this.close(tokenOf(entry.life, index)))
    return calls
  }
}
