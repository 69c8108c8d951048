// Every program completes its work at a small size: the count is checked inside, the figures are not. `fair` and
// `timer-lag` are left out: they take as long as their schedule. Our own run on the twin, which needs no addon.
import { assert, describe, it } from "vitest"
import { run } from "../src/run.ts"
import { load } from "../src/subjects.ts"
import { common, isErrorRow, own, type Workload } from "../src/workload.ts"

const size = (workload: Workload): number => (workload === "skynet" ? 100 : 500)

describe.each(["js-limit", "xstate", "nact", "effect-queue", "effect-rpc", "effect-entity"])("%s", (name) => {
  it.each(common.filter((workload) => workload !== "fair"))("%s", async (workload) => {
    const subject = await load(name)
    const row = await run(subject, { workload, n: size(workload), quick: false })
    if (isErrorRow(row)) assert.isTrue(row.cannot, row.error)
    else assert.strictEqual(row.completed, row.n)
  })
})

describe.each(["postmessage", "sharedarraybuffer"])("%s", (name) => {
  it("buffer", async () => {
    const row = await run(await load(name), { workload: "buffer", n: 20, quick: false })
    assert.isFalse(isErrorRow(row), JSON.stringify(row))
  })
})

describe("myrmidon-memory", () => {
  it.each([...common, ...own].filter((workload) => workload !== "fair" && workload !== "timer-lag"))(
    "%s",
    async (workload) => {
      const row = await run(await load("myrmidon-memory"), { workload, n: size(workload), quick: false })
      if (isErrorRow(row)) assert.isTrue(row.cannot, row.error)
      else assert.strictEqual(row.completed, row.n)
    }
  )
})
