//! A binding in miniature: meters over one shard, a virtual clock, one record at a time.

use super::{
    meter::Meter,
    swaps::{Requester, Run},
    upgrades::{Paused, State, Upgrades},
};
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    record::{Record, call_end, completion, flag, spawn, submission, why, word},
    shard::{Shard, ShardConfig},
    swap::{Swap, Version},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};

pub struct Binding {
    pub shard: Shard,
    pub now: f64,
    ring: Vec<Record>,
    submissions: Vec<Record>,
    slots: HashMap<u32, String>,
    next_reference: u32,
    /// Also of those that have ended: their machines know why.
    pub meters: HashMap<Pid, Meter>,
    pub pids: HashMap<String, Pid>,
    pub logs: BTreeMap<String, Vec<String>>,
    pub letters: Vec<String>,
    pub events: Vec<String>,
    pub ended: HashMap<String, String>,
    /// Of asks, swaps and rollbacks.
    pub results: HashMap<String, String>,
    pub reports: HashMap<String, Value>,
    outside: HashMap<u32, String>,
    questions: HashMap<u32, String>,
    pub versions: Value,
    pub upgrades: Upgrades,
    /// The states, by their handles.
    pub states: Vec<Option<State>>,
    pub requests: HashMap<u32, Requester>,
    pub runs: Vec<Run>,
    pub paused: HashMap<String, VecDeque<(Pid, u32, Paused)>>,
}

const RING: usize = 256;

impl Binding {
    pub fn new(row: &Value) -> Self {
        let config =
            ShardConfig { shard: 0, max_actors: 1000, default_capacity: 65_536, seed: None, long_slice_us: 1000 };
        Self {
            shard: Shard::new(config),
            now: 0.0,
            ring: vec![Record::default(); RING],
            submissions: Vec::new(),
            slots: HashMap::new(),
            next_reference: 1,
            meters: HashMap::new(),
            pids: HashMap::new(),
            logs: BTreeMap::new(),
            letters: Vec::new(),
            events: Vec::new(),
            ended: HashMap::new(),
            results: HashMap::new(),
            reports: HashMap::new(),
            outside: HashMap::new(),
            questions: HashMap::new(),
            versions: row["versions"].clone(),
            upgrades: Upgrades::new(&row["upgrades"]),
            states: Vec::new(),
            requests: HashMap::new(),
            runs: Vec::new(),
            paused: HashMap::new(),
        }
    }

    pub fn name(&self, pid: Pid) -> String {
        self.pids.iter().find(|(_, held)| **held == pid).map_or_else(|| "?".into(), |(name, _)| name.clone())
    }

    pub fn pid(&self, name: &str) -> Pid {
        *self.pids.get(name).unwrap_or_else(|| panic!("the row has no actor {name}"))
    }

    pub fn meter(&mut self, pid: Pid) -> &mut Meter {
        self.meters.get_mut(&pid).expect("a meter")
    }

    pub fn state(&mut self, pid: Pid) -> &mut State {
        let handle = self.meter(pid).state;
        self.states[handle].as_mut().expect("a state that was not forgotten")
    }

    pub fn keep_state(&mut self, state: State) -> usize {
        self.states.push(Some(state));
        self.states.len() - 1
    }

    pub fn forget_state(&mut self, handle: usize) {
        assert!(self.states[handle].take().is_some(), "the state {handle} is forgotten twice");
    }

    /// Every state is the binding's or the machine's, and none is left over.
    pub fn check_states(&self) {
        let alive = |pid: &Pid| self.shard.is_alive(*pid);
        let owned: usize = self.meters.iter().filter(|(pid, _)| alive(pid)).map(|(_, one)| 1 + one.swap.kept()).sum();
        assert_eq!(self.states.iter().flatten().count(), owned, "states are left over, or gone too early");
    }

    pub fn reference(&mut self) -> u32 {
        self.next_reference += 1;
        self.next_reference
    }

