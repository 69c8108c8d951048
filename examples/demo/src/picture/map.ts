/**
 * The world map of the picture: every city a dot, coloured by the day on which the infection reached it, and every
 * infection a line from the city it came from. Dots and lines of one colour are one path: 135,000 elements would be
 * ten times the file.
 */
import { geoGraticule, geoInterpolate, geoNaturalEarth1, geoPath } from "d3-geo"
import type { GeoProjection } from "d3-geo"
import { createRequire } from "node:module"
import { feature } from "topojson-client"
import type { Cities } from "../cities.ts"
import type { History } from "../run.ts"
import { coast, grid, heat, land, untouched } from "./palette.ts"

export interface Frame {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Cities up to so many people are dots of this diameter. */
const sizes = [
  { people: 15_000, diameter: 1.1 },
  { people: 100_000, diameter: 1.7 },
  { people: 500_000, diameter: 2.6 },
  { people: 2_000_000, diameter: 4 },
  { people: 8_000_000, diameter: 6 },
  { people: Infinity, diameter: 8.5 }
]

/** Where a city of the map is on paper. */
export const project = (frame: Frame): GeoProjection =>
  // Fitted to the inhabited world: the poles would take a fifth of the paper.
  geoNaturalEarth1().fitExtent([[frame.x, frame.y], [frame.x + frame.width, frame.y + frame.height]], {
    type: "MultiPoint",
    coordinates: [[-168, 0], [179, 0], [0, 76], [0, -55]]
  })

/** From a day to its place on the scale: half by the calendar, half by how much of the world fell on that day. */
export const scaleOf = (history: History): (day: number) => number => {
  const last = Math.max(1, history.days.length)
  const fallen = new Float64Array(last + 1)
  for (const day of history.reachedOn) if (day > 0) fallen[day]++
  for (let day = 1; day <= last; day++) fallen[day] += fallen[day - 1]
  const all = Math.max(1, fallen[last])
  return (day) => 0.5 * day / last + 0.5 * (fallen[Math.min(last, Math.max(0, day))] / all)
}

export const drawMap = (cities: Cities, history: History, frame: Frame): string => {
  const projection = project(frame)
  const path = geoPath(projection).digits(1)
  const scale = scaleOf(history)
  const topology: Parameters<typeof feature>[0] = createRequire(import.meta.url)("world-atlas/land-50m.json")
  const places = Array.from(
    { length: cities.size },
    (_, city): Place => projection([cities.longitude[city], cities.latitude[city]]) ?? [0, 0]
  )
  return [
    `<g clip-path="url(#map)">`,
    `<path d="${path(geoGraticule().step([20, 20])())}" fill="none" stroke="${grid}" stroke-width="1"/>`,
    `<path d="${
      path(feature(topology, topology.objects["land"]))
    }" fill="${land}" stroke="${coast}" stroke-width="0.8" stroke-linejoin="round"/>`,
    lines(cities, history, projection, places, scale),
    glow(cities, history, places, scale),
    dots(cities, history, places, scale),
    "</g>"
  ].join("\n")
}

type Place = readonly [number, number]

/** A short hop is a stroke; a long one bends with the globe. */
const lines = (
  cities: Cities,
  history: History,
  projection: GeoProjection,
  places: ReadonlyArray<Place>,
  scale: (day: number) => number
): string => {
  const near = new Map<number, string>()
  const far = new Map<number, string>()
  for (let city = 0; city < cities.size; city++) {
    const source = history.source[city]
    if (source < 0) continue
    const day = history.reachedOn[city]
    const [x, y] = places[city]
    const [sx, sy] = places[source]
    if (Math.hypot(x - sx, y - sy) < 12) {
      near.set(day, `${near.get(day) ?? ""}M${n(sx)} ${n(sy)}l${n(x - sx)} ${n(y - sy)}`)
    } else far.set(day, (far.get(day) ?? "") + arc(cities, source, city, projection))
  }
  const group = (paths: Map<number, string>, width: number, opacity: number) =>
    [...paths].sort(([a], [b]) => b - a).map(([day, d]) =>
      `<path d="${d}" fill="none" stroke="${
        heat(scale(day))
      }" stroke-width="${width}" stroke-opacity="${opacity}" stroke-linecap="round"/>`
    ).join("\n")
  return `${group(near, 0.5, 0.35)}\n${group(far, 0.7, 0.42)}`
}

const arc = (cities: Cities, from: number, to: number, projection: GeoProjection): string => {
  const along = geoInterpolate(
    [cities.longitude[from], cities.latitude[from]],
    [cities.longitude[to], cities.latitude[to]]
  )
  const steps = 24
  let d = ""
  let last: Place | undefined
  for (let step = 0; step <= steps; step++) {
    const point = projection(along(step / steps))
    if (point === null) continue
    // Across the date line the pen is lifted.
    const lifted = last === undefined || Math.abs(point[0] - last[0]) > 300
    d += `${lifted ? "M" : "L"}${n(point[0])} ${n(point[1])}`
    last = point
  }
  return d
}

/** A soft light behind the great cities that were reached. */
const glow = (
  cities: Cities,
  history: History,
  places: ReadonlyArray<Place>,
  scale: (day: number) => number
): string => {
  const circles: Array<string> = []
  for (let city = 0; city < cities.size; city++) {
    const people = cities.population[city]
    if (people < 1_000_000 || history.reachedOn[city] === 0) continue
    const [x, y] = places[city]
    const radius = 4 + Math.sqrt(people) / 320
    circles.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${heat(scale(history.reachedOn[city]))}"/>`)
  }
  return `<g filter="url(#glow)" opacity="0.5">${circles.join("")}</g>`
}

const dots = (
  cities: Cities,
  history: History,
  places: ReadonlyArray<Place>,
  scale: (day: number) => number
): string => {
  // A dot is a line of no length with round ends. Large over small, early over late, untouched below all.
  const paths = new Map<string, { readonly size: number; readonly day: number; d: string }>()
  for (let city = 0; city < cities.size; city++) {
    const size = sizes.findIndex(({ people }) => cities.population[city] <= people)
    const day = history.reachedOn[city]
    const key = `${size}/${day}`
    const path = paths.get(key) ?? { size, day, d: "" }
    const [x, y] = places[city]
    path.d += `M${n(x)} ${n(y)}h0`
    paths.set(key, path)
  }
  const rank = (day: number) => day === 0 ? Infinity : day
  return [...paths.values()].sort((a, b) => a.size - b.size || rank(b.day) - rank(a.day)).map(({ d, day, size }) =>
    `<path d="${d}" stroke="${day === 0 ? untouched : heat(scale(day))}" stroke-width="${
      sizes[size].diameter
    }" stroke-opacity="${day === 0 ? 0.7 : 0.9}" stroke-linecap="round"/>`
  ).join("\n")
}

const n = (value: number): string => String(Math.round(value * 10) / 10)
