// What a profile's functions are counted as, and that the parts of a breakdown are the whole.
import { assert, describe, it } from "vitest"
import { breakDown, type Frame, groupOf } from "../src/profile/breakdown.ts"

const frame = (functionName: string, url = "", lineNumber = 9): Frame => ({ functionName, url, lineNumber })
const root = "file:///somewhere/repository"

describe("the group of a function", () => {
  it.each([
    [frame("(garbage collector)"), "garbage collector"],
    [frame("(program)"), "no JavaScript on the stack"],
    [frame("push"), "V8's own functions"],
    [frame("send", `${root}/packages/core-native/src/Membrane.ts`), "membrane (core-native, TypeScript)"],
    [frame("run", `${root}/packages/core-native/src/ring.ts`), "addon (Rust), and the calls into it"],
    [frame("put", `${root}/packages/core-native/src/ring.ts`), "membrane (core-native, TypeScript)"],
    [frame("run", `${root}/packages/core-native/src/direct.ts`), "membrane (core-native, TypeScript)"],
    [frame("deliver", `${root}/packages/actor/src/internal/deliver.ts`), "host (actor)"],
    [frame("send", `${root}/packages/actor/src/internal/memory/shard.ts`), "twin: its shard"],
    [frame("start", `${root}/packages/supervisor/src/Supervisor.ts`), "supervisor"],
    [frame("runLoop", `${root}/node_modules/.pnpm/a/node_modules/effect/dist/internal/effect.js`), "Effect"],
    [frame("dispatch", `${root}/node_modules/.pnpm/a/node_modules/nact/lib/index.js`), "other packages"],
    [frame("produce", `${root}/benchmarks/src/measure.ts`), "the benchmark's own code, handlers included"],
    [frame("setImmediate", "node:timers"), "Node.js"]
  ])("%j", (function_, group) => {
    assert.strictEqual(groupOf(function_), group)
  })
})

describe("a breakdown", () => {
  const { functions, groups, total } = breakDown([
    { frame: frame("send", `${root}/packages/core-native/src/Membrane.ts`), weight: 3 },
    { frame: frame("(idle)"), weight: 100 },
    { frame: frame("", `${root}/benchmarks/src/ours/spawn.ts`), weight: 1 },
    // The same function in another place of the tree of calls.
    { frame: frame("send", `${root}/packages/core-native/src/Membrane.ts`), weight: 2 },
    { frame: frame("put", `${root}/packages/core-native/src/Membrane.ts`, 19), weight: 4 }
  ])

  it("leaves out the thread at rest", () => {
    assert.strictEqual(total, 10)
  })
  it("adds up what is seen of a function and of a group, the greatest first", () => {
    assert.deepStrictEqual(groups.map(({ share, what }) => [what, share]), [
      ["membrane (core-native, TypeScript)", 0.9],
      ["the benchmark's own code, handlers included", 0.1]
    ])
    assert.deepStrictEqual(functions.map(({ weight, what }) => [what, weight]), [
      ["send Membrane.ts:10", 5],
      ["put Membrane.ts:20", 4],
      ["(anonymous) spawn.ts:10", 1]
    ])
  })
  it("of nothing is nothing", () => {
    assert.deepStrictEqual(breakDown([]), { total: 0, groups: [], functions: [] })
  })
})