    pub fn submit(&mut self, kind: u32, to: Pid, from: Pid, rest: impl FnOnce(&mut Record)) {
        let mut record = Record::default();
        record[word::TO] = to.low();
        record[word::TO_GENERATION] = to.generation();
        record[word::FROM] = from.low();
        record[word::FROM_GENERATION] = from.generation();
        record[word::HEAD] = kind;
        rest(&mut record);
        self.submissions.push(record);
    }

    /// Ingests what was submitted, and delivers nothing.
    pub fn flush(&mut self) {
        let submitted = std::mem::take(&mut self.submissions);
        let _ = self.shard.tick(self.now, &submitted, &mut self.ring, 0);
    }

    /// Runs until nothing is runnable.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let submitted = std::mem::take(&mut self.submissions);
            let written = self.shard.tick(self.now, &submitted, &mut self.ring, 64);
            if written == 0 && self.submissions.is_empty() && self.shard.control()[1] == 0 {
                return;
            }
            self.handle(written);
        }
        panic!("never settles");
    }

    /// Moves the clock from one deadline to the next: the shard's, the machines' and the groups'.
    pub fn advance(&mut self, ms: f64) {
        let until = self.now + ms;
        loop {
            self.settle();
            let shard =
                Some(self.shard.control()[2]).filter(|next| *next >= 0).map(|next| self.now + f64::from(next.max(1)));
            let due = shard.into_iter().chain(self.deadlines()).fold(f64::INFINITY, f64::min);
            if due > until {
                break;
            }
            self.now = due;
            self.swaps_advance();
        }
        self.now = until;
        self.settle();
    }

    fn handle(&mut self, written: usize) {
        let mut at = 0;
        while at < written {
            let record = self.ring[at];
            let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            match record[word::HEAD] & 0xff {
                completion::SLICE => {
                    let count = record[word::A] as usize;
                    for delivery in 0..count {
                        self.ring[at][word::B] = delivery as u32 + 1;
                        let waits = self.deliver(to, self.ring[at + 1 + delivery]);
                        self.flush();
                        self.shard.handle_signals();
                        if self.shard.control()[0] != 0 {
                            return;
                        }
                        if waits {
                            break;
                        }
                    }
                    at += count;
                }
                completion::DEAD => self.dead(to, record[word::A]),
                completion::OUTSIDE_DOWN => {
                    let text = reason_text(&self.reason(record[word::A]));
                    let name = self.outside[&record[word::SLOT]].clone();
                    assert!(self.ended.insert(name, text).is_none(), "a watch ended twice");
                }
                completion::CALL_ENDED => {
                    let result = match record[word::B] {
                        call_end::EXITED => format!("ActorExited({})", reason_text(&self.reason(record[word::SLOT]))),
                        other => panic!("a call ended with {other}"),
                    };
                    self.answered(record[word::A], &result);
                }
                completion::DEAD_LETTER => {
                    let text = self.slots.remove(&record[word::SLOT]).expect("each slot leaves once");
                    let why = match (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT {
                        why::NOT_ALIVE => "NotAlive",
                        why::STOPPED => "Stopped",
                        other => panic!("a dead letter because of {other}"),
                    };
                    self.letters.push(format!("{why} {} {text}", self.name(to)));
                }
                other => panic!("an unknown completion {other}"),
            }
            at += 1;
        }
    }

    /// Whether the handler waits.
    fn deliver(&mut self, pid: Pid, record: Record) -> bool {
        let head = record[word::HEAD];
        if head & 0xff == completion::TIMER {
            return self.message(pid, "add 1", None);
        }
        let text = self.slots.remove(&record[word::SLOT]).expect("each slot is delivered once");
        self.message(pid, &text, (head >> 8 & flag::CALL != 0).then_some(record[word::A]))
    }

    fn dead(&mut self, pid: Pid, word: u32) {
        let reason = self.reason(word);
        let handle = self.meter(pid).state;
        self.forget_state(handle);
        let mut out = Vec::new();
        self.meter(pid).swap.ended(&reason, &mut out);
        self.act(pid, out);
    }

    pub fn log(&mut self, pid: Pid, entry: String) {
        let name = self.name(pid);
        self.logs.entry(name).or_default().push(entry);
    }

    pub fn reply(&mut self, token: u32, result: &str) {
        if self.questions.contains_key(&token) {
            self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, |record| record[word::A] = token);
            self.answered(token, result);
        }
    }

    fn answered(&mut self, token: u32, result: &str) {
        if let Some(name) = self.questions.remove(&token) {
            self.results.insert(name, result.into());
        }
    }

    pub fn send(&mut self, to: Pid, text: &str) -> &'static str {
        self.flush();
        if self.shard.admit(to, Pid::NONE).is_err() {
            self.letters.push(format!("MailboxFull {} {text}", self.name(to)));
            return "MailboxFull";
        }
        let slot = self.reference();
        self.slots.insert(slot, text.into());
        self.submit(submission::SEND, to, Pid::NONE, |record| record[word::SLOT] = slot);
        "Accepted"
    }

    /// So many `count`, for which there is room.
    pub fn flood(&mut self, to: Pid, count: u64) {
        for _ in 0..count {
            let slot = self.reference();
            self.slots.insert(slot, "count".into());
            self.submit(submission::SEND, to, Pid::NONE, |record| record[word::SLOT] = slot);
        }
        self.flush();
    }

    pub fn ask(&mut self, name: &str, to: Pid, text: &str) {
        let (token, slot) = (self.reference(), self.reference());
        self.questions.insert(token, name.into());
        self.slots.insert(slot, text.into());
        self.submit(submission::SEND, to, Pid::NONE, |record| {
            record[word::HEAD] |= flag::CALL << 8;
            record[word::SLOT] = slot;
            record[word::A] = token;
            record[word::B] = 5000;
        });
    }

    pub fn kill(&mut self, name: &str) {
        let reason = self.shard.intern_reason(ExitReason::Killed);
        let pid = self.pid(name);
        self.submit(submission::EXIT, pid, Pid::NONE, |record| record[word::A] = reason);
    }

    pub fn watch(&mut self, name: &str, target: &str) {
        let (reference, pid) = (self.reference(), self.pid(target));
        self.outside.insert(reference, name.into());
        self.submit(submission::MONITOR, pid, Pid::NONE, |record| record[word::SLOT] = reference);
    }

    pub fn spawn(&mut self, name: &str, options: &Value, parent: Pid) {
        self.flush();
        let mut reserved = [Pid::NONE];
        assert_eq!(self.shard.reserve(&mut reserved), 1, "room for an actor");
        let [pid] = reserved;
        let mut record = Record::default();
        record[word::TO] = pid.low();
        record[word::TO_GENERATION] = pid.generation();
        record[word::FROM] = parent.low();
        record[word::FROM_GENERATION] = parent.generation();
        record[word::HEAD] = submission::SPAWN | if parent == Pid::NONE { 0 } else { spawn::LINK << 8 };
        record[word::A] = options["capacity"].as_u64().unwrap_or(0) as u32;
        match options["name"].as_str() {
            Some(wanted) => self.shard.open_named(&record, wanted).expect("a free name"),
            None => self.submissions.push(record),
        }
        let (n, odd) = (options["n"].as_i64().unwrap_or(0), options["odd"] == true);
        let state = self.keep_state(State { id: name.into(), n, odd });
        let version = options["version"].as_str().map_or(1, |text| text.parse().expect("a version"));
        self.meters.insert(pid, Meter::new(Swap::new(Version(version)), state));
        self.pids.insert(name.into(), pid);
    }

    fn reason(&self, word: u32) -> ExitReason {
        self.shard.reason(word).expect("a reason that is held")
    }
}

pub fn crashed(message: &str) -> ExitReason {
    let (name, message) = ("Error".into(), message.into());
    ExitReason::Crashed(Box::new(CrashError { name, message, stack: None, language: Language::Rust }))
}

pub fn reason_text(reason: &ExitReason) -> String {
    match reason {
        ExitReason::Shutdown { detail: None } => "Shutdown".into(),
        ExitReason::Shutdown { detail: Some(detail) } => format!("Shutdown({detail})"),
        ExitReason::Crashed(error) => format!("Crashed({})", error.message),
        ExitReason::NoProc { ever_existed } => format!("NoProc({ever_existed})"),
        other => format!("{other:?}"),
    }
}
