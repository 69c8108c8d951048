//! Random programs against the shard, with what a user may rely on checked at every step:
//! G5 each payload leaves once, G6 order per (sender, receiver, lane), G1/G2 no PID twice, G18 a call ends once, G37 one
//! DOWN per monitor, G25 a name is free before anybody learns of the end, and nothing is left over at the close.

use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    record::{Record, call_end, completion, control, flag, policy, spawn, submission, why, word},
    shard::{Shard, ShardConfig},
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

#[derive(Clone, Debug)]
enum Step {
    Spawn {
        policy: u32,
        capacity: u32,
        flags: u32,
        owner: usize,
        named: bool,
    },
    Send {
        from: usize,
        to: usize,
        flags: u32,
    },
    Call {
        from: usize,
        to: usize,
        timeout: u32,
    },
    Answer(usize),
    Exit {
        to: usize,
        from: usize,
        reason: u8,
    },
    ExitSelf {
        who: usize,
        reason: u8,
    },
    Stop {
        who: usize,
        reason: u8,
    },
    Link(usize, usize),
    Unlink(usize, usize),
    Monitor {
        watcher: usize,
        target: usize,
    },
    Demonitor(usize),
    Timer {
        who: usize,
        delay: u32,
        repeat: bool,
        flags: u32,
    },
    Cancel(usize),
    Busy(usize),
    Ready(usize),
    Suspend(usize),
    Resume(usize),
    Started(usize),
    Abandon(usize),
    Trap(usize, bool),
    AwaitRoom(usize),
    /// An answer waits for its turn.
    Behind(usize),
    /// Ingests without delivering, as from within a handler.
    Flush,
    /// Takes a batch and handles at most this many deliveries of it.
    Run {
        max: u32,
        handled: u32,
        micros: u32,
    },
    Advance(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..12usize;
    prop_oneof![
        4 => (0..4u32, 1..6u32, 0..32u32, 0..12usize, any::<bool>()).prop_map(|(policy, capacity, flags, owner, named)| {
            // Few actors start slowly: one that does handles nothing until it is told.
            let flags = if flags % 3 == 0 { flags } else { flags & !spawn::STARTING };
            Step::Spawn { policy, capacity, flags, owner, named }
        }),
        20 => (0..13usize, who.clone(), prop_oneof![Just(0), Just(flag::PRIORITY), Just(flag::REENTRANT), Just(flag::NEXT)])
            .prop_map(|(from, to, flags)| Step::Send { from, to, flags }),
        6 => (0..13usize, who.clone(), 0..3u32).prop_map(|(from, to, timeout)| Step::Call { from, to, timeout }),
        2 => who.clone().prop_map(Step::Answer),
        2 => (who.clone(), 0..13usize, 0..4u8).prop_map(|(to, from, reason)| Step::Exit { to, from, reason }),
        1 => (who.clone(), 0..4u8).prop_map(|(who, reason)| Step::ExitSelf { who, reason }),
        1 => (who.clone(), 0..4u8).prop_map(|(who, reason)| Step::Stop { who, reason }),
        4 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Link(one, other)),
        2 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Unlink(one, other)),
        4 => (0..13usize, who.clone()).prop_map(|(watcher, target)| Step::Monitor { watcher, target }),
        2 => (0..40usize).prop_map(Step::Demonitor),
        3 => (who.clone(), 0..30u32, any::<bool>(), prop_oneof![Just(0), Just(flag::PRIORITY), Just(flag::REENTRANT)])
            .prop_map(|(who, delay, repeat, flags)| Step::Timer { who, delay, repeat, flags }),
        2 => (0..40usize).prop_map(Step::Cancel),
        2 => who.clone().prop_map(Step::Busy),
        3 => who.clone().prop_map(Step::Ready),
        1 => who.clone().prop_map(Step::Suspend),
        2 => who.clone().prop_map(Step::Resume),
        1 => who.clone().prop_map(Step::Started),
        1 => who.clone().prop_map(Step::Abandon),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, on)| Step::Trap(who, on)),
        1 => who.clone().prop_map(Step::AwaitRoom),
        3 => who.prop_map(Step::Behind),
        6 => Just(Step::Flush),
        14 => (1..12u32, 0..12u32, 0..3000u32).prop_map(|(max, handled, micros)| Step::Run { max, handled, micros }),
        3 => (0..40u16).prop_map(Step::Advance),
    ]
}

struct Watch {
    watcher: Pid,
    target: Pid,
    downs: u32,
    ended: bool,
}

