//! Buffers: blocks of memory that are handed from one holder to the next, and never copied on the way.
//!
//! A block is held by exactly one [`SharedBuffer`], or is in flight; what may happen to it, and who frees it, is in
//! `block.rs`. A [`Handle`] names one life of one block, as a number of 53 bits: the slot below, its generation above. The
//! table is the process's, so a handle means the same to every shard and every isolate. One whose block is gone names
//! nothing, and never another block.
//!
//! Promises: G136 one holder; G137 a block's memory lives as long as anybody may look at it, and its bytes are given back
//! to its account exactly once, whoever loses the race to release it; G138 an account never exceeds its limit.
//! G202 a handle is no power over a block that is held: whoever made it up, or kept it, can take a block that is in flight
//! and no other. What is done to a held block is done by its holder, or by the lease of that holder's stay.
//!
//! How a packet carries a block from one shard to another:
//! 1. the sender calls [`SharedBuffer::depart`], after its own views are gone. From then on the [`Flight`] is the holder;
//! 2. the handle travels as a number in the packet, beside the payload, which takes the flight over (`parcel.rs`);
//! 3. the receiver calls [`SharedBuffer::arrive`] when it takes the packet. From then on it is the holder;
//! 4. a flight that is dropped instead frees its block (`flight.rs`), whoever drops it and why: a late answer, an isolate
//!    that ends with messages before it, a send that was not finished. A sender that is refused and lives calls `arrive`,
//!    and holds it again.
//!
//! An [`Account`] belongs to a system: it has a limit, and blocks stay charged to whoever allocated them, wherever they
//! are.
//!
//! What is free has a lock, held for a few loads and stores: never while memory is allocated, freed or copied. Whoever has a
//! handle finds its block without one (`slots.rs`).

mod block;
mod flight;
mod parcel;
mod shared;
mod slots;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;

use crate::sync::{AtomicUsize, Ordering};
use block::{Memory, Only, View};
use core::fmt;
use parking_lot::Mutex;
use slots::{Slot, Slots};
use std::sync::{Arc, OnceLock};

pub use flight::Flight;
pub use parcel::{load, pack, unpack};
pub use shared::SharedBuffer;

/// Bits of a generation: a handle is exact as a JavaScript number.
const GENERATION_BITS: u32 = 21;

/// One life of one block: a name, and no right to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    slot: u32,
    generation: u32,
}

impl Handle {
    /// As one number of 53 bits, never 0.
    pub fn to_u64(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// The reverse. `None`: no handle has that number.
    pub fn from_u64(number: u64) -> Option<Self> {
        let generation = u32::try_from(number >> 32).ok()?;
        let is_possible = number != 0 && generation < 1 << GENERATION_BITS;
        is_possible.then_some(Self { slot: number as u32, generation })
    }
}

/// The block is gone, or not in the state that the call needs: in flight, or held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stale;

/// Why nothing was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The account's limit would be exceeded.
    Limit,
    /// The machine has not that much, or there are as many blocks as there may be.
    Memory,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit => "no buffer: the limit of bytes outstanding would be exceeded",
            Self::Memory => "no buffer: the machine has not that much memory",
        })
    }
}

impl core::error::Error for Refusal {}

/// Who pays for blocks: one system.
#[derive(Debug)]
pub struct Account {
    limit: usize,
    bytes: AtomicUsize,
}

impl Account {
    /// One that may have `limit` bytes outstanding.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, bytes: AtomicUsize::new(0) })
    }

    /// Bytes of its blocks that live, wherever they are.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    // Relaxed: the number guards no memory, and its own updates have one order.
    fn charge(&self, bytes: usize) -> bool {
        let mut held = self.bytes.load(Ordering::Relaxed);
        loop {
            let Some(next) = held.checked_add(bytes).filter(|next| *next <= self.limit) else { return false };
            match self.bytes.compare_exchange_weak(held, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => held = now,
            }
        }
    }

    fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// See the module. Not for others: what it does to a block is its holder's business (G202).
#[derive(Default)]
struct Blocks {
    slots: Slots,
    free: Mutex<Vec<u32>>,
}

impl Blocks {
    /// The process's table. It outlives every isolate.
    fn global() -> &'static Self {
        static GLOBAL: OnceLock<Blocks> = OnceLock::new();
        GLOBAL.get_or_init(Self::default)
    }

    /// A block of zeros, held by the caller.
    fn allocate(&self, account: &Arc<Account>, bytes: usize) -> Result<Handle, Refusal> {
        if !account.charge(bytes) {
            return Err(Refusal::Limit);
        }
        let placed = Memory::zeroed(bytes).and_then(|memory| self.place(memory, account));
        placed.ok_or_else(|| {
            account.give_back(bytes);
            Refusal::Memory
        })
    }

    fn place(&self, memory: Memory, account: &Arc<Account>) -> Option<Handle> {
        let reused = self.free.lock().pop();
        let index = reused.map_or_else(|| self.slots.grow(), Some)?;
        let slot = self.slot(index)?;
        *slot.account.lock() = Some(Arc::clone(account));
        Some(Handle { slot: index, generation: slot.block.open(memory) })
    }

    fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index)
    }

    fn with<T>(&self, handle: Handle, run: impl FnOnce(&Slot) -> Result<T, Stale>) -> Result<T, Stale> {
        run(self.slot(handle.slot).ok_or(Stale)?)
    }

    /// Where a held block is. Only its holder may look, and only while it holds it.
    fn view(&self, handle: Handle) -> Result<View, Stale> {
        self.with(handle, |slot| slot.block.view(handle.generation))
    }

    /// The holder of that lease gives it away: it is in flight. No view of it may be used from now on.
    fn depart(&self, handle: Handle, lease: u64) -> Result<(), Stale> {
        self.with(handle, |slot| slot.block.depart(handle.generation, lease))
    }

    /// Its flight is the caller's alone from now on; the lease of it.
    fn board(&self, handle: Handle) -> Result<u64, Stale> {
        self.with(handle, |slot| slot.block.board(handle.generation))
    }

    /// Whether it is still in that flight.
    fn flies(&self, handle: Handle, lease: u64) -> bool {
        self.with(handle, |slot| slot.block.flight(handle.generation)).is_ok_and(|now| now == lease)
    }

    /// Ends a flight: the caller holds it.
    fn arrive(&self, handle: Handle) -> Result<(), Stale> {
        self.with(handle, |slot| slot.block.arrive(handle.generation))
    }

    /// The holder of that lease gives it up: its memory is free.
    fn release(&self, handle: Handle, lease: u64) -> Result<(), Stale> {
        self.close(handle, Only::Held(lease))
    }

    /// Whoever had it in flight is gone.
    fn lose(&self, handle: Handle, lease: u64) -> Result<(), Stale> {
        self.close(handle, Only::Flight(lease))
    }

    fn close(&self, handle: Handle, only: Only) -> Result<(), Stale> {
        self.with(handle, |slot| {
            let memory = slot.block.close(handle.generation, only)?;
            self.freed(handle.slot, slot, memory);
            Ok(())
        })
    }

    // The one caller that closed the block is here: nobody else can reach its memory or its slot.
    fn freed(&self, index: u32, slot: &Slot, memory: Memory) {
        let bytes = memory.len();
        drop(memory);
        if let Some(account) = slot.account.lock().take() {
            account.give_back(bytes);
        }
        if slot.block.is_reusable() {
            self.free.lock().push(index);
        }
    }
}
