/**
 * A newsroom with a small in-tray. In the evening every country tells it at once which cities were reached: what does
 * not fit is dropped, the newest or the oldest first, and the sender is never held up.
 */
import * as Protocols from "./protocols.ts"

/** Room for this many sightings. */
export const inTray = 32

export const ObserverLive = Protocols.Observer.behavior({
  init: () => ({ sightings: 0, worst: -1, infected: 0 }),
  handlers: {
    Sighting: (state, { city, infected }) => {
      state.sightings++
      if (infected <= state.infected) return
      state.infected = infected
      state.worst = city
    },
    Seen: ({ infected, sightings, worst }) => ({ sightings, worst, infected })
  }
})
