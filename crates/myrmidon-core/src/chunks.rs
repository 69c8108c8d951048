//! Small payloads that wait in mailboxes: pieces of a few sizes, cut from larger blocks of memory.
//!
//! A piece is a number of 30 bits, which says of which size it is; how much is in it stands beside its block. It is taken
//! and given back in O(1) without the allocator. What a burst left goes back as a whole once nothing is in use (`tide.rs`).

use crate::{record::COPIED, tide};

/// Words of the pieces of a class.
const SIZES: [usize; 4] = [16, 64, 256, COPIED / 4];
/// Words of a block.
const BLOCK: usize = 1 << 12;

/// Bits of a piece's number within its class.
const NUMBER: u32 = 28;

#[derive(Default)]
struct Class {
    blocks: Vec<Box<[u32]>>,
    free: Vec<u32>,
    /// Of what is in each piece that was ever cut, in bytes.
    lengths: Vec<u16>,
    /// Checked builds: which are in use.
    #[cfg(debug_assertions)]
    taken: Vec<bool>,
}

/// See the module.
#[derive(Default)]
pub struct Chunks {
    classes: [Class; SIZES.len()],
}

/// A piece in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece(u32);

const _: () = assert!(COPIED <= u16::MAX as usize && BLOCK.is_multiple_of(COPIED / 4) && SIZES.len() <= 4);

impl Piece {
    /// From its number.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Below 2^30.
    pub const fn number(self) -> u32 {
        self.0
    }

    const fn class(self) -> usize {
        (self.0 >> NUMBER) as usize & 3
    }

    const fn in_class(self) -> u32 {
        self.0 & ((1 << NUMBER) - 1)
    }
}

impl Chunks {
    /// Keeps `length` bytes, at most [`COPIED`], which are `words`.
    #[inline]
    pub fn insert(&mut self, length: usize, words: &[u32]) -> Piece {
        let class = SIZES.iter().position(|size| words.len() <= *size).unwrap_or(SIZES.len() - 1);
        let of_class = &mut self.classes[class];
        let number = of_class.free.pop().unwrap_or_else(|| of_class.grow(SIZES[class]));
        #[cfg(debug_assertions)]
        {
            of_class.taken[number as usize] = true;
        }
        of_class.lengths[number as usize] = length as u16;
        let (block, at) = place(number, class);
        of_class.blocks[block][at..at + words.len()].copy_from_slice(words);
        Piece((class as u32) << NUMBER | number)
    }

    /// How many bytes are in a piece in use; 0 for one that never was.
    #[inline]
    pub fn length(&self, piece: Piece) -> usize {
        let length = self.classes[piece.class()].lengths.get(piece.in_class() as usize);
        length.map_or(0, |length| usize::from(*length))
    }

    /// Bytes and words of a piece in use; of one that never was there are none.
    #[inline]
    pub fn get(&self, piece: Piece) -> Option<(usize, &[u32])> {
        let class = piece.class();
        let length = self.length(piece);
        let (block, at) = place(piece.in_class(), class);
        let block = self.classes[class].blocks.get(block)?;
        Some((length, block.get(at..at + length.div_ceil(4))?))
    }

    /// Gives a piece back.
    #[inline]
    pub fn remove(&mut self, piece: Piece) {
        let class = &mut self.classes[piece.class()];
        #[cfg(debug_assertions)]
        assert!(core::mem::take(&mut class.taken[piece.in_class() as usize]), "{piece:?} is given back twice");
        class.free.push(piece.in_class());
    }

    /// Pieces in use.
    pub fn count(&self) -> usize {
        self.classes.iter().map(Class::in_use).sum()
    }

    /// Bytes held, in use or not.
    pub fn held(&self) -> usize {
        let of =
            |class: &Class| class.blocks.len() * BLOCK * 4 + class.free.capacity() * 4 + class.lengths.capacity() * 2;
        self.classes.iter().map(of).sum()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        for class in &mut self.classes {
            let in_use = class.in_use();
            // As much memory whatever the size: as so many of the smallest take.
            if tide::is_spent(in_use, class.blocks.len() * (BLOCK / SIZES[0])) {
                *class = Class::default();
            }
        }
    }
}

impl Class {
    fn in_use(&self) -> usize {
        self.lengths.len() - self.free.len()
    }

    // What waits is bounded by its bytes, or by records: far below 2^28 pieces of a size.
    fn grow(&mut self, size: usize) -> u32 {
        let number = self.lengths.len();
        assert!(number < 1 << NUMBER, "more payloads wait than a shard can have");
        if (number * size).is_multiple_of(BLOCK) {
            self.blocks.push(vec![0; BLOCK].into_boxed_slice());
        }
        self.lengths.push(0);
        #[cfg(debug_assertions)]
        self.taken.push(false);
        number as u32
    }
}

const fn place(number: u32, class: usize) -> (usize, usize) {
    let at = number as usize * SIZES[class];
    (at / BLOCK, at % BLOCK)
}

#[cfg(test)]
mod tests {
    use super::{COPIED, Chunks, SIZES};

    #[test]
    fn pieces_of_all_sizes_keep_what_was_put_in_and_are_used_again() {
        let mut chunks = Chunks::default();
        let lengths = [0, 1, 63, 64, 65, 256, 257, 1024, 1025, 4096];
        let words = |seed: u32, length: usize| (0..length.div_ceil(4) as u32).map(|at| at ^ seed).collect::<Vec<_>>();
        let mut pieces = Vec::new();
        for round in 0..300 {
            for length in lengths {
                pieces.push((round, chunks.insert(length, &words(round, length))));
            }
        }
        for (round, piece) in &pieces {
            let length = chunks.length(*piece);
            assert_eq!(chunks.get(*piece), Some((length, &*words(*round, length))));
        }
        assert_eq!(chunks.count(), pieces.len());
        let held = chunks.held();
        for (_, piece) in pieces.drain(..) {
            chunks.remove(piece);
        }
        for round in 0..300 {
            for length in lengths {
                let _ = chunks.insert(length, &words(round, length));
            }
        }
        assert!(chunks.held() <= held + 8 * 1024 * SIZES.len(), "pieces are used again");
    }

    #[test]
    fn what_a_burst_of_large_pieces_left_is_given_back() {
        let mut chunks = Chunks::default();
        let words = vec![1; COPIED / 4];
        // 8 MiB.
        let pieces: Vec<_> = (0..2048).map(|_| chunks.insert(COPIED, &words)).collect();
        chunks.give_back();
        assert!(chunks.held() >= 2048 * COPIED, "it is in use");
        for piece in pieces {
            chunks.remove(piece);
        }
        chunks.give_back();
        assert_eq!(chunks.held(), 0);
    }
}
