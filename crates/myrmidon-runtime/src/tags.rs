//! The tags of messages as numbers that hold in every isolate of the process.
//!
//! Each isolate interns the tags of its protocols for itself, in the order in which it loads them; at the border between
//! two isolates a tag is the number that this table gave it first. One lock, held for one look-up: both sides keep what
//! they have learned, so that a tag is asked for once an isolate.
//!
//! Promises: a number is never another tag's (G152); it is 1 to [`MOST`], so that 15 bits of a record hold it.
//!
//! Messages of some tags carry buffers behind their bytes (`parcel`). Whoever sends one says so here first
//! ([`Tags::mark_moving`]), so that a receiver who does not know the protocol's schema gives them back.

use parking_lot::RwLock;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

/// Tags that one process may send between isolates.
pub const MOST: u16 = 0x7fff;

/// Stands in an op beside the number of its tag.
pub use myrmidon_core::record::WIRE;

/// See the module.
#[derive(Debug, Default)]
pub struct Tags {
    table: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    numbers: HashMap<Arc<str>, u16>,
    tags: Vec<Arc<str>>,
    moving: HashSet<u16>,
}

impl Tags {
    /// The process's table.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Tags> = OnceLock::new();
        GLOBAL.get_or_init(Self::new)
    }

    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of a tag, which it has from now on. `None`: [`MOST`] others have one.
    pub fn number(&self, tag: &str) -> Option<u16> {
        if let Some(number) = self.table.read().numbers.get(tag) {
            return Some(*number);
        }
        let mut table = self.table.write();
        // Another isolate may have been here between the two locks.
        if let Some(number) = table.numbers.get(tag) {
            return Some(*number);
        }
        let number = u16::try_from(table.tags.len() + 1).ok().filter(|number| *number <= MOST)?;
        let tag: Arc<str> = Arc::from(tag);
        table.tags.push(Arc::clone(&tag));
        table.numbers.insert(tag, number);
        Some(number)
    }

    /// Messages of this tag may carry buffers from now on.
    pub fn mark_moving(&self, number: u16) {
        self.table.write().moving.insert(number);
    }

    /// The tag of a number, and whether its messages may carry buffers. `None`: nobody has it.
    pub fn moving(&self, number: u16) -> Option<(Arc<str>, bool)> {
        let at = usize::from(number).checked_sub(1)?;
        let table = self.table.read();
        table.tags.get(at).map(|tag| (Arc::clone(tag), table.moving.contains(&number)))
    }

    /// The tag of a number. `None`: nobody has it.
    pub fn tag(&self, number: u16) -> Option<Arc<str>> {
        let at = usize::from(number).checked_sub(1)?;
        self.table.read().tags.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn g152_a_tag_has_one_number_whoever_asks() {
        let tags = Tags::new();
        let numbers: Vec<Vec<Option<u16>>> = thread::scope(|scope| {
            let ask = || (0..100).map(|at| tags.number(&format!("Tag{at}"))).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no asker panics")).collect()
        });
        assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]));
        for (at, number) in numbers[0].iter().enumerate() {
            let number = number.expect("there is room");
            assert_eq!(tags.tag(number).as_deref(), Some(format!("Tag{at}").as_str()));
        }
    }

    #[test]
    fn g152_a_full_table_refuses_and_keeps_what_it_has() {
        let tags = Tags::new();
        for at in 1..=MOST {
            assert_eq!(tags.number(&format!("Tag{at}")), Some(at));
        }
        assert_eq!(tags.number("one too many"), None);
        assert_eq!(tags.number("Tag1"), Some(1));
        assert_eq!(tags.tag(0), None);
    }
}
