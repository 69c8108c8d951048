/** Writes the picture twice: as it was drawn, and as a PNG for whoever has no SVG viewer at hand. */
import { Resvg } from "@resvg/resvg-js"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { resolve } from "node:path"
import type { Cities } from "../cities.ts"
import type { Outcome } from "../run.ts"
import { drawPoster } from "./poster.ts"

/** The paths of the files. */
export const writePicture = async (
  cities: Cities,
  outcome: Outcome,
  folder: string
): Promise<ReadonlyArray<string>> => {
  const svg = drawPoster(cities, outcome)
  // Without a font of its own the renderer leaves all text out, silently.
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
    fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${file}`))
  )
  const png = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" } }).render()
    .asPng()
  await mkdir(folder, { recursive: true })
  const paths = ["epidemic.svg", "epidemic.png"].map((file) => resolve(folder, file))
  await writeFile(paths[0], svg)
  await writeFile(paths[1], png)
  return paths
}
