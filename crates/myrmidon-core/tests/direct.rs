//! What may be delivered before it is ingested (G206, G315): the shard says whether a message may, and counts it.

mod bench;

use bench::Bench;
use myrmidon_core::{
    pid::Pid,
    record::{Record, completion, control, flag, policy, spawn, submission, word},
    shard::is_plain,
};

const WHOLE: u32 = 64;

fn record(head: u32, to: Pid, from: Pid, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, 0, a, b]
}

fn message(to: Pid) -> Record {
    record(submission::SEND | 7 << 16, to, Pid::NONE, 0, 0)
}

impl Bench {
    fn spawn(&mut self, flags: u32, budget: u32) -> Pid {
        self.open(flags << 8 | budget << 16, 0, policy::REJECT)
    }

    fn takes(&mut self, to: Pid) -> bool {
        self.shard.take_directly(&message(to))
    }
}

#[test]
fn g315_what_has_nothing_queued_is_taken_and_counted() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, 0);
    assert!(bench.shard.is_at_rest());
    assert!(bench.takes(pid) && bench.takes(pid));
    bench.shard.charge_directly(pid, 30);
    assert_eq!(bench.shard.account(pid), Some((2, 30)));
    assert_eq!(bench.shard.control()[control::QUEUED], 0);
    assert!(bench.shard.is_at_rest());
}

#[test]
fn g315_what_waits_in_the_mailbox_comes_first() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, 0);
    bench.tick(&[message(pid)], 0);
    assert!(!bench.shard.is_at_rest());
    assert!(!bench.takes(pid), "one is queued");
    assert_eq!(bench.tick(&[], 10), 2);
    assert!(!bench.takes(pid), "it is in the batch");
    bench.ring[0][word::B] = 1;
    bench.tick(&[], 10);
    assert!(bench.shard.is_at_rest() && bench.takes(pid));
    bench.tick(&[record(submission::STOP, pid, Pid::NONE, 0, 0)], 0);
    assert!(!bench.takes(pid), "an ordered stop counts in no bound, and comes first all the same");
}

#[test]
fn g315_who_is_held_up_waits_for_the_shard() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, 0);
    for (before, after) in [(submission::SUSPEND, submission::RESUME), (submission::BUSY, submission::READY)] {
        bench.tick(&[record(before, pid, Pid::NONE, 0, 0)], 0);
        assert!(!bench.takes(pid), "{before}");
        bench.tick(&[record(after, pid, Pid::NONE, 0, 0)], 0);
        assert!(bench.takes(pid), "{after}");
    }
    bench.shard.charge_directly(pid, 5000);
    assert!(!bench.takes(pid), "in debt (G47)");
}

#[test]
fn g315_who_has_a_budget_has_turns() {
    let mut bench = Bench::new(None);
    let (weighed, whole) = (bench.spawn(0, WHOLE - 1), bench.spawn(0, WHOLE));
    assert!(!bench.takes(weighed));
    assert!(bench.takes(whole));
}

#[test]
fn g315_nobody_else_is_taken_for_the_receiver() {
    let mut bench = Bench::new(None);
    let starting = bench.spawn(spawn::STARTING, 0);
    assert!(!bench.takes(starting));
    bench.tick(&[record(submission::STARTED, starting, Pid::NONE, 0, 0)], 0);
    assert!(bench.takes(starting));
    let elsewhere = Pid::new(4, starting.index(), starting.generation()).expect("a PID");
    assert!(!bench.takes(elsewhere));
    assert!(!bench.takes(Pid::new(3, 9, 0).expect("a PID")), "nobody was there yet");
    bench.tick(&[record(submission::EXIT_SELF, starting, Pid::NONE, 0, 0)], 10);
    assert_eq!(bench.ring[0][word::HEAD] & 0xff, completion::DEAD);
    assert!(!bench.takes(starting));
}

#[test]
fn g315_only_messages_that_nothing_else_knows_of_are_plain() {
    let pid = Pid::new(3, 1, 0).expect("a PID");
    assert!(is_plain(&message(pid)));
    for flag in [flag::PRIORITY, flag::CALL, flag::INLINE, flag::NEXT, flag::REENTRANT, flag::BYTES] {
        assert!(!is_plain(&record(submission::SEND | flag << 8, pid, Pid::NONE, 0, 0)), "{flag}");
    }
    for kind in [submission::STOP, submission::EXIT, submission::SPAWN, submission::HANDLED, 0] {
        assert!(!is_plain(&record(kind, pid, Pid::NONE, 0, 0)), "{kind}");
    }
}

#[test]
fn g315_lockstep_never_takes_this_way() {
    assert!(!Bench::new(Some(1)).shard.is_at_rest());
}

#[test]
fn g315_a_timer_that_is_due_is_known_before_it_rings() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn(0, 0);
    assert!(!bench.shard.may_ring(f64::MAX), "nothing is set");
    let [low, high] = [5.0_f64.to_bits() as u32, (5.0_f64.to_bits() >> 32) as u32];
    let mut timer = record(submission::TIMER, pid, Pid::NONE, low, high);
    timer[word::SLOT] = 1;
    bench.tick(&[timer], 0);
    assert!(bench.shard.is_at_rest() && !bench.shard.may_ring(0.0) && bench.shard.may_ring(5.0));
    assert_eq!(bench.shard.tick(5.0, &[], &mut bench.ring, 10), 2);
    assert!(!bench.shard.may_ring(f64::MAX), "it has rung");
}
