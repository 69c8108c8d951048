/** Knows the totals of the last finished day, and answers whoever asks. */
import * as Protocols from "./protocols.ts"

export const ReporterLive = Protocols.Reporter.behavior({
  init: (): { latest: Protocols.Totals } => ({ latest: { day: 0, susceptible: 0, infected: 0, recovered: 0 } }),
  handlers: {
    Record: (state, totals) => {
      state.latest = totals
    },
    Latest: (state) => state.latest
  }
})
