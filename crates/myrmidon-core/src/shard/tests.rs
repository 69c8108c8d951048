//! Rules that need the membrane's view: batches, budgets, bounds. The rest is in `tests/` and `conformance/`.

use super::{Shard, ShardConfig, Status};
use crate::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    record::{Record, call_end, completion, control, exit_self, flag, policy, spawn, submission, why, word},
    send_error::SendError,
};

const BUDGET: u32 = 1000;

struct Bench {
    shard: Shard,
    now: f64,
    ring: Vec<Record>,
}

fn record(head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, slot, a, b]
}

fn send(to: Pid, slot: u32) -> Record {
    record(submission::SEND, to, Pid::NONE, slot, 0, 0)
}

fn kind(record: &Record) -> u32 {
    record[word::HEAD] & 0xff
}

impl Bench {
    fn new(seed: Option<u64>) -> Self {
        let config = ShardConfig { shard: 0, max_actors: 1000, default_capacity: 65_536, seed, long_slice_us: BUDGET };
        Self { shard: Shard::with_generation(config, 0, 4), now: 0.0, ring: vec![Record::default(); 512] }
    }

    fn spawn_with(&mut self, flags: u32, capacity: u32, policy: u32) -> Pid {
        let mut reserved = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut reserved), 1);
        let b = policy | 100 << 8;
        self.ingest(&[record(submission::SPAWN | flags << 8, reserved[0], Pid::NONE, 0, capacity, b)]);
        reserved[0]
    }

    fn spawn(&mut self) -> Pid {
        self.spawn_with(0, 0, policy::REJECT)
    }

    fn ingest(&mut self, records: &[Record]) {
        assert_eq!(self.shard.tick(self.now, records, &mut self.ring, 0), 0);
        self.shard.handle_signals();
    }

    fn tick(&mut self, records: &[Record], max: u32) -> Vec<Record> {
        let written = self.shard.tick(self.now, records, &mut self.ring, max);
        self.ring[..written].to_vec()
    }

    /// Handles all of a batch; each slice takes `micros`. The receivers in their order, one for each slice.
    fn run(&mut self, records: &[Record], micros: impl Fn(Pid) -> u32) -> Vec<Pid> {
        let written = self.tick(records, 256);
        let mut served = Vec::new();
        for (at, record) in written.iter().enumerate() {
            if kind(record) == completion::SLICE {
                let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
                self.ring[at][word::B] = record[word::A];
                self.ring[at][word::FROM] = micros(pid);
                served.push(pid);
            }
        }
        served
    }

    fn abandoned(&self) -> bool {
        self.shard.control()[control::ABANDON_BATCH] != 0
    }
}

fn slots_of(written: &[Record], wanted: u32) -> Vec<u32> {
    written.iter().filter(|record| kind(record) == wanted).map(|record| record[word::SLOT]).collect()
}

#[test]
fn g59_what_was_not_handled_comes_again_in_order() {
    let mut bench = Bench::new(None);
    let pids = [bench.spawn(), bench.spawn(), bench.spawn()];
    let sends: Vec<Record> = (0..9).map(|at| send(pids[at / 3], at as u32)).collect();
    assert_eq!(slots_of(&bench.tick(&sends, 100), completion::MESSAGE), (0..9).collect::<Vec<_>>());
    // The isolate handled two of the first slice, and nothing of the others.
    bench.ring[0][word::B] = 2;
    let again = bench.tick(&[], 100);
    // Who was not reached keeps its turn; who was, goes behind.
    assert_eq!(slots_of(&again, completion::MESSAGE), [3, 4, 5, 6, 7, 8, 2]);
    assert_eq!(bench.shard.info(pids[0]).unwrap().reductions, 2);
}

#[test]
fn g59_settling_in_the_middle_of_a_batch_is_exact_and_idempotent() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    bench.tick(&[send(pid, 1), send(pid, 2), send(pid, 3)], 100);
    for consumed in [1, 1, 2, 3] {
        bench.ring[0][word::B] = consumed;
        bench.ingest(&[]);
        assert_eq!(bench.shard.info(pid).unwrap().mailbox, 3 - consumed);
    }
    bench.ring[0][word::B] = 1000;
    assert!(bench.tick(&[], 100).is_empty(), "a cursor beyond the slice is its end");
    assert_eq!(bench.shard.info(pid).unwrap().reductions, 3);
}

