//! Names: each belongs to at most one living actor of the shard (G40).

use crate::{pid::Pid, tide};
use rustc_hash::FxHashMap;

/// Who has which name.
#[derive(Default)]
pub struct Names {
    holders: FxHashMap<Box<str>, Pid>,
}

impl Names {
    /// Gives a free name away. `Err`: who has it, and nothing was done.
    pub fn claim(&mut self, name: &str, pid: Pid) -> Result<(), Pid> {
        if let Some(holder) = self.holders.get(name) {
            return Err(*holder);
        }
        self.holders.insert(name.into(), pid);
        Ok(())
    }

    /// Who has it.
    pub fn holder(&self, name: &str) -> Option<Pid> {
        self.holders.get(name).copied()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if tide::is_spent(self.holders.len(), self.holders.capacity()) {
            *self = Self::default();
        }
    }

    /// Frees a name.
    pub fn release(&mut self, name: &str) {
        self.holders.remove(name);
    }
}
