/** The colours of the picture: night, and what glows in it. */

export const night = "#070b15"
export const land = "#111a2c"
export const coast = "#22304d"
export const grid = "#0f1728"
export const untouched = "#34435f"
export const text = "#e6ebf5"
export const faint = "#8592ad"
export const susceptible = "#2a3854"
export const infected = "#ff7a3d"
export const recovered = "#2f9c95"

/** Early is white heat, late is the last of the embers. */
const stops = ["#fffbe6", "#ffe08a", "#ffb14a", "#ff7a3d", "#ea4653", "#b8327a", "#79348f", "#4a3a94"].map((hex) =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))
)

/** `t` from 0, the first day, to 1, the last. */
export const heat = (t: number): string => {
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1)
  const low = Math.min(Math.floor(at), stops.length - 2)
  const mixed = stops[low].map((channel, index) => Math.round(channel + (stops[low + 1][index] - channel) * (at - low)))
  return `rgb(${mixed.join(",")})`
}
