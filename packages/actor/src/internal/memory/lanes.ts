/**
 * How letters enter and leave the mailbox of a cell, and what that does to its counts. Policies are `admission.ts`.
 *
 * Order of service: `next`, priority, normal. While a handler waits, only letters that may re-enter leave, in the same
 * order; the others are passed over once, not once per delivery.
 */
import { Flag } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { Kind, type Lane, type Letter } from "./mailbox.ts"

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
  if ((flags & Flag.Reentrant) !== 0) asideOf(cell).reentrant++
  if ((flags & Flag.Next) !== 0) {
    asideOf(cell).next.push(letter)
    cell.flags |= Is.Lanes
    return
  }
  cell.count++
  if ((flags & Flag.Priority) !== 0) {
    asideOf(cell).priority.push(letter)
    cell.flags |= Is.Lanes
  } else pushNormal(cell, letter)
}

/** The next letter to deliver, where the normal lane alone does not decide. It may be `Void`. */
export const takeLetter = (cell: MemoryCell): Letter | undefined => {
  if ((cell.flags & Is.Busy) !== 0) return takeReentrant(cell)
  if ((cell.flags & Is.Lanes) !== 0) {
    const aside = cell.aside!
    const letter = aside.next.shift() ?? aside.priority.shift()
    if (aside.next.head === undefined && aside.priority.head === undefined) cell.flags &= ~Is.Lanes
    if (letter !== undefined) return left(cell, letter)
  }
  const letter = shiftNormal(cell, undefined)
  return letter === undefined ? undefined : left(cell, letter)
}

const takeReentrant = (cell: MemoryCell): Letter | undefined => {
  const aside = cell.aside!
  if (aside.reentrant === 0) return undefined
  const letter = passOver(aside.next) ?? passOver(aside.priority) ?? passOverNormal(cell)
  if (aside.next.head === undefined && aside.priority.head === undefined) cell.flags &= ~Is.Lanes
  return letter === undefined ? undefined : left(cell, letter)
}

const mayReenter = (letter: Letter): boolean => (letter.flags & Flag.Reentrant) !== 0

const passOver = (lane: Lane): Letter | undefined => {
  let previous = lane.passed
  let letter = previous === undefined ? lane.head : previous.next
  while (letter !== undefined && !mayReenter(letter)) {
    previous = letter
    letter = letter.next
  }
  lane.passed = previous
  return letter === undefined ? undefined : lane.shiftAfter(previous)
}

const passOverNormal = (cell: MemoryCell): Letter | undefined => {
  const aside = cell.aside!
  let previous = aside.passed
  let letter = previous === undefined ? cell.head : previous.next
  while (letter !== undefined && !mayReenter(letter)) {
    previous = letter
    letter = letter.next
  }
  aside.passed = previous
  return letter === undefined ? undefined : shiftNormal(cell, previous)
}

/** Whoever takes a letter out of a lane's middle, or ends the wait, forgets where the search stood. */
export const forgetPassed = (cell: MemoryCell): void => {
  const aside = cell.aside
  if (aside === undefined) return
  aside.passed = aside.next.passed = aside.priority.passed = undefined
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
  if (letter.kind <= Kind.Timer && (letter.flags & Flag.Next) === 0) cell.count--
  if ((letter.flags & Flag.Reentrant) !== 0) cell.aside!.reentrant--
  return letter
}

/** Takes the oldest message for which `drop-oldest` makes room: of the normal lane, else of the priority lane. */
export const takeOldest = (cell: MemoryCell): Letter | undefined => {
  forgetPassed(cell)
  let previous: Letter | undefined = undefined
  let letter = cell.head
  while (letter !== undefined && letter.kind > Kind.Timer) {
    previous = letter
    letter = letter.next
  }
  if (letter !== undefined) return left(cell, shiftNormal(cell, previous)!)
  const aside = cell.aside
  let oldest = aside?.priority.shift()
  while (oldest !== undefined && oldest.kind > Kind.Timer) oldest = aside!.priority.shift()
  if (aside !== undefined && aside.next.head === undefined && aside.priority.head === undefined) cell.flags &= ~Is.Lanes
  return oldest === undefined ? undefined : left(cell, oldest)
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
  aside.reentrant = 0
  forgetPassed(cell)
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
