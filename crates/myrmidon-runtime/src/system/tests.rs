//! Shards of one system on threads of their own: real paths, real doorbells.

use super::{JoinError, System};
use crate::{Directory, Member, ShardOwner};
use myrmidon_core::{
    PeerLimits,
    payload::Payload,
    pid::Pid,
    record::{Record, call_end, completion, control, flag, submission, why, word},
    shard::{Shard, ShardConfig},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

/// A thread's shard, with a binding that sleeps as one must.
struct Isolate {
    shard: Shard,
    owner: ShardOwner,
    member: Option<Member>,
    ring: Vec<Record>,
    woken: mpsc::Receiver<()>,
}

impl Isolate {
    fn open(system: &Arc<System>, directory: &Directory, limits: PeerLimits) -> Result<Self, JoinError> {
        let lease = directory.lease().expect("a number");
        let config = ShardConfig {
            shard: lease.shard(),
            max_actors: 100,
            default_capacity: 1 << 20,
            seed: None,
            long_slice_us: 1000,
        };
        let mut shard = Shard::with_generation(config, lease.first_generation(), 0);
        let (ring, woken) = mpsc::sync_channel(1);
        let owner = ShardOwner::open(lease, 8, move || {
            let _ = ring.try_send(());
        });
        let member = Member::join(system, owner.handle().expect("a handle"), &mut shard, limits)?;
        Ok(Self { shard, owner, member: Some(member), ring: vec![Record::default(); 256], woken })
    }

    fn tick(&mut self, submissions: &[Record], max: u32) -> usize {
        let member = self.member.as_mut().expect("a member");
        member.look_around(&mut self.shard);
        let _ = self.shard.tick(0.0, submissions, &mut self.ring, 0);
        if max > 0 {
            member.collect(&mut self.shard, 64);
        }
        let written = self.shard.tick(0.0, &[], &mut self.ring, max);
        member.dispatch(&mut self.shard);
        written
    }

    /// One turn of a loop: what was delivered or posted. Sleeps when there is nothing to do.
    fn turn(&mut self, submissions: &[Record]) -> Vec<Record> {
        self.turn_unless(submissions, |_| false)
    }

    /// `wants`: there is something to do that the shard does not know of; asked after all that has arrived was taken.
    fn turn_unless(&mut self, submissions: &[Record], wants: impl Fn(&Shard) -> bool) -> Vec<Record> {
        let written = self.tick(submissions, 200);
        let mut found = Vec::new();
        let mut at = 0;
        while at < written {
            let record = self.ring[at];
            if record[word::HEAD] & 0xff == completion::SLICE {
                self.ring[at][word::B] = record[word::A];
            } else {
                found.push(record);
            }
            at += 1;
        }
        let is_idle = written == 0 && submissions.is_empty() && self.shard.control()[control::RUNNABLE] == 0;
        if is_idle && !wants(&self.shard) {
            let member = self.member.as_ref().expect("a member");
            member.starve();
            if self.owner.sleep_if(|| member.is_quiet()) {
                self.woken.recv().expect("a doorbell");
            }
            let mut none = Vec::new();
            self.owner.drain(&mut none, 8);
        }
        found
    }

    fn spawn(&mut self) -> Pid {
        let mut pids = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut pids), 1);
        let [pid] = pids;
        self.tick(&[to(submission::SPAWN, pid, Pid::NONE)], 0);
        pid
    }

    fn close(mut self) -> Vec<Record> {
        let mut told = Vec::new();
        loop {
            let mut written = self.shard.close(&mut self.ring);
            if written == 0
                && let Some(member) = self.member.take()
            {
                member.leave(&mut self.shard);
                written = self.shard.close(&mut self.ring);
            }
            if written == 0 {
                break;
            }
            told.extend_from_slice(&self.ring[..written]);
        }
        self.owner.close(self.shard.highest_generation(), &mut Vec::new());
        told
    }
}

fn to(head: u32, to: Pid, from: Pid) -> Record {
    [to.low(), to.generation(), from.low(), from.generation(), head, 0, 0, 0]
}

fn number(pid: Pid, from: Pid, number: u32) -> Record {
    let bits = f64::from(number).to_bits();
    let mut record = to(submission::SEND | flag::INLINE << 8, pid, from);
    record[word::A] = bits as u32;
    record[word::B] = (bits >> 32) as u32;
    record
}