/// An isolate that checks.
struct Isolate {
    shard: Shard,
    now: f64,
    ring: Vec<Record>,
    pending: Vec<Record>,
    pids: Vec<Pid>,
    every_pid: HashSet<Pid>,
    /// Slots under way: sender, receiver, lane.
    slots: HashMap<u32, (Pid, Pid, u32)>,
    seen: HashMap<(Pid, Pid, u32), u32>,
    calls: HashMap<u32, Pid>,
    watches: HashMap<u32, Watch>,
    timers: HashMap<u32, Pid>,
    waiters: HashSet<u32>,
    answers: HashMap<u32, Pid>,
    names: HashMap<String, Pid>,
    opened: HashSet<Pid>,
    dead: HashSet<Pid>,
    abandoned: HashSet<Pid>,
    next: u32,
}

impl Isolate {
    fn new(seed: Option<u64>) -> Self {
        let config = ShardConfig { shard: 3, max_actors: 40, default_capacity: 4, seed, long_slice_us: 1000 };
        Self {
            shard: Shard::with_generation(config, 0, 2),
            now: 0.0,
            ring: vec![Record::default(); 24],
            pending: Vec::new(),
            pids: Vec::new(),
            every_pid: HashSet::new(),
            slots: HashMap::new(),
            seen: HashMap::new(),
            calls: HashMap::new(),
            watches: HashMap::new(),
            timers: HashMap::new(),
            waiters: HashSet::new(),
            answers: HashMap::new(),
            names: HashMap::new(),
            opened: HashSet::new(),
            dead: HashSet::new(),
            abandoned: HashSet::new(),
            next: 0,
        }
    }

    fn pid(&self, at: usize) -> Pid {
        if self.pids.is_empty() {
            Pid::new(3, 39, 7).unwrap()
        } else {
            self.pids[self.pids.len() - 1 - at % self.pids.len()]
        }
    }

