/**
 * Exit reasons and the words that stand for them in records.
 *
 * A word is `code | handle << 8`. Reasons without content have a word of their own; the others go through the shard's
 * table, one entry for one record that carries it.
 *
 * The failures that actors ended by lately are held here, with words that any number of records may name. Who fails again
 * mostly fails alike, and telling a failure both ways was half of a restart. A shard that is alone is not even told what
 * they say: nobody else can ask it, and the text of a stack takes longer than all the rest of an end. What is still on
 * its way when it has to make room is told then.
 */
import type { NativeShard, ReasonData } from "./binding.ts"
import type { CrashError, ExitReason } from "./ExitReason.ts"
import { ExitReasonCode } from "./generated/exitReason.ts"

const TAGS = Object.keys(ExitReasonCode) as ReadonlyArray<ExitReason["_tag"]>
const { Crashed, Normal, Shutdown, Killed, NoProc } = ExitReasonCode
const EXISTED = 1 << 8

/** Failures that are held; when there are as many, half of them make room. */
const MOST_HELD = 64

const NORMAL: ExitReason = Object.freeze({ _tag: "Normal" })
const SHUTDOWN: ExitReason = Object.freeze({ _tag: "Shutdown" })
const KILLED: ExitReason = Object.freeze({ _tag: "Killed" })
const GONE: ExitReason = Object.freeze({ _tag: "NoProc", everExisted: true })
const NEVER: ExitReason = Object.freeze({ _tag: "NoProc", everExisted: false })

/** The reason of an actor that has failed. */
export type CrashReason = Extract<ExitReason, { readonly _tag: "Crashed" }>

// No spread: it would take an accessor for a field, and be slower.
const toCrash = ({ language, message, name, stack }: CrashError): ReasonData =>
  stack === undefined
    ? { code: Crashed, name, message, language }
    : { code: Crashed, name, message, stack, language }

const toData = (reason: ExitReason): ReasonData => {
  if (reason._tag === "Crashed") return toCrash(reason.error)
  const { _tag, ...fields } = reason
  return { code: ExitReasonCode[_tag], ...fields }
}

const fromData = (data: ReasonData): ExitReason => {
  switch (TAGS[data.code]) {
    case "Shutdown":
      return data.detail === undefined ? SHUTDOWN : { _tag: "Shutdown", detail: data.detail }
    case "Killed":
      return KILLED
    case "Crashed": {
      const error = { name: data.name!, message: data.message!, language: data.language! }
      return { _tag: "Crashed", error: data.stack === undefined ? error : { ...error, stack: data.stack } }
    }
    case "NoProc":
      return data.everExisted ? GONE : NEVER
    case "NodeUnreachable":
      return { _tag: "NodeUnreachable", node: data.node!, because: data.because! }
    case "NodeRestarted":
      return { _tag: "NodeRestarted", node: data.node! }
    case "IsolateDown":
      return { _tag: "IsolateDown", isolate: data.isolate! }
    default:
      return NORMAL
  }
}

/**
 * A reason that somebody else made, and may change: what it says now, with texts as any shard would give them back. Many
 * actors end by one object.
 */
const copyOf = ({ error: { language, message, name, stack } }: CrashReason): CrashReason => {
  const texts = { name: name.toWellFormed(), message: message.toWellFormed() }
  const error = stack === undefined ? { ...texts, language } : { ...texts, stack: stack.toWellFormed(), language }
  return Object.freeze({ _tag: "Crashed", error: Object.freeze(error) })
}

const isSame = (a: CrashError, b: CrashError): boolean =>
  a.message === b.message && a.name === b.name && a.language === b.language && a.stack === b.stack

export class Reasons {
  readonly #native: NativeShard
  /** Nobody but this isolate can ask the shard what a word says. */
  readonly #isAlone: boolean
  /** The failures that are held, by their words, oldest first. */
  readonly #held = new Map<number, CrashReason>()
  /** Words that say nothing to the shard, and stand for nothing now. */
  readonly #spare: Array<number> = []
  #latest: CrashReason | undefined = undefined
  #latestWord = -1
  // A thousand signals of one death carry one word: it is looked up once a batch.
  #lastWord = -1
  #last: ExitReason = NORMAL

  constructor(native: NativeShard, isAlone: boolean) {
    this.#native = native
    this.#isAlone = isAlone
  }

  /** The word of a reason, for one record. */
  word(reason: ExitReason): number {
    switch (reason._tag) {
      case "Normal":
        return Normal
      case "Shutdown":
        return reason.detail === undefined ? Shutdown : this.#native.internReason(toData(reason))
      case "Killed":
        return Killed
      case "NoProc":
        return NoProc | (reason.everExisted ? EXISTED : 0)
      default:
        return this.#native.internReason(toData(reason))
    }
  }

  /** Whether a failure is the one that was held last. `isOwn`: nobody but its maker knows it, and its stack is not to be read. */
  isLatest(reason: CrashReason, isOwn: boolean): boolean {
    const latest = this.#latest
    if (latest === undefined || latest === reason) return latest !== undefined
    return !isOwn && isSame(latest.error, reason.error)
  }

  /** Entries of the shard's table that are held, or are spare words; the others are of records that are on their way. */
  get kept(): number {
    return this.#held.size + this.#spare.length
  }

  /** There is no room: `makeRoom` comes first, once no record waits that names one of them. */
  get isFull(): boolean {
    return this.#held.size >= MOST_HELD
  }

  /** Lets go of the older half. */
  makeRoom(): void {
    const native = this.#native
    const words = Array.from(this.#held.keys()).slice(0, MOST_HELD / 2)
    if (this.#isAlone) {
      // What is on its way is told; a word that nobody else has stands for another failure from now on.
      const shared = native.sharedReasons(words)
      for (const word of shared) native.tellReason(word, toCrash(this.#held.get(word)!.error))
      for (const word of words) if (!shared.includes(word)) this.#spare.push(word)
    } else {
      for (const word of words) native.letGoOfReason(word)
    }
    for (const word of words) this.#held.delete(word)
  }

  /** Holds one more. */
  hold(reason: CrashReason, isOwn: boolean): void {
    const held = isOwn ? reason : copyOf(reason)
    const word = this.#isAlone
      ? this.#spare.pop() ?? this.#native.holdReason()
      : this.#native.holdReason(toCrash(held.error))
    this.#held.set(word, held)
    this.#latest = held
    this.#latestWord = word
  }

  /** Of the one that was held last, for any number of records that say `ExitSelf.Kept`. */
  get latestWord(): number {
    return this.#latestWord
  }

  /** The reason of a word in the current batch. */
  of(word: number): ExitReason {
    switch (word) {
      case Normal:
        return NORMAL
      case Shutdown:
        return SHUTDOWN
      case Killed:
        return KILLED
      case NoProc:
        return NEVER
      case NoProc | EXISTED:
        return GONE
    }
    if (word !== this.#lastWord) {
      this.#last = this.#held.get(word) ?? this.#read(word)
      this.#lastWord = word
    }
    return this.#last
  }

  #read(word: number): ExitReason {
    const data = this.#native.reason(word)
    return data === null || data === undefined ? NORMAL : fromData(data)
  }

  /** A new batch: words may stand for other reasons now. */
  forget(): void {
    this.#lastWord = -1
  }
}
