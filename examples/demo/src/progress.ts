/**
 * The run while it happens: in a terminal a map that fills, redrawn in place once a day; elsewhere one plain line now
 * and then. Owns the terminal between `start` and `stop`, and leaves the cursor as it was.
 */
import type { WriteStream } from "node:tty"
import type { Cities } from "./cities.ts"
import type { Place } from "./founding.ts"
import type { Day } from "./protocols.ts"
import type { History, Spectator } from "./run.ts"
import { count } from "./table.ts"

export interface Progress extends Spectator {
  readonly step: (text: string) => void
  readonly stop: () => void
}

/** `isTTY` of the stream decides. */
export const makeProgress = (out: WriteStream | NodeJS.WritableStream, cities: () => Cities, days: number): Progress =>
  "isTTY" in out && out.isTTY && out.columns >= 60 && out.rows >= 18
    ? liveProgress(out, cities, days)
    : plainProgress(out, days)

const plainProgress = (out: NodeJS.WritableStream, days: number): Progress => ({
  step: (text) => void out.write(`${text}\n`),
  spawned: (actors, millis, places) => void out.write(spawnedLine(actors, millis, places) + "\n"),
  day: (day) => {
    if (day.day % Math.ceil(days / 10) === 0 || day.day === days) out.write(`day ${day.day}/${days}: ${shares(day)}\n`)
  },
  stop: () => {}
})

const liveProgress = (out: WriteStream, cities: () => Cities, days: number): Progress => {
  // The whole picture must fit: a frame that scrolls cannot be drawn over.
  const columns = Math.min(out.columns - 2, 118, Math.floor((out.rows - 6) / rowsPerColumn))
  // A terminal that is left without its cursor outlives the program.
  const interrupted = () => {
    out.write(showCursor)
    process.exit(130)
  }
  let map: ((history: History, day: number) => ReadonlyArray<string>) | undefined
  let drawn = 0
  let where: ReadonlyArray<Place> = []
  return {
    step: (text) => void out.write(`${text}\n`),
    spawned: (actors, millis, places) => {
      where = places
      process.once("SIGINT", interrupted)
      out.write(`${spawnedLine(actors, millis, places)}\n${hideCursor}`)
    },
    day: (day, history, millis) => {
      map ??= makeMap(cities(), columns)
      const lines = [
        ...map(history, day.day),
        "",
        `  day ${String(day.day).padStart(3)}/${days}  ${bar(day, columns - 16)}`,
        `  ${shares(day)}`,
        `  ${rates(day, millis, where, columns)}`
      ]
      // Back to the first line of the last picture, each line cleared as it is written again.
      out.write((drawn > 0 ? `\x1b[${drawn}A` : "") + lines.map((line) => `\x1b[2K${line}\n`).join(""))
      drawn = lines.length
    },
    stop: () => {
      process.removeListener("SIGINT", interrupted)
      out.write(showCursor)
    }
  }
}

const hideCursor = "\x1b[?25l"
const showCursor = "\x1b[?25h"

const spawnedLine = (actors: number, millis: number, places: ReadonlyArray<Place>): string =>
  `${count(actors)} actors spawned in ${count(Math.round(millis))} ms` +
  (isOnMain(places) ? "" : `, on ${places.length} worker isolate${places.length === 1 ? "" : "s"}`)

const isOnMain = (places: ReadonlyArray<Place>): boolean => places.every(({ isolate }) => isolate === 0)

/** Messages a second of each isolate on that day, as many isolates as there is room for. */
const rates = (day: Day, millis: number, places: ReadonlyArray<Place>, width: number): string => {
  const rate = (handled: number) => `${(handled / millis / 1000).toFixed(2)} M/s`
  let line = `messages ${rate(day.handled)}`
  if (isOnMain(places)) return line
  for (const [region, { isolate }] of places.entries()) {
    const next = `${region === 0 ? ":" : ","} isolate ${isolate} ${rate(day.byRegion[region])}`
    if (line.length + next.length > width) return `${line}, ...`
    line += next
  }
  return line
}

const shares = (day: Day): string => {
  const people = day.susceptible + day.infected + day.recovered
  const percent = (part: number) => `${(100 * part / people).toFixed(1)} %`
  return `susceptible ${percent(day.susceptible)}, infected ${percent(day.infected)}, recovered ${
    percent(day.recovered)
  }` +
    `; ${count(day.killed)} cities killed, ${count(day.restarted)} started again`
}

/** The people of the world as one bar: who is susceptible, infected, recovered. */
const bar = (day: Day, width: number): string => {
  const people = day.susceptible + day.infected + day.recovered
  const infected = Math.round(width * day.infected / people)
  const recovered = Math.round(width * day.recovered / people)
  return colour(36, "█".repeat(recovered)) + colour(202, "█".repeat(infected)) +
    colour(238, "█".repeat(Math.max(0, width - infected - recovered)))
}

const colour = (code: number, text: string): string => `\x1b[38;5;${code}m${text}\x1b[0m`

/** By how many of the cities of a cell were reached: embers, then fire. */
const fire = [52, 88, 124, 160, 196, 202, 208, 214, 221]
/** By days since the last of them was: the fire is over. */
const after = [215, 180, 144, 108, 72, 36]
const untouched = 240

/** The part of the world where cities are. */
const north = 72
const south = -56
/** A character is twice as high as wide; a little more, because the crowded north deserves it. */
const rowsPerColumn = (north - south) / 360 / 2 * 1.15

/** A map in braille: two by four dots a character, a dot where there is a city, coloured by how far the infection is there. */
const makeMap = (cities: Cities, columns: number) => {
  const rows = Math.round(columns * rowsPerColumn)
  const dots = new Uint8Array(columns * rows)
  const cell = new Int32Array(cities.size)
  for (let city = 0; city < cities.size; city++) {
    const x = Math.min(columns * 2 - 1, Math.floor((cities.longitude[city] + 180) / 360 * columns * 2))
    const y = Math.floor((north - cities.latitude[city]) / (north - south) * rows * 4)
    if (y < 0 || y >= rows * 4) cell[city] = -1
    else {
      cell[city] = (y >> 2) * columns + (x >> 1)
      dots[cell[city]] |= brailleBit(x & 1, y & 3)
    }
  }
  const all = new Uint16Array(columns * rows)
  const reached = new Uint16Array(columns * rows)
  const latest = new Uint16Array(columns * rows)
  for (const at of cell) if (at >= 0) all[at]++
  const heat = (at: number, day: number): number => {
    if (reached[at] === 0) return untouched
    if (reached[at] < all[at]) return fire[Math.floor(reached[at] / all[at] * fire.length)]
    return after[Math.min(after.length - 1, Math.max(0, day - latest[at] - 3))]
  }
  return (history: History, day: number): ReadonlyArray<string> => {
    for (const { city } of history.days[history.days.length - 1].reached) {
      if (cell[city] < 0) continue
      reached[cell[city]]++
      latest[cell[city]] = day
    }
    return Array.from({ length: rows }, (_, row) => {
      let line = "  "
      let last = -1
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column
        if (dots[at] === 0) {
          line += " "
          continue
        }
        const code = heat(at, day)
        if (code !== last) line += `\x1b[38;5;${code}m`
        last = code
        line += String.fromCharCode(0x2800 + dots[at])
      }
      return line + "\x1b[0m"
    })
  }
}

/** Unicode numbers the dots of a braille cell down the left column, down the right one, and then the lowest row. */
const brailleBit = (x: number, y: number): number => y === 3 ? 0x40 << x : 1 << (y + 3 * x)
