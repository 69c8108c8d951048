//! splitmix64: neighbouring seeds have nothing in common.

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    pub fn one<'a, A: ?Sized>(&mut self, of: &[&'a A]) -> &'a A {
        of[self.below(of.len())]
    }

    pub fn may(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
