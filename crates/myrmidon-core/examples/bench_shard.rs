//! What the shard itself costs: `cargo run --release -p myrmidon-core --example bench_shard`.
//!
//! The loop plays an isolate that does nothing: it reads each delivery, counts it, and sends one message on. What is
//! measured is ingest, emit and settle of one message, and the spawn of one actor.

#![expect(clippy::cast_precision_loss, reason = "counts and ns far below 2^53")]

use myrmidon_core::{
    pid::Pid,
    record::{Record, completion, submission, word},
    shard::{Shard, ShardConfig},
};
use std::time::Instant;

const RING: usize = 4096;

fn shard() -> Shard {
    let config =
        ShardConfig { shard: 0, max_actors: 1 << 21, default_capacity: 65_536, seed: None, long_slice_us: 1000 };
    Shard::new(config)
}

fn send(to: Pid) -> Record {
    let mut record = Record::default();
    record[word::TO] = to.low();
    record[word::TO_GENERATION] = to.generation();
    record[word::HEAD] = submission::SEND;
    record[word::SLOT] = 1;
    record
}

/// Spawns `count` actors; ns for one.
fn spawn(shard: &mut Shard, count: usize) -> (Vec<Pid>, f64) {
    let mut ring = vec![Record::default(); RING];
    let mut pids = Vec::with_capacity(count);
    let mut records = Vec::with_capacity(256);
    let start = Instant::now();
    while pids.len() < count {
        let mut block = [Pid::NONE; 256];
        let wanted = (count - pids.len()).min(256);
        let got = shard.reserve(&mut block[..wanted]);
        assert_eq!(got, wanted);
        records.clear();
        for pid in &block[..got] {
            let mut record = send(*pid);
            record[word::HEAD] = submission::SPAWN;
            record[word::SLOT] = 0;
            records.push(record);
        }
        pids.extend_from_slice(&block[..got]);
        assert_eq!(shard.tick(0.0, &records, &mut ring, 0), 0);
    }
    let ns = start.elapsed().as_nanos() as f64 / count as f64;
    assert_eq!(shard.stats().actors as usize, count);
    (pids, ns)
}

struct Xorshift(u32);

impl Xorshift {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// ns for a message, with `flight` of them under way and `max` in a batch.
fn messages(shard: &mut Shard, pids: &[Pid], flight: usize, max: u32, total: u64) -> f64 {
    let mut random = Xorshift(1);
    let mut ring = vec![Record::default(); RING];
    let mut out: Vec<Record> = (0..flight).map(|_| send(pids[random.next() as usize % pids.len()])).collect();
    let mut handled = 0u64;
    let mut sent = flight as u64;
    let start = Instant::now();
    while handled < total {
        let written = shard.tick(0.0, &out, &mut ring, max);
        out.clear();
        let mut at = 0;
        while at < written {
            assert_eq!(ring[at][word::HEAD] & 0xff, completion::SLICE);
            let count = ring[at][word::A];
            ring[at][word::B] = count;
            for _ in 0..count {
                handled += 1;
                if sent < total {
                    sent += 1;
                    out.push(send(pids[random.next() as usize % pids.len()]));
                }
            }
            at += 1 + count as usize;
        }
    }
    let elapsed = start.elapsed().as_nanos() as f64;
    assert_eq!(handled, total);
    let _ = shard.tick(0.0, &[], &mut ring, 1);
    assert_eq!(shard.stats().queued, 0);
    elapsed / total as f64
}

fn main() {
    let fewer = std::env::args().any(|argument| argument == "--quick");
    // Many short runs, of which the best counts: the machine does other things, too.
    let (total, runs) = if fewer { (200_000, 1) } else { (1_000_000, 25) };
    for count in [100_000, 1_000_000] {
        let best = (0..5).map(|_| spawn(&mut shard(), count).1).fold(f64::INFINITY, f64::min);
        let mut shard = shard();
        let _ = spawn(&mut shard, count);
        println!("spawn {count}: {best:.1} ns, {} B held for each", shard.stats().bytes / count);
    }
    for (count, flight, max) in [
        (2, 256, 1024),
        (2, 1, 1024),
        (1000, 256, 1024),
        (1000, 4000, 1024),
        (100_000, 1024, 1024),
        (100_000, 4000, 1024),
    ] {
        let mut shard = shard();
        let (pids, _) = spawn(&mut shard, count);
        let best = (0..runs).map(|_| messages(&mut shard, &pids, flight, max, total)).fold(f64::INFINITY, f64::min);
        println!("{count} actors, {flight} under way: {best:.1} ns a message");
    }
}
