/** Tokens of pending calls: the lives of an entry, and the forms in which a token comes back. */
import { assert, describe, it } from "vitest"
import { Tokens } from "../src/tokens.ts"

describe("Tokens", () => {
  it("a token that comes late finds nothing, though its entry is another call's", () => {
    const tokens = new Tokens<string>()
    const first = tokens.open("first")
    assert.strictEqual(tokens.close(first), "first")
    const second = tokens.open("second")
    assert.notStrictEqual(second, first)
    assert.isUndefined(tokens.get(first))
    assert.isUndefined(tokens.close(first))
    assert.strictEqual(tokens.get(second), "second")
    assert.strictEqual(tokens.pending, 1)
  })

  it("a token is a signed word in every life, and is found by its unsigned form too", () => {
    const tokens = new Tokens<string>()
    const seen = new Set<number>()
    for (let life = 0; life < 2000; life++) {
      const token = tokens.open(`call ${life}`)
      assert.strictEqual(token, token | 0)
      assert.notStrictEqual(token, 0)
      seen.add(token)
      assert.strictEqual(tokens.get(token), `call ${life}`)
      assert.strictEqual(tokens.get(token >>> 0), `call ${life}`)
      assert.strictEqual(tokens.close(life % 2 === 0 ? token : token >>> 0), `call ${life}`)
      assert.isUndefined(tokens.get(token))
      assert.isUndefined(tokens.close(token))
    }
    // Then the lives of the entry begin anew.
    assert.strictEqual(seen.size, 1024)
    assert.strictEqual(tokens.pending, 0)
  })

  it("clear ends what is pending, whatever its life", () => {
    const tokens = new Tokens<number>()
    for (let life = 0; life < 600; life++) tokens.close(tokens.open(life))
    const first = tokens.open(1)
    const second = tokens.open(2)
    assert.deepStrictEqual(tokens.clear().sort((a, b) => a - b), [1, 2])
    assert.isUndefined(tokens.get(first))
    assert.isUndefined(tokens.get(second))
    assert.strictEqual(tokens.pending, 0)
  })
})
