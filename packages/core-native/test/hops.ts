// The calls of a hop (`src/pool.rs`) as functions of what they take from their block of arguments.
import type { HopCalls, NativeBuffers } from "../src/binding.ts"

export interface Hops {
  /** 0, or 1: no such block is held. */
  readonly leave: (block: number) => number
  readonly arrive: (block: number) => boolean
  /** 0: it is in no flight. 1: that memory is not its. 2: it is under `view`. */
  readonly comeBack: (block: number, view: ArrayBuffer) => number
  readonly moved: (block: number, view: ArrayBuffer) => void
}

export const hopsOf = (buffers: NativeBuffers): Hops => {
  const call = new Float64Array(2)
  const calls = {} as HopCalls
  buffers.attach(calls, call)
  const of = (block: number, run: () => void): number => {
    call.set([block, -1])
    run()
    return call[1]!
  }
  return {
    leave: (block) => of(block, calls.leave),
    arrive: (block) => of(block, calls.arrive) === 1,
    comeBack: (block, view) => of(block, () => calls.comeBack(view)),
    moved: (block, view) => void of(block, () => calls.moved(view))
  }
}
