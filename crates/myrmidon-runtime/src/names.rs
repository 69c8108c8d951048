//! The names of a system: one table, one lock that is held for one look-up.

use myrmidon_core::{NameTable, pid::Pid};
use parking_lot::Mutex;
use std::collections::HashMap;

/// See the module.
#[derive(Default)]
pub struct Table(Mutex<HashMap<Box<str>, Pid>>);

impl Table {
    /// Frees the names that a shard left: one that ended in the middle of something.
    pub fn forget(&self, shard: u8) {
        self.0.lock().retain(|_, holder| holder.shard() != shard);
    }
}

impl NameTable for Table {
    fn claim(&self, name: &str, pid: Pid) -> Result<(), Pid> {
        let mut holders = self.0.lock();
        if let Some(holder) = holders.get(name) {
            return Err(*holder);
        }
        holders.insert(name.into(), pid);
        Ok(())
    }

    fn holder(&self, name: &str) -> Option<Pid> {
        self.0.lock().get(name).copied()
    }

    fn release(&self, name: &str, pid: Pid) {
        let mut holders = self.0.lock();
        if holders.get(name) == Some(&pid) {
            holders.remove(name);
        }
    }
}
