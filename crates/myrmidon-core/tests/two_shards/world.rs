//! Two isolates that check, and the two ways between their shards.

use myrmidon_core::{
    NameTable, PeerLimits,
    bundle::Bundle,
    exit_reason::{CrashError, ExitReason, Language},
    packet::Packet,
    payload::Payload,
    pid::Pid,
    record::{BLOCK, Record, call_end, completion, flag, spawn, submission, word},
    shard::{Shard, ShardConfig},
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
};

#[path = "ends.rs"]
mod ends;

/// The numbers of the two shards.
const NUMBERS: [u8; 2] = [0, 5];

#[derive(Default)]
struct Table(Mutex<HashMap<String, Pid>>);

impl NameTable for Table {
    fn claim(&self, name: &str, pid: Pid) -> Result<(), Pid> {
        let mut names = self.0.lock().unwrap();
        if let Some(holder) = names.get(name) {
            return Err(*holder);
        }
        names.insert(name.to_owned(), pid);
        Ok(())
    }
    fn holder(&self, name: &str) -> Option<Pid> {
        self.0.lock().unwrap().get(name).copied()
    }
    fn release(&self, name: &str, pid: Pid) {
        let mut names = self.0.lock().unwrap();
        assert_eq!(names.remove(name), Some(pid), "who releases a name has it");
    }
}

#[expect(clippy::cast_sign_loss, reason = "the numbers are counts")]
fn number_of(record: &Record) -> u32 {
    f64::from_bits(u64::from(record[word::A]) | u64::from(record[word::B]) << 32) as u32
}

struct Isolate {
    shard: Shard,
    ring: Vec<Record>,
    pending: Vec<Record>,
    ended: bool,
}

/// Who sent a payload, from which isolate, to whom, in which lane; and the token of a question.
struct Sent {
    by: usize,
    from: Pid,
    to: Pid,
    lane: u32,
    token: u32,
    may_vanish: bool,
    forwarded: bool,
}

struct Watch {
    by: usize,
    watcher: Pid,
    target: Pid,
    downs: u32,
    ended: bool,
    with_spawn: bool,
}

pub struct World {
    isolates: [Isolate; 2],
    /// Packets on their way, by the shard that sent them.
    ways: [VecDeque<Packet>; 2],
    pub now: f64,
    pids: Vec<Pid>,
    slots: HashMap<u32, Sent>,
    seen: HashMap<(usize, Pid, Pid, u32), u32>,
    /// Pending calls: who waits, and for whom.
    calls: HashMap<u32, (usize, Pid)>,
    /// Calls that were delivered: the callee's isolate, the token that answers, whether it is a remote one, the caller's.
    questions: Vec<(usize, u32, bool, u32)>,
    watches: HashMap<u32, Watch>,
    waiters: HashMap<u32, usize>,
    opened: HashSet<Pid>,
    dead: HashSet<Pid>,
    abandoned: HashSet<Pid>,
    table: Arc<Table>,
    closing: Option<usize>,
    next: u32,
}

impl World {
    pub fn new() -> Self {
        let table = Arc::new(Table::default());
        let isolates = [0, 1].map(|at: usize| {
            let config = ShardConfig {
                shard: NUMBERS[at],
                max_actors: 40,
                default_capacity: 4,
                seed: None,
                long_slice_us: 1000,
            };
            let mut shard = Shard::with_generation(config, 0, 2);
            shard.join(at as u8, Arc::clone(&table) as Arc<dyn NameTable>, PeerLimits { packets: 6, bytes: 20_000 });
            shard.reserve_incoming(12);
            shard.connect(NUMBERS[1 - at], 1 - at as u8);
            Isolate { shard, ring: vec![Record::default(); 24], pending: Vec::new(), ended: false }
        });
        Self {
            isolates,
            ways: [VecDeque::new(), VecDeque::new()],
            now: 0.0,
            pids: Vec::new(),
            slots: HashMap::new(),
            seen: HashMap::new(),
            calls: HashMap::new(),
            questions: Vec::new(),
            watches: HashMap::new(),
            waiters: HashMap::new(),
            opened: HashSet::new(),
            dead: HashSet::new(),
            abandoned: HashSet::new(),
            table,
            closing: None,
            next: 0,
        }
    }

