//! Blocks in flight, and what becomes of them when nobody takes them.
//!
//! A block that has left its holder belongs to a [`Flight`] until a payload takes that over ([`Flight::board`]): who ends
//! in between, an isolate that is terminated for one, frees it. The payload has it beside its bytes (`Payload::Loaded`),
//! and is dropped in many places: by the core when nobody waits for an answer any more, with a shard that ends, with a
//! path. A block that has arrived is its receiver's, and may even be in flight again: a flight is told from the next one by
//! its lease (`block.rs`), so that dropping this ends no other. Of a receiver that takes a block just now and this one wins.

use super::{Blocks, Handle};

/// One flight of one block. Dropping it frees the block, unless somebody has taken it meanwhile.
#[derive(Debug)]
#[must_use = "what is dropped is freed"]
pub struct Flight {
    handle: Handle,
    lease: u64,
}

impl Flight {
    pub(super) fn new(handle: Handle, lease: u64) -> Self {
        Self { handle, lease }
    }

    /// Takes the flight of a block over from whoever had it. `None`: it is in none.
    pub(super) fn board(handle: Handle) -> Option<Self> {
        Blocks::global().board(handle).ok().map(|lease| Self { handle, lease })
    }

    /// By what its block is taken.
    pub fn handle(&self) -> Handle {
        self.handle
    }

    /// Whether nobody has taken its block yet.
    pub fn lasts(&self) -> bool {
        Blocks::global().flies(self.handle, self.lease)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        // A flight that has ended says nothing.
        let _ = Blocks::global().lose(self.handle, self.lease);
    }
}
