//! Two shards whose packets arrive when a test says so: the rules that a distance adds, each alone.

use super::{Shard, ShardConfig, Status};
use crate::{
    bundle::Bundle,
    exit_reason::ExitReason,
    packet::Packet,
    payload::Payload,
    peer::PeerLimits,
    pid::Pid,
    record::{BLOCK, Record, WIRE, call_end, completion, control, flag, policy, spawn, submission, why, word},
    send_error::SendError,
};
use std::collections::VecDeque;

struct Pair {
    shards: [Shard; 2],
    rings: [Vec<Record>; 2],
    ways: [VecDeque<Packet>; 2],
    now: f64,
}

fn record(head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, slot, a, b]
}

fn kind(record: &Record) -> u32 {
    record[word::HEAD] & 0xff
}

fn why_of(record: &Record) -> u32 {
    (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT
}

/// A number, which is its own name in what comes out.
fn number(to: Pid, from: Pid, number: u32) -> Record {
    record(submission::SEND | flag::INLINE << 8, to, from, 0, number, 0)
}

fn call(to: Pid, from: Pid, token: u32) -> Record {
    record(submission::SEND | flag::CALL << 8, to, from, 0, token, u32::MAX)
}

impl Pair {
    fn new(limits: PeerLimits) -> Self {
        let shards = [0, 1].map(|number: u8| {
            let config =
                ShardConfig { shard: number, max_actors: 100, default_capacity: 64, seed: None, long_slice_us: 1000 };
            let mut shard = Shard::with_generation(config, 0, 0);
            shard.peers.limit(limits, 0);
            shard.isolate = number;
            shard.connect(1 - number, 1 - number);
            shard
        });
        let mut pair = Self {
            shards,
            rings: [vec![[0; 8]; 600], vec![[0; 8]; 600]],
            ways: [VecDeque::new(), VecDeque::new()],
            now: 0.0,
        };
        for at in [0, 1] {
            assert_eq!(pair.run(at, &[]).len(), 1, "each hears of the other");
        }
        pair
    }

    fn spawn_with(&mut self, at: usize, flags: u32, capacity: u32, policy: u32) -> Pid {
        let mut pids = [Pid::NONE];
        assert_eq!(self.shards[at].reserve(&mut pids), 1);
        let [pid] = pids;
        let b = policy | 100 << 8;
        self.submit(at, &[record(submission::SPAWN | flags << 8, pid, Pid::NONE, 0, capacity, b)]);
        pid
    }

    fn spawn(&mut self, at: usize) -> Pid {
        self.spawn_with(at, 0, 0, policy::REJECT)
    }

    /// Ingests, and lets packets go.
    fn submit(&mut self, at: usize, records: &[Record]) {
        let _ = self.shards[at].tick(self.now, records, &mut self.rings[at], 0);
        self.shards[at].handle_signals();
        let way = &mut self.ways[at];
        self.shards[at].hand_over(|mut departures| way.extend(core::iter::from_fn(|| departures.take_packet())));
    }

    /// All packets of a shard arrive on the other one.
    fn carry(&mut self, from: usize) {
        let mut bundle = Bundle::default();
        for packet in core::mem::take(&mut self.ways[from]) {
            bundle.push(packet);
        }
        self.shards[1 - from].receive_bundle(from as u8, bundle);
        self.submit(1 - from, &[]);
    }

    fn settle(&mut self) {
        while self.ways.iter().any(|way| !way.is_empty()) {
            self.carry(0);
            self.carry(1);
        }
    }

    /// Handles all that there is; deliveries and posted records.
    fn run(&mut self, at: usize, records: &[Record]) -> Vec<Record> {
        self.submit(at, records);
        let mut found = Vec::new();
        loop {
            let written = self.shards[at].tick(self.now, &[], &mut self.rings[at], 500);
            let mut header = 0;
            for index in 0..written {
                let record = self.rings[at][index];
                if kind(&record) == completion::SLICE {
                    header = index;
                    continue;
                }
                if kind(&record) < completion::TERMINATE {
                    self.rings[at][header][word::B] += 1;
                }
                found.push(record);
            }
            self.submit(at, &[]);
            if written == 0 && self.shards[at].control()[control::RUNNABLE] == 0 {
                return found;
            }
        }
    }

    fn of(&mut self, at: usize, wanted: u32) -> Vec<Record> {
        self.run(at, &[]).into_iter().filter(|record| kind(record) == wanted).collect()
    }

    fn links(&self, pid: Pid) -> Vec<Pid> {
        self.shards[usize::from(pid.shard())].info(pid).map_or_else(Vec::new, |info| info.links)
    }

    fn status(&self, pid: Pid) -> Status {
        self.shards[usize::from(pid.shard())].info(pid).expect("it lives").status
    }
}

fn open() -> Pair {
    Pair::new(PeerLimits::default())
}

#[test]
fn g111_a_full_mailbox_of_another_shard_does_what_its_policy_says() {
    for (policy, left, letters) in [
        (policy::REJECT, vec![1, 2], vec![(3, why::MAILBOX_FULL)]),
        (policy::DROP_NEWEST, vec![1, 2], vec![(3, why::DROPPED)]),
        (policy::DROP_OLDEST, vec![2, 3], vec![(1, why::DROPPED)]),
        (policy::SUSPEND, vec![1, 2], vec![(3, why::MAILBOX_FULL)]),
    ] {
        let mut pair = open();
        let receiver = pair.spawn_with(1, 0, 2, policy);
        // From outside of any actor: nobody can be held.
        let sends: Vec<Record> = (1..=3).map(|value| number(receiver, Pid::NONE, value)).collect();
        pair.submit(0, &sends);
        pair.settle();
        let found = pair.run(1, &[]);
        let values =
            |wanted: u32| found.iter().filter(move |record| kind(record) == wanted).map(|record| record[word::A]);
        assert_eq!(values(completion::MESSAGE).collect::<Vec<_>>(), left, "policy {policy}");
        let dead: Vec<(u32, u32)> = found
            .iter()
            .filter(|record| kind(record) == completion::DEAD_LETTER)
            .map(|record| (record[word::A], why_of(record)))
            .collect();
        assert_eq!(dead, letters, "policy {policy}");
    }
}

#[test]
fn g111_an_ask_that_finds_the_mailbox_full_fails_where_it_was_asked() {
    let mut pair = open();
    let receiver = pair.spawn_with(1, 0, 2, policy::REJECT);
    pair.submit(0, &[7, 8, 9].map(|token| call(receiver, Pid::NONE, token)));
    pair.settle();
    let ended = pair.of(0, completion::CALL_ENDED);
    assert_eq!(
        ended.iter().map(|record| (record[word::A], record[word::B], record[word::SLOT])).collect::<Vec<_>>(),
        [(9, call_end::MAILBOX_FULL, 2)],
        "with the bound of its mailbox"
    );
    assert_eq!(pair.of(1, completion::DEAD_LETTER).len(), 1);
}

#[test]
fn g111_suspend_holds_the_sender_on_its_shard_until_low_water() {
    let mut pair = open();
    let sender = pair.spawn(0);
    let receiver = pair.spawn_with(1, 0, 2, policy::SUSPEND);
    // Five are on their way when the first overflow is noticed: the bound, one overflow, and one of two more.
    let sends: Vec<Record> = (1..=5).map(|value| number(receiver, sender, value)).collect();
    pair.submit(0, &sends);
    pair.carry(0);
    assert_eq!(pair.status(sender), Status::Idle, "its shard does not know yet");
    pair.carry(1);
    assert_eq!(pair.status(sender), Status::Suspended);
    assert_eq!(pair.shards[0].admit(receiver, sender), Err(SendError::MailboxFull));
    let found = pair.run(1, &[]);
    let handled: Vec<u32> = found.iter().filter(|it| kind(it) == completion::MESSAGE).map(|it| it[word::A]).collect();
    let dead: Vec<u32> = found.iter().filter(|it| kind(it) == completion::DEAD_LETTER).map(|it| it[word::A]).collect();
    assert_eq!((handled, dead), (vec![1, 2, 3, 4], vec![5]), "as many again as the mailbox has");
    pair.settle();
    assert_eq!(pair.status(sender), Status::Idle);
    assert_eq!(pair.shards[0].admit(receiver, sender), Ok(()));
}

#[test]
fn g111_a_hold_from_another_shard_ends_with_its_time() {
    let mut pair = open();
    let sender = pair.spawn(0);
    let receiver = pair.spawn_with(1, 0, 1, policy::SUSPEND);
    pair.submit(1, &[record(submission::SUSPEND, receiver, Pid::NONE, 0, 0, 0)]);
    pair.submit(0, &[number(receiver, sender, 1), number(receiver, sender, 2)]);
    pair.settle();
    assert_eq!(pair.status(sender), Status::Suspended);
    pair.now = 100.0;
    let letters = pair.of(1, completion::DEAD_LETTER);
    assert_eq!((letters.len(), letters[0][word::A], why_of(&letters[0])), (1, 2, why::MAILBOX_FULL));
    pair.settle();
    assert_eq!(pair.status(sender), Status::Idle);
}

#[test]
fn g113_g205_a_full_way_holds_each_sender_once_and_what_was_accepted_is_taken() {
    let mut pair = Pair::new(PeerLimits { packets: 2, bytes: 1 << 20 });
    let [one, other] = [pair.spawn(0), pair.spawn(0)];
    let receiver = pair.spawn(1);
    let sends = [one, one, one, one, other, Pid::NONE];
    let sends: Vec<Record> = sends.iter().zip(1..).map(|(from, value)| number(receiver, *from, value)).collect();
    // The way itself is blocked: nothing is handed over.
    let _ = pair.shards[0].tick(0.0, &sends, &mut pair.rings[0], 0);
    assert_eq!([one, other].map(|pid| pair.status(pid)), [Status::Suspended; 2]);
    assert_eq!(pair.shards[0].control()[control::FULL_PEERS], 1);
    assert_eq!(pair.shards[0].admit(receiver, Pid::NONE), Err(SendError::MailboxFull));
    // What is no message goes on entering.
    let _ = pair.shards[0].tick(0.0, &[record(submission::LINK, receiver, one, 0, 0, 0)], &mut pair.rings[0], 0);
    assert_eq!(pair.shards[0].packets(), 7);
    // Whoever submitted 4 and 6 had no reason to ask: they are taken, and nobody hears of a refusal.
    assert_eq!(pair.shards[0].tick(0.0, &[], &mut pair.rings[0], 100), 0);
    assert_eq!([one, other].map(|pid| pair.shards[0].admit(receiver, pid)), [Err(SendError::MailboxFull); 2]);
    pair.submit(0, &[]);
    assert_eq!([one, other].map(|pid| pair.status(pid)), [Status::Idle; 2]);
    assert_eq!(pair.shards[0].control()[control::FULL_PEERS], 0);
    pair.settle();
    let handled: Vec<u32> = pair.of(1, completion::MESSAGE).iter().map(|record| record[word::A]).collect();
    assert_eq!(handled, [1, 2, 3, 4, 5, 6]);
    assert_eq!(pair.links(receiver), [one]);
}

#[test]
fn g112_unlinks_and_links_that_cross_leave_both_sides_alike() {
    // Every order of what both sides do, and every moment at which packets arrive: none or all of a direction at a time.
    for plan in 0..4_u32.pow(6) {
        let mut pair = open();
        let [one, other] = [pair.spawn(0), pair.spawn(1)];
        pair.submit(0, &[record(submission::LINK, other, one, 0, 0, 0)]);
        pair.settle();
        let mut linked = [true, true];
        for step in 0..6 {
            let side = (plan / 4_u32.pow(step) % 2) as usize;
            let (me, peer) = if side == 0 { (one, other) } else { (other, one) };
            // Each side alternates between taking the link back and making it again.
            let head = if linked[side] { submission::UNLINK } else { submission::LINK };
            linked[side] = !linked[side];
            pair.submit(side, &[record(head, peer, me, 0, 0, 0)]);
            if plan / 4_u32.pow(step) % 4 >= 2 {
                pair.carry(side);
            }
        }
        pair.settle();
        assert_eq!(pair.links(one) == [other], pair.links(other) == [one], "plan {plan}");
        let stats = [0, 1].map(|at| pair.shards[at].stats().links);
        assert_eq!(stats[0], stats[1], "plan {plan}: no half is left behind");
    }
}

#[test]
fn g32_g37_what_was_never_there_or_has_gone_is_answered_from_the_other_shard() {
    let mut pair = open();
    let watcher = pair.spawn_with(0, spawn::TRAP_EXIT, 0, policy::REJECT);
    let [gone, never] = [pair.spawn(1), Pid::new(1, 90, 0).unwrap()];
    pair.submit(1, &[record(submission::EXIT_SELF, gone, Pid::NONE, 0, 0, 0)]);
    pair.submit(
        0,
        &[
            record(submission::LINK, gone, watcher, 0, 0, 0),
            record(submission::MONITOR, never, watcher, 5, 0, 0),
            call(gone, watcher, 9),
            number(never, watcher, 1),
        ],
    );
    pair.settle();
    let found = pair.run(0, &[]);
    let reason = |word: u32| pair.shards[0].reason(word);
    let told: Vec<(u32, Option<ExitReason>)> = found
        .iter()
        .map(|it| (kind(it), reason(if kind(it) == completion::CALL_ENDED { it[word::SLOT] } else { it[word::A] })))
        .collect();
    assert_eq!(told.len(), 3);
    let no_proc = |ever_existed| Some(ExitReason::NoProc { ever_existed });
    assert!(told.contains(&(completion::EXIT_SIGNAL, no_proc(true))));
    assert!(told.contains(&(completion::DOWN, no_proc(false))));
    assert!(told.contains(&(completion::CALL_ENDED, no_proc(true))));
    assert_eq!((pair.of(1, completion::DEAD_LETTER).len(), pair.of(0, completion::DEAD_LETTER).len()), (2, 0));
}

#[test]
fn g115_a_call_that_is_passed_on_outlives_its_first_callee_also_back_to_the_callers_shard() {
    let mut pair = open();
    let [first, last] = [pair.spawn(1), pair.spawn(0)];
    pair.submit(0, &[call(first, Pid::NONE, 7)]);
    pair.settle();
    let asked = pair.of(1, completion::MESSAGE);
    assert_eq!(asked[0][word::HEAD] >> 8 & flag::REMOTE, flag::REMOTE);
    let mut forward = record(submission::FORWARD, last, first, 0, asked[0][word::A], 0);
    forward[word::HEAD] |= 3 << 16;
    pair.submit(1, &[forward, record(submission::EXIT_SELF, first, Pid::NONE, 0, 0, 0)]);
    pair.settle();
    let found = pair.of(0, completion::MESSAGE);
    let asked = found.iter().find(|record| record[word::HEAD] >> 16 == 3).expect("it arrives");
    let block = pair.shards[0].put_block(Payload::bytes(vec![1, 2, 3]));
    let answer = record(submission::REPLY | flag::BYTES << 8, Pid::NONE, Pid::NONE, block, asked[word::A], 0);
    pair.submit(0, &[answer]);
    let written = pair.shards[0].tick(0.0, &[], &mut pair.rings[0], 100);
    let replied =
        pair.rings[0][..written].iter().find(|record| kind(record) == completion::REPLIED).expect("an answer");
    assert_eq!(replied[word::A], 7);
    assert_eq!(pair.shards[0].block(replied[word::SLOT]).as_deref(), Some(&[1, 2, 3][..]));
    let left = pair.shards[0].stats();
    assert_eq!((left.away, left.asked), (0, 0));
}

#[test]
fn g20_g21_a_call_is_timed_by_its_callers_shard_and_a_late_reply_vanishes() {
    let mut pair = open();
    let callee = pair.spawn(1);
    let mut ask = call(callee, Pid::NONE, 7);
    ask[word::B] = 10;
    pair.submit(0, &[ask]);
    pair.settle();
    let token = pair.of(1, completion::MESSAGE)[0][word::A];
    pair.now = 40.0;
    let ended = pair.of(0, completion::CALL_ENDED);
    assert_eq!((ended[0][word::A], ended[0][word::B]), (7, call_end::TIMEOUT));
    // The answer crosses the news that nobody waits.
    pair.submit(1, &[record(submission::REPLY, Pid::NONE, Pid::NONE, 0, token, 0)]);
    pair.settle();
    assert!(pair.run(0, &[]).is_empty());
    assert_eq!(pair.shards[1].stats().asked, 0);
}

#[test]
fn garbage_from_a_binding_harms_nobody_on_another_shard() {
    let mut pair = open();
    let pid = pair.spawn(1);
    pair.shards[0].write_outgoing(&[u32::MAX, 1, 2]);
    let mut records: Vec<Record> =
        (0..=255).map(|head| record(head | flag::BYTES << 8, pid, Pid::NONE, 0, 1, 2)).collect();
    records.extend((0..=255).map(|head| record(head | flag::BYTES << 8, pid, pid, BLOCK + 77, 1, 2)));
    records.extend((0..=255).map(|flags| record(submission::SEND | flags << 8, pid, pid, 9, 1, 2)));
    pair.submit(0, &records);
    pair.settle();
    let _ = (pair.run(0, &[]), pair.run(1, &[]));
    pair.settle();
    assert!(pair.shards[0].block(BLOCK + 77).is_none());
    assert_eq!(pair.shards[0].stats().payloads + pair.shards[1].stats().payloads, 0);
}

#[test]
fn g12_a_message_to_nobody_is_a_dead_letter_where_it_was_sent() {
    let mut pair = open();
    let sender = pair.spawn(1);
    let out = pair.run(1, &[number(Pid::NONE, sender, 7)]);
    let letters: Vec<_> = out.iter().map(|record| (kind(record), why_of(record))).collect();
    assert_eq!(letters, [(completion::DEAD_LETTER, why::NOT_ALIVE)]);
    assert!(pair.ways[1].is_empty(), "nobody lives nowhere else");
}

/// Words that mean something on its own shard alone.
#[test]
fn what_a_message_does_not_carry_stays_where_it_was_sent() {
    let mut pair = open();
    let (receiver, sender) = (pair.spawn(0), pair.spawn(1));
    let records = [
        record(submission::SEND | flag::INLINE << 8, receiver, sender, 5, 1, 2),
        record(submission::SEND, receiver, sender, 0, 3, 4),
    ];
    let _ = pair.shards[1].tick(pair.now, &records, &mut pair.rings[1], 0);
    let mut bundles = Vec::new();
    pair.shards[1].hand_over(|mut departures| bundles.extend(core::iter::from_fn(|| departures.take())));
    for bundle in bundles {
        pair.shards[0].receive_bundle(1, bundle);
    }
    let words = |record: &Record| [record[word::SLOT], record[word::A], record[word::B]];
    let found: Vec<_> = pair.of(0, completion::MESSAGE).iter().map(words).collect();
    assert_eq!(found, [[0, 1, 2], [0, 0, 0]]);
}

/// What nobody's sender had sent from another shard can be read there, and what it had sent on its own cannot.
#[test]
fn g114_what_nobody_had_sent_to_a_lost_shard_is_told_where_it_can_be_read() {
    let mut pair = open();
    let receiver = pair.spawn(1);
    let wire = |value: u32| {
        let mut record = number(receiver, Pid::NONE, value);
        record[word::HEAD] |= u32::from(WIRE) << 16;
        record
    };
    pair.submit(0, &[wire(1), wire(2)]);
    pair.settle();
    pair.submit(1, &[number(receiver, Pid::NONE, 3)]);
    let ring = pair.rings[1].clone();
    pair.shards[1].lose(&ring);
    let way = &mut pair.ways[1];
    pair.shards[1].hand_over(|mut departures| way.extend(core::iter::from_fn(|| departures.take_packet())));
    pair.settle();
    let letters: Vec<_> =
        pair.of(0, completion::DEAD_LETTER).iter().map(|letter| (letter[word::A], why_of(letter))).collect();
    assert_eq!(letters, [(1, why::STOPPED), (2, why::STOPPED)]);
}

#[test]
fn g114_a_shard_is_lost_while_a_question_of_it_is_on_its_way_back() {
    let mut pair = Pair::new(PeerLimits::default());
    let (asked, last) = (pair.spawn(0), pair.spawn(1));
    pair.submit(1, &[call(asked, Pid::NONE, 7)]);
    pair.carry(1);
    let delivered = pair.run(0, &[]);
    let token = delivered[0][word::A];
    pair.submit(0, &[record(submission::FORWARD, last, asked, 0, token, 0)]);
    // It hears whom its question is for now, and ends before the question is there.
    let mut packets = core::mem::take(&mut pair.ways[0]);
    pair.shards[1].receive(0, packets.pop_front().expect("who is asked now"));
    assert!(!packets.is_empty(), "the question");
    let ring = pair.rings[1].clone();
    pair.shards[1].lose(&ring);
    for packet in packets {
        pair.shards[1].receive(0, packet);
    }
    assert_eq!(pair.shards[1].stats().away, 0, "nobody waits");
}
