// Shards of one system over the addon's raw face: G110 to G115, on one thread and on two.
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { assert, it } from "vitest"
import { CallEnd, Completion, Flag, Reply, Submission, Why } from "../src/generated/layout.ts"
import { load } from "../src/load.ts"
import { type Arrived, Isolate } from "./isolate.ts"

const NEVER = 0xffffffff
const whyOf = (record: Arrived): number => record.flags >>> Flag.WhyShift

/** Two isolates on this thread, and what each of them got. */
const pair = () => {
  const system = load().openSystem()
  const got: [Array<Arrived>, Array<Arrived>] = [[], []]
  const one = new Isolate(system, (record) => void got[0].push(record))
  const two = new Isolate(system, (record) => void got[1].push(record))
  const settle = (): void => {
    for (let round = 0; round < 4; round++) {
      one.turn()
      two.turn()
    }
  }
  const of = (side: 0 | 1, kind: number): Array<Arrived> => got[side].filter((record) => record.kind === kind)
  return { system, one, two, settle, of }
}

it("G110: bytes and numbers reach an actor of another shard in order, whatever their length", () => {
  const { one, two, settle, of } = pair()
  const [sender, receiver] = [one.spawn(), two.spawn()]
  const long = "long ".repeat(2000)
  one.submit({ kind: Submission.Send, to: receiver, from: sender, op: 7, bytes: "short" })
  one.submit({ kind: Submission.Send, to: receiver, from: sender, op: 8, bytes: long })
  one.submit({ kind: Submission.Send, to: receiver, from: sender, op: 9, bytes: "" })
  one.submit({ kind: Submission.Send, to: receiver, from: sender, op: 10 })
  settle()
  const messages = of(1, Completion.Message)
  assert.deepStrictEqual(messages.map((message) => message.bytes), ["short", long, "", undefined])
  assert.deepStrictEqual(messages.map((message) => message.op), [7, 8, 9, 10])
  assert.deepStrictEqual(messages.map((message) => message.from), [sender, sender, sender, sender])
  one.close()
  two.close()
})

it("G18: a call to another shard is answered once, with its answer or its error", () => {
  const { one, two, settle, of } = pair()
  const callee = two.spawn()
  for (const token of [11, 12]) {
    one.submit({ kind: Submission.Send, flags: Flag.Call, to: callee, bytes: "q", a: token, b: NEVER })
  }
  settle()
  const [first, second] = of(1, Completion.Message)
  assert.strictEqual(first!.flags & Flag.Remote, Flag.Remote)
  two.submit({ kind: Submission.Reply, a: second!.a, b: Reply.Failure, bytes: "no" })
  two.submit({ kind: Submission.Reply, a: first!.a, b: Reply.Success, bytes: "yes" })
  // A second answer finds nobody.
  two.submit({ kind: Submission.Reply, a: first!.a, bytes: "again" })
  settle()
  const answers = of(0, Completion.Replied).map(({ a, b, bytes }) => ({ a, b, bytes }))
  assert.deepStrictEqual(answers, [{ a: 12, b: Reply.Failure, bytes: "no" }, { a: 11, b: Reply.Success, bytes: "yes" }])
  one.close()
  two.close()
})

it("G40: a name is the system's, and the isolates are numbered as they join", () => {
  const { one, two, settle } = pair()
  const pid = two.spawn("it")
  assert.strictEqual(one.native.whereis("it"), pid)
  assert.throws(() => one.spawn("it"), new RegExp(`taken by ${pid}`))
  settle()
  assert.deepStrictEqual(one.native.isolates().map(({ isolate, live }) => ({ isolate, live })), [
    { isolate: 0, live: 0 },
    { isolate: 1, live: 1 }
  ])
  two.close()
  assert.isNull(one.native.whereis("it"))
  one.close()
})

