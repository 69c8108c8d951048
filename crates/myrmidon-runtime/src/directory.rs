//! The directory of the process's shards: who has which number, and how to reach it.
//!
//! Promises: no two live shards have one number; a number that is used again starts above every generation that its
//! earlier shards gave out, so that no PID ever names two actors; a lease that is dropped without saying which
//! generations it used retires its number.
//! Numbers that were never used are given out first, lowest first. 255 is kept for remote PIDs.
//!
//! One lock, held for a few loads and stores and never over a callback.

use crate::port::ShardHandle;
use myrmidon_core::pid::MAX_GENERATION;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// Shards that one process may have at a time.
pub const MAX_SHARDS: usize = 255;

#[derive(Default)]
enum Number {
    #[default]
    Unused,
    /// A shard has it; the handle is there once its inbox is.
    Taken(Option<ShardHandle>),
    /// Free again, from this generation on.
    Free(u32),
    /// Its generations are spent, or unknown.
    Retired,
}

/// See the module. Cloning gives the same directory.
#[derive(Clone)]
pub struct Directory {
    numbers: Arc<Mutex<Vec<Number>>>,
}

impl core::fmt::Debug for Directory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Directory")
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Directory {
    /// An empty one, for tests. A process has one: [`Directory::global`].
    pub fn new() -> Self {
        let numbers = (0..MAX_SHARDS).map(|_| Number::Unused).collect();
        Self { numbers: Arc::new(Mutex::new(numbers)) }
    }

    /// The process's directory. It outlives every isolate.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Directory> = OnceLock::new();
        GLOBAL.get_or_init(Self::new)
    }

    /// Takes a number for a new shard. `None`: all are taken or retired.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        let mut numbers = self.numbers.lock();
        let (shard, first_generation) =
            numbers.iter().position(|number| matches!(number, Number::Unused)).map(|shard| (shard, 0)).or_else(
                || {
                    numbers.iter().enumerate().find_map(|(shard, number)| match number {
                        Number::Free(generation) => Some((shard, *generation)),
                        _ => None,
                    })
                },
            )?;
        numbers[shard] = Number::Taken(None);
        Some(Lease { directory: self.clone(), shard: shard as u8, first_generation, given_back: false })
    }

    /// How to reach a live shard.
    #[must_use]
    pub fn handle(&self, shard: u8) -> Option<ShardHandle> {
        match self.numbers.lock().get(usize::from(shard)) {
            Some(Number::Taken(Some(handle))) => Some(handle.clone()),
            _ => None,
        }
    }
}

/// The right to be a shard.
#[derive(Debug)]
pub struct Lease {
    directory: Directory,
    shard: u8,
    first_generation: u32,
    given_back: bool,
}

impl Lease {
    /// The shard's number.
    pub fn shard(&self) -> u8 {
        self.shard
    }

    /// The generation that its slots start with.
    pub fn first_generation(&self) -> u32 {
        self.first_generation
    }

    pub(crate) fn publish(&self, handle: ShardHandle) {
        self.directory.numbers.lock()[usize::from(self.shard)] = Number::Taken(Some(handle));
    }

    /// Ends it. `highest_generation`: of all PIDs that the shard gave out.
    pub fn give_back(mut self, highest_generation: u32) {
        self.given_back = true;
        let next = highest_generation.saturating_add(1);
        self.directory.numbers.lock()[usize::from(self.shard)] =
            if next > MAX_GENERATION { Number::Retired } else { Number::Free(next) };
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.given_back {
            self.directory.numbers.lock()[usize::from(self.shard)] = Number::Retired;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
