//! One block: its memory, and the word that says who has it.
//!
//! ```text
//!                                           board
//!                                          ┌──────┐
//!            open                 depart   ▼      │     arrive
//!   free ──────────────▶ held ──────────────▶ flight ──────────────▶ held
//!    ▲                     │                     │
//!    └─────── close ───────┴──────── close ──────┘       the generation grows: handles of before are stale
//! ```
//!
//! Every transition is one compare-and-swap of the whole word, so of two callers that race, one wins and the other is
//! stale. The word holds a lease besides, which grows with each arrival, and when somebody takes a flight over: a view
//! carries the lease it was made under, as a flight does, and one that outlived its own time cannot close the block of the
//! next one.
//!
//! Who may touch the memory: the holder, between `open` or `arrive` and `depart` or `close`. `depart` releases what the
//! holder wrote, `arrive` acquires it; `close` does both, so that whoever frees the memory comes after all that was done
//! to it.

use super::{GENERATION_BITS, Stale};
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use core::ptr::{self, NonNull};
use std::alloc::{Layout, alloc_zeroed, dealloc};

/// What a cache line is, and what every vector instruction wants.
const ALIGN: usize = 64;

const FREE: u64 = 0;
const HELD: u64 = 1;
const FLIGHT: u64 = 2;
const STATE: u64 = 3;
const GENERATION_SHIFT: u32 = 2;
const GENERATION_MASK: u64 = (1 << GENERATION_BITS) - 1;
const LEASE_SHIFT: u32 = GENERATION_SHIFT + GENERATION_BITS;
const LEASE_BITS: u32 = 64 - LEASE_SHIFT;

fn generation_of(word: u64) -> u32 {
    (word >> GENERATION_SHIFT & GENERATION_MASK) as u32
}

fn lease_of(word: u64) -> u64 {
    word >> LEASE_SHIFT
}

fn pack(state: u64, generation: u32, lease: u64) -> u64 {
    state | u64::from(generation) << GENERATION_SHIFT | (lease & ((1 << LEASE_BITS) - 1)) << LEASE_SHIFT
}

/// Zeroed memory, freed when it is dropped.
pub(super) struct Memory {
    /// What the allocator gave; the bytes begin at the next multiple of `ALIGN`.
    base: NonNull<u8>,
    len: usize,
}

impl Memory {
    /// `None`: there is not that much.
    pub(super) fn zeroed(len: usize) -> Option<Self> {
        let layout = Self::layout(len)?;
        // SAFETY: the layout is not of size 0.
        // Aligned by hand: the allocator zeroes pages by asking the system for them, but not above its own alignment.
        NonNull::new(unsafe { alloc_zeroed(layout) }).map(|base| Self { base, len })
    }

    fn layout(len: usize) -> Option<Layout> {
        Layout::from_size_align(len.checked_add(ALIGN)?, 1).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn into_raw(self) -> (*mut u8, usize) {
        let raw = (self.base.as_ptr(), self.len);
        core::mem::forget(self);
        raw
    }

    /// # Safety
    /// `base` and `len` come from `into_raw`, and are used once.
    unsafe fn from_raw(base: *mut u8, len: usize) -> Option<Self> {
        NonNull::new(base).map(|base| Self { base, len })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len) {
            // SAFETY: allocated with this very layout, and freed once, because `self` is gone afterwards.
            unsafe { dealloc(self.base.as_ptr(), layout) };
        }
    }
}

/// Where a block's bytes are, for as long as the lease lasts under which this was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// Of the first byte; aligned to 64. Not null, also where there are no bytes.
    pub data: *mut u8,
    /// How many there are.
    pub len: usize,
    pub lease: u64,
}

/// When a block is to be closed.
#[derive(Clone, Copy)]
pub(super) enum Only {
    /// While it is held under that lease.
    Held(u64),
    /// While it is in flight under that lease.
    Flight(u64),
}

/// See the module.
pub(super) struct Block {
    word: AtomicU64,
    /// Written while the word is free, by the only one who has its slot; read by the holder.
    base: AtomicPtr<u8>,
    len: AtomicUsize,
}