#[expect(clippy::cast_sign_loss, reason = "the numbers are counts")]
fn value(record: &Record) -> u32 {
    f64::from_bits(u64::from(record[word::A]) | u64::from(record[word::B]) << 32) as u32
}

fn kind(record: &Record) -> u32 {
    record[word::HEAD] & 0xff
}

const SMALL: PeerLimits = PeerLimits { packets: 8, bytes: 1 << 20 };

/// G110, G113: both sides flood each other through a bounded way and finish; each message arrives once and in order.
#[test]
fn g113_two_shards_that_flood_each_other_finish() {
    const MESSAGES: u32 = 20_000;
    let system = System::open();
    let directory = Directory::new();
    let mut isolates = [0, 1].map(|_| Isolate::open(&system, &directory, SMALL).expect("room"));
    let pids = [isolates[0].spawn(), isolates[1].spawn()];
    let run = |mut isolate: Isolate, me: Pid, other: Pid| {
        move || {
            let (mut sent, mut next) = (0, 0);
            while sent < MESSAGES || next < MESSAGES {
                let mut out = Vec::new();
                // An actor that is held sends nothing: that is what a held actor's handlers would do.
                if sent < MESSAGES && isolate.shard.admit(other, me).is_ok() {
                    out.push(number(other, me, sent));
                    sent += 1;
                }
                // What has just arrived may have let the actor go: nobody would ring for that once more.
                let may_send = |shard: &Shard| sent < MESSAGES && shard.admit(other, me).is_ok();
                for record in isolate.turn_unless(&out, may_send) {
                    match kind(&record) {
                        completion::MESSAGE => {
                            assert_eq!(value(&record), next, "in order, without a gap");
                            next += 1;
                        }
                        completion::ISOLATE_UP => {}
                        other => panic!("{other}"),
                    }
                }
            }
            // What is left in the outbox still goes out.
            while isolate.shard.packets() > 0 {
                let _ = isolate.turn(&[]);
            }
            isolate
        }
    };
    let [one, two] = isolates;
    let other = thread::spawn(run(two, pids[1], pids[0]));
    let one = run(one, pids[0], pids[1])();
    let two = other.join().expect("the other side finishes");
    drop((one.close(), two.close()));
    assert!(System::find(system.handle()).is_none(), "it ends with its last member");
}

/// G114: a shard closes while the other one sends: each message is a dead letter there or here.
#[test]
fn g114_a_shard_that_closes_while_the_other_sends_loses_nothing_silently() {
    for round in 0..20 {
        let system = System::open();
        let directory = Directory::new();
        let mut one = Isolate::open(&system, &directory, SMALL).expect("room");
        let mut two = Isolate::open(&system, &directory, SMALL).expect("room");
        let (sender, receiver) = (one.spawn(), two.spawn());
        let ready = Arc::new(AtomicBool::new(false));
        let closes = Arc::clone(&ready);
        let other = thread::spawn(move || {
            let mut handled = 0_u32;
            while !closes.load(Ordering::Relaxed) {
                let _ = two.tick(&[], 4);
                handled += settle(&mut two);
            }
            let letters = two.close();
            let dead = letters.iter().filter(|record| kind(record) == completion::DEAD_LETTER).count() as u32;
            handled + dead
        });
        let (mut sent, mut dead, mut down, mut ended) = (0, 0, false, false);
        while !(down && ended) {
            let mut out = vec![number(receiver, sender, sent)];
            sent += 1;
            if sent == 1 {
                let mut watch = to(submission::MONITOR, receiver, Pid::NONE);
                watch[word::SLOT] = 9;
                out.push(watch);
                let mut call = to(submission::SEND | flag::CALL << 8, receiver, Pid::NONE);
                call[word::A] = 5;
                call[word::B] = u32::MAX;
                out.push(call);
            }
            if sent == 50 + round * 20 {
                ready.store(true, Ordering::Relaxed);
            }
            let written = one.tick(&out, 200);
            for at in 0..written {
                let record = one.ring[at];
                match kind(&record) {
                    completion::DEAD_LETTER => dead += 1,
                    completion::OUTSIDE_DOWN => down = true,
                    completion::CALL_ENDED => {
                        assert_eq!((record[word::A], record[word::B]), (5, call_end::EXITED));
                        ended = true;
                    }
                    _ => {}
                }
            }
        }
        let there = other.join().expect("it closes");
        while one.shard.packets() > 0 || one.shard.control()[control::RUNNABLE] != 0 {
            let written = one.tick(&[], 200);
            dead += one.ring[..written].iter().filter(|record| kind(record) == completion::DEAD_LETTER).count() as u32;
        }
        // The question of the call was one message more, and is handled or dead there.
        assert_eq!(there + dead, sent + 1, "handled, or a dead letter");
        let _ = one.close();
    }
}

