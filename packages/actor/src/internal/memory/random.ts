/** splitmix64, as in the Rust shard: a seeded run of both makes the same choices. For tests; BigInt is fast enough. */
export class Random {
  private state: bigint

  constructor(seed: bigint) {
    this.state = BigInt.asUintN(64, seed)
  }

  /** 0 to `bound - 1`. */
  below(bound: number): number {
    this.state = BigInt.asUintN(64, this.state + 0x9E3779B97F4A7C15n)
    let z = this.state
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n)
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94D049BB133111EBn)
    z ^= z >> 31n
    return Number(z % BigInt(bound))
  }
}
