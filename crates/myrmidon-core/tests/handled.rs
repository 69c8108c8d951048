//! What an isolate has delivered by itself (G206): the shard counts it, and charges for it as for a slice.

mod bench;

use bench::Bench;
use myrmidon_core::{
    pid::Pid,
    record::{Record, control, policy, submission, word},
};

fn record(head: u32, to: Pid, from: Pid, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, 0, a, b]
}

impl Bench {
    fn spawn(&mut self, capacity: u32, policy: u32) -> Pid {
        self.open(0, capacity, policy)
    }

    fn handled(&mut self, to: Pid, count: u32, micros: u32) {
        assert_eq!(self.tick(&[record(submission::HANDLED, to, Pid::NONE, count, micros)], 0), 0);
    }
}

#[test]
fn g106_it_is_part_of_the_account_and_nothing_is_queued() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, policy::REJECT);
    bench.handled(pid, 3, 40);
    bench.handled(pid, 1, 0);
    assert_eq!(bench.shard.account(pid), Some((4, 40)));
    assert_eq!(bench.shard.control()[control::QUEUED], 0);
    assert_eq!(bench.shard.control()[control::RUNNABLE], 0);
}

#[test]
fn of_one_that_has_ended_nobody_is_charged() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, policy::REJECT);
    bench.tick(&[record(submission::EXIT_SELF, pid, Pid::NONE, 0, 0)], 10);
    bench.handled(pid, 1, 1);
    assert_eq!(bench.shard.account(pid), None);
    let next = bench.spawn(0, policy::REJECT);
    assert_eq!(bench.shard.account(next), Some((0, 0)));
}

#[test]
fn g47_who_overdrew_queues_behind_others() {
    let mut bench = Bench::new(None);
    let (heavy, light) = (bench.spawn(0, policy::REJECT), bench.spawn(0, policy::REJECT));
    bench.handled(heavy, 1, 5000);
    let sends = [heavy, light].map(|to| record(submission::SEND, to, Pid::NONE, 0, 0));
    assert!(bench.tick(&sends, 10) >= 2);
    assert_eq!(bench.ring[0][word::TO], light.low());
}

#[test]
fn g16_a_held_sender_is_seen() {
    let mut bench = Bench::new(None);
    let (sender, full) = (bench.spawn(0, policy::REJECT), bench.spawn(1, policy::SUSPEND));
    assert_eq!(bench.shard.control()[control::HOLDS], 0);
    let send = record(submission::SEND, full, sender, 0, 0);
    bench.tick(&[send, send], 0);
    assert_eq!(bench.shard.control()[control::HOLDS], 1);
}

#[test]
fn a_record_of_no_kind_is_passed_over() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, policy::REJECT);
    assert_eq!(bench.tick(&[record(0, pid, Pid::NONE, 1, 1)], 10), 0);
    assert_eq!(bench.shard.account(pid), Some((0, 0)));
}
