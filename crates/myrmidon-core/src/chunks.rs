//! Small payloads that wait in mailboxes: pieces of a few sizes, cut from larger blocks of memory.
//!
//! A piece is found by its number and its size, taken and given back in O(1) without the allocator. What a burst left goes
//! back as a whole once nothing is in use (`tide.rs`).

use crate::{record::COPIED, tide};

/// Words of the pieces of a class.
const SIZES: [usize; 4] = [16, 64, 256, COPIED / 4];
/// Words of a block.
const BLOCK: usize = 1 << 12;

#[derive(Default)]
struct Class {
    blocks: Vec<Box<[u32]>>,
    free: Vec<u32>,
    /// Pieces that were ever cut.
    cut: u32,
}

/// See the module.
#[derive(Default)]
pub struct Chunks {
    classes: [Class; SIZES.len()],
}

/// A piece in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    number: u32,
    /// Of what is in it, in bytes.
    length: u16,
    class: u8,
}

const _: () = assert!(COPIED <= u16::MAX as usize && BLOCK.is_multiple_of(COPIED / 4));

impl Piece {
    /// How many bytes are in it.
    pub const fn len(self) -> usize {
        self.length as usize
    }
}

impl Chunks {
    /// Keeps `length` bytes, at most [`COPIED`], which are `words`.
    #[inline]
    pub fn insert(&mut self, length: usize, words: &[u32]) -> Piece {
        let class = SIZES.iter().position(|size| words.len() <= *size).unwrap_or(SIZES.len() - 1);
        let of_class = &mut self.classes[class];
        let number = of_class.free.pop().unwrap_or_else(|| of_class.grow(SIZES[class]));
        let (block, at) = place(number, class);
        of_class.blocks[block][at..at + words.len()].copy_from_slice(words);
        Piece { number, length: length as u16, class: class as u8 }
    }

    /// The words of a piece in use.
    #[inline]
    pub fn words(&self, piece: Piece) -> &[u32] {
        let class = usize::from(piece.class);
        let (block, at) = place(piece.number, class);
        &self.classes[class].blocks[block][at..at + piece.len().div_ceil(4)]
    }

    /// Gives a piece back.
    #[inline]
    pub fn remove(&mut self, piece: Piece) {
        self.classes[usize::from(piece.class)].free.push(piece.number);
    }

    /// Bytes held, in use or not.
    pub fn held(&self) -> usize {
        let of = |class: &Class| class.blocks.len() * BLOCK * 4 + class.free.capacity() * 4;
        self.classes.iter().map(of).sum()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        for class in &mut self.classes {
            let in_use = class.cut as usize - class.free.len();
            // As much memory whatever the size: as so many of the smallest take.
            if tide::is_spent(in_use, class.blocks.len() * (BLOCK / SIZES[0])) {
                *class = Class::default();
            }
        }
    }
}

impl Class {
    fn grow(&mut self, size: usize) -> u32 {
        let number = self.cut;
        if (number as usize * size).is_multiple_of(BLOCK) {
            self.blocks.push(vec![0; BLOCK].into_boxed_slice());
        }
        self.cut += 1;
        number
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
            assert_eq!(chunks.words(*piece), words(*round, piece.len()));
        }
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