impl Block {
    pub(super) fn new() -> Self {
        Self { word: AtomicU64::new(pack(FREE, 0, 0)), base: AtomicPtr::new(ptr::null_mut()), len: AtomicUsize::new(0) }
    }

    /// Tests: as after so many lives.
    #[cfg(all(test, not(loom)))]
    pub(super) fn age(&self, generation: u32) {
        self.word.store(pack(FREE, generation, 0), Ordering::Relaxed);
    }

    /// Whether a handle can still name a next life.
    pub(super) fn is_reusable(&self) -> bool {
        u64::from(generation_of(self.word.load(Ordering::Relaxed))) < GENERATION_MASK
    }

    /// The caller took the slot from the free list, so nobody else touches it. The generation of its handle.
    pub(super) fn open(&self, memory: Memory) -> u32 {
        let (base, len) = memory.into_raw();
        self.base.store(base, Ordering::Relaxed);
        self.len.store(len, Ordering::Relaxed);
        let word = self.word.load(Ordering::Relaxed);
        // Release: who reads the word as held reads these fields.
        self.word.store(pack(HELD, generation_of(word), lease_of(word) + 1), Ordering::Release);
        generation_of(word)
    }

    pub(super) fn view(&self, generation: u32) -> Result<View, Stale> {
        let word = self.word.load(Ordering::Acquire);
        if word & STATE != HELD || generation_of(word) != generation {
            return Err(Stale);
        }
        let (base, len) = (self.base.load(Ordering::Relaxed), self.len.load(Ordering::Relaxed));
        Ok(View { data: base.map_addr(|at| at.next_multiple_of(ALIGN)), len, lease: lease_of(word) })
    }

    /// From one state to another, under the lease that `of` makes of the one before; that lease.
    fn turn(&self, generation: u32, from: u64, to: u64, of: impl FnOnce(u64) -> Option<u64>) -> Result<u64, Stale> {
        let word = self.word.load(Ordering::Relaxed);
        if word & STATE != from || generation_of(word) != generation {
            return Err(Stale);
        }
        let next = pack(to, generation, of(lease_of(word)).ok_or(Stale)?);
        let turned = self.word.compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed);
        turned.map_or(Err(Stale), |_| Ok(lease_of(next)))
    }

    pub(super) fn depart(&self, generation: u32, lease: u64) -> Result<(), Stale> {
        self.turn(generation, HELD, FLIGHT, |now| (now == lease).then_some(now)).map(drop)
    }

    /// Takes a flight over from whoever had it; the lease of the new one.
    pub(super) fn board(&self, generation: u32) -> Result<u64, Stale> {
        self.turn(generation, FLIGHT, FLIGHT, |now| Some(now + 1))
    }

    pub(super) fn arrive(&self, generation: u32) -> Result<(), Stale> {
        self.turn(generation, FLIGHT, HELD, |now| Some(now + 1)).map(drop)
    }

    /// The lease that it is in flight under.
    pub(super) fn flight(&self, generation: u32) -> Result<u64, Stale> {
        let word = self.word.load(Ordering::Relaxed);
        if word & STATE == FLIGHT && generation_of(word) == generation { Ok(lease_of(word)) } else { Err(Stale) }
    }

    /// The memory, for the one caller that closed it.
    pub(super) fn close(&self, generation: u32, only: Only) -> Result<Memory, Stale> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let (state, lease) = match only {
                Only::Held(lease) => (HELD, lease),
                Only::Flight(lease) => (FLIGHT, lease),
            };
            if word & STATE != state || generation_of(word) != generation || lease_of(word) != lease {
                return Err(Stale);
            }
            let next = pack(FREE, (generation + 1) & GENERATION_MASK as u32, lease_of(word));
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        let (base, len) = (self.base.swap(ptr::null_mut(), Ordering::Relaxed), self.len.load(Ordering::Relaxed));
        // SAFETY: `open` put them here, and of all callers the exchange above let one through.
        unsafe { Memory::from_raw(base, len) }.ok_or(Stale)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let (base, len) = (self.base.load(Ordering::Relaxed), self.len.load(Ordering::Relaxed));
        // SAFETY: as above; a block that is dropped while it is open is nobody's any more.
        drop(unsafe { Memory::from_raw(base, len) });
    }
}