it("G114: a shard that closes tells what it did not handle, and ends what was tied to it elsewhere", () => {
  const { one, two, settle, of } = pair()
  const receiver = two.spawn()
  settle()
  two.submit({ kind: Submission.Suspend, to: receiver })
  one.submit({ kind: Submission.Monitor, to: receiver, slot: 5 })
  one.submit({ kind: Submission.Send, flags: Flag.Call, to: receiver, bytes: "q", a: 3, b: NEVER })
  settle()
  two.close()
  settle()
  assert.deepStrictEqual(of(1, Completion.DeadLetterBytes).map(({ bytes }) => bytes), ["q"])
  const [down] = of(0, Completion.OutsideDown)
  assert.strictEqual(down!.slot, 5)
  const [ended] = of(0, Completion.CallEnded)
  assert.deepStrictEqual([ended!.a, ended!.b], [3, CallEnd.Exited])
  assert.deepStrictEqual(of(0, Completion.IsolateDown).map(({ a }) => a), [1])
  // What is sent later is a dead letter here, and a later call ends at once.
  one.submit({ kind: Submission.Send, flags: Flag.Call, to: receiver, bytes: "late", a: 4, b: NEVER })
  one.turn()
  assert.deepStrictEqual(of(0, Completion.DeadLetterBytes).map((letter) => [letter.bytes, whyOf(letter)]), [
    ["late", Why.NotAlive]
  ])
  assert.deepStrictEqual(of(0, Completion.CallEnded).map(({ a }) => a), [3, 4])
  one.close()
})

it("refuses a system that has ended, and arrays that lack the arenas", () => {
  const { system, one, two } = pair()
  one.close()
  two.close()
  assert.throws(() => new Isolate(system, () => {}), /has ended, or never was/)
  const bare = {
    submissions: new Uint32Array(64),
    completions: new Uint32Array(128),
    control: new Int32Array(16),
    congested: new Uint32Array(4),
    reserve: new Uint32Array(2),
    call: new Float64Array(8)
  }
  const options = { maxActors: 10, capacity: 10, inbox: 16, system: load().openSystem() }
  assert.throws(() => new (load().NativeShard)(options, bare, () => {}), /needs outgoing and incoming/)
})

/** A worker's actor, and the events of the main isolate. */
const withWorker = async () => {
  const system = load().openSystem()
  const got: Array<Arrived> = []
  let changed: () => void = () => {}
  const main = new Isolate(system, (record) => {
    got.push(record)
    changed()
  })
  main.turn()
  const worker = new Worker(new URL("./worker/echo.mjs", import.meta.url), { workerData: system })
  const [hello] = await once(worker, "message") as [{ pid: number; isolate: number }]
  const arrival = async (kind: number): Promise<Arrived> => {
    for (;;) {
      const found = got.find((record) => record.kind === kind)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  return { main, worker, hello, arrival, got }
}

it("G110, G18: an isolate on a thread of its own is told and asked, and wakes whoever sleeps", async () => {
  const { main, worker, hello, arrival } = await withWorker()
  assert.strictEqual(hello.isolate, 1)
  assert.strictEqual(main.native.whereis("echo"), hello.pid)
  const told = once(worker, "message")
  main.submit({ kind: Submission.Send, to: hello.pid, bytes: "hello" })
  assert.deepStrictEqual(await told, ["hello"])
  main.submit({ kind: Submission.Send, flags: Flag.Call, to: hello.pid, bytes: "question", a: 1, b: 5000 })
  assert.strictEqual((await arrival(Completion.Replied)).bytes, "QUESTION")
  await worker.terminate()
  main.close()
})

it("G114: an isolate that is terminated ends what was tied to it with IsolateDown", async () => {
  const { main, worker, hello, arrival } = await withWorker()
  const asked = once(worker, "message")
  main.submit({ kind: Submission.Monitor, to: hello.pid, slot: 5 })
  main.submit({ kind: Submission.Send, flags: Flag.Call, to: hello.pid, bytes: "never", a: 2, b: NEVER })
  assert.deepStrictEqual(await asked, ["asked"])
  await worker.terminate()
  const down = await arrival(Completion.OutsideDown)
  assert.deepStrictEqual([down.slot, main.native.reason(down.a)?.code, main.native.reason(down.a)?.isolate], [5, 7, 1])
  const ended = await arrival(Completion.CallEnded)
  assert.deepStrictEqual([ended.a, ended.b, main.native.reason(ended.slot)?.isolate], [2, CallEnd.Exited, 1])
  assert.strictEqual((await arrival(Completion.IsolateDown)).a, 1)
  assert.deepStrictEqual(main.native.isolates().map(({ isolate }) => isolate), [0])
  assert.isNull(main.native.whereis("echo"))
  main.close()
})
