/**
 * How letters enter and leave the mailbox of a cell, and what that does to its counts. Policies are `admission.ts`.
 *
 * Order of service: `next`, priority, normal. While a handler waits, the next letter leaves only if it may re-enter.
 */
import { Flag } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { Kind, type Letter } from "./mailbox.ts"

/** To the end of the normal lane. */
export const pushNormal = (cell: MemoryCell, letter: Letter): void => {
  const tail = cell.tail
  if (tail === undefined) cell.head = letter
  else tail.next = letter
  cell.tail = letter
}

/** A message to the lane that its flags name. */
export const pushMessage = (cell: MemoryCell, letter: Letter): void => {
  const flags = letter.flags
  if ((flags & Flag.Next) !== 0) {
    asideOf(cell).next.push(letter)
    cell.flags |= Is.Lanes
    return
  }
  if (letter.kind === Kind.Message) cell.count++
  if ((flags & Flag.Priority) !== 0) {
    asideOf(cell).priority.push(letter)
    cell.flags |= Is.Lanes
  } else pushNormal(cell, letter)
}

/** The letter that is next in the order of service; voids do not count. */
const first = (cell: MemoryCell): Letter | undefined => {
  const aside = (cell.flags & Is.Lanes) === 0 ? undefined : cell.aside
  return real(aside?.next.head) ?? real(aside?.priority.head) ?? real(cell.head)
}

const real = (head: Letter | undefined): Letter | undefined => {
  let letter = head
  while (letter?.kind === Kind.Void) letter = letter.next
  return letter
}

/** Whether the next letter may enter although a handler waits (G7); what stands behind it never overtakes it (G6). */
export const mayReenter = (cell: MemoryCell): boolean => {
  const letter = first(cell)
  return letter !== undefined && (letter.flags & Flag.Reentrant) !== 0
}

/** The next letter to deliver, where the normal lane alone does not decide. It may be `Void`. */
export const takeLetter = (cell: MemoryCell): Letter | undefined => {
  if ((cell.flags & Is.Busy) !== 0 && !mayReenter(cell)) return undefined
  if ((cell.flags & Is.Lanes) !== 0) {
    const aside = cell.aside!
    const letter = aside.next.shift() ?? aside.priority.shift()
    if (aside.next.head === undefined && aside.priority.head === undefined) cell.flags &= ~Is.Lanes
    if (letter !== undefined) return left(cell, letter)
  }
  const letter = shiftNormal(cell, undefined)
  return letter === undefined ? undefined : left(cell, letter)
}

/** Takes the letter behind `previous` out of the normal lane; `undefined`: the first. */
const shiftNormal = (cell: MemoryCell, previous: Letter | undefined): Letter | undefined => {
  const letter = previous === undefined ? cell.head : previous.next
  if (letter === undefined) return undefined
  if (previous === undefined) cell.head = letter.next
  else previous.next = letter.next
  if (letter.next === undefined) cell.tail = previous
  letter.next = undefined
  return letter
}

/** Counts a letter out. */
const left = (cell: MemoryCell, letter: Letter): Letter => {
  if (letter.kind === Kind.Message && (letter.flags & Flag.Next) === 0) cell.count--
  return letter
}

/** Takes the oldest message of the normal lane, for `drop-oldest`: what is urgent is not dropped for what is not. */
export const takeOldest = (cell: MemoryCell): Letter | undefined => {
  let previous: Letter | undefined = undefined
  let letter = cell.head
  while (letter !== undefined && letter.kind !== Kind.Message) {
    previous = letter
    letter = letter.next
  }
  return letter === undefined ? undefined : left(cell, shiftNormal(cell, previous)!)
}

/** Makes a queued letter void: it counts nowhere, and is passed over when its turn comes. */
export const voidLetter = (cell: MemoryCell, letter: Letter): void => {
  left(cell, letter)
  letter.kind = Kind.Void
  letter.flags = 0
  letter.payload = letter.from = letter.extra = undefined
}

/** Everything that is queued, as one chain in order of service. The mailbox is empty afterwards. */
export const takeAll = (cell: MemoryCell): Letter | undefined => {
  let chain = cell.head
  cell.head = cell.tail = undefined
  cell.count = 0
  cell.flags &= ~Is.Lanes
  const aside = cell.aside
  if (aside === undefined) return chain
  for (const lane of [aside.priority, aside.next]) {
    if (lane.tail === undefined) continue
    lane.tail.next = chain
    chain = lane.head
    lane.head = lane.tail = undefined
  }
  return chain
}

/** Letters that are queued and not void. Linear: for `info`. */
export const lengthOf = (cell: MemoryCell): number => {
  let length = 0
  for (const head of [cell.aside?.next.head, cell.aside?.priority.head, cell.head]) {
    for (let letter = head; letter !== undefined; letter = letter.next) if (letter.kind !== Kind.Void) length++
  }
  return length
}
