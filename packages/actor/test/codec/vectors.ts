// The golden vectors of conformance/codec/vectors.json, as values of JavaScript.
import { readFileSync } from "node:fs"
import { Schema } from "effect"

type Notation = Readonly<Record<string, unknown>>
interface Vector {
  readonly name: string
  readonly value: Notation
  readonly hex?: string
  readonly head?: string
  readonly length?: number
}
interface Vectors {
  readonly values: ReadonlyArray<Vector>
  readonly loose: ReadonlyArray<Vector & { readonly hex: string }>
  readonly malformed: ReadonlyArray<{ readonly name: string; readonly hex: string }>
}

export const vectors = JSON.parse(
  readFileSync(new URL("../../../../conformance/codec/vectors.json", import.meta.url), "utf8")
) as Vectors

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"))
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const named: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity }

/** What a notation stands for. An integer of more than 53 bits is a bigint. */
export const valueOf = (notation: Notation): unknown => {
  const [form, content] = Object.entries(notation)[0]!
  switch (form) {
    case "nil":
      return null
    case "int":
      return Number.isSafeInteger(Number(content)) ? Number(content) : BigInt(content as string)
    case "float":
      return named[content as string] ?? Number(content)
    case "bin":
      return bytesOf(content as string)
    case "repeat": {
      const [text, times] = content as [string, number]
      return text.repeat(times)
    }
    case "array":
      return (content as Array<Notation>).map(valueOf)
    case "map":
      return Object.fromEntries((content as Array<[string, Notation]>).map(([key, value]) => [key, valueOf(value)]))
    default:
      return content
  }
}

/** Anything that msgpack has a form for. */
export const Plain = Schema.Any

/** Numbers from a seed, the same each time: splitmix32. */
export const randomFrom = (seed: number) => (below: number): number => {
  seed = seed + 0x9e3779b9 | 0
  let z = seed
  z = Math.imul(z ^ z >>> 16, 0x21f0aaad)
  z = Math.imul(z ^ z >>> 15, 0x735a2d97)
  return ((z ^ z >>> 15) >>> 0) % below
}

const numbers = [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1.5, -0, NaN, Infinity, 1e-300]
const texts = [
  "",
  "a",
  "constructor",
  "__proto__",
  "toJSON",
  "hasOwnProperty",
  "é",
  "😀",
  "\ufeff",
  "x".repeat(40),
  "ü".repeat(70)
]

/** Any plain value, not deeper than `depth`. */
export const anyPlain = (random: (below: number) => number, depth: number): unknown => {
  switch (random(depth > 0 ? 9 : 7)) {
    case 0:
      return null
    case 1:
      return random(2) === 1
    case 2:
      return numbers[random(numbers.length)]
    case 3:
      return random(2 ** 31) * 2 ** random(23) * (random(2) === 1 ? 1 : -1)
    case 4:
      return texts[random(texts.length)]
    case 5:
      return String.fromCodePoint(...Array.from({ length: random(50) }, () => random(0xd800)))
    case 6:
      return Uint8Array.from({ length: random(300) }, () => random(256))
    case 7:
      return Array.from({ length: random(20) }, () => anyPlain(random, depth - 1))
    default:
      return Object.fromEntries(
        Array.from(
          { length: random(20) },
          () => [`${texts[random(texts.length)]}${random(3) || ""}`, anyPlain(random, depth - 1)]
        )
      )
  }
}