    /// Twelve actors, and nobody.
    fn sender(&self, at: usize) -> Pid {
        if at == 12 { Pid::NONE } else { self.pid(at) }
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn submit(&mut self, head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) {
        self.pending.push([to.low(), to.generation(), from.low(), from.generation(), head, slot, a, b]);
    }

    fn reason(&mut self, which: u8) -> u32 {
        self.shard.intern_reason(match which {
            0 => ExitReason::Normal,
            1 => ExitReason::Killed,
            2 => ExitReason::Shutdown { detail: Some("detail".into()) },
            _ => ExitReason::Crashed(Box::new(CrashError {
                name: "Error".into(),
                message: "m".into(),
                stack: None,
                language: Language::Rust,
            })),
        })
    }

    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        assert_eq!(self.shard.tick(self.now, &pending, &mut self.ring, 0), 0);
        self.shard.handle_signals();
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of step")]
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Spawn { policy, capacity, flags, owner, named } => self.spawn(policy, capacity, flags, owner, named),
            Step::Send { from, to, flags } => {
                let (from, to) = (self.sender(from), self.pid(to));
                // `next` is the actor's own lane.
                let from = if flags == flag::NEXT { to } else { from };
                let slot = self.fresh();
                // What may re-enter keeps an order of its own (G7).
                let lane = flags & (flag::NEXT | flag::PRIORITY | flag::REENTRANT);
                self.slots.insert(slot, (from, to, lane));
                self.submit(submission::SEND | flags << 8 | 5 << 16, to, from, slot, 0, 0);
            }
            Step::Call { from, to, timeout } => {
                let (from, to) = (self.sender(from), self.pid(to));
                let (slot, token) = (self.fresh(), self.fresh());
                self.slots.insert(slot, (from, to, 0));
                self.calls.insert(token, to);
                let timeout = if timeout == 0 { u32::MAX } else { timeout * 10 };
                self.submit(submission::SEND | flag::CALL << 8, to, from, slot, token, timeout);
            }
            Step::Answer(at) => {
                let mut tokens: Vec<_> = self.calls.keys().copied().collect();
                tokens.sort_unstable();
                if let Some(token) = tokens.get(at) {
                    self.calls.remove(token);
                    self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, 0, *token, 0);
                    // A binding learns of a call's end in a record; here, none may come any more.
                    self.flush();
                }
            }
            Step::Exit { to, from, reason } => {
                let reason = self.reason(reason);
                self.submit(submission::EXIT, self.pid(to), self.sender(from), 0, reason, 0);
            }
            Step::ExitSelf { who, reason } => {
                let reason = self.reason(reason);
                self.submit(submission::EXIT_SELF, self.pid(who), Pid::NONE, 0, reason, 0);
            }
            Step::Stop { who, reason } => {
                let reason = self.reason(reason);
                self.submit(submission::STOP, self.pid(who), Pid::NONE, 0, reason, 0);
            }
            Step::Link(one, other) => self.submit(submission::LINK, self.pid(one), self.pid(other), 0, 0, 0),
            Step::Unlink(one, other) => self.submit(submission::UNLINK, self.pid(one), self.pid(other), 0, 0, 0),
            Step::Monitor { watcher, target } => {
                let (watcher, target) = (self.sender(watcher), self.pid(target));
                self.flush();
                // One that is gone watches nobody.
                if watcher.is_none() || self.shard.is_alive(watcher) {
                    let reference = self.fresh();
                    self.watches.insert(reference, Watch { watcher, target, downs: 0, ended: false });
                    self.submit(submission::MONITOR, target, watcher, reference, 0, 0);
                }
            }
            Step::Demonitor(at) => {
                let mut references: Vec<_> = self.watches.keys().copied().collect();
                references.sort_unstable();
                let Some(reference) = references.get(at).copied() else { return };
                let watcher = self.watches[&reference].watcher;
                if !watcher.is_none() {
                    self.flush();
                    if !self.shard.is_alive(watcher) {
                        return;
                    }
                }
                self.submit(submission::DEMONITOR, Pid::NONE, watcher, reference, 0, 0);
                self.flush();
                let silent = self.shard.result() != 0.0;
                let watch = self.watches.get_mut(&reference).unwrap();
                assert_eq!(silent, watch.downs == 0 && !watch.ended, "demonitor answers exactly (G38)");
                watch.ended = true;
            }
            Step::Timer { who, delay, repeat, flags } => {
                let owner = self.pid(who);
                let reference = self.fresh();
                self.timers.insert(reference, owner);
                let bits = f64::from(delay).to_bits();
                let mut record =
                    [owner.low(), owner.generation(), 0, 0, 0, reference, bits as u32, (bits >> 32) as u32];
                record[word::FROM] = u32::from(repeat);
                record[word::HEAD] = submission::TIMER | flags << 8;
                self.pending.push(record);
            }
            Step::Cancel(at) => {
                let mut references: Vec<_> = self.timers.keys().copied().collect();
                references.sort_unstable();
                let Some(reference) = references.get(at).copied() else { return };
                let owner = self.timers.remove(&reference).unwrap();
                self.submit(submission::CANCEL, owner, Pid::NONE, reference, 0, 0);
                self.flush();
            }
            Step::Busy(who) => self.submit(submission::BUSY, self.pid(who), Pid::NONE, 0, 0, 0),
            Step::Ready(who) => self.submit(submission::READY, self.pid(who), Pid::NONE, 0, 1500, 0),
            Step::Suspend(who) => self.submit(submission::SUSPEND, self.pid(who), Pid::NONE, 0, 0, 0),
            Step::Resume(who) => self.submit(submission::RESUME, self.pid(who), Pid::NONE, 0, 0, 0),
            Step::Started(who) => self.submit(submission::STARTED, self.pid(who), Pid::NONE, 0, 0, 0),
            Step::Abandon(who) => {
                let pid = self.pid(who);
                self.flush();
                if self.shard.is_alive(pid) {
                    self.abandoned.insert(pid);
                    for watch in self.watches.values_mut().filter(|watch| watch.target == pid) {
                        watch.ended = true;
                    }
                    self.submit(submission::ABANDON, pid, Pid::NONE, 0, 0, 0);
                    self.flush();
                }
            }
            Step::Trap(who, on) => {
                let flags = if on { spawn::TRAP_EXIT } else { 0 };
                self.submit(submission::FLAGS, self.pid(who), Pid::NONE, 0, 0, flags);
            }
            Step::AwaitRoom(who) => {
                let waiter = self.fresh();
                self.waiters.insert(waiter);
                self.submit(submission::AWAIT_ROOM, self.pid(who), Pid::NONE, waiter, 0, 0);
            }
            Step::Behind(who) => {
                let (asker, slot) = (self.pid(who), self.fresh());
                self.answers.insert(slot, asker);
                self.submit(submission::BEHIND, asker, Pid::NONE, slot, 0, 0);
            }
            Step::Flush => self.flush(),
            Step::Run { max, handled, micros } => self.run(max, handled, micros),
            Step::Advance(ms) => self.now += f64::from(ms),
        }
    }

    fn spawn(&mut self, policy: u32, capacity: u32, flags: u32, owner: usize, named: bool) {
        self.flush();
        let mut reserved = [Pid::NONE];
        if self.shard.reserve(&mut reserved) == 0 {
            return;
        }
        let [pid] = reserved;
        assert!(self.every_pid.insert(pid), "{pid} names two actors (G1)");
        assert!(!self.shard.ever_existed(pid));
        let owner = if self.pids.is_empty() { Pid::NONE } else { self.pid(owner) };
        let reference = self.fresh();
        let head = submission::SPAWN | flags << 8;
        let b = policy | 50 << 8;
        let record = [pid.low(), pid.generation(), owner.low(), owner.generation(), head, reference, capacity, b];
        let name = format!("name {}", pid.index() % 4);
        if named {
            let holder = self.shard.whereis(&name);
            let taken = self.shard.open_named(&record, &name);
            assert_eq!(taken.err(), holder, "a name has one holder (G40)");
            if let Some(holder) = holder {
                assert!(self.shard.is_alive(holder));
                self.submit(submission::RELEASE, pid, Pid::NONE, 0, 0, 0);
                return;
            }
            self.names.insert(name, pid);
        } else {
            self.pending.push(record);
        }
        let owner_watches = owner.is_none() || self.shard.is_alive(owner);
        if flags & spawn::MONITOR != 0 && owner_watches {
            self.watches.insert(reference, Watch { watcher: owner, target: pid, downs: 0, ended: false });
        }
        self.opened.insert(pid);
        self.pids.push(pid);
    }

    fn run(&mut self, max: u32, mut handled: u32, micros: u32) {
        let pending = std::mem::take(&mut self.pending);
        let written = self.shard.tick(self.now, &pending, &mut self.ring, max);
        assert_eq!(self.shard.control()[control::ABANDON_BATCH], 0, "a fresh batch holds");
        let mut at = 0;
        while at < written {
            let record = self.ring[at];
            if record[word::HEAD] & 0xff != completion::SLICE {
                self.posted(record);
                at += 1;
                continue;
            }
            let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            let count = record[word::A];
            for delivery in 0..count.min(handled) {
                self.ring[at][word::B] = delivery + 1;
                self.delivery(to, self.ring[at + 1 + delivery as usize]);
            }
            if handled < count {
                return;
            }
            self.ring[at][word::FROM] = micros;
            handled -= count;
            at += 1 + count as usize;
        }
    }

    fn delivery(&mut self, to: Pid, record: Record) {
        assert!(self.shard.is_alive(to), "nothing is delivered to one that has ended");
        assert_eq!(Pid::from_words(record[word::TO], record[word::TO_GENERATION]), to);
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        match record[word::HEAD] & 0xff {
            completion::MESSAGE => {
                let slot = record[word::SLOT];
                let (sender, receiver, lane) = self.slots.remove(&slot).expect("each payload leaves once (G5)");
                assert_eq!((sender, receiver), (from, to));
                let last = self.seen.insert((sender, receiver, lane), slot).unwrap_or(0);
                assert!(last < slot, "order per sender, receiver and lane (G6)");
                if record[word::HEAD] >> 8 & flag::CALL != 0 && record[word::A] != 0 {
                    assert_eq!(self.calls.get(&record[word::A]), Some(&to), "a token is a pending call's");
                }
            }
            completion::TIMER => {
                assert_eq!(self.timers.get(&record[word::SLOT]), Some(&to), "no tick after cancel (G44)");
            }
            completion::DOWN => self.down(record[word::SLOT], to, from, record[word::A]),
            completion::EXIT_SIGNAL => {
                assert!(self.shard.reason(record[word::A]).is_some());
            }
            completion::REACHED => self.reached(to, record[word::SLOT]),
            other => panic!("{other} in a slice"),
        }
    }

    fn down(&mut self, reference: u32, watcher: Pid, target: Pid, reason: u32) {
        assert!(self.shard.reason(reason).is_some(), "the reason of a DOWN can be read");
        assert!(!self.shard.is_alive(target), "who is reported has ended (G25)");
        assert!(self.names.values().all(|holder| *holder != target || self.shard.whereis("?").is_none()));
        for (name, holder) in &self.names {
            assert!(*holder != target || self.shard.whereis(name) != Some(target), "its name is free (G41)");
        }
        let watch = self.watches.get_mut(&reference).expect("a known monitor");
        assert_eq!((watch.watcher, watch.target), (watcher, target));
        assert!(!watch.ended, "no DOWN after demonitor (G38)");
        watch.downs += 1;
        assert_eq!(watch.downs, 1, "one DOWN per monitor (G37)");
    }

    fn posted(&mut self, record: Record) {
        let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        match record[word::HEAD] & 0xff {
            completion::DEAD_LETTER => {
                let (sender, receiver, _) =
                    self.slots.remove(&record[word::SLOT]).expect("each payload leaves once (G5)");
                assert_eq!((sender, receiver), (from, to));
                let reason = (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT;
                assert!([why::NOT_ALIVE, why::MAILBOX_FULL, why::DROPPED, why::STOPPED].contains(&reason));
            }
            completion::CALL_ENDED => {
                assert!(self.calls.remove(&record[word::A]).is_some(), "a call ends once (G18)");
                if record[word::B] == call_end::EXITED {
                    assert!(self.shard.reason(record[word::SLOT]).is_some());
                }
            }
            completion::TERMINATE => {
                assert!(self.shard.reason(record[word::A]).is_some());
                self.submit(submission::FINISHED, to, Pid::NONE, 0, 0, 0);
            }
            completion::DEAD => {
                assert!(self.shard.reason(record[word::A]).is_some());
                assert!(self.dead.insert(to), "one DEAD for each (G24)");
                assert!(self.opened.contains(&to));
            }
            completion::OUTSIDE_DOWN => self.down(record[word::SLOT], Pid::NONE, from, record[word::A]),
            completion::ROOM => assert!(self.waiters.remove(&record[word::SLOT]), "a waiter is called once"),
            completion::REACHED => self.reached(to, record[word::SLOT]),
            other => panic!("{other} was posted"),
        }
    }

    fn reached(&mut self, asker: Pid, slot: u32) {
        assert_eq!(self.answers.remove(&slot), Some(asker), "each answer comes back once (G266)");
    }

    /// Closes the shard: nothing may be left.
    fn finish(&mut self) {
        self.flush();
        loop {
            let written = self.shard.close(&mut self.ring);
            if written == 0 {
                break;
            }
            for at in 0..written {
                self.posted(self.ring[at]);
            }
        }
        assert_eq!(self.slots.len(), 0, "each payload leaves (G5)");
        assert_eq!(self.calls.len(), 0, "each call ends (G18)");
        assert_eq!(self.waiters.len(), 0, "each waiter is called");
        assert_eq!(self.answers.len(), 0, "each answer comes back (G266)");
        for pid in &self.opened {
            assert!(self.dead.contains(pid) || self.abandoned.contains(pid), "{pid} has ended");
        }
        for (reference, watch) in &self.watches {
            let told = watch.ended || !watch.watcher.is_none() || watch.downs == 1;
            assert!(told, "monitor {reference} of {} ended in silence (G37)", watch.target);
        }
        let _ = self.shard.tick(self.now, &[], &mut self.ring, 1);
        let stats = self.shard.stats();
        let left = [stats.actors, stats.queued, stats.calls, stats.alarms, stats.links, stats.monitors, stats.signals];
        assert_eq!(left, [0; 7], "nothing is left");
        assert_eq!(stats.reasons, 0, "no reason is left");
        assert_eq!(self.shard.control()[control::RUNNABLE], 0);
        assert_eq!(self.shard.control()[control::ENTERING], 0, "nothing is counted that has gone");
    }
}

fn run(steps: Vec<Step>, seed: Option<u64>) {
    let mut isolate = Isolate::new(seed);
    for step in steps {
        isolate.step(&step);
        for named in isolate.names.keys() {
            assert!(isolate.shard.whereis(named).is_none_or(|holder| isolate.shard.is_alive(holder)), "G26");
        }
    }
    isolate.finish();
}

#[test]
fn policies_are_those_of_the_record() {
    assert_eq!([policy::REJECT, policy::DROP_NEWEST, policy::DROP_OLDEST, policy::SUSPEND], [0, 1, 2, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_random_program_keeps_the_guarantees(steps in prop::collection::vec(step(), 1..250)) {
        run(steps, None);
    }

    #[test]
    fn a_seeded_random_program_keeps_the_guarantees(steps in prop::collection::vec(step(), 1..250), seed: u64) {
        run(steps, Some(seed));
    }
}