#[test]
fn g8_a_kill_inside_a_batch_takes_the_rest_of_it_back() {
    let mut bench = Bench::new(None);
    let (one, two) = (bench.spawn(), bench.spawn());
    bench.tick(&[send(one, 1), send(two, 2), send(two, 3)], 100);
    bench.ring[0][word::B] = 1;
    assert!(!bench.abandoned());
    let killed = bench.shard.intern_reason(ExitReason::Killed);
    bench.ingest(&[record(submission::EXIT, two, one, 0, killed, 0)]);
    assert!(bench.abandoned(), "the isolate has to leave the batch");
    assert!(!bench.shard.is_alive(two));
    // An isolate that reads on nevertheless does no harm.
    bench.ring[2][word::B] = 2;
    let written = bench.tick(&[], 100);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [2, 3]);
    assert!(!bench.abandoned());
}

#[test]
fn g11_next_is_handled_before_what_the_isolate_holds_already() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    bench.tick(&[send(pid, 1), send(pid, 2)], 100);
    bench.ring[0][word::B] = 1;
    bench.ingest(&[record(submission::SEND | flag::NEXT << 8, pid, pid, 9, 0, 0)]);
    assert!(bench.abandoned());
    assert_eq!(slots_of(&bench.tick(&[], 100), completion::MESSAGE), [9, 2]);
}

#[test]
fn g7_while_a_handler_waits_what_may_reenter_is_delivered_past_what_may_not() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    let reentrant = |slot| record(submission::SEND | flag::REENTRANT << 8, pid, Pid::NONE, slot, 0, 0);
    bench.ingest(&[record(submission::BUSY, pid, Pid::NONE, 0, 0, 0)]);
    let written = bench.tick(&[reentrant(1), send(pid, 2), reentrant(3)], 100);
    assert_eq!(slots_of(&written, completion::MESSAGE), [1, 3]);
    bench.ring[0][word::B] = 2;
    assert!(bench.tick(&[], 100).is_empty());
    assert_eq!(bench.shard.info(pid).unwrap().status, Status::Busy);
    let written = bench.tick(&[send(pid, 4), record(submission::READY, pid, Pid::NONE, 0, 0, 0), reentrant(5)], 100);
    assert_eq!(slots_of(&written, completion::MESSAGE), [2, 4, 5]);
}

#[test]
fn g14_a_bound_is_exact_for_who_ticks_first_and_marked_before() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn_with(0, 6, policy::REJECT);
    let marked = |bench: &Bench| bench.shard.congested()[0] & 1 << pid.index() != 0;
    let mut copy = [0; 32];
    for sent in 0..6 {
        assert_eq!(marked(&bench), sent >= 2, "room for four is within the margin, {sent} sent");
        assert_eq!(bench.shard.admit(pid, Pid::NONE), Ok(()));
        bench.ingest(&[send(pid, sent)]);
    }
    assert_eq!(bench.shard.admit(pid, Pid::NONE), Err(SendError::MailboxFull));
    bench.shard.congested_changes(&mut copy);
    assert_eq!(copy[0], 1 << pid.index());
    let written = bench.tick(&[send(pid, 7)], 100);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [7]);
    let header = written.iter().position(|record| kind(record) == completion::SLICE).unwrap();
    bench.ring[header][word::B] = 6;
    bench.ingest(&[]);
    assert!(!marked(&bench));
    bench.shard.congested_changes(&mut copy);
    assert_eq!(copy[0], 0);
}

