/**
 * Short texts of ASCII, which most texts of messages are: eight characters a call. A decoder costs more than some forty
 * characters do, and a call for each character a third more than this.
 */
const { fromCharCode } = String

/** So many bytes as text; `undefined`: they are not all ASCII. They are there. */
export const asciiAt = (bytes: Uint8Array, at: number, length: number): string | undefined => {
  const end = at + length
  let text = ""
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at]!, b = bytes[at + 1]!, c = bytes[at + 2]!, d = bytes[at + 3]!
    const e = bytes[at + 4]!, f = bytes[at + 5]!, g = bytes[at + 6]!, h = bytes[at + 7]!
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined
    const part = fromCharCode(a, b, c, d, e, f, g, h)
    text = text === "" ? part : text + part
  }
  if (at === end) return text
  const part = restAt(bytes, at, end - at)
  return text === "" || part === undefined ? part : text + part
}

// One to seven.
const restAt = (bytes: Uint8Array, at: number, length: number): string | undefined => {
  const a = bytes[at]!
  const b = length > 1 ? bytes[at + 1]! : 0
  const c = length > 2 ? bytes[at + 2]! : 0
  const d = length > 3 ? bytes[at + 3]! : 0
  const e = length > 4 ? bytes[at + 4]! : 0
  const f = length > 5 ? bytes[at + 5]! : 0
  const g = length > 6 ? bytes[at + 6]! : 0
  if ((a | b | c | d | e | f | g) > 0x7f) return undefined
  switch (length) {
    case 1:
      return fromCharCode(a)
    case 2:
      return fromCharCode(a, b)
    case 3:
      return fromCharCode(a, b, c)
    case 4:
      return fromCharCode(a, b, c, d)
    case 5:
      return fromCharCode(a, b, c, d, e)
    case 6:
      return fromCharCode(a, b, c, d, e, f)
    default:
      return fromCharCode(a, b, c, d, e, f, g)
  }
}
