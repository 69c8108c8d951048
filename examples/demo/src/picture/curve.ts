/** The curve of the picture: who is susceptible, infected, recovered, day by day, as shares of everybody. */
import type { Day } from "../protocols.ts"
import type { Frame } from "./map.ts"
import { infected, recovered, susceptible, text } from "./palette.ts"

export const drawCurve = (days: ReadonlyArray<Day>, frame: Frame): string => {
  const { height, width, x, y } = frame
  const last = days[days.length - 1].day
  const at = (day: number) => x + (last === 1 ? width : (day - 1) / (last - 1) * width)
  const up = (share: number) => y + height * (1 - share)
  const shares = days.map((day) => {
    const people = day.susceptible + day.infected + day.recovered
    return { day: day.day, infected: day.infected / people, recovered: day.recovered / people }
  })
  // From below: recovered, infected on top of them, and the susceptible fill the rest.
  const area = (low: (share: (typeof shares)[number]) => number, high: (share: (typeof shares)[number]) => number) => {
    const there = shares.map((share) => `${n(at(share.day))} ${n(up(high(share)))}`)
    const back = shares.map((share) => `${n(at(share.day))} ${n(up(low(share)))}`).reverse()
    return `M${there.join("L")}L${back.join("L")}Z`
  }
  const peak = shares.reduce((best, share) => share.infected > best.infected ? share : best)
  const peakX = at(peak.day)
  const peakY = up(peak.infected + peak.recovered)
  const labelLeft = peakX > x + width / 2
  const step = last <= 12 ? 1 : last <= 30 ? 5 : last <= 120 ? 10 : 50
  const ticks = Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step)
  return [
    `<path d="${area(() => 0, () => 1)}" fill="${susceptible}"/>`,
    `<path d="${area((share) => share.recovered, (share) => share.recovered + share.infected)}" fill="url(#fever)"/>`,
    `<path d="${area(() => 0, (share) => share.recovered)}" fill="${recovered}" fill-opacity="0.85"/>`,
    ...[0.25, 0.5, 0.75].map((share) =>
      `<path d="M${x} ${n(up(share))}H${x + width}" stroke="${text}" stroke-opacity="0.08"/>` +
      `<text x="${x - 10}" y="${n(up(share) + 5)}" class="tick" text-anchor="end">${share * 100} %</text>`
    ),
    ...ticks.map((day) =>
      `<text x="${n(at(day))}" y="${y + height + 22}" class="tick" text-anchor="middle">day ${day}</text>`
    ),
    `<circle cx="${n(peakX)}" cy="${n(peakY)}" r="4.5" fill="${text}"/>`,
    `<text x="${n(peakX + (labelLeft ? -14 : 14))}" y="${n(Math.max(y + 20, peakY - 8))}" class="label" text-anchor="${
      labelLeft ? "end" : "start"
    }">` +
    `day ${peak.day}: ${(100 * peak.infected).toFixed(peak.infected < 0.095 ? 1 : 0)} % infected at once</text>`
  ].join("\n")
}

/** What the colours mean, in a row. */
export const drawKey = (x: number, y: number): string =>
  [["susceptible", susceptible], ["infected", infected], ["recovered", recovered]].map(([name, colour], index) =>
    `<rect x="${x + index * 150}" y="${y - 12}" width="14" height="14" rx="3" fill="${colour}"/>` +
    `<text x="${x + index * 150 + 22}" y="${y}" class="tick">${name}</text>`
  ).join("")

const n = (value: number): string => String(Math.round(value * 10) / 10)
