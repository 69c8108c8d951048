//! Blocks in flight, and what becomes of them when nobody takes them.
//!
//! A payload that names blocks has one of these beside its bytes (`Payload::Loaded`), and is dropped in many places: by the
//! core when nobody waits for an answer any more, with a shard that ends, with a path. A block that has arrived is its
//! receiver's, and may even be in flight again: a flight is told from the next one by its lease (`block.rs`), so that
//! dropping this ends no other. Of a receiver that takes a block just now and this one wins.

use super::{Blocks, Handle};

/// See the module.
pub(super) struct Flights(Vec<(Handle, u64)>);

impl Flights {
    /// Those of the blocks that are in flight now.
    pub(super) fn of(handles: impl Iterator<Item = Handle>) -> Self {
        Self(handles.filter_map(|handle| Some((handle, Blocks::global().flight(handle).ok()?))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        for (handle, lease) in self.0.drain(..) {
            Blocks::global().lose(handle, lease);
        }
    }
}
