/**
 * The clock of a program that does not test: monotonic time, and one timer that holds the process while it is armed.
 *
 * Disarming waits for the next turn of the event loop: a conversation of calls arms and disarms a timeout with every
 * question, and would otherwise make and drop a timer each time.
 */
import type { MembraneClock } from "./host.ts"

// Node's global is a getter, which costs as much as the clock itself.
const { performance } = globalThis

/**
 * The clock of a program that does not test.
 *
 * @internal
 * @since 0.1.0
 */
export const systemClock = (): MembraneClock => {
  let timer: NodeJS.Timeout | undefined
  let armed = false
  let settling = false
  const settle = (): void => {
    settling = false
    if (armed || timer === undefined) return
    clearTimeout(timer)
    timer = undefined
  }
  return {
    now: () => performance.now(),
    wakeIn: (delay, wake) => {
      if (delay === undefined) {
        armed = false
        if (timer !== undefined && !settling) {
          settling = true
          setImmediate(settle)
        }
        return
      }
      if (timer !== undefined) clearTimeout(timer)
      armed = true
      timer = setTimeout(() => {
        timer = undefined
        armed = false
        wake()
      }, delay)
    }
  }
}
