//! Answers that wait behind what stands in their asker's mailbox (G266), and when they do not.

mod bench;

use bench::Bench;
use myrmidon_core::{
    pid::Pid,
    record::{Record, completion, control, flag, policy, spawn, submission, word},
};

const ENTER: u32 = submission::SEND | flag::REENTRANT << 8;

fn record(head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, slot, a, b]
}

fn about(head: u32, to: Pid, slot: u32) -> Record {
    record(head, to, Pid::NONE, slot, 0, 0)
}

impl Bench {
    fn spawn(&mut self) -> Pid {
        self.open(0, 0, policy::REJECT)
    }

    fn give(&mut self, records: &[Record]) {
        assert_eq!(self.shard.tick(0.0, records, &mut self.ring, 0), 0);
    }

    /// Kind and slot of what comes, and whether it comes in a slice; all of it counts as handled.
    fn take(&mut self) -> Vec<(u32, u32, bool)> {
        let written = self.shard.tick(0.0, &[], &mut self.ring, 10);
        let mut taken = Vec::new();
        let mut at = 0;
        while at < written {
            let mut count = 0;
            if self.ring[at][word::HEAD] & 0xff == completion::SLICE {
                count = self.ring[at][word::A] as usize;
                self.ring[at][word::B] = count as u32;
            }
            let range = if count == 0 { at..=at } else { at + 1..=at + count };
            for record in &self.ring[range] {
                taken.push((record[word::HEAD] & 0xff, record[word::SLOT], count > 0));
            }
            at += count + 1;
        }
        taken
    }
}

#[test]
fn g266_an_answer_is_handled_behind_what_may_enter_and_past_the_rest() {
    let mut bench = Bench::new(None);
    let asker = bench.spawn();
    bench.give(&[
        about(submission::BUSY, asker, 0),
        about(submission::SEND, asker, 1),
        about(ENTER, asker, 2),
        about(ENTER | flag::PRIORITY << 8, asker, 3),
        about(submission::BEHIND, asker, 4),
        about(ENTER, asker, 5),
    ]);
    let slots: Vec<_> = bench.take().into_iter().map(|(_, slot, in_slice)| (slot, in_slice)).collect();
    assert_eq!(slots, [(3, true), (2, true), (4, true), (5, true)]);
    bench.give(&[about(submission::READY, asker, 0)]);
    assert_eq!(bench.take(), [(completion::MESSAGE, 1, true)]);
    assert!(bench.take().is_empty());
}

#[test]
fn g106_it_is_no_message_of_any_account_and_has_room_in_a_full_mailbox() {
    let mut bench = Bench::new(None);
    let asker = bench.open(0, 1, policy::REJECT);
    bench.give(&[
        about(submission::BUSY, asker, 0),
        about(ENTER, asker, 1),
        about(submission::BEHIND, asker, 2),
        about(submission::BEHIND, asker, 3),
    ]);
    assert_eq!(bench.shard.control()[control::ENTERING], 1);
    assert_eq!(bench.shard.info(asker).map(|info| info.mailbox), Some(3));
    assert_eq!(bench.take().len(), 3);
    assert!(bench.take().is_empty());
    assert_eq!(bench.shard.control()[control::ENTERING], 0);
    assert_eq!(bench.shard.info(asker).map(|info| (info.mailbox, info.reductions)), Some((0, 1)));
}

#[test]
fn g266_what_has_entered_is_waited_for_by_no_answer() {
    let mut bench = Bench::new(None);
    let asker = bench.spawn();
    let entering = |bench: &Bench| bench.shard.control()[control::ENTERING];
    bench.give(&[about(ENTER, asker, 1), about(ENTER, asker, 2), about(submission::SEND, asker, 3)]);
    assert_eq!(entering(&bench), 2);
    assert_eq!(bench.take().len(), 3);
    assert!(bench.take().is_empty());
    assert_eq!(entering(&bench), 0, "nothing is queued");
    // While a handler waits.
    bench.give(&[about(submission::BUSY, asker, 0), about(ENTER, asker, 4), about(ENTER, asker, 5)]);
    assert_eq!(bench.take().len(), 2);
    assert!(bench.take().is_empty());
    assert_eq!(entering(&bench), 0, "nothing is queued");
    // It ends with some.
    bench.give(&[about(ENTER, asker, 6), about(submission::EXIT_SELF, asker, 0)]);
    assert_eq!(entering(&bench), 0, "nobody is there");
}

