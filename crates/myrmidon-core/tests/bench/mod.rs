//! One shard and its ring, driven record by record: what the tests of a single rule of the shard need.
//!
//! Each test file adds to `Bench` what it alone asks.

use myrmidon_core::{
    pid::Pid,
    record::{Record, submission},
    shard::{Shard, ShardConfig},
};

/// Milliseconds that a held sender waits, in the place of a spawn record that has the mailbox's policy in its low byte.
const SEND_TIMEOUT: u32 = 5000 << 8;

pub struct Bench {
    pub shard: Shard,
    pub ring: Vec<Record>,
}

impl Bench {
    pub fn new(seed: Option<u64>) -> Self {
        let config = ShardConfig { shard: 3, max_actors: 10, default_capacity: 100, seed, long_slice_us: 1000 };
        Self { shard: Shard::new(config), ring: vec![Record::default(); 64] }
    }

    /// `options`: flags and budget, where a spawn record has them; `capacity` 0 is the default.
    pub fn open(&mut self, options: u32, capacity: u32, policy: u32) -> Pid {
        let mut reserved = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut reserved), 1);
        let [pid] = reserved;
        let head = submission::SPAWN | options;
        let (to, generation) = (pid.low(), pid.generation());
        assert_eq!(self.tick(&[[to, generation, 0, 0, head, 0, capacity, policy | SEND_TIMEOUT]], 0), 0);
        pid
    }

    /// Ingests `records` and writes up to `max` messages to `ring`; how many records that are.
    pub fn tick(&mut self, records: &[Record], max: u32) -> usize {
        self.shard.tick(0.0, records, &mut self.ring, max)
    }
}
