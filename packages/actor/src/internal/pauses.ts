/**
 * How long actors stood still: a histogram, so that a million of them take no more room than one, and nothing has to be
 * sorted. Quantiles are off by less than one part in 64; the longest is exact.
 */

// A bucket is the exponent of a double and the first six bits of its mantissa.
const shift = 14
const low = (1023 - 11) << 6
const size = 40 << 6

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const high = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

/** What was added, as data. */
export interface Taken {
  /** In turn a bucket and how many are in it. */
  readonly counts: ReadonlyArray<number>
  readonly max: number
}

export class Pauses {
  private readonly buckets = new Uint32Array(size)
  private count = 0
  private max = 0

  add(millis: number): void {
    const micros = millis * 1000
    double[0] = micros
    const bucket = (words[high]! >>> shift) - low
    this.buckets[Math.min(size - 1, Math.max(0, bucket))]!++
    this.count++
    if (micros > this.max) this.max = micros
  }

  /** What another one has added, by `taken`. */
  merge({ counts, max }: Taken): void {
    for (let at = 0; at < counts.length; at += 2) {
      this.buckets[Math.min(size - 1, counts[at]!)]! += counts[at + 1]!
      this.count += counts[at + 1]!
    }
    if (max > this.max) this.max = max
  }

  get taken(): Taken {
    const counts: Array<number> = []
    this.buckets.forEach((count, bucket) => {
      if (count > 0) counts.push(bucket, count)
    })
    return { counts, max: this.max }
  }

  private quantile(q: number): number {
    let left = Math.min(this.count, Math.floor(this.count * q) + 1)
    if (left === 0) return 0
    for (let bucket = 0; bucket < size; bucket++) {
      left -= this.buckets[bucket]!
      if (left > 0) continue
      // The upper end: never less than it was.
      words[high] = (bucket + low + 1) << shift
      words[1 - high] = 0
      return Math.min(this.max, double[0]!)
    }
    return this.max
  }

  /** Microseconds. */
  get report(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const round = (micros: number): number => Math.round(micros * 1000) / 1000
    return { p50: round(this.quantile(0.5)), p99: round(this.quantile(0.99)), max: round(this.max) }
  }
}