#[test]
fn where_nothing_is_delivered_it_comes_at_once() {
    let mut bench = Bench::new(None);
    let starting = bench.open(spawn::STARTING << 8, 0, policy::REJECT);
    let (suspended, gone) = (bench.spawn(), bench.spawn());
    bench.give(&[
        about(submission::SUSPEND, suspended, 0),
        about(submission::EXIT_SELF, gone, 0),
        about(ENTER, starting, 1),
        about(ENTER, suspended, 2),
    ]);
    assert_eq!(bench.take(), [(completion::DEAD, 0, false)]);
    bench.give(&[
        about(submission::BEHIND, starting, 3),
        about(submission::BEHIND, suspended, 4),
        about(submission::BEHIND, gone, 5),
    ]);
    let reached = |slot| (completion::REACHED, slot, false);
    assert_eq!(bench.take(), [reached(3), reached(4), reached(5)]);
}

#[test]
fn it_does_not_wait_for_who_is_suspended_or_held_meanwhile() {
    let mut bench = Bench::new(None);
    let (suspended, held) = (bench.spawn(), bench.spawn());
    let full = bench.open(0, 1, policy::SUSPEND);
    for (asker, slot) in [(suspended, 1), (held, 3)] {
        bench.give(&[
            about(submission::BUSY, asker, 0),
            about(ENTER, asker, slot),
            about(submission::BEHIND, asker, slot + 1),
        ]);
    }
    let send = record(submission::SEND, full, held, 9, 0, 0);
    bench.give(&[about(submission::BUSY, full, 0), about(submission::SUSPEND, suspended, 0), send, send]);
    let reached = |slot| (completion::REACHED, slot, false);
    assert_eq!(bench.take(), [reached(2), reached(4)]);
    assert!(bench.take().is_empty());
    // What it had waited for is still there.
    bench.give(&[about(submission::RESUME, suspended, 0)]);
    assert_eq!(bench.take(), [(completion::MESSAGE, 1, true)]);
}

#[test]
fn what_was_on_its_way_and_is_taken_back_comes_in_its_turn() {
    let mut bench = Bench::new(None);
    let asker = bench.spawn();
    bench.give(&[
        about(submission::BUSY, asker, 0),
        about(ENTER, asker, 1),
        about(ENTER, asker, 2),
        about(submission::BEHIND, asker, 3),
    ]);
    // The isolate has handled the first, whose handler waits: it leaves the slice.
    assert_eq!(bench.shard.tick(0.0, &[], &mut bench.ring, 10), 4);
    bench.ring[0][word::B] = 1;
    bench.give(&[about(submission::BUSY, asker, 0)]);
    let slots: Vec<_> = bench.take().into_iter().map(|(_, slot, _)| slot).collect();
    assert_eq!(slots, [2, 3]);
}

#[test]
fn g25_of_one_that_ends_it_comes_behind_its_end() {
    let mut bench = Bench::new(None);
    let (asker, cleaning) = (bench.spawn(), bench.open(spawn::CLEANUP << 8, 0, policy::REJECT));
    for (asker, slot) in [(asker, 1), (cleaning, 3)] {
        bench.give(&[
            about(submission::BUSY, asker, 0),
            about(ENTER, asker, slot),
            about(submission::BEHIND, asker, slot + 1),
            about(submission::EXIT_SELF, asker, 0),
        ]);
    }
    let letter = |slot| (completion::DEAD_LETTER, slot, false);
    let reached = |slot| (completion::REACHED, slot, false);
    assert_eq!(
        bench.take(),
        [letter(1), (completion::DEAD, 0, false), reached(2), letter(3), (completion::TERMINATE, 0, false), reached(4)]
    );
    assert_eq!(bench.shard.control()[control::ENTERING], 0);
}

#[test]
fn g28_an_ordered_stop_is_passed_by() {
    let mut bench = Bench::new(None);
    let asker = bench.spawn();
    bench.give(&[
        about(submission::BUSY, asker, 0),
        about(ENTER, asker, 1),
        about(submission::STOP, asker, 0),
        about(ENTER, asker, 2),
        about(submission::BEHIND, asker, 3),
    ]);
    let slots: Vec<_> = bench.take().into_iter().map(|(_, slot, _)| slot).collect();
    assert_eq!(slots, [1, 3]);
}

#[test]
fn g7_a_tick_may_enter_too_but_not_past_a_stop() {
    for (stops, expected) in [(false, vec![7]), (true, vec![])] {
        let mut bench = Bench::new(None);
        let asker = bench.spawn();
        bench.give(&[about(submission::BUSY, asker, 0)]);
        if stops {
            bench.give(&[about(submission::STOP, asker, 0)]);
        }
        bench.give(&[about(submission::TIMER | flag::REENTRANT << 8, asker, 7)]);
        let _ = bench.shard.tick(1000.0, &[], &mut bench.ring, 0);
        let written = bench.shard.tick(1000.0, &[], &mut bench.ring, 10);
        let slots: Vec<_> = (1..written).map(|at| bench.ring[at][word::SLOT]).collect();
        assert_eq!(slots, expected);
    }
}
