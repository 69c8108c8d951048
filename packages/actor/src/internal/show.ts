/**
 * Values that a program has handed in, as an error prints them. Nothing of theirs is run, nothing is thrown, and however
 * large they are, the text is short and well-formed.
 */
import { wellFormed } from "./wellFormed.ts"

const most = 60
const fields = 4

const cut = (text: string): string => wellFormed(text.length > most ? `${text.slice(0, most)}…` : text)

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// What a getter would give is not asked for.
const own = (value: object, key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value

const field = (value: object, key: string): string => {
  const held = own(value, key)
  return `${cut(key)}: ${typeof held === "object" && held !== null ? "…" : show(held)}`
}

const showObject = (value: object): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (!isPlain(value)) {
    const made = own(Object.getPrototypeOf(value) as object, "constructor")
    const name = typeof made === "function" ? own(made, "name") : undefined
    return typeof name === "string" && name !== "" ? `an object of ${cut(name)}` : "an object"
  }
  const shown: Array<string> = []
  for (const key in value) {
    if (shown.length === fields) return `{ ${shown.join(", ")}, … }`
    shown.push(field(value, key))
  }
  return shown.length === 0 ? "{}" : `{ ${shown.join(", ")} }`
}

export const show = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(cut(value))
    case "bigint":
      // The digits of a large one cost more than what they tell.
      return value < 2n ** 128n && value > -(2n ** 128n) ? `${value}n` : "a bigint"
    case "symbol":
      return cut(String(value))
    case "function":
      return "a function"
    case "object":
      if (value === null) return "null"
      try {
        return showObject(value)
      } catch {
        // A proxy that throws.
        return "an object"
      }
    default:
      return String(value)
  }
}