#[test]
fn g16_a_hold_that_runs_out_may_bring_the_mailbox_to_low_water_and_free_the_others() {
    let mut bench = Bench::new(None);
    let receiver = bench.spawn_with(0, 2, policy::SUSPEND);
    let senders = [bench.spawn(), bench.spawn()];
    let from = |sender, slot| record(submission::SEND, receiver, sender, slot, 0, 0);
    let written = bench.tick(&[send(receiver, 1), send(receiver, 2), send(receiver, 3)], 100);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [3]);
    assert_eq!(bench.shard.stats().dead_letters[why::MAILBOX_FULL as usize], 1, "nobody cannot be held");
    bench.ingest(&[from(senders[0], 4), from(senders[1], 5)]);
    let status = |bench: &Bench| senders.map(|sender| bench.shard.info(sender).unwrap().status);
    assert_eq!(status(&bench), [Status::Suspended; 2]);
    // Two are handled: two are left, and both holds run out at once.
    bench.ring[1][word::B] = 2;
    bench.now = 100.0;
    let written = bench.tick(&[record(submission::SUSPEND, receiver, Pid::NONE, 0, 0, 0)], 100);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [4], "the second one is let go by the room of the first");
    assert_eq!(status(&bench), [Status::Idle; 2]);
    assert_eq!((bench.shard.info(receiver).unwrap().mailbox, bench.shard.stats().alarms), (1, 0));
    // A later overflow of each is a hold of its own.
    bench.ingest(&[send(receiver, 6), from(senders[0], 7), from(senders[1], 8)]);
    assert_eq!(status(&bench), [Status::Suspended; 2]);
    let written = bench.tick(&[record(submission::RESUME, receiver, Pid::NONE, 0, 0, 0)], 100);
    assert_eq!(slots_of(&written, completion::MESSAGE), [5, 6, 7, 8]);
    bench.ring[0][word::B] = 4;
    bench.ingest(&[]);
    assert_eq!((status(&bench), bench.shard.stats().alarms), ([Status::Idle; 2], 0));
}

#[test]
fn g13_control_counts_against_no_bound() {
    let mut bench = Bench::new(None);
    let (full, other) = (bench.spawn_with(spawn::TRAP_EXIT, 1, policy::REJECT), bench.spawn());
    let killed = bench.shard.intern_reason(ExitReason::Killed);
    bench.ingest(&[
        send(full, 1),
        record(submission::MONITOR, other, full, 7, 0, 0),
        record(submission::LINK, other, full, 0, 0, 0),
        record(submission::EXIT, other, Pid::NONE, 0, killed, 0),
    ]);
    bench.ingest(&[]);
    let written = bench.tick(&[], 100);
    assert_eq!(slots_of(&written, completion::DOWN), [7]);
    assert_eq!(written.iter().filter(|record| kind(record) == completion::EXIT_SIGNAL).count(), 1);
    assert_eq!(bench.shard.admit(full, Pid::NONE), Err(SendError::MailboxFull));
}

#[test]
fn g46_a_slice_is_bounded_by_messages_and_by_time() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    let flood: Vec<Record> = (0..400).map(|slot| send(pid, slot)).collect();
    bench.ingest(&flood);
    let mut lengths = Vec::new();
    for _ in 0..6 {
        let written = bench.tick(&[], 256);
        lengths.push(written[0][word::A]);
        bench.ring[0][word::B] = written[0][word::A];
        // Each message takes 50 us.
        bench.ring[0][word::FROM] = written[0][word::A] * 50;
    }
    assert_eq!(lengths, [8, 16, 16, 16, 16, 16], "about a millisecond each");
    assert_eq!(bench.shard.info(pid).unwrap().micros, 72 * 50, "the last one is not settled yet");
}

#[test]
fn g105_no_slice_has_more_messages_than_the_budget() {
    for budget in [1, 2, 7, 8, 9, 63, 64] {
        let mut bench = Bench::new(None);
        let mut reserved = [Pid::NONE];
        assert_eq!(bench.shard.reserve(&mut reserved), 1);
        bench.ingest(&[record(submission::SPAWN | budget << 16, reserved[0], Pid::NONE, 0, 0, 0)]);
        bench.ingest(&(0..400).map(|slot| send(reserved[0], slot)).collect::<Vec<_>>());
        let mut longest = 0;
        for _ in 0..6 {
            let written = bench.tick(&[], 256);
            longest = longest.max(written[0][word::A]);
            bench.ring[0][word::B] = written[0][word::A];
        }
        assert_eq!(longest, budget, "quick handlers get all of it, and no more");
    }
}

