//! What a message between two shards costs: `cargo run --release -p myrmidon-runtime --example bench_pair`.
//!
//! Two threads, a shard each. One sends as long as it may, the other counts. What is measured is everything from the
//! record that is submitted to the delivery that is counted, on both threads, by the time that passes for the receiver.

#![expect(clippy::cast_precision_loss, reason = "counts and ns far below 2^53")]

use myrmidon_core::{
    PeerLimits,
    pid::Pid,
    record::{Record, completion, flag, policy, submission, word},
    shard::{Shard, ShardConfig},
};
use myrmidon_runtime::{Directory, Member, ShardOwner, System};
use std::{sync::mpsc, thread, time::Instant};

const RING: usize = 2048;
const BATCH: usize = 256;

struct Isolate {
    shard: Shard,
    member: Member,
    ring: Vec<Record>,
    _owner: ShardOwner,
}

impl Isolate {
    fn open(system: &std::sync::Arc<System>, directory: &Directory) -> Self {
        let lease = directory.lease().expect("a number");
        let config = ShardConfig {
            shard: lease.shard(),
            max_actors: 100,
            default_capacity: 65_536,
            seed: None,
            long_slice_us: 1000,
        };
        let mut shard = Shard::with_generation(config, lease.first_generation(), 0);
        shard.reserve_incoming(1 << 18);
        let owner = ShardOwner::open(lease, 8, || {});
        let door = owner.handle().expect("a handle");
        let member = Member::join(system, door, &mut shard, PeerLimits::default()).expect("room");
        Self { shard, member, ring: vec![Record::default(); RING], _owner: owner }
    }

    fn spawn(&mut self) -> Pid {
        let mut pids = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut pids), 1);
        let [pid] = pids;
        let mut record = to(submission::SPAWN, pid);
        record[word::B] = policy::SUSPEND | 10_000 << 8;
        let _ = self.shard.tick(0.0, &[record], &mut self.ring, 0);
        pid
    }

    fn tick(&mut self, submissions: &[Record]) -> usize {
        self.member.look_around(&mut self.shard);
        let _ = self.shard.tick(0.0, submissions, &mut self.ring, 0);
        if self.member.has_arrivals() {
            self.member.collect(&mut self.shard, 1024);
        }
        let written = self.shard.tick(0.0, &[], &mut self.ring, 1024);
        self.member.dispatch(&mut self.shard);
        written
    }
}

fn to(head: u32, pid: Pid) -> Record {
    let mut record = Record::default();
    record[word::TO] = pid.low();
    record[word::TO_GENERATION] = pid.generation();
    record[word::HEAD] = head;
    record
}

/// ns for one message of `bytes`; 0: a number.
fn run(bytes: usize, total: usize) -> f64 {
    let system = System::open();
    let directory = Directory::new();
    let mut sender = Isolate::open(&system, &directory);
    let mut receiver = Isolate::open(&system, &directory);
    let (from, pid) = (sender.spawn(), receiver.spawn());
    let (done, stop) = mpsc::channel();
    let sends = thread::spawn(move || {
        let mut arena = vec![bytes as u32];
        arena.resize(1 + bytes.div_ceil(4), 7);
        let mut sent = 0;
        let mut records = Vec::with_capacity(BATCH);
        while stop.try_recv().is_err() {
            records.clear();
            // A batch is one question: it must fit.
            if sent < total && sender.shard.packets() < 8192 && sender.shard.admit(pid, from).is_ok() {
                sender.shard.write_outgoing(&arena);
                let flags = if bytes == 0 { flag::INLINE } else { flag::BYTES };
                let mut record = to(submission::SEND | flags << 8, pid);
                record[word::FROM] = from.low();
                record[word::FROM_GENERATION] = from.generation();
                records.extend(std::iter::repeat_n(record, BATCH.min(total - sent)));
                sent += records.len();
            }
            let _ = sender.tick(&records);
            if records.is_empty() {
                thread::yield_now();
            }
        }
        sender
    });
    let start = Instant::now();
    let mut handled = 0;
    while handled < total {
        let written = receiver.tick(&[]);
        if written == 0 {
            thread::yield_now();
        }
        let mut at = 0;
        while at < written {
            let record = receiver.ring[at];
            match record[word::HEAD] & 0xff {
                completion::SLICE => {
                    receiver.ring[at][word::B] = record[word::A];
                    handled += record[word::A] as usize;
                    at += record[word::A] as usize;
                }
                completion::DEAD_LETTER | completion::DEAD_LETTER_BYTES => panic!("a message was refused"),
                _ => {}
            }
            at += 1;
        }
    }
    let ns = start.elapsed().as_nanos() as f64 / total as f64;
    done.send(()).expect("the sender runs");
    drop(sends.join().expect("the sender ends"));
    ns
}

fn main() {
    for bytes in [0, 64, 4096] {
        let total = if bytes > 1000 { 50_000 } else { 500_000 };
        let best = (0..7).map(|_| run(bytes, total)).fold(f64::INFINITY, f64::min);
        println!("{bytes} bytes: {best:.1} ns a message between two shards");
    }
}
