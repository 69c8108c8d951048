// A letter keeps what it is in one word: neither part may reach into another one.
import { assert, describe, it } from "vitest"
import { HELD } from "../../src/internal/memory/admission.ts"
import { Kind, LetterPool, SPECIAL } from "../../src/internal/memory/mailbox.ts"
import { Flag } from "../../src/internal/shard.ts"
import { killed, makeSystem } from "./harness.ts"

const flags = [0, Flag.Priority, Flag.Next, Flag.Reentrant, HELD, 0xff | HELD]
const ops = [0, 1, 0x7fff, 0x8000, 0xffff]

describe("letters", () => {
  it("keep kind, flags and op apart, whatever is written last", () => {
    const pool = new LetterPool()
    for (const kind of Object.values(Kind)) {
      for (const flag of flags) {
        for (const op of ops) {
          const letter = pool.take(kind, op, undefined, undefined)
          letter.flags = 0xff | HELD
          letter.flags = flag
          letter.kind = Kind.Void
          letter.kind = kind
          assert.deepStrictEqual([letter.kind, letter.flags, letter.op], [kind, flag, op])
          assert.strictEqual((letter.head & SPECIAL) === 0, kind === Kind.Message && flag === 0)
          pool.giveSpecial(letter)
          assert.strictEqual(pool.message(op, undefined, undefined), letter)
          assert.deepStrictEqual([letter.kind, letter.flags, letter.op], [Kind.Message, 0, op])
        }
      }
    }
  })

  it("of a DOWN have no room for its reference, which is the watch's", async () => {
    const s = makeSystem()
    const watcher = s.spawn("w")
    const target = s.spawn("a")
    const ref = 4_000_000_000
    s.shard.monitor(watcher, target, ref)
    s.shard.exit(target, undefined, killed)
    assert.deepStrictEqual((await s.take()).filter((event) => event.startsWith("w")), [`w down ${ref} of a Killed`])
  })
})