#[test]
fn g105_a_spawn_that_says_nothing_or_too_much_has_the_largest_budget() {
    for budget in [0, 65, 0xffff] {
        let mut bench = Bench::new(None);
        let mut reserved = [Pid::NONE];
        assert_eq!(bench.shard.reserve(&mut reserved), 1);
        bench.ingest(&[record(submission::SPAWN | budget << 16, reserved[0], Pid::NONE, 0, 0, 0)]);
        assert_eq!(bench.shard.slab[reserved[0].index()].budget, 64);
    }
}

#[test]
fn g47_a_light_actor_waits_for_at_most_one_heavy_handler() {
    let mut bench = Bench::new(None);
    let heavy = [bench.spawn(), bench.spawn(), bench.spawn()];
    let light = bench.spawn();
    let micros = |pid| if heavy.contains(&pid) { 10_000 } else { 5 };
    let again: Vec<Record> = heavy.iter().map(|pid| send(*pid, 1)).collect();
    // Once each has shown itself, it is in debt.
    bench.run(&again, micros);
    let mut served = [0; 3];
    for round in 0..30 {
        let mut records = vec![send(light, round)];
        if round == 0 {
            records.extend_from_slice(&again);
        } else {
            records.extend(heavy.iter().map(|pid| send(*pid, 1)));
        }
        let order = bench.run(&records, micros);
        assert_eq!(order[0], light);
        assert_eq!(order.len(), 2, "one of the heavy ones a pass");
        served[heavy.iter().position(|pid| *pid == order[1]).unwrap()] += 1;
    }
    assert_eq!(served, [10, 10, 10]);
}

#[test]
fn g51_a_storm_of_signals_is_handled_in_bounded_passes_beside_messages() {
    let mut bench = Bench::new(None);
    let (target, light) = (bench.spawn(), bench.spawn());
    let watches: Vec<Record> =
        (0..1000).map(|reference| record(submission::MONITOR, target, Pid::NONE, reference, 0, 0)).collect();
    bench.ingest(&watches);
    let killed = bench.shard.intern_reason(ExitReason::Killed);
    let written = bench.tick(&[record(submission::EXIT, target, light, 0, killed, 0), send(light, 5)], 10);
    assert_eq!(slots_of(&written, completion::MESSAGE), [5], "a message goes through beside the storm");
    assert_eq!(slots_of(&written, completion::OUTSIDE_DOWN).len(), 255);
    let mut downs = slots_of(&written, completion::OUTSIDE_DOWN);
    let mut passes = 1;
    while bench.shard.control()[control::RUNNABLE] != 0 {
        downs.extend(slots_of(&bench.tick(&[], 10), completion::OUTSIDE_DOWN));
        passes += 1;
    }
    assert_eq!(downs, (0..1000).collect::<Vec<_>>(), "oldest first, each once");
    assert!(passes >= 4);
}

#[test]
fn g58_with_a_seed_a_batch_is_one_message() {
    let order = |seed| {
        let mut bench = Bench::new(Some(seed));
        let pids: Vec<Pid> = (0..8).map(|_| bench.spawn()).collect();
        let sends: Vec<Record> = (0..24).map(|at| send(pids[at % 8], at as u32)).collect();
        bench.ingest(&sends);
        let mut slots = Vec::new();
        while bench.shard.control()[control::RUNNABLE] != 0 {
            let written = bench.tick(&[], 100);
            slots.extend(slots_of(&written, completion::MESSAGE));
            bench.ring[0][word::B] = 1;
        }
        slots
    };
    assert_eq!(order(1).len(), 24);
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

#[test]
fn g2_a_slot_is_free_only_after_its_signals_are_out() {
    let mut bench = Bench::new(None);
    let first = bench.spawn();
    let watches: Vec<Record> =
        (0..600).map(|reference| record(submission::MONITOR, first, Pid::NONE, reference, 0, 0)).collect();
    bench.ingest(&watches);
    let killed = bench.shard.intern_reason(ExitReason::Killed);
    bench.ingest(&[record(submission::EXIT, first, Pid::NONE, 0, killed, 0)]);
    assert_eq!(bench.spawn().index(), 2, "the signals of slot 1 are on their way");
    bench.ingest(&[]);
    bench.ingest(&[]);
    let again = bench.spawn();
    assert_eq!((again.index(), again.generation()), (1, 1));
}

#[test]
fn g22_an_actor_that_asks_itself_is_answered_and_not_hung() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    let call = record(submission::SEND | flag::CALL << 8, pid, pid, 3, 77, u32::MAX);
    let written = bench.tick(&[call], 10);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [3]);
    let ended = written.iter().find(|record| kind(record) == completion::CALL_ENDED).unwrap();
    assert_eq!((ended[word::A], ended[word::B]), (77, call_end::SELF));
    assert_eq!(bench.shard.stats().calls, 0);
}

