//! The names of a system, and what their holders understand: one table, one lock that is held for one look-up.
//!
//! What an actor understands is a text of its language's; whoever opens one with a name says it before (`announce`), so that
//! nobody finds the name without it. It goes with the name.

use myrmidon_core::{NameTable, pid::Pid};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

#[derive(Default)]
struct Names {
    holders: HashMap<Box<str>, Pid>,
    spoken: HashMap<Pid, Arc<str>>,
}

/// See the module.
#[derive(Default)]
pub struct Table(Mutex<Names>);

impl Table {
    /// Frees the names that a shard left: one that ended in the middle of something.
    pub fn forget(&self, shard: u8) {
        let mut names = self.0.lock();
        names.holders.retain(|_, holder| holder.shard() != shard);
        names.spoken.retain(|holder, _| holder.shard() != shard);
    }

    /// Says what an actor understands that has a name, or is about to get one.
    pub fn announce(&self, pid: Pid, spoken: &str) {
        self.0.lock().spoken.insert(pid, spoken.into());
    }

    /// Who has a name, and what that one understands, as far as it was said.
    pub fn spoken(&self, name: &str) -> Option<(Pid, Option<Arc<str>>)> {
        let names = self.0.lock();
        let holder = *names.holders.get(name)?;
        Some((holder, names.spoken.get(&holder).cloned()))
    }
}

impl NameTable for Table {
    fn claim(&self, name: &str, pid: Pid) -> Result<(), Pid> {
        let mut names = self.0.lock();
        if let Some(holder) = names.holders.get(name).copied() {
            if holder != pid {
                names.spoken.remove(&pid);
            }
            return Err(holder);
        }
        names.holders.insert(name.into(), pid);
        Ok(())
    }

    fn holder(&self, name: &str) -> Option<Pid> {
        self.0.lock().holders.get(name).copied()
    }

    fn release(&self, name: &str, pid: Pid) {
        let mut names = self.0.lock();
        if names.holders.get(name) == Some(&pid) {
            names.holders.remove(name);
            names.spoken.remove(&pid);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn pid(index: u32) -> Pid {
        Pid::from_words(index, 1)
    }

    #[test]
    fn g242_what_a_holder_understands_goes_with_its_name() {
        let table = Table::default();
        table.announce(pid(1), "first");
        assert_eq!(table.claim("name", pid(1)), Ok(()));
        assert_eq!(table.spoken("name"), Some((pid(1), Some("first".into()))));
        // It may change, and nothing is left of one that did not get the name.
        table.announce(pid(1), "other");
        table.announce(pid(2), "second");
        assert_eq!(table.claim("name", pid(2)), Err(pid(1)));
        assert_eq!(table.spoken("name"), Some((pid(1), Some("other".into()))));
        table.release("name", pid(1));
        assert_eq!(table.spoken("name"), None);
        assert_eq!(table.claim("name", pid(2)), Ok(()));
        assert_eq!(table.spoken("name"), Some((pid(2), None)));
        table.forget(pid(2).shard());
        assert_eq!(table.spoken("name"), None);
        let names = table.0.lock();
        assert!(names.holders.is_empty() && names.spoken.is_empty());
    }
}
