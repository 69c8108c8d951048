/**
 * How letters enter and leave the mailbox of a cell, and what that does to its count. Policies are `admission.ts`.
 *
 * Order of service: `next`, priority, normal (G8, G11). While a handler waits, only letters that may re-enter leave, in
 * that order and past those that may not (G7). A letter that was taken back stays in its lane as `Void`, and is dropped
 * when it comes to the front.
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

/** To the lane that its flags name. */
export const pushLetter = (cell: MemoryCell, letter: Letter): void => {
  const flags = letter.flags
  if (isCounted(letter)) cell.count++
  if ((flags & Flag.Reentrant) !== 0) cell.flags |= Is.MayEnter
  if ((flags & (Flag.Next | Flag.Priority)) === 0) return pushNormal(cell, letter)
  const aside = asideOf(cell)
  if ((flags & Flag.Next) !== 0) aside.next.push(letter)
  else aside.priority.push(letter)
  cell.flags |= Is.Lanes
}

/** The mailbox's bound counts messages of the normal and the priority lane (G13): no signals, no timers, not `next`. */
const isCounted = (letter: Letter): boolean => letter.kind === Kind.Message && (letter.flags & Flag.Next) === 0

/** Whether the mailbox has a letter that can be delivered now. The cell's other flags are not looked at. */
export const isServable = (cell: MemoryCell): boolean => {
  if ((cell.flags & (Is.Busy | Is.Lanes)) === 0) {
    const head = cell.head
    return head !== undefined && (head.kind !== Kind.Void || firstNormal(cell) !== undefined)
  }
  return (cell.flags & Is.Busy) === 0 ? first(cell) !== undefined : enter(cell, false) !== undefined
}

/** Takes the next letter to deliver out of its lane. The loop does so itself where only the normal lane is in use. */
export const takeLetter = (cell: MemoryCell): Letter | undefined => {
  if ((cell.flags & Is.Busy) !== 0) return enter(cell, true)
  const letter = first(cell)
  if (letter === undefined) return undefined
  const aside = cell.aside
  if (aside?.next.head === letter) aside.next.shift()
  else if (aside?.priority.head === letter) aside.priority.shift()
  else shiftNormal(cell)
  if (isCounted(letter)) cell.count--
  return letter
}

/**
 * The first letter that may enter while a handler waits; with `take` it leaves its lane. Linear in what stands before
 * it; finding none clears `MayEnter`, so that a cell without any is searched once.
 */
const enter = (cell: MemoryCell, take: boolean): Letter | undefined => {
  if ((cell.flags & Is.MayEnter) === 0) return undefined
  const aside = cell.aside
  for (const lane of aside === undefined ? [cell] : [aside.next, aside.priority, cell]) {
    let before: Letter | undefined
    let stops = false
    for (let letter = lane.head; letter !== undefined; before = letter, letter = letter.next) {
      // What stands behind a `Stop` is never handled, except an answer: the handler that waits for it comes first.
      if (letter.kind === Kind.Stop) {
        if (aside === undefined || aside.behind === 0) break
        stops = true
      }
      if ((letter.flags & Flag.Reentrant) === 0 || (stops && letter.kind !== Kind.Answer)) continue
      if (take) {
        if (before === undefined) lane.head = letter.next
        else before.next = letter.next
        if (lane.tail === letter) lane.tail = before
        letter.next = undefined
        if (isCounted(letter)) cell.count--
      }
      return letter
    }
  }
  cell.flags &= ~Is.MayEnter
  return undefined
}

/** Whether something is queued that may enter while a handler waits. */
export const mayEnter = (cell: MemoryCell): boolean => enter(cell, false) !== undefined

const first = (cell: MemoryCell): Letter | undefined => {
  if ((cell.flags & Is.Lanes) !== 0) {
    const aside = cell.aside!
    const letter = firstOf(aside.next) ?? firstOf(aside.priority)
    if (letter !== undefined) return letter
    cell.flags &= ~Is.Lanes
  }
  return firstNormal(cell)
}

const firstOf = (lane: Lane): Letter | undefined => {
  while (lane.head?.kind === Kind.Void) lane.shift()
  return lane.head
}

const firstNormal = (cell: MemoryCell): Letter | undefined => {
  while (cell.head?.kind === Kind.Void) shiftNormal(cell)
  return cell.head
}

const shiftNormal = (cell: MemoryCell): void => {
  const letter = cell.head!
  cell.head = letter.next
  if (letter.next === undefined) cell.tail = undefined
  letter.next = undefined
}

/** Makes a queued letter void: it counts nowhere, and is dropped when its turn comes. Its content moves to `into`. */
export const voidLetter = (cell: MemoryCell, letter: Letter, into: Letter | undefined): void => {
  if (isCounted(letter)) cell.count--
  if (into !== undefined) {
    into.head = letter.head
    into.payload = letter.payload
    into.from = letter.from
    into.extra = letter.extra
  }
  letter.head = Kind.Void
  letter.payload = letter.from = letter.extra = undefined
}

/** The oldest message of the normal lane, for which `drop-oldest` makes room. */
export const oldestMessage = (cell: MemoryCell): Letter | undefined => {
  let letter = firstNormal(cell)
  while (letter !== undefined && letter.kind !== Kind.Message) letter = letter.next
  return letter
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

/** How many letters are queued and not void. Linear: only for `info`. */
export const lengthOf = (cell: MemoryCell): number => {
  let length = 0
  for (const head of [cell.aside?.next.head, cell.aside?.priority.head, cell.head]) {
    for (let letter = head; letter !== undefined; letter = letter.next) if (letter.kind !== Kind.Void) length++
  }
  return length
}
