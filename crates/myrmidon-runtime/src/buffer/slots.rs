//! The slots of the table of blocks: it only grows, and whoever looks takes no lock and writes nothing.
//!
//! A chunk is twice as large as the one before it. One that is there stays where it is for as long as the table, so a hop
//! shares nothing between its two threads but the block's own line.

use super::Account;
use super::block::Block;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// Slots of the first chunk, as a power of two.
const FIRST: u32 = 6;
/// As many as all numbers of slots need.
const CHUNKS: usize = (u32::BITS + 1 - FIRST) as usize;

/// One block, in a cache line of its own.
#[repr(align(64))]
pub(super) struct Slot {
    pub block: Block,
    pub account: Mutex<Option<Arc<Account>>>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Slots {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    /// The last one that was given out.
    last: Mutex<u32>,
}

/// The chunk of a slot, and where it stands there.
const fn place(index: u32) -> (usize, usize) {
    let at = index as u64 + (1 << FIRST);
    let highest = at.ilog2();
    ((highest - FIRST) as usize, (at - (1 << highest)) as usize)
}

impl Slots {
    /// A slot; `None`: there is none such. One that was never given out is free, and names no block.
    pub(super) fn get(&self, index: u32) -> Option<&Slot> {
        let (chunk, at) = place(index);
        self.chunks[chunk].get()?.get(at)
    }

    /// One more. Slot 0 of generation 0 would be the number 0: it is never given out.
    pub(super) fn grow(&self) -> Option<u32> {
        let mut last = self.last.lock();
        let index = last.checked_add(1)?;
        let chunk = place(index).0;
        self.chunks[chunk].get_or_init(|| {
            let fresh = || Slot { block: Block::new(), account: Mutex::new(None) };
            core::iter::repeat_with(fresh).take(1 << (FIRST as usize + chunk)).collect()
        });
        *last = index;
        Some(index)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{CHUNKS, FIRST, Slots, place};

    #[test]
    fn each_slot_has_its_place_and_chunks_double() {
        assert_eq!(
            (place(0), place(63), place(64), place(191), place(192)),
            ((0, 0), (0, 63), (1, 0), (1, 127), (2, 0))
        );
        assert_eq!(place(u32::MAX).0, CHUNKS - 1);
        assert!(place(u32::MAX).1 < 1 << (FIRST as usize + CHUNKS - 1));
    }

    #[test]
    fn a_slot_stays_where_it_is_while_the_table_grows() {
        let slots = Slots::default();
        assert!(slots.get(1).is_none());
        let first = slots.grow().unwrap();
        let before = core::ptr::from_ref(slots.get(first).unwrap());
        let all: Vec<u32> = (0..1000).map(|_| slots.grow().unwrap()).collect();
        assert_eq!((first, all[0], all[999]), (1, 2, 1001));
        assert!(core::ptr::eq(before, slots.get(first).unwrap()));
        assert!(all.iter().all(|index| slots.get(*index).is_some()) && slots.get(1 << 20).is_none());
    }
}