    pub fn pid(&self, at: usize) -> Pid {
        if self.pids.is_empty() {
            Pid::new(5, 39, 7).unwrap()
        } else {
            self.pids[self.pids.len() - 1 - at % self.pids.len()]
        }
    }

    /// The isolate of a PID.
    #[expect(clippy::unused_self, reason = "a question to the world")]
    pub fn of(&self, pid: Pid) -> usize {
        usize::from(pid.shard() == NUMBERS[1])
    }

    /// Twelve actors, and nobody on either shard.
    pub fn sender(&self, by: usize, at: usize) -> (usize, Pid) {
        if at == 12 {
            return (by, Pid::NONE);
        }
        let pid = self.pid(at);
        (self.of(pid), pid)
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    #[expect(clippy::too_many_arguments, reason = "the words of a record")]
    pub fn submit(&mut self, by: usize, head: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) {
        if !self.isolates[by].ended {
            self.isolates[by].pending.push([
                to.low(),
                to.generation(),
                from.low(),
                from.generation(),
                head,
                slot,
                a,
                b,
            ]);
        }
    }

    pub fn reason(&mut self, by: usize, which: u8) -> u32 {
        if self.isolates[by].ended {
            return 0;
        }
        self.isolates[by].shard.intern_reason(match which {
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

    fn is_alive(&self, pid: Pid) -> bool {
        let isolate = &self.isolates[self.of(pid)];
        !isolate.ended && isolate.shard.is_alive(pid)
    }

    /// SLOT and flags of a payload: a slot inside a shard, bytes to another one.
    fn payload(&mut self, by: usize, to: Pid, slot: u32, long: bool) -> (u32, u32) {
        if self.of(to) == by && !long {
            return (slot, 0);
        }
        let mut bytes = slot.to_le_bytes().to_vec();
        bytes.resize(if long { 5000 } else { 4 + slot as usize % 9 }, 7);
        (self.isolates[by].shard.put_block(Payload::bytes(bytes)), flag::BYTES)
    }

    pub fn send(&mut self, by: usize, from: Pid, to: Pid, flags: u32, kind: u8) {
        if self.isolates[by].ended {
            return;
        }
        let slot = self.fresh();
        self.slots.insert(slot, Sent { by, from, to, lane: flags, token: 0, may_vanish: false, forwarded: false });
        if kind == 1 {
            // A number is told from others by its value.
            let bits = f64::from(slot).to_bits();
            let head = submission::SEND | (flags | flag::INLINE) << 8;
            return self.submit(by, head, to, from, 0, bits as u32, (bits >> 32) as u32);
        }
        let (word, more) = self.payload(by, to, slot, kind == 2);
        self.submit(by, submission::SEND | (flags | more) << 8 | 5 << 16, to, from, word, 0, 0);
    }

    pub fn call(&mut self, by: usize, from: Pid, to: Pid, timeout: u32) {
        if self.isolates[by].ended || from == to {
            return;
        }
        let (slot, token) = (self.fresh(), self.fresh());
        self.slots.insert(slot, Sent { by, from, to, lane: 0, token, may_vanish: false, forwarded: false });
        self.calls.insert(token, (by, to));
        let (word, more) = self.payload(by, to, slot, false);
        self.submit(by, submission::SEND | (flag::CALL | more) << 8, to, from, word, token, timeout);
    }

    pub fn answer(&mut self, at: usize) {
        if at >= self.questions.len() {
            return;
        }
        let (by, answers, remote, token) = self.questions.swap_remove(at);
        if self.isolates[by].ended {
            return;
        }
        if remote {
            let block = self.isolates[by].shard.put_block(Payload::bytes(token.to_le_bytes().to_vec()));
            self.submit(by, submission::REPLY | flag::BYTES << 8, Pid::NONE, Pid::NONE, block, answers, 1);
            self.flush(by);
        } else if self.calls.remove(&token).is_some() {
            self.submit(by, submission::ANSWERED, Pid::NONE, Pid::NONE, 0, token, 0);
            self.flush(by);
        }
    }

    /// Passes a question of the other shard on.
    pub fn forward(&mut self, at: usize, to: usize) {
        if at >= self.questions.len() || !self.questions[at].2 {
            return;
        }
        let (by, answers, _, token) = self.questions.swap_remove(at);
        if self.isolates[by].ended {
            return;
        }
        let (slot, to) = (self.fresh(), self.pid(to));
        // Whether anybody waits for it is known to the shard alone: then it vanishes.
        let sent = Sent { by, from: Pid::NONE, to, lane: 0, token, may_vanish: true, forwarded: true };
        self.slots.insert(slot, sent);
        if let Some((_, callee)) = self.calls.get_mut(&token) {
            *callee = to;
        }
        let block = self.isolates[by].shard.put_block(Payload::bytes(slot.to_le_bytes().to_vec()));
        self.submit(by, submission::FORWARD | flag::BYTES << 8, to, Pid::NONE, block, answers, 0);
        self.flush(by);
    }

    /// A caller goes away: nothing of its call may be told any more.
    pub fn give_up(&mut self, at: usize) {
        let mut tokens: Vec<_> = self.calls.keys().copied().collect();
        tokens.sort_unstable();
        let Some(token) = tokens.get(at) else { return };
        let (by, _) = self.calls.remove(token).unwrap();
        self.submit(by, submission::ANSWERED, Pid::NONE, Pid::NONE, 0, *token, 0);
        self.flush(by);
    }

    pub fn monitor(&mut self, by: usize, watcher: Pid, target: Pid) {
        self.flush(by);
        if !self.isolates[by].ended && (watcher.is_none() || self.is_alive(watcher)) {
            let reference = self.fresh();
            self.watches.insert(reference, Watch { by, watcher, target, downs: 0, ended: false, with_spawn: false });
            self.submit(by, submission::MONITOR, target, watcher, reference, 0, 0);
        }
    }

    pub fn demonitor(&mut self, at: usize) {
        let mut references: Vec<_> = self.watches.keys().copied().collect();
        references.sort_unstable();
        let Some(reference) = references.get(at).copied() else { return };
        let Watch { by, watcher, target, with_spawn, .. } = self.watches[&reference];
        self.flush(by);
        // A watch of a spawn on the other shard may not be known here yet.
        let known = self.of(target) == by || !with_spawn;
        if self.isolates[by].ended || !known || !watcher.is_none() && !self.is_alive(watcher) {
            return;
        }
        self.submit(by, submission::DEMONITOR, Pid::NONE, watcher, reference, 0, 0);
        self.flush(by);
        let silent = self.isolates[by].shard.result() != 0.0;
        let watch = self.watches.get_mut(&reference).unwrap();
        assert_eq!(silent, watch.downs == 0 && !watch.ended, "demonitor answers exactly (G38)");
        watch.ended = true;
    }

    pub fn abandon(&mut self, who: usize) {
        let pid = self.pid(who);
        let by = self.of(pid);
        self.flush(by);
        if !self.is_alive(pid) {
            return;
        }
        self.abandoned.insert(pid);
        for watch in self.watches.values_mut().filter(|watch| watch.target == pid) {
            // A watcher of this shard hears nothing; one of the other shard hears that nobody is there.
            watch.ended |= watch.by == by;
        }
        self.submit(by, submission::ABANDON, pid, Pid::NONE, 0, 0, 0);
        self.flush(by);
    }

    pub fn await_room(&mut self, by: usize, who: usize) {
        if !self.isolates[by].ended {
            let waiter = self.fresh();
            self.waiters.insert(waiter, by);
            self.submit(by, submission::AWAIT_ROOM, self.pid(who), Pid::NONE, waiter, 0, 0);
        }
    }

    pub fn spawn(&mut self, at: usize, policy: u32, capacity: u32, flags: u32, owner: usize, named: bool) {
        if self.isolates[at].ended {
            return;
        }
        self.flush(at);
        self.flush(1 - at);
        let mut reserved = [Pid::NONE];
        if self.isolates[at].shard.reserve(&mut reserved) == 0 {
            return;
        }
        let [pid] = reserved;
        let owner = if self.pids.is_empty() { Pid::NONE } else { self.pid(owner) };
        let far = !owner.is_none() && self.of(owner) != at;
        // An owner that is gone with its shard watches nothing.
        let owner = if far && self.isolates[1 - at].ended { Pid::NONE } else { owner };
        let reference = self.fresh();
        let head = submission::SPAWN | flags << 8;
        let record =
            [pid.low(), pid.generation(), owner.low(), owner.generation(), head, reference, capacity, policy | 50 << 8];
        let name = format!("name {}", pid.index() % 4);
        if named {
            let holder = self.table.holder(&name);
            let taken = self.isolates[at].shard.open_named(&record, &name);
            assert_eq!(taken.err(), holder, "a name has one holder in the system (G40)");
            if let Some(holder) = holder {
                assert!(self.is_alive(holder));
                return self.submit(at, submission::RELEASE, pid, Pid::NONE, 0, 0, 0);
            }
        } else {
            self.isolates[at].pending.push(record);
        }
        let by = if owner.is_none() { at } else { self.of(owner) };
        if flags & spawn::MONITOR != 0 && (owner.is_none() || self.is_alive(owner)) {
            self.watches
                .insert(reference, Watch { by, watcher: owner, target: pid, downs: 0, ended: false, with_spawn: true });
        }
        self.opened.insert(pid);
        self.pids.push(pid);
    }

    // -- time -------------------------------------------------------------------------------------------------------------

    pub fn flush(&mut self, at: usize) {
        if self.isolates[at].ended {
            return;
        }
        let isolate = &mut self.isolates[at];
        let pending = std::mem::take(&mut isolate.pending);
        assert_eq!(isolate.shard.tick(self.now, &pending, &mut isolate.ring, 0), 0);
        isolate.shard.handle_signals();
        if self.isolates[1 - at].ended {
            return;
        }
        let isolate = &mut self.isolates[at];
        let way = &mut self.ways[at];
        isolate.shard.hand_over(|mut departures| {
            // The way is narrow, too.
            while way.len() < 4
                && let Some(packet) = departures.take_packet()
            {
                way.push_back(packet);
            }
        });
    }

    /// Packets arrive on the other shard.
    pub fn carry(&mut self, from: usize, count: usize) {
        let to = 1 - from;
        if self.isolates[to].ended {
            return;
        }
        self.flush(to);
        let mut bundle = Bundle::default();
        let count = count.min(self.ways[from].len());
        self.ways[from].drain(..count).for_each(|packet| bundle.push(packet));
        self.isolates[to].shard.receive_bundle(NUMBERS[from], bundle);
        self.flush(to);
        self.flush(from);
    }

    pub fn run(&mut self, at: usize, max: u32, mut handled: u32) {
        if self.isolates[at].ended {
            return;
        }
        self.flush(at);
        let isolate = &mut self.isolates[at];
        let written = isolate.shard.tick(self.now, &[], &mut isolate.ring, max);
        let mut index = 0;
        while index < written {
            let record = self.isolates[at].ring[index];
            if record[word::HEAD] & 0xff != completion::SLICE {
                self.posted(at, record);
                index += 1;
                continue;
            }
            let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            let count = record[word::A];
            for delivery in 0..count.min(handled) {
                let isolate = &mut self.isolates[at];
                isolate.ring[index][word::B] = delivery + 1;
                let record = isolate.ring[index + 1 + delivery as usize];
                self.delivery(at, to, record);
            }
            if handled < count {
                return;
            }
            handled -= count;
            index += 1 + count as usize;
        }
    }

    /// The number of a payload, wherever the record has it.
    fn slot_of(&self, at: usize, record: &Record, bytes: bool) -> u32 {
        if bytes {
            let bytes = self.isolates[at].shard.block(record[word::SLOT]).expect("the block of a record can be read");
            assert_eq!(
                bytes.len() > 4096,
                record[word::SLOT] >= BLOCK && bytes.len() == 5000,
                "long ones come by handle"
            );
            u32::from_le_bytes(bytes[..4].try_into().unwrap())
        } else if record[word::HEAD] >> 8 & flag::INLINE != 0 {
            number_of(record)
        } else {
            record[word::SLOT]
        }
    }

    fn delivery(&mut self, at: usize, to: Pid, record: Record) {
        assert!(self.is_alive(to), "nothing is delivered to one that has ended");
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        let flags = record[word::HEAD] >> 8;
        match record[word::HEAD] & 0xff {
            completion::MESSAGE => {
                let slot = self.slot_of(at, &record, flags & flag::BYTES != 0);
                let sent = self.slots.remove(&slot).expect("each payload leaves once (G5)");
                assert_eq!((sent.from, sent.to), (from, to));
                let last = self.seen.insert((sent.by, from, to, sent.lane), slot).unwrap_or(0);
                assert!(last < slot, "order per sender, receiver and lane (G6, G110)");
                assert_eq!(flags & flag::CALL != 0, sent.token != 0);
                if flags & flag::CALL != 0 && record[word::A] != 0 {
                    let remote = flags & flag::REMOTE != 0;
                    assert_eq!(remote, sent.by != at || sent.forwarded, "who asks from elsewhere is marked");
                    assert!(remote || sent.token == record[word::A]);
                    self.questions.push((at, record[word::A], remote, sent.token));
                }
            }
            completion::DOWN => self.down(at, record[word::SLOT], to, from, record[word::A]),
            completion::EXIT_SIGNAL => assert!(self.isolates[at].shard.reason(record[word::A]).is_some()),
            other => panic!("{other} in a slice"),
        }
    }

    fn down(&mut self, at: usize, reference: u32, watcher: Pid, target: Pid, reason: u32) {
        assert!(self.isolates[at].shard.reason(reason).is_some(), "the reason of a DOWN can be read");
        // The watches of a shard's own outside end with it, whoever lives elsewhere.
        let ends = self.closing == Some(at) && watcher.is_none();
        assert!(ends || !self.is_alive(target), "who is reported has ended (G25)");
        assert!(
            self.table.0.lock().unwrap().values().all(|holder| ends || *holder != target),
            "its name is free (G41)"
        );
        let watch = self.watches.get_mut(&reference).expect("a known monitor");
        assert_eq!((watch.by, watch.watcher, watch.target), (at, watcher, target));
        assert!(!watch.ended, "no DOWN after demonitor (G38)");
        watch.downs += 1;
        assert_eq!(watch.downs, 1, "one DOWN per monitor (G37)");
    }

    fn posted(&mut self, at: usize, record: Record) {
        let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        match record[word::HEAD] & 0xff {
            kind @ (completion::DEAD_LETTER | completion::DEAD_LETTER_BYTES) => {
                let slot = self.slot_of(at, &record, kind == completion::DEAD_LETTER_BYTES);
                let sent = self.slots.remove(&slot).expect("each payload leaves once (G5)");
                assert_eq!((sent.from, sent.to), (from, to));
            }
            completion::CALL_ENDED => {
                let (by, _) = self.calls.remove(&record[word::A]).expect("a call ends once (G18)");
                assert_eq!(by, at, "where its caller is");
                if record[word::B] == call_end::EXITED {
                    assert!(self.isolates[at].shard.reason(record[word::SLOT]).is_some());
                }
            }
            completion::REPLIED => {
                let (by, callee) = self.calls.remove(&record[word::A]).expect("a call ends once (G18)");
                assert_eq!((by, callee, record[word::B]), (at, from, 1));
                let bytes = self.isolates[at].shard.block(record[word::SLOT]).expect("the answer can be read");
                assert_eq!(bytes, record[word::A].to_le_bytes(), "its own answer");
            }
            completion::TERMINATE => self.submit(at, submission::FINISHED, to, Pid::NONE, 0, 0, 0),
            completion::DEAD => {
                assert!(self.dead.insert(to), "one DEAD for each (G24)");
                assert!(self.opened.contains(&to));
            }
            completion::OUTSIDE_DOWN => self.down(at, record[word::SLOT], Pid::NONE, from, record[word::A]),
            completion::ROOM => {
                assert_eq!(self.waiters.remove(&record[word::SLOT]), Some(at), "a waiter is called once");
            }
            completion::ISOLATE_UP => assert_eq!(record[word::B], u32::from(NUMBERS[1 - at])),
            completion::ISOLATE_DOWN => assert!(self.isolates[1 - at].ended),
            other => panic!("{other} was posted"),
        }
    }
}
