//! Names: each belongs to at most one living actor of a system (G40).
//!
//! A shard alone keeps its own table. Shards of one system share one, [`NameTable`], which is the only thing in this
//! crate that other threads see: a claim is one step of it, so that two shards cannot both win.

use crate::{pid::Pid, tide};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The names of a system, for all of its shards. None of its calls waits for another shard.
pub trait NameTable: Send + Sync {
    /// Gives a free name away.
    ///
    /// # Errors
    /// Who has it; nothing was done.
    fn claim(&self, name: &str, pid: Pid) -> Result<(), Pid>;
    /// Who has it.
    fn holder(&self, name: &str) -> Option<Pid>;
    /// Frees a name that `pid` has; the name of another stays.
    fn release(&self, name: &str, pid: Pid);
}

/// Who has which name.
pub enum Names {
    /// Of a shard alone.
    Own(FxHashMap<Box<str>, Pid>),
    /// Of a system.
    Shared(Arc<dyn NameTable>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Own(FxHashMap::default())
    }
}

impl Names {
    /// Gives a free name away. `Err`: who has it, and nothing was done.
    pub fn claim(&mut self, name: &str, pid: Pid) -> Result<(), Pid> {
        match self {
            Self::Own(holders) => {
                if let Some(holder) = holders.get(name) {
                    return Err(*holder);
                }
                holders.insert(name.into(), pid);
                Ok(())
            }
            Self::Shared(table) => table.claim(name, pid),
        }
    }

    /// Who has it.
    pub fn holder(&self, name: &str) -> Option<Pid> {
        match self {
            Self::Own(holders) => holders.get(name).copied(),
            Self::Shared(table) => table.holder(name),
        }
    }

    /// Frees a name.
    pub fn release(&mut self, name: &str, pid: Pid) {
        match self {
            Self::Own(holders) => drop(holders.remove(name)),
            Self::Shared(table) => table.release(name, pid),
        }
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if let Self::Own(holders) = self
            && tide::is_spent(holders.len(), holders.capacity())
        {
            *self = Self::default();
        }
    }
}
