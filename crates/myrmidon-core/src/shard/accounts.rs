//! Who uses what: the actors that have most of something, and the accounts of all (G107, G108).

use super::{ActorInfo, Shard};
use crate::pid::Pid;
use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// What actors are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Messages handled.
    Reductions,
    /// Microseconds of its handlers.
    Time,
    /// Entries of its mailbox.
    Mailbox,
    /// Bytes that the shard holds for it.
    Memory,
}

impl Measure {
    /// By the name that every language uses.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "reductions" => Some(Self::Reductions),
            "time" => Some(Self::Time),
            "mailbox" => Some(Self::Mailbox),
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }
}

/// What a living actor has used and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose it is.
    pub pid: Pid,
    /// Messages handled.
    pub reductions: u64,
    /// Microseconds of its handlers.
    pub micros: u64,
    /// Entries of its mailbox.
    pub mailbox: u32,
    /// Bytes that the shard holds for it.
    pub memory: usize,
}

impl Shard {
    /// The `n` living actors that have most of something, the highest first, ties by PID: one walk over the slab, with
    /// a heap of `n` whose root is the one to go.
    ///
    /// ```
    /// use myrmidon_core::{pid::Pid, record::{Record, submission}, shard::{Measure, Shard, ShardConfig}};
    ///
    /// let config = ShardConfig { shard: 0, max_actors: 10, default_capacity: 8, seed: None, long_slice_us: 1000 };
    /// let mut shard = Shard::new(config);
    /// let mut pids = [Pid::NONE; 2];
    /// shard.reserve(&mut pids);
    /// let to = |kind, pid: Pid| [pid.low(), pid.generation(), 0, 0, kind, 0, 0, 0];
    /// let spawns = pids.map(|pid| to(submission::SPAWN, pid));
    /// let sends = [to(submission::SEND, pids[1]); 3];
    /// shard.tick(0.0, &[spawns.as_slice(), &sends].concat(), &mut [Record::default(); 16], 0);
    ///
    /// let (busiest, info) = &shard.top(1, Measure::Mailbox)[0];
    /// assert_eq!((*busiest, info.mailbox), (pids[1], 3));
    /// ```
    pub fn top(&self, n: usize, by: Measure) -> Vec<(Pid, ActorInfo)> {
        let mut best = BinaryHeap::with_capacity(n.min(self.slab.live as usize));
        for index in self.slab.visible() {
            let rank = (self.amount(index, by), Reverse(self.slab.pid(index).to_u64()), index);
            if best.len() < n {
                best.push(Reverse(rank));
            } else if let Some(mut least) = best.peek_mut()
                && rank > least.0
            {
                *least = Reverse(rank);
            }
        }
        let ranked = best.into_sorted_vec().into_iter();
        ranked.map(|Reverse((_, _, index))| (self.slab.pid(index), self.info_of(index))).collect()
    }

    fn amount(&self, index: u32, by: Measure) -> u64 {
        match by {
            Measure::Reductions => self.slab[index].reductions,
            Measure::Time => self.slab[index].micros,
            Measure::Mailbox => u64::from(self.entries(index)),
            Measure::Memory => self.memory(index) as u64,
        }
    }

    /// The accounts of all living actors, by slot.
    pub fn usages(&self) -> impl Iterator<Item = Usage> + '_ {
        self.slab.visible().map(|index| Usage {
            pid: self.slab.pid(index),
            reductions: self.slab[index].reductions,
            micros: self.slab[index].micros,
            mailbox: self.entries(index),
            memory: self.memory(index),
        })
    }

    /// What a living actor has used so far: messages handled, microseconds.
    pub fn account(&self, pid: Pid) -> Option<(u64, u64)> {
        self.slab.alive(pid).map(|index| (self.slab[index].reductions, self.slab[index].micros))
    }
}

#[cfg(test)]
mod tests;