#[test]
fn g21_a_question_whose_call_has_ended_is_delivered_without_its_token() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    bench.ingest(&[record(submission::SUSPEND, pid, Pid::NONE, 0, 0, 0)]);
    bench.ingest(&[record(submission::SEND | flag::CALL << 8, pid, Pid::NONE, 3, 77, 10)]);
    bench.now = 50.0;
    let written = bench.tick(&[], 10);
    assert_eq!(
        (kind(&written[0]), written[0][word::A], written[0][word::B]),
        (completion::CALL_ENDED, 77, call_end::TIMEOUT)
    );
    let written = bench.tick(&[record(submission::RESUME, pid, Pid::NONE, 0, 0, 0)], 10);
    assert_eq!((written[1][word::SLOT], written[1][word::A]), (3, 0));
}

#[test]
fn what_does_not_fit_into_the_ring_waits_and_comes_first() {
    let mut bench = Bench::new(None);
    let (gone, pid) = (bench.spawn(), bench.spawn());
    let killed = bench.shard.intern_reason(ExitReason::Killed);
    bench.ingest(&[record(submission::EXIT, gone, Pid::NONE, 0, killed, 0)]);
    bench.tick(&[], 1);
    bench.ring.truncate(4);
    let mut sends: Vec<Record> = (0..6).map(|slot| send(gone, slot)).collect();
    sends.push(send(pid, 9));
    assert_eq!(slots_of(&bench.tick(&sends, 10), completion::DEAD_LETTER), [0, 1, 2, 3]);
    let written = bench.tick(&[], 10);
    assert_eq!(slots_of(&written, completion::DEAD_LETTER), [4, 5]);
    assert_eq!(slots_of(&written, completion::MESSAGE), [9]);
    assert_eq!(bench.shard.stats().dead_letters[why::NOT_ALIVE as usize], 6);
}

#[test]
fn a_shard_that_is_closed_takes_nothing_and_says_what_became_of_it() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    bench.ingest(&[send(pid, 1)]);
    let written = bench.shard.close(&mut bench.ring);
    let records = bench.ring[..written].to_vec();
    assert_eq!(slots_of(&records, completion::DEAD_LETTER), [1]);
    assert_eq!(records.iter().filter(|record| kind(record) == completion::DEAD).count(), 1);
    assert_eq!(bench.shard.close(&mut bench.ring), 0);
    assert_eq!(bench.shard.reserve(&mut [Pid::NONE]), 0);
    assert_eq!(slots_of(&bench.tick(&[send(pid, 2)], 10), completion::DEAD_LETTER), [2]);
}

#[test]
fn garbage_from_a_binding_harms_nobody() {
    let mut bench = Bench::new(None);
    let pid = bench.spawn();
    let mut records: Vec<Record> = (0..=255).map(|head| [u32::MAX; 8].map(|word| word ^ head)).collect();
    records.extend((2..=30).map(|head| record(head, Pid::NONE, Pid::NONE, 0, 0xffff_ff03, 0)));
    records.extend((2..=30).map(|head| record(head, Pid::new(9, 1, 0).unwrap(), pid, 0, 0xffff_ff03, 0)));
    bench.ingest(&records);
    let _ = bench.tick(&[], 100);
    assert!(bench.shard.is_alive(pid));
    assert_eq!(bench.shard.stats().actors, 1);
}

