use super::{Measure, Usage};
use crate::{
    payload::Payload,
    pid::Pid,
    record::{Record, completion, flag, submission, word},
    shard::{Shard, ShardConfig},
};

struct Bench {
    shard: Shard,
    ring: Vec<Record>,
}

impl Bench {
    fn new() -> Self {
        let config =
            ShardConfig { shard: 0, max_actors: 200_000, default_capacity: 65_536, seed: None, long_slice_us: 1000 };
        Self { shard: Shard::with_generation(config, 0, 4), ring: vec![Record::default(); 512] }
    }

    fn ingest(&mut self, records: &[Record]) {
        self.shard.tick(0.0, records, &mut self.ring, 0);
        self.shard.handle_signals();
    }

    fn put(&mut self, kind: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) {
        self.ingest(&[[to.low(), to.generation(), from.low(), from.generation(), kind, slot, a, b]]);
    }

    fn spawn(&mut self) -> Pid {
        let mut reserved = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut reserved), 1);
        self.put(submission::SPAWN, reserved[0], Pid::NONE, 0, 0, 0);
        reserved[0]
    }

    fn send(&mut self, to: Pid, count: u32) {
        for slot in 1..=count {
            self.put(submission::SEND, to, Pid::NONE, slot, 0, 0);
        }
    }

    /// Handles all that is queued; each slice takes `micros` a message. What was told besides.
    fn run(&mut self, micros: u32) -> Vec<Record> {
        let mut told = Vec::new();
        loop {
            let written = self.shard.tick(0.0, &[], &mut self.ring, 256);
            if written == 0 {
                return told;
            }
            for at in 0..written {
                match self.ring[at][word::HEAD] & 0xff {
                    completion::SLICE => {
                        self.ring[at][word::B] = self.ring[at][word::A];
                        self.ring[at][word::FROM] = self.ring[at][word::A] * micros;
                    }
                    completion::MESSAGE => {}
                    _ => told.push(self.ring[at]),
                }
            }
        }
    }

    fn memory(&self, pid: Pid) -> usize {
        self.shard.info(pid).expect("it lives").memory
    }
}

fn pids(top: Vec<(Pid, super::ActorInfo)>) -> Vec<Pid> {
    top.into_iter().map(|(pid, _)| pid).collect()
}

#[test]
fn g106_memory_grows_with_what_is_held_and_is_back_at_its_base_afterwards() {
    let mut bench = Bench::new();
    let (pid, other) = (bench.spawn(), bench.spawn());
    let base = bench.memory(pid);
    assert_eq!(base, 72, "an idle actor is its slot");
    bench.send(pid, 10);
    assert_eq!(bench.memory(pid), base + 10 * 32);
    bench.run(0);
    assert_eq!(bench.memory(pid), base);
    bench.put(submission::LINK, pid, other, 0, 0, 0);
    let linked = bench.memory(pid);
    assert!(linked > base);
    bench.put(submission::MONITOR, other, pid, 1, 0, 0);
    let watching = bench.memory(pid);
    assert!(watching > linked);
    let watched = bench.memory(other);
    bench.put(submission::MONITOR, other, Pid::NONE, 2, 0, 0);
    assert!(bench.memory(other) > watched, "an outside watch is the watched one's");
    bench.put(submission::TIMER, pid, Pid::NONE, 3, 0, 0x4059_0000);
    let timed = bench.memory(pid);
    assert!(timed > watching);
    bench.put(submission::CANCEL, pid, Pid::NONE, 3, 0, 0);
    bench.put(submission::DEMONITOR, Pid::NONE, pid, 1, 0, 0);
    assert_eq!(bench.memory(pid), linked);
    bench.put(submission::UNLINK, pid, other, 0, 0, 0);
    let side = bench.memory(pid);
    bench.put(submission::LINK, pid, other, 0, 0, 0);
    bench.put(submission::UNLINK, pid, other, 0, 0, 0);
    assert_eq!(bench.memory(pid), side, "only the side record stays");
}

