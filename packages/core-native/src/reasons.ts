/**
 * Exit reasons and the words that stand for them in records.
 *
 * A word is `code | handle << 8`. Reasons without content have a word of their own; the others go through the shard's
 * table, one entry for one record that carries it. The failure that an actor ended by last is kept there: who fails
 * again and again mostly fails alike, and telling a failure both ways was half of a restart.
 */
import type { NativeShard, ReasonData } from "./binding.ts"
import type { CrashError, ExitReason } from "./ExitReason.ts"
import { ExitReasonCode } from "./generated/exitReason.ts"

const TAGS = Object.keys(ExitReasonCode) as ReadonlyArray<ExitReason["_tag"]>
const { Crashed, Normal, Shutdown, Killed, NoProc } = ExitReasonCode
const EXISTED = 1 << 8

const NORMAL: ExitReason = Object.freeze({ _tag: "Normal" })
const SHUTDOWN: ExitReason = Object.freeze({ _tag: "Shutdown" })
const KILLED: ExitReason = Object.freeze({ _tag: "Killed" })
const GONE: ExitReason = Object.freeze({ _tag: "NoProc", everExisted: true })
const NEVER: ExitReason = Object.freeze({ _tag: "NoProc", everExisted: false })

const toData = (reason: ExitReason): ReasonData => {
  const code = ExitReasonCode[reason._tag]
  switch (reason._tag) {
    case "Crashed":
      return { code, ...reason.error }
    default: {
      const { _tag, ...fields } = reason
      return { code, ...fields }
    }
  }
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

const isSame = (a: CrashError, b: CrashError): boolean =>
  a.message === b.message && a.stack === b.stack && a.name === b.name && a.language === b.language

const hasNoForm = /\p{Surrogate}/u

/** Whether the shard, whose texts are UTF-8, gives back what it was given: then it is not asked. */
const comesBackAsItIs = ({ message, name, stack }: CrashError): boolean =>
  !hasNoForm.test(message) && !hasNoForm.test(name) && (stack === undefined || !hasNoForm.test(stack))

// Many actors end by one object.
const frozen = (reason: ExitReason): ExitReason => {
  if (reason._tag === "Crashed") Object.freeze(reason.error)
  return Object.freeze(reason)
}

export class Reasons {
  readonly #native: NativeShard
  /** The failure that the shard keeps, the word of it, and what it comes back as. */
  #kept: CrashError | undefined = undefined
  #keptWord = -1
  #keptReason: ExitReason | undefined = undefined
  // A thousand signals of one death carry one word: it is looked up once a batch.
  #lastWord = -1
  #last: ExitReason = NORMAL

  constructor(native: NativeShard) {
    this.#native = native
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

  /** Whether a failure is the one that is kept. */
  isKept(error: CrashError): boolean {
    return this.#kept !== undefined && isSame(this.#kept, error)
  }

  /** Keeps another failure. The word of the one before is nobody's afterwards, but for records that were ingested. */
  keep({ language, message, name, stack }: CrashError): void {
    // A copy: whoever made it may change it.
    this.#kept = stack === undefined ? { name, message, language } : { name, message, stack, language }
    this.#keptWord = this.#native.keepReason({ code: Crashed, ...this.#kept })
    this.#keptReason = undefined
  }

  /** For any number of records that say `ExitSelf.Kept`, until another one is kept. */
  get keptWord(): number {
    return this.#keptWord
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
    if (word === this.#keptWord) {
      const kept = this.#kept!
      return this.#keptReason ??= frozen(comesBackAsItIs(kept) ? { _tag: "Crashed", error: kept } : this.#read(word))
    }
    if (word !== this.#lastWord) {
      this.#last = this.#read(word)
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