#[test]
fn g20_a_call_ends_in_time_in_a_shard_that_never_rests() {
    let mut bench = Bench::new(None);
    let (callee, light) = (bench.spawn(), bench.spawn());
    let call = record(submission::SEND | flag::CALL << 8, callee, Pid::NONE, 0, 7, 100);
    bench.run(&[call], |_| 0);
    bench.run(&[record(submission::BUSY, callee, Pid::NONE, 0, 0, 0), send(light, 1)], |_| 0);
    let mut ended = Vec::new();
    while ended.is_empty() && bench.now < 1000.0 {
        bench.now += 1.0;
        bench.run(&[send(light, 1)], |_| 0);
        let at = bench.now;
        ended.extend(
            bench.ring.iter().filter(|record| kind(record) == completion::CALL_ENDED).map(|end| (end[word::A], at)),
        );
    }
    assert_eq!(ended, [(7, 112.0)], "the first turn of the sweep after 100 ms");
}

#[test]
fn a_shard_reserves_72_bytes_of_addresses_for_each_actor_and_288_mib_at_most() {
    let room = |max_actors| {
        let config = ShardConfig { shard: 1, max_actors, default_capacity: 8, seed: None, long_slice_us: 1000 };
        let ranges = Shard::new(config).room();
        ranges.iter().map(|range| range.end.addr() - range.start.addr()).sum::<usize>()
    };
    // The first slot is nobody's.
    assert_eq!(room(1 << 20), 72 * ((1 << 20) + 1));
    assert_eq!((room(1 << 22), room(crate::pid::MAX_INDEX)), ((288 << 20) + 72, (288 << 20) + 72));
}

#[test]
fn g221_a_call_that_the_isolate_delivered_ends_with_its_callee_or_in_time() {
    let mut bench = Bench::new(None);
    let (callee, other) = (bench.spawn(), bench.spawn());
    let asked = |to: Pid, token: u32| record(submission::ASKED, to, Pid::NONE, 0, token, 50);
    let ends = |written: &[Record]| -> Vec<(u32, u32)> {
        let ended = written.iter().filter(|record| kind(record) == completion::CALL_ENDED);
        ended.map(|record| (record[word::A], record[word::B])).collect()
    };
    let answered = record(submission::ANSWERED, Pid::NONE, Pid::NONE, 0, 7, 0);
    assert!(bench.tick(&[asked(callee, 7), asked(callee, 8), asked(other, 9), answered], 256).is_empty());
    assert_eq!(bench.shard.control()[control::CALLS], 2);
    bench.ingest(&[record(submission::EXIT_SELF, callee, Pid::NONE, 0, 0, 0)]);
    assert_eq!(ends(&bench.tick(&[asked(callee, 10)], 256)), [(8, call_end::EXITED), (10, call_end::EXITED)]);
    bench.now = 70.0;
    assert_eq!(ends(&bench.tick(&[], 256)), [(9, call_end::TIMEOUT)]);
    assert_eq!(bench.shard.control()[control::CALLS], 0);
}

#[test]
fn ends_by_a_word_that_is_held_leave_it_held() {
    let mut bench = Bench::new(None);
    let (one, two) = (bench.spawn(), bench.spawn());
    let failure = || CrashError { name: "E".into(), message: "m".into(), stack: None, language: Language::Rust };
    let word = bench.shard.hold_reason(None);
    let end = |pid: Pid| record(submission::EXIT_SELF | exit_self::KEPT << 8, pid, Pid::NONE, 0, word, 0);
    // Of the second record nobody is left.
    for pid in [one, one, two] {
        let written = bench.tick(&[end(pid)], 256);
        assert!(written.iter().all(|record| kind(record) == completion::DEAD && record[word::A] == word));
    }
    let three = bench.spawn();
    assert_eq!(bench.tick(&[end(three)], 256).len(), 1);
    assert!(bench.shard.is_reason_shared(word), "a batch that names it is out");
    bench.shard.tell_reason(word, failure());
    assert_eq!(bench.shard.reason(word), Some(ExitReason::Crashed(Box::new(failure()))));
    assert!(bench.tick(&[], 256).is_empty());
    assert_eq!(bench.shard.reason(word), None);
}
