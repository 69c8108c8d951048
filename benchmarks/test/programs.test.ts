// Every program of every peer completes its work at a small size: the count is checked inside, the figures are not.
// `fair` is left out: it takes as long as its schedule.
import { assert, describe, it } from "vitest"
import { run } from "../src/run.ts"
import { load } from "../src/subjects.ts"
import { common, isErrorRow, type Workload } from "../src/workload.ts"

const size = (workload: Workload): number => (workload === "skynet" ? 100 : 500)

describe.each(["js-limit", "xstate", "nact", "effect-queue", "effect-rpc", "effect-entity"])("%s", (name) => {
  it.each(common.filter((workload) => workload !== "fair"))("%s", async (workload) => {
    const subject = await load(name)
    const row = await run(subject, { workload, n: size(workload), quick: false })
    if (isErrorRow(row)) assert.isTrue(row.cannot, row.error)
    else assert.strictEqual(row.completed, row.n)
  })
})