#[test]
fn g106_bytes_that_wait_in_a_mailbox_are_in_it_until_they_are_handled() {
    let mut bench = Bench::new();
    let (pid, other) = (bench.spawn(), bench.spawn());
    let base = bench.memory(pid);
    for length in [100, 10_000] {
        let before = bench.memory(pid);
        let slot = bench.shard.put_block(Payload::bytes(vec![7; length]));
        bench.put(submission::SEND | flag::BYTES << 8, pid, Pid::NONE, slot, 0, 0);
        let more = bench.memory(pid) - before;
        assert!((length + 32..length + 100).contains(&more), "{more} for {length}");
    }
    let all = bench.memory(pid);
    // In the batch that is under way they still wait.
    assert!(bench.shard.tick(0.0, &[], &mut bench.ring, 256) > 0);
    assert_eq!(bench.memory(pid), all);
    assert_eq!(bench.memory(other), base, "each has its own");
    bench.ring[0][word::B] = bench.ring[0][word::A];
    bench.run(0);
    assert_eq!(bench.memory(pid), base);
}

#[test]
fn g107_top_is_highest_first_with_ties_by_pid() {
    let mut bench = Bench::new();
    let all: Vec<Pid> = (0..50).map(|_| bench.spawn()).collect();
    // 0, 1, 2, 3, 4, 0, 1, ...: many ties.
    for (at, pid) in all.iter().enumerate() {
        bench.send(*pid, at as u32 % 5);
    }
    let mut expected = all.clone();
    expected.sort_by_key(|pid| (core::cmp::Reverse((pid.index() - 1) % 5), pid.to_u64()));
    for n in [1, 7, 10, 11, 50, 60] {
        let wanted = &expected[..n.min(50)];
        assert_eq!(pids(bench.shard.top(n, Measure::Mailbox)), wanted);
        assert_eq!(pids(bench.shard.top(n, Measure::Memory)), wanted);
    }
    bench.run(10);
    assert_eq!(pids(bench.shard.top(13, Measure::Reductions)), &expected[..13]);
    assert_eq!(pids(bench.shard.top(13, Measure::Time)), &expected[..13]);
    assert_eq!(bench.shard.top(1, Measure::Time)[0].1.micros, 40);
}

#[test]
fn g107_top_skips_who_has_ended() {
    let mut bench = Bench::new();
    let (gone, left) = (bench.spawn(), bench.spawn());
    bench.send(gone, 3);
    bench.put(submission::EXIT, gone, Pid::NONE, 0, crate::reason::KILLED, 0);
    assert_eq!(pids(bench.shard.top(10, Measure::Reductions)), [left]);
    assert_eq!(bench.shard.usages().map(|usage| usage.pid).collect::<Vec<_>>(), [left]);
}

#[test]
fn g108_an_end_is_told_with_its_account() {
    let mut bench = Bench::new();
    let pid = bench.spawn();
    bench.send(pid, 5);
    bench.run(70);
    let usage = bench.shard.usages().next().expect("it lives");
    assert_eq!(usage, Usage { pid, reductions: 5, micros: 350, mailbox: 0, memory: 72 });
    assert_eq!(bench.shard.account(pid), Some((5, 350)));
    // More than a word holds.
    let index = pid.index();
    bench.shard.slab[index].reductions += 7 << 32;
    bench.shard.slab[index].micros += 9 << 32;
    bench.put(submission::EXIT, pid, Pid::NONE, 0, crate::reason::KILLED, 0);
    assert_eq!(bench.shard.account(pid), None);
    let told = bench.run(0);
    let dead = told.iter().find(|record| record[word::HEAD] & 0xff == completion::DEAD).expect("it is told");
    let account = [word::FROM, word::FROM_GENERATION, word::SLOT, word::B].map(|at| dead[at]);
    assert_eq!(account, [5, 7, 350, 9]);
}

#[test]
fn g225_a_shard_knows_the_time_of_all_its_handlers() {
    let mut bench = Bench::new();
    let (gone, left) = (bench.spawn(), bench.spawn());
    bench.send(gone, 3);
    bench.send(left, 1);
    bench.run(70);
    assert_eq!(bench.shard.micros(), 4 * 70);
    // A handler that had waited, and work outside of a slice.
    bench.put(submission::BUSY, left, Pid::NONE, 0, 0, 0);
    bench.put(submission::READY, left, Pid::NONE, 0, 300, 0);
    bench.put(submission::CHARGE, left, Pid::NONE, 0, 5, 0);
    assert_eq!(bench.shard.micros(), 4 * 70 + 305);
    // What one used that has ended was used all the same.
    bench.put(submission::EXIT, gone, Pid::NONE, 0, crate::reason::KILLED, 0);
    bench.run(0);
    assert_eq!(bench.shard.micros(), 4 * 70 + 305);
}
