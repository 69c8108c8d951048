/**
 * All the randomness of the demo: a 32-bit integer hash, so that a draw depends on (seed, city, day) and on nothing
 * else: not on the order of delivery, the backend or the number of isolates. Only `Math.imul`, shifts and additions:
 * any language can repeat it bit by bit.
 */

/** The finalizer of MurmurHash3: every input bit reaches every output bit. Unsigned. */
export const mix = (x: number): number => {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** The first draw of a city's day. */
export const draw = (seed: number, city: number, day: number): number =>
  mix((mix((mix(seed + 0x9e3779b9) + Math.imul(city, 0x9e3779b1)) | 0) ^ Math.imul(day, 0x27d4eb2f)) | 0)

/** The draw after `previous`. */
export const nextDraw = (previous: number): number => mix((previous + 0x9e3779b9) | 0)
