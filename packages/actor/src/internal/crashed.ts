/**
 * What was thrown, as the reason of an end.
 *
 * V8 takes the frames of an error when it is made, and makes a text of them when somebody first reads its `stack`: three
 * times the work of the error itself, and more than all the rest of a restart. So the reason with which an actor ends has
 * a stack that is not read yet (`CrashReasons`), and is plain data as soon as it is (G271): read by anybody, printed,
 * copied, or handed to the program by `told`. Who mostly looks at its tag (`signals.exit`, `onEnd`) gets it as it is. Until
 * then it holds the error, and with it what that holds.
 */
import type { ExitReason } from "../ExitReason.ts"
import { wellFormed } from "./wellFormed.ts"

type Crashed = Extract<ExitReason, { readonly _tag: "Crashed" }>
type Crash = Crashed["error"]

const property = (value: object, key: string): string | undefined => {
  const found = (value as Record<string, unknown>)[key]
  return typeof found === "string" && found !== "" ? wellFormed(found) : undefined
}

/** Of its class. A tagged error may have a field of that name. */
const nameOf = (defect: object): string | undefined => {
  const name = property(defect, "name")
  const tag = property(defect, "_tag")
  if (name === undefined || tag === undefined || !Object.hasOwn(defect, "name")) return name ?? tag
  const inherited = property(Object.getPrototypeOf(defect) as object ?? {}, "name")
  return inherited === undefined || inherited === "Error" ? tag : inherited
}

// What was thrown is anybody's: a getter or a `toString` of it may throw in turn.
const print = (defect: unknown): string => {
  try {
    return wellFormed(
      typeof defect === "object" && defect !== null ? JSON.stringify(defect) ?? "[object]" : String(defect)
    )
  } catch {
    return "[unprintable]"
  }
}

const language = "typescript" as const

const crash = (defect: unknown, errorOf: (name: string, message: string, defect: object) => Crash): Crash => {
  if (typeof defect === "object" && defect !== null) {
    try {
      const name = nameOf(defect)
      const message = property(defect, "message")
      if (defect instanceof Error || message !== undefined) return errorOf(name ?? "Error", message ?? "", defect)
    } catch {
      // Told below, without its fields.
    }
  }
  return { name: "Error", message: print(defect), language }
}

const withStack = (name: string, message: string, defect: object): Crash => {
  const stack = property(defect, "stack")
  return stack === undefined ? { name, message, language } : { name, message, language, stack }
}

/** As plain data, at once. */
export const crashed = (defect: unknown): Crashed => ({ _tag: "Crashed", error: crash(defect, withStack) })

// -- late -------------------------------------------------------------------------------------------------------------

const getterOf = (error: object): unknown =>
  (Object.getOwnPropertyDescriptor(error, "stack") as { readonly get?: unknown } | undefined)?.get

/** What V8 has in the place of a stack that is no text yet: an accessor, of all errors the same. Others have none. */
const unread = getterOf(new Error())

/**
 * What stands before an error whose stack is not read: Node prints an accessor as such. No key of the error itself, which
 * Effect would compare and hash.
 */
const late: object = Object.create(Object.prototype, {
  [Symbol.for("nodejs.util.inspect.custom")]: {
    value(this: Crash) {
      void this.stack
      return this
    }
  }
}) as object

/** Makes the stack of `made` a plain field, or none. */
const settle = (made: Crash, error: object): string | undefined => {
  let stack: string | undefined
  try {
    stack = property(error, "stack")
  } catch {
    // `Error.prepareStackTrace` is the program's own, and so is whatever stands before an error.
  }
  // Many may have got it.
  if (stack === undefined) Reflect.deleteProperty(made, "stack")
  else Reflect.defineProperty(made, "stack", { value: stack, enumerable: true })
  Reflect.setPrototypeOf(made, Object.prototype)
  Object.freeze(made)
  return stack
}

const withLateStack = (name: string, message: string, error: object): Crash => {
  if (unread === undefined || getterOf(error) !== unread) return withStack(name, message, error)
  const made = {
    __proto__: late,
    name,
    message,
    language,
    get stack() {
      return settle(made, error)
    }
  } as Crash
  return made
}

/** The reasons of the actors of one system. */
export class CrashReasons {
  private readonly errorOf: (name: string, message: string, thrown: object) => Crash
  private defect: unknown = undefined
  private last: Crashed | undefined = undefined

  /** `isLate`: stacks are made texts when they are read first. Not where the shard has to be told what each reason says. */
  constructor(isLate: boolean) {
    this.errorOf = isLate ? withLateStack : withStack
  }

  /** Who throws the same again ends by the same reason, as long as it says the same. */
  of(defect: unknown): Crashed {
    const { last } = this
    const error = crash(defect, (name, message, thrown) => {
      if (last === undefined || thrown !== this.defect || last.error.name !== name || last.error.message !== message) {
        return this.errorOf(name, message, thrown)
      }
      const isSame = getterOf(last.error) !== undefined || last.error.stack === property(thrown, "stack")
      return isSame ? last.error : this.errorOf(name, message, thrown)
    })
    if (last !== undefined && last.error === error) return last
    this.defect = defect
    return this.last = Object.freeze({ _tag: "Crashed", error })
  }
}

/** The reason as plain data, for whoever is told of it. */
export const told = (reason: ExitReason): ExitReason => {
  if (reason._tag === "Crashed") void reason.error.stack
  return reason
}

/** The error of a reason whose stack nobody had read, as plain data; of anything else undefined. For whoever copies. */
export const plainOf = (value: object): object | undefined => {
  if (Object.getPrototypeOf(value) !== late) return undefined
  void (value as Crash).stack
  // Whoever has frozen it before keeps it as it was.
  return Object.getPrototypeOf(value) === late ? { ...value } : value
}
