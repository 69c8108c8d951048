//! The numbers that all peers draw.

/// Live actors of `random`.
pub const ACTORS: usize = 100_000;
/// Actors of `big`.
pub const BIG: u64 = 120;

/// xorshift32.
pub struct XorShift(u32);

impl XorShift {
    pub fn new(seed: u32) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.draw() as usize % n
    }
}
