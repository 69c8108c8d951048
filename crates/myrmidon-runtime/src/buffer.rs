//! Buffers: blocks of memory that are handed from one holder to the next, and never copied on the way.
//!
//! A [`Handle`] names one life of one block, as a number of 53 bits: the slot below, its generation above. A handle whose
//! block is gone is [`Stale`], and never names another block. The table is the process's ([`Blocks::global`]), so a handle
//! means the same to every shard and every isolate.
//!
//! A block is held by exactly one holder, or is in flight; what may happen to it, and who frees it, is in `block.rs`.
//! Promises: G136 one holder; G137 a block's memory lives as long as anybody may look at it, and its bytes are given back
//! to its account exactly once, whoever loses the race to release it; G138 an account never exceeds its limit.
//!
//! How a packet carries a block from one shard to another:
//! 1. the sender calls [`Blocks::depart`], after its own views are gone. From then on the packet is the holder;
//! 2. the handle travels as a number in the packet, beside the payload, and nobody counts anything;
//! 3. the receiver calls [`Blocks::arrive`] when it takes the packet. From then on it is the holder;
//! 4. a packet that is dropped instead takes its blocks along (`flights.rs`), whoever drops it and why: a late answer, an
//!    isolate that ends with messages before it. A sender that is refused and lives calls `arrive`, and holds it again.
//!
//! An [`Account`] belongs to a system: it has a limit, and blocks stay charged to whoever allocated them, wherever they
//! are.
//!
//! One lock for the table, held for a few loads and stores: never while memory is allocated, freed or copied.

mod block;
mod flights;
mod parcel;
mod shared;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;

use crate::sync::{AtomicUsize, Ordering};
use block::{Block, Memory, Only};
use parking_lot::{Mutex, RwLock};
use std::sync::{Arc, OnceLock};

pub use block::View;
pub use parcel::{load, pack, unpack};
pub use shared::SharedBuffer;

/// Bits of a generation: a handle is exact as a JavaScript number.
const GENERATION_BITS: u32 = 21;

/// One life of one block.
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
pub struct Stale;

/// Why nothing was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The account's limit would be exceeded.
    Limit,
    /// The machine has not that much, or there are as many blocks as there may be.
    Memory,
}

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

struct Slot {
    block: Block,
    account: Mutex<Option<Arc<Account>>>,
}

/// See the module.
#[derive(Default)]
pub struct Blocks {
    slots: RwLock<Vec<Arc<Slot>>>,
    free: Mutex<Vec<u32>>,
}

impl core::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Blocks")
    }
}

impl Blocks {
    /// An empty table, for tests. A process has one: [`Blocks::global`].
    pub fn new() -> Self {
        Self::default()
    }

    /// The process's table. It outlives every isolate.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Blocks> = OnceLock::new();
        GLOBAL.get_or_init(Self::new)
    }

    /// A block of zeros, held by the caller.
    ///
    /// ```
    /// use myrmidon_runtime::{Account, Blocks};
    /// let (blocks, account) = (Blocks::new(), Account::new(1024));
    /// let handle = blocks.allocate(&account, 1000).unwrap();
    /// assert_eq!(account.bytes(), 1000);
    /// assert!(blocks.allocate(&account, 25).is_err());
    /// blocks.release(handle).unwrap();
    /// assert_eq!(account.bytes(), 0);
    /// assert!(blocks.release(handle).is_err());
    /// ```
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn allocate(&self, account: &Arc<Account>, bytes: usize) -> Result<Handle, Refusal> {
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
        let index = reused.map_or_else(|| self.grow(), Some)?;
        let slot = self.slot(index)?;
        *slot.account.lock() = Some(Arc::clone(account));
        Some(Handle { slot: index, generation: slot.block.open(memory) })
    }

    fn grow(&self) -> Option<u32> {
        let fresh = || Arc::new(Slot { block: Block::new(), account: Mutex::new(None) });
        let mut slots = self.slots.write();
        // Slot 0 of generation 0 would be the number 0: it is never used.
        if slots.is_empty() {
            slots.push(fresh());
        }
        let index = u32::try_from(slots.len()).ok()?;
        slots.push(fresh());
        Some(index)
    }

    fn slot(&self, index: u32) -> Option<Arc<Slot>> {
        self.slots.read().get(index as usize).map(Arc::clone)
    }

    fn with<T>(&self, handle: Handle, run: impl FnOnce(&Slot) -> Result<T, Stale>) -> Result<T, Stale> {
        run(&*self.slot(handle.slot).ok_or(Stale)?)
    }

    /// Where a held block is. Only its holder may look, and only while it holds it.
    ///
    /// # Errors
    /// [`Stale`] also when it is in flight.
    pub fn view(&self, handle: Handle) -> Result<View, Stale> {
        self.with(handle, |slot| slot.block.view(handle.generation))
    }

    /// The holder gives it away: it is in flight. No view of it may be used from now on.
    ///
    /// # Errors
    /// [`Stale`] when the caller does not hold it.
    pub fn depart(&self, handle: Handle) -> Result<(), Stale> {
        self.with(handle, |slot| slot.block.depart(handle.generation))
    }

    /// Ends a flight: the caller holds it.
    ///
    /// # Errors
    /// [`Stale`] when it is not in flight.
    pub fn arrive(&self, handle: Handle) -> Result<(), Stale> {
        self.with(handle, |slot| slot.block.arrive(handle.generation))
    }

    /// The holder, or whoever has it in flight, gives it up: its memory is free.
    ///
    /// # Errors
    /// [`Stale`] when that has happened already: of two that release it, one does.
    pub fn release(&self, handle: Handle) -> Result<(), Stale> {
        self.with(handle, |slot| {
            let memory = slot.block.close(handle.generation, Only::Open)?;
            self.freed(handle.slot, slot, memory);
            Ok(())
        })
    }

    /// A view was collected: gives the block up, if it is still held as it was when that view was made. `false`: it was
    /// given away or released meanwhile, and the view has nothing to say.
    pub fn abandon(&self, handle: Handle, view: &View) -> bool {
        let closed = self.with(handle, |slot| {
            let memory = slot.block.close(handle.generation, Only::Held(view.lease))?;
            self.freed(handle.slot, slot, memory);
            Ok(())
        });
        closed.is_ok()
    }

    /// The lease of a flight: what `lose` takes.
    fn flight(&self, handle: Handle) -> Result<u64, Stale> {
        self.with(handle, |slot| slot.block.flight(handle.generation))
    }

    /// Whoever had it in flight is gone. Nothing happens if that flight has ended.
    fn lose(&self, handle: Handle, lease: u64) {
        let _ = self.with(handle, |slot| {
            let memory = slot.block.close(handle.generation, Only::Flight(lease))?;
            self.freed(handle.slot, slot, memory);
            Ok(())
        });
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
