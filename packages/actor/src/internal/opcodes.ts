/**
 * The tags of messages as numbers, interned once per process: refs widen and behaviours are replaced, so a number that
 * belonged to one protocol would lie.
 *
 * Owner: this module. 0 is no tag. Records carry 16 bits of it, so a process has at most 65,535 tags; they come from
 * protocols, which are code, never from data.
 */
const byTag = new Map<string, number>()
const tags: Array<string> = [""]

/** The number of a protocol's tag. */
export const intern = (tag: string): number => {
  const known = byTag.get(tag)
  if (known !== undefined) return known
  if (tags.length > 0xffff) throw new RangeError(`more than 65535 message tags; "${tag}" has no room`)
  byTag.set(tag, tags.length)
  return tags.push(tag) - 1
}

/** The number of a tag that a message carries; 0 when no protocol has it. */
export const lookup = (tag: string): number => byTag.get(tag) ?? 0

/** The tag of a number. */
export const tagOf = (op: number): string => tags[op] ?? ""