fn settle(isolate: &mut Isolate) -> u32 {
    let mut handled = 0;
    for record in &mut isolate.ring {
        if kind(record) == completion::SLICE && record[word::B] == 0 {
            record[word::B] = record[word::A];
            handled += record[word::A];
        }
    }
    let _ = isolate.shard.tick(0.0, &[], &mut isolate.ring, 0);
    isolate.ring.fill(Record::default());
    handled
}

/// G114: a shard that is lost gives back what it did not handle.
#[test]
fn g114_a_shard_that_is_lost_gives_back_what_others_sent() {
    let system = System::open();
    let directory = Directory::new();
    let mut one = Isolate::open(&system, &directory, PeerLimits::default()).expect("room");
    let mut two = Isolate::open(&system, &directory, PeerLimits::default()).expect("room");
    let (sender, receiver) = (one.spawn(), two.spawn());
    let block = one.shard.put_block(Payload::bytes(b"a letter".to_vec()));
    let mut letter = to(submission::SEND | flag::BYTES << 8, receiver, sender);
    letter[word::SLOT] = block;
    one.tick(&[letter, number(receiver, sender, 1), number(receiver, sender, 2)], 0);
    // It is in the first handler when its isolate goes away.
    assert_eq!(two.tick(&[], 10), 5, "the news of the other, and a slice of three");
    two.ring[1][word::B] = 1;
    let ring = two.ring.clone();
    let mut member = two.member.take().expect("a member");
    two.shard.lose(&ring);
    member.dispatch(&mut two.shard);
    member.leave(&mut two.shard);
    let written = one.tick(&[], 100);
    let letters: Vec<(u32, u32)> = one.ring[..written]
        .iter()
        .filter(|record| matches!(kind(record), completion::DEAD_LETTER | completion::DEAD_LETTER_BYTES))
        .map(|record| (kind(record), (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT))
        .collect();
    let number = completion::DEAD_LETTER;
    assert_eq!(
        letters,
        [(completion::DEAD_LETTER_BYTES, why::INTERRUPTED), (number, why::STOPPED), (number, why::STOPPED)]
    );
    let bytes = one.ring[..written].iter().find(|record| kind(record) == completion::DEAD_LETTER_BYTES);
    assert_eq!(one.shard.block(bytes.expect("a letter")[word::SLOT]).expect("its bytes"), b"a letter");
    assert_eq!(one.ring[written - 1][word::HEAD] & 0xff, completion::ISOLATE_DOWN);
    let _ = one.close();
}

/// G40 in a system: a name has one holder, whichever shard asks; it is free when its shard has ended.
#[test]
fn g40_a_name_has_one_holder_in_the_system() {
    let system = System::open();
    let directory = Directory::new();
    let [mut one, mut two] = [0, 1].map(|_| Isolate::open(&system, &directory, SMALL).expect("room"));
    let mut pids = [Pid::NONE; 2];
    assert_eq!(one.shard.reserve(&mut pids[..1]) + two.shard.reserve(&mut pids[1..]), 2);
    assert_eq!(one.shard.open_named(&to(submission::SPAWN, pids[0], Pid::NONE), "it"), Ok(()));
    assert_eq!(two.shard.whereis("it"), Some(pids[0]));
    assert_eq!(two.shard.open_named(&to(submission::SPAWN, pids[1], Pid::NONE), "it"), Err(pids[0]));
    drop(one.close());
    assert_eq!(two.shard.open_named(&to(submission::SPAWN, pids[1], Pid::NONE), "it"), Ok(()));
    drop(two.close());
}

/// Isolates are numbered in the order of joining; a system that has ended takes nobody.
#[test]
fn isolates_are_numbered_as_they_join_and_a_system_ends_with_its_last() {
    let system = System::open();
    let directory = Directory::new();
    let mut one = Isolate::open(&system, &directory, SMALL).expect("room");
    let two = Isolate::open(&system, &directory, SMALL).expect("room");
    let numbers = || system.isolates().iter().map(|load| load.isolate).collect::<Vec<_>>();
    assert_eq!(numbers(), [0, 1]);
    let _ = one.spawn();
    assert_eq!(system.isolates()[0].live, 1);
    drop(two.close());
    // Its shard number is used again, its isolate number is not.
    let three = Isolate::open(&system, &directory, SMALL).expect("room");
    assert_eq!(numbers(), [0, 2]);
    drop((one.close(), three.close()));
    assert!(System::find(system.handle()).is_none());
    assert!(matches!(Isolate::open(&system, &directory, SMALL), Err(JoinError::Ended)));
}

#[test]
fn g225_the_time_of_an_isolates_handlers_is_known_to_all() {
    let (system, directory) = (System::open(), Directory::new());
    let mut isolate = Isolate::open(&system, &directory, PeerLimits::default()).expect("it joins");
    let pid = isolate.spawn();
    assert_eq!(system.isolates()[0].micros, 0);
    assert_eq!(isolate.tick(&[number(pid, Pid::NONE, 1), number(pid, Pid::NONE, 2)], 200), 3);
    isolate.ring[0][word::B] = 2;
    isolate.ring[0][word::FROM] = 70_000;
    isolate.tick(&[], 200);
    let load = system.isolates()[0];
    assert_eq!((load.reductions, load.micros), (2, 70_000));
    isolate.close();
}

#[test]
fn g318_what_came_with_others_beyond_what_the_owner_asked_for_is_paid_for_by_its_next_looks() {
    let (system, directory) = (System::open(), Directory::new());
    let mut sender = Isolate::open(&system, &directory, PeerLimits::default()).unwrap();
    let mut receiver = Isolate::open(&system, &directory, PeerLimits::default()).unwrap();
    let (a, b) = (sender.spawn(), receiver.spawn());
    let messages: Vec<Record> = (0..600).map(|at| number(b, a, at)).collect();
    sender.tick(&messages, 0);
    let mut queued = Vec::new();
    for _ in 0..12 {
        receiver.member.as_mut().unwrap().collect(&mut receiver.shard, 64);
        let _ = receiver.shard.tick(0.0, &[], &mut receiver.ring, 0);
        queued.push(receiver.shard.control()[control::QUEUED]);
    }
    // Bundles of 256, 256 and 88: 64 a look, on average.
    assert_eq!(queued, [256, 256, 256, 256, 512, 512, 512, 512, 600, 600, 600, 600]);
    sender.close();
    receiver.close();
}

#[test]
fn g318_what_the_owner_has_handled_meanwhile_is_paid_for() {
    let (system, directory) = (System::open(), Directory::new());
    let mut sender = Isolate::open(&system, &directory, PeerLimits::default()).unwrap();
    let mut receiver = Isolate::open(&system, &directory, PeerLimits::default()).unwrap();
    let (a, b) = (sender.spawn(), receiver.spawn());
    let messages: Vec<Record> = (0..256).map(|at| number(b, a, at)).collect();
    sender.tick(&messages, 0);
    receiver.member.as_mut().unwrap().collect(&mut receiver.shard, 64);
    let _ = receiver.shard.tick(0.0, &[], &mut receiver.ring, 0);
    assert_eq!(receiver.shard.control()[control::QUEUED], 256);
    // Nothing arrives while it handles them, so it does not look.
    while receiver.shard.control()[control::QUEUED] > 0 {
        let written = receiver.shard.tick(0.0, &[], &mut receiver.ring, 64);
        for record in &mut receiver.ring[..written] {
            if kind(record) == completion::SLICE {
                record[word::B] = record[word::A];
            }
        }
    }
    sender.tick(&[number(b, a, 256)], 0);
    receiver.member.as_mut().unwrap().collect(&mut receiver.shard, 64);
    let _ = receiver.shard.tick(0.0, &[], &mut receiver.ring, 0);
    assert_eq!(receiver.shard.control()[control::QUEUED], 1);
    sender.close();
    receiver.close();
}
