/** Everyone who can be measured. Each is imported alone, so that a process holds one framework. */
import type { Subject } from "./workload.ts"

const loaders = {
  "myrmidon": async () => (await import("./ours/subject.ts")).native(),
  "myrmidon-memory": async () => (await import("./ours/subject.ts")).memory(),
  "floor": async () => (await import("./peers/floor.ts")).subject,
  "js-limit": async () => (await import("./peers/js-limit.ts")).subject,
  "xstate": async () => (await import("./peers/xstate.ts")).subject,
  "nact": async () => (await import("./peers/nact.ts")).subject,
  "effect-queue": async () => (await import("./peers/effect-queue.ts")).subject,
  "effect-rpc": async () => (await import("./peers/effect-rpc.ts")).subject,
  "postmessage": async () => (await import("./peers/postmessage.ts")).postmessage,
  "sharedarraybuffer": async () => (await import("./peers/postmessage.ts")).sharedarraybuffer,
  "effect-entity": async () => (await import("./peers/effect-entity.ts")).subject
} as const satisfies Record<string, () => Promise<Subject>>

type SubjectName = keyof typeof loaders
export const subjectNames = Object.keys(loaders) as ReadonlyArray<SubjectName>
/** The columns of the table. The floor is a line of js-limit's, and the peers of `buffer` know nothing else. */
const aside: ReadonlySet<string> = new Set(["floor", "postmessage", "sharedarraybuffer"])
export const columns: ReadonlyArray<SubjectName> = subjectNames.filter((name) => !aside.has(name))
const isSubjectName = (name: string): name is SubjectName => Object.hasOwn(loaders, name)

export const load = (name: string): Promise<Subject> => {
  if (isSubjectName(name)) return loaders[name]()
  throw new Error(`no subject ${name}`)
}
