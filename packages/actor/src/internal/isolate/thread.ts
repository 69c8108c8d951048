/** What this thread is. Written by `worker.ts`, before it does anything else. */
export const thread = {
  /** A worker isolate of some system. */
  isWorker: false
}
