/** The whole picture as one SVG: title, map, scale of days, curve, and the figures that belong under it. */
import { countryOf } from "../cities.ts"
import type { Cities } from "../cities.ts"
import type { Outcome } from "../run.ts"
import { count } from "../table.ts"
import { drawCurve, drawKey } from "./curve.ts"
import { drawMap, project, scaleOf } from "./map.ts"
import type { Frame } from "./map.ts"
import { faint, heat, infected, night, text } from "./palette.ts"

const paper = { width: 1920, height: 1350 }
const mapFrame: Frame = { x: 30, y: 96, width: 1860, height: 860 }
const curveFrame: Frame = { x: 600, y: 1050, width: 1270, height: 240 }

export const drawPoster = (cities: Cities, { figures, history, ledger }: Outcome): string => {
  const origin = cities.name[history.origin]
  const [x, y] = project(mapFrame)([cities.longitude[history.origin], cities.latitude[history.origin]]) ?? [0, 0]
  const reached = history.reachedOn.reduce((sum, day) => sum + (day > 0 ? 1 : 0), 0)
  const facts: ReadonlyArray<readonly [string, string]> = [
    ["actors", count(figures.actors)],
    ["messages handled", count(figures.handled)],
    ["cities reached", `${count(reached)} of ${count(cities.size)}`],
    ["cities killed, and started again", count(figures.killed)],
    ["people in the ledger, to the last one, every day", count(ledger.start)]
  ]
  const labelLeft = x > paper.width * 0.6
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${paper.width}" height="${paper.height}" viewBox="0 0 ${paper.width} ${paper.height}">
<title>An epidemic between ${count(cities.size)} cities, one actor each</title>
<defs>
<radialGradient id="night" cx="50%" cy="36%" r="75%"><stop offset="0" stop-color="#0e1628"/><stop offset="1" stop-color="${night}"/></radialGradient>
<linearGradient id="fever" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#ffb14a"/><stop offset="1" stop-color="${infected}"/></linearGradient>
<linearGradient id="days">${scaleStops(history)}</linearGradient>
<clipPath id="map"><rect x="0" y="80" width="${paper.width}" height="${mapFrame.y + mapFrame.height - 84}"/></clipPath>
<filter id="glow" x="-10%" y="-10%" width="120%" height="120%"><feGaussianBlur stdDeviation="7"/></filter>
</defs>
<style>
text { font-family: "DejaVu Sans", Verdana, sans-serif; fill: ${text} }
.title { font-size: 34px; font-weight: bold }
.tick { font-size: 15px; fill: ${faint} }
.label { font-size: 16px; font-weight: bold }
.fact { font-size: 24px; font-weight: bold }
</style>
<rect width="100%" height="100%" fill="url(#night)"/>
<text x="50" y="66" class="title">An epidemic between ${count(cities.size)} cities, one actor each</text>
<text x="1870" y="64" class="tick" text-anchor="end">a dot is a city, by the day on which the infection came; a line is the road it came on</text>
${drawMap(cities, history, mapFrame)}
<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="13" fill="none" stroke="${text}" stroke-width="2"/>
<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="20" fill="none" stroke="${text}" stroke-opacity="0.45"/>
<text x="${(x + (labelLeft ? -28 : 28)).toFixed(1)}" y="${(y + 6).toFixed(1)}" class="label" text-anchor="${
    labelLeft ? "end" : "start"
  }" stroke="${night}" stroke-width="4" stroke-opacity="0.8" paint-order="stroke">${
    escape(`${origin}, ${countryOf(cities, history.origin).code}: day 1`)
  }</text>
<rect x="50" y="973" width="430" height="10" rx="5" fill="url(#days)"/>
<text x="50" y="960" class="tick">the infection came on</text>
${scaleLabels(history.days.length)}
${
    facts.map(([name, value], index) =>
      `<text x="50" y="${1066 + index * 60}" class="fact">${value}</text><text x="50" y="${
        1086 + index * 60
      }" class="tick">${name}</text>`
    ).join("\n")
  }
${drawKey(curveFrame.x, curveFrame.y - 22)}
${drawCurve(history.days, curveFrame)}
</svg>
`
}

const scaleStops = (history: Outcome["history"]): string => {
  const scale = scaleOf(history)
  const last = history.days.length
  const stops = Math.min(24, last)
  return Array.from({ length: stops + 1 }, (_, index) => {
    const day = Math.round(index / stops * last)
    return `<stop offset="${(index / stops).toFixed(3)}" stop-color="${heat(scale(day))}"/>`
  }).join("")
}

const scaleLabels = (last: number): string =>
  // With a handful of days the middle would be one of the ends again.
  (last > 4 ? [0, 0.5, 1] : [0, 1]).map((share) =>
    `<text x="${50 + share * 430}" y="1004" class="tick" text-anchor="${
      share === 0 ? "start" : share === 1 ? "end" : "middle"
    }">day ${Math.max(1, Math.round(share * last))}</text>`
  ).join("")

const escape = (raw: string): string => raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
