//! Payloads that wait where they came: in the block of words of their bundle.
//!
//! Most of what comes from another shard is handed to the isolate a moment later, and copied then. A copy before that would
//! be for nothing, so the block stays until the last of its payloads has left it. One that waits for long keeps a whole
//! block: so the memory held is bounded (G277), and what comes beyond is copied into pieces (`chunks.rs`), of which
//! each holds little more than itself. Putting a payload in and letting it go are O(1).

use crate::record::COPIED;

/// Bytes of blocks from which on no more are kept.
const MOST_HELD: usize = 4 << 20;
/// Bits of a place that say where in its block a payload begins.
const AT: u32 = 15;
/// Bits of a place in all.
const PLACE: u32 = 29;
/// Blocks at most.
const MOST_BLOCKS: usize = 1 << (PLACE - AT);

const _: () = assert!(crate::bundle::MOST_WORDS + 1 + COPIED / 4 <= 1 << AT);

/// Where a payload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// From its number.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Below 2^29.
    pub const fn number(self) -> u32 {
        self.0
    }

    const fn block(self) -> usize {
        (self.0 >> AT) as usize
    }

    const fn at(self) -> usize {
        (self.0 & ((1 << AT) - 1)) as usize
    }
}

/// A block that is being read. It is to be [`HeldBlocks::leave`]d.
#[derive(Clone, Copy, Debug)]
pub struct Reading(u32);

#[derive(Default)]
struct Block {
    words: Vec<u32>,
    /// Payloads in it that wait, and whoever reads it.
    uses: u32,
}

/// See the module.
#[derive(Default)]
pub struct HeldBlocks {
    blocks: Vec<Block>,
    free: Vec<u32>,
    /// Of the memory of all blocks, in bytes.
    held: usize,
    /// Payloads in all blocks.
    count: usize,
}

impl HeldBlocks {
    /// Keeps a bundle's block of payloads, to be read.
    ///
    /// # Errors
    /// The block: there is no room for it.
    pub fn enter(&mut self, words: Vec<u32>) -> Result<Reading, Vec<u32>> {
        if self.held >= MOST_HELD || self.free.is_empty() && self.blocks.len() >= MOST_BLOCKS {
            return Err(words);
        }
        self.held += words.capacity() * 4;
        let number = self.free.pop().unwrap_or_else(|| {
            self.blocks.push(Block::default());
            self.blocks.len() as u32 - 1
        });
        self.blocks[number as usize] = Block { words, uses: 1 };
        Ok(Reading(number))
    }

    /// What is in a block that is being read.
    pub fn words(&self, reading: Reading) -> &[u32] {
        &self.blocks[reading.0 as usize].words
    }

    /// Keeps the payload that begins at a word of a block that is being read.
    #[inline]
    pub fn keep(&mut self, reading: Reading, at: u32) -> Place {
        self.blocks[reading.0 as usize].uses += 1;
        self.count += 1;
        Place(reading.0 << AT | at)
    }

    /// The block has been read.
    pub fn leave(&mut self, reading: Reading) {
        self.release(reading.0);
    }

    /// A payload that is kept, behind its length; `None`: none stands there.
    #[inline]
    pub fn get(&self, place: Place) -> Option<&[u32]> {
        let words = &self.blocks.get(place.block())?.words;
        let length = *words.get(place.at())? as usize;
        words.get(place.at()..=place.at() + length.div_ceil(4))
    }

    /// How many bytes a payload has; 0 where none stands.
    #[inline]
    pub fn length(&self, place: Place) -> usize {
        let words = self.blocks.get(place.block()).and_then(|block| block.words.get(place.at()));
        words.map_or(0, |length| *length as usize)
    }

    /// Lets a payload go.
    #[inline]
    pub fn remove(&mut self, place: Place) {
        self.count -= 1;
        self.release(place.block() as u32);
    }

    #[inline]
    fn release(&mut self, number: u32) {
        let block = &mut self.blocks[number as usize];
        block.uses -= 1;
        if block.uses == 0 {
            let words = core::mem::take(&mut block.words);
            self.held -= words.capacity() * 4;
            self.free.push(number);
        }
    }

    /// Payloads that wait.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held + self.blocks.capacity() * size_of::<Block>() + self.free.capacity() * 4
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.free.len() == self.blocks.len() && crate::tide::is_spent(0, self.blocks.capacity()) {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HeldBlocks, MOST_HELD};

    fn block(of: &[&[u32]]) -> Vec<u32> {
        of.iter().flat_map(|words| core::iter::once(words.len() as u32 * 4).chain(words.iter().copied())).collect()
    }

    #[test]
    fn a_block_stays_until_the_last_of_its_payloads_has_left_it() {
        let mut held_blocks = HeldBlocks::default();
        let reading = held_blocks.enter(block(&[&[1, 2], &[3], &[]])).unwrap();
        let (first, second, third) =
            (held_blocks.keep(reading, 0), held_blocks.keep(reading, 3), held_blocks.keep(reading, 5));
        held_blocks.leave(reading);
        assert_eq!(held_blocks.get(first), Some(&[8, 1, 2][..]));
        assert_eq!(held_blocks.get(second), Some(&[4, 3][..]));
        assert_eq!((held_blocks.get(third), held_blocks.length(third)), (Some(&[0][..]), 0));
        assert_eq!((held_blocks.length(first), held_blocks.count()), (8, 3));
        held_blocks.remove(first);
        held_blocks.remove(third);
        assert_eq!(held_blocks.get(second), Some(&[4, 3][..]), "it is still wanted");
        let held = held_blocks.held;
        held_blocks.remove(second);
        assert!(held > 0);
        assert_eq!((held_blocks.held, held_blocks.count()), (0, 0));
        // The next one takes its number.
        let reading = held_blocks.enter(block(&[&[7]])).unwrap();
        assert_eq!(held_blocks.words(reading), [4, 7]);
        assert_eq!(held_blocks.blocks.len(), 1);
        held_blocks.leave(reading);
        assert_eq!(held_blocks.held, 0, "nothing of it was kept");
    }

    #[test]
    fn g277_what_waits_for_long_keeps_no_more_than_so_many_blocks() {
        let mut held_blocks = HeldBlocks::default();
        let words = vec![0; 1 << 14];
        let mut kept = Vec::new();
        loop {
            match held_blocks.enter(words.clone()) {
                Ok(reading) => {
                    kept.push(held_blocks.keep(reading, 0));
                    held_blocks.leave(reading);
                }
                Err(refused) => break assert_eq!(refused.len(), words.len()),
            }
        }
        assert_eq!(kept.len(), MOST_HELD / (4 << 14));
        held_blocks.remove(kept.pop().unwrap());
        assert!(held_blocks.enter(words).is_ok(), "there is room again");
    }
}
