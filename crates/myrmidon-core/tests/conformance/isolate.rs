//! A binding in miniature: scripted actors over one shard or two, a virtual clock, one record at a time.
//!
//! On two shards actors are placed by turns; whoever is outside of all actors is on the first.
//! Packets arrive as soon as they are made; `tests/two_shards.rs` delays them. A payload to the other shard is the number
//! of its slot, as bytes.

use myrmidon_core::{
    NameTable, PeerLimits,
    exit_reason::{CrashError, ExitReason, Language},
    payload::Payload as Bytes,
    pid::Pid,
    record::{Record, call_end, completion, flag, submission, why, word},
    shard::{ActorInfo, Shard, ShardConfig},
};
use serde_json::Value;
use shards::Table;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

#[path = "perform.rs"]
mod perform;
#[path = "questions.rs"]
mod questions;
#[path = "shards.rs"]
mod shards;
#[path = "spawn.rs"]
mod spawn;

/// What a message carries.
#[derive(Clone, Debug)]
pub enum Payload {
    Note(String),
    Urgent(String),
    Peek(String),
    Hasty(String),
    Do(Value),
    Ask { mode: String, text: String, first: Vec<Value> },
}

impl Payload {
    fn text(&self) -> String {
        match self {
            Self::Note(text) => format!("note {text}"),
            Self::Urgent(text) => format!("urgent {text}"),
            Self::Peek(text) => format!("peek {text}"),
            Self::Hasty(text) => format!("hasty {text}"),
            Self::Do(_) => "do".into(),
            Self::Ask { text, .. } => format!("ask {text}"),
        }
    }
}

/// Why a handler waits.
enum Waiting {
    /// Until released; then this is answered.
    Release { token: Option<u32>, text: String, first: Vec<Value>, then: Vec<Value> },
    /// For the answer of its own question.
    Answer { token: u32, name: String, then: Vec<Value> },
}

#[derive(Default)]
struct Actor {
    waiting: VecDeque<Waiting>,
    /// Answers that are open, and what it does before it gives them.
    open: VecDeque<(u32, Vec<Value>)>,
    timers: HashMap<String, u32>,
    monitors: HashMap<String, u32>,
}

/// Who asked, and under which name.
enum Question {
    Outside(String),
    Actor { pid: Pid, name: String },
}

struct Node {
    shard: Shard,
    ring: Vec<Record>,
    submissions: Vec<Record>,
}

pub struct Isolate {
    nodes: Vec<Node>,
    spawned: usize,
    /// Questions of the other shard: where they are answered, and with which token.
    asked: HashMap<u32, (usize, u32)>,
    now: f64,
    slots: HashMap<u32, Payload>,
    next_reference: u32,
    actors: HashMap<Pid, Actor>,
    pub pids: HashMap<String, Pid>,
    pub logs: BTreeMap<String, Vec<String>>,
    pub letters: Vec<String>,
    pub ended: HashMap<String, String>,
    pub results: HashMap<String, String>,
    outside: HashMap<String, u32>,
    questions: HashMap<u32, Question>,
    /// Answers to actors that wait for their turn, by their slot: the question's token, the asker, the name, the result.
    behind: HashMap<u32, (u32, Pid, String, String)>,
    timer_texts: HashMap<u32, (String, bool)>,
    spawn_monitors: HashMap<u32, String>,
}

const RING: usize = 256;

impl Isolate {
    /// The first actor is on the shard `first`, the next one on the other.
    pub fn new(shards: usize, first: usize) -> Self {
        let table = Arc::new(Table::default());
        let node = |at: usize| {
            let config = ShardConfig {
                shard: at as u8,
                max_actors: 1000,
                default_capacity: 65_536,
                seed: None,
                long_slice_us: 1000,
            };
            let mut shard = Shard::new(config);
            if shards > 1 {
                shard.join(at as u8, Arc::clone(&table) as Arc<dyn NameTable>, PeerLimits::default());
                (0..shards).filter(|other| *other != at).for_each(|other| shard.connect(other as u8, other as u8));
            }
            Node { shard, ring: vec![Record::default(); RING], submissions: Vec::new() }
        };
        Self {
            nodes: (0..shards).map(node).collect(),
            spawned: first,
            asked: HashMap::new(),
            now: 0.0,
            slots: HashMap::new(),
            next_reference: 1,
            actors: HashMap::new(),
            pids: HashMap::new(),
            logs: BTreeMap::new(),
            letters: Vec::new(),
            ended: HashMap::new(),
            results: HashMap::new(),
            outside: HashMap::new(),
            questions: HashMap::new(),
            behind: HashMap::new(),
            timer_texts: HashMap::new(),
            spawn_monitors: HashMap::new(),
        }
    }

    pub fn name(&self, pid: Pid) -> String {
        self.pids.iter().find(|(_, held)| **held == pid).map_or_else(|| "outside".into(), |(name, _)| name.clone())
    }

    pub fn pid(&self, name: &str) -> Pid {
        *self.pids.get(name).unwrap_or_else(|| panic!("the row has no actor {name}"))
    }

    fn reference(&mut self) -> u32 {
        self.next_reference += 1;
        self.next_reference
    }

    /// The shard that an actor is on; of the outside the first.
    fn of(&self, pid: Pid) -> usize {
        if self.nodes.len() == 1 { 0 } else { usize::from(pid.shard()) }
    }

    fn shard(&mut self, pid: Pid) -> &mut Shard {
        let at = self.of(pid);
        &mut self.nodes[at].shard
    }

    pub fn is_alive(&self, pid: Pid) -> bool {
        self.nodes[self.of(pid)].shard.is_alive(pid)
    }

    pub fn info(&self, pid: Pid) -> Option<ActorInfo> {
        self.nodes[self.of(pid)].shard.info(pid)
    }

    /// Who has a name, as each shard sees it.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        let found = self.nodes[0].shard.whereis(name);
        assert!(self.nodes.iter().all(|node| node.shard.whereis(name) == found), "one table");
        found
    }

    fn handle(&mut self, node: usize, written: usize) {
        let mut at = 0;
        while at < written {
            let record = self.nodes[node].ring[at];
            let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
            match record[word::HEAD] & 0xff {
                completion::SLICE => {
                    let count = record[word::A] as usize;
                    for delivery in 0..count {
                        self.nodes[node].ring[at][word::B] = delivery as u32 + 1;
                        let waits = self.deliver(to, self.nodes[node].ring[at + 1 + delivery]);
                        self.between();
                        if self.nodes[node].shard.control()[0] != 0 {
                            return;
                        }
                        if waits {
                            break;
                        }
                    }
                    at += count;
                }
                completion::TERMINATE => {
                    let text = self.reason_text(node, record[word::A]);
                    self.log(to, format!("terminate {text}"));
                    self.submit(submission::FINISHED, to, Pid::NONE, |_| {});
                }
                completion::DEAD => {
                    self.actors.remove(&to);
                }
                completion::OUTSIDE_DOWN => {
                    let text = self.reason_text(node, record[word::A]);
                    let name = self
                        .outside
                        .iter()
                        .find(|(_, held)| **held == record[word::SLOT])
                        .map(|(name, _)| name.clone());
                    let name = name.expect("a watch that is known");
                    assert!(self.ended.insert(name, text).is_none(), "a watch ended twice");
                }
                completion::CALL_ENDED => {
                    let result = match record[word::B] {
                        call_end::EXITED => format!("ActorExited({})", self.reason_text(node, record[word::SLOT])),
                        call_end::TIMEOUT => "AskTimeout".into(),
                        call_end::MAILBOX_FULL => "MailboxFull".into(),
                        other => panic!("a call ended with {other}"),
                    };
                    if record[word::B] == call_end::EXITED {
                        self.answered(record[word::A], result);
                    } else {
                        self.ended_without_callee(record[word::A], result);
                    }
                }
                completion::REPLIED => {
                    let bytes = self.nodes[node].shard.block(record[word::SLOT]).expect("an answer");
                    self.answered(record[word::A], String::from_utf8(bytes).expect("a text"));
                }
                kind @ (completion::DEAD_LETTER | completion::DEAD_LETTER_BYTES) => {
                    let payload = self.payload(node, &record, kind == completion::DEAD_LETTER_BYTES);
                    let why = match (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT {
                        why::NOT_ALIVE => "NotAlive",
                        why::MAILBOX_FULL => "MailboxFull",
                        why::DROPPED => "Dropped",
                        why::STOPPED => "Stopped",
                        other => panic!("a dead letter because of {other}"),
                    };
                    self.letters.push(format!("{why} {} {}", self.name(to), payload.text()));
                }
                completion::REACHED => self.reached(record[word::SLOT]),
                completion::ROOM | completion::ISOLATE_UP => {}
                other => panic!("an unknown completion {other} from {from}"),
            }
            at += 1;
        }
    }

    /// What a record that came in carries.
    fn payload(&mut self, node: usize, record: &Record, is_bytes: bool) -> Payload {
        let mut slot = record[word::SLOT];
        if is_bytes {
            let bytes = self.nodes[node].shard.block(slot).expect("a block");
            slot = u32::from_le_bytes(bytes.try_into().expect("the number of a slot"));
        }
        self.slots.remove(&slot).expect("each slot leaves once")
    }

    fn log(&mut self, pid: Pid, entry: String) {
        let name = self.name(pid);
        self.logs.entry(name).or_default().push(entry);
    }

    /// Whether the handler waits.
    fn deliver(&mut self, pid: Pid, record: Record) -> bool {
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        let head = record[word::HEAD];
        match head & 0xff {
            completion::EXIT_SIGNAL => {
                let entry = format!("exit {} {}", self.name(from), self.reason_text(self.of(pid), record[word::A]));
                self.log(pid, entry);
                false
            }
            completion::DOWN => {
                let reference = record[word::SLOT];
                let named = self.actors.get(&pid).and_then(|actor| {
                    actor.monitors.iter().find(|(_, held)| **held == reference).map(|(name, _)| name.clone())
                });
                let named = named.or_else(|| self.spawn_monitors.get(&reference).cloned()).expect("a known monitor");
                let entry = format!("down {named} {}", self.reason_text(self.of(pid), record[word::A]));
                self.log(pid, entry);
                false
            }
            completion::REACHED => {
                self.reached(record[word::SLOT]);
                false
            }
            completion::TIMER => {
                let text = self.timer_texts[&record[word::SLOT]].0.clone();
                self.log(pid, format!("note {text}"));
                false
            }
            _ => {
                let payload = self.payload(self.of(pid), &record, head >> 8 & flag::BYTES != 0);
                let mut call = (head >> 8 & flag::CALL != 0).then_some(record[word::A]);
                if head >> 8 & flag::REMOTE != 0 {
                    let token = self.reference();
                    self.asked.insert(token, (self.of(pid), record[word::A]));
                    call = Some(token);
                }
                self.message(pid, payload, call)
            }
        }
    }

    fn message(&mut self, pid: Pid, payload: Payload, call: Option<u32>) -> bool {
        match payload {
            Payload::Note(_) | Payload::Urgent(_) | Payload::Peek(_) | Payload::Hasty(_) => {
                self.log(pid, payload.text());
                false
            }
            Payload::Do(action) => self.perform(pid, &action),
            Payload::Ask { mode, text, first } => {
                self.log(pid, format!("ask {text}"));
                let token = call.expect("an ask is a call");
                if matches!(mode.as_str(), "echo" | "fail" | "throw") {
                    self.perform_first(pid, &first);
                }
                match mode.as_str() {
                    "echo" => self.reply(token, format!("ok {text}")),
                    "fail" => self.reply(token, format!("error {text}")),
                    "throw" => self.crash(pid, &text),
                    "never" => self.actor(pid).open.push_back((token, first)),
                    "wait" => {
                        return self.wait(pid, Waiting::Release { token: Some(token), text, first, then: Vec::new() });
                    }
                    "forward" => {
                        let (to, text) = text.split_once(' ').expect("a receiver and a text");
                        self.forward(pid, token, self.pid(to), text, first);
                    }
                    other => panic!("unknown mode {other}"),
                }
                false
            }
        }
    }

    fn actor(&mut self, pid: Pid) -> &mut Actor {
        self.actors.get_mut(&pid).expect("a living actor")
    }

    fn wait(&mut self, pid: Pid, waiting: Waiting) -> bool {
        self.actor(pid).waiting.push_back(waiting);
        self.submit(submission::BUSY, pid, Pid::NONE, |_| {});
        true
    }

    fn crash(&mut self, pid: Pid, message: &str) {
        let error = CrashError { name: "Error".into(), message: message.into(), stack: None, language: Language::Rust };
        let reason = self.shard(pid).intern_reason(ExitReason::Crashed(Box::new(error)));
        self.submit(submission::EXIT_SELF, pid, Pid::NONE, |record| record[word::A] = reason);
    }

    pub fn release(&mut self, name: &str) {
        let pid = self.pid(name);
        let Some(actor) = self.actors.get_mut(&pid) else { return };
        match actor.waiting.pop_front() {
            Some(Waiting::Release { token, text, first, then }) => {
                self.perform_first(pid, &first);
                if let Some(token) = token {
                    self.reply(token, format!("ok {text}"));
                }
                self.go_on(pid, &then);
            }
            _ => panic!("{name} has no handler that waits"),
        }
    }

    /// A handler that waited does what is left of it.
    fn go_on(&mut self, pid: Pid, then: &[Value]) {
        // A wait among them is counted beside the one that ends here.
        let _ = self.perform_all(pid, then);
        self.submit(submission::READY, pid, Pid::NONE, |_| {});
    }

    /// Whether the handler waits; what is left is done when it goes on.
    fn perform_all(&mut self, pid: Pid, actions: &[Value]) -> bool {
        for (at, action) in actions.iter().enumerate() {
            if self.perform(pid, action) {
                let rest = actions[at + 1..].to_vec();
                match self.actor(pid).waiting.back_mut() {
                    Some(Waiting::Release { then, .. } | Waiting::Answer { then, .. }) => *then = rest,
                    None => {}
                }
                return true;
            }
            self.flush();
        }
        false
    }

    pub fn answer(&mut self, name: &str, text: &str) {
        let pid = self.pid(name);
        self.give_answer(pid, text);
    }

    /// An actor gives the oldest answer that it owes.
    fn give_answer(&mut self, pid: Pid, text: &str) {
        let (token, first) = self.actor(pid).open.pop_front().expect("an open answer");
        self.perform_first(pid, &first);
        self.reply(token, format!("ok {text}"));
    }

    /// What a handler does before it answers.
    fn perform_first(&mut self, pid: Pid, actions: &[Value]) {
        assert!(!self.perform_all(pid, actions), "nothing before an answer waits");
    }

    /// The outcome, as a sender sees it.
    pub fn send(&mut self, to: Pid, from: Pid, payload: Payload, flags: u32) -> &'static str {
        self.flush();
        if self.shard(from).admit(to, from).is_err() {
            self.letters.push(format!("MailboxFull {} {}", self.name(to), payload.text()));
            return "MailboxFull";
        }
        let (slot, bytes) = self.keep(to, from, payload);
        self.submit(submission::SEND, to, from, |record| {
            record[word::HEAD] |= (flags | bytes) << 8;
            record[word::SLOT] = slot;
        });
        "Accepted"
    }

    /// SLOT and flag of a payload: its number, or a block with its number.
    fn keep(&mut self, to: Pid, from: Pid, payload: Payload) -> (u32, u32) {
        let slot = self.reference();
        self.slots.insert(slot, payload);
        if self.of(to) == self.of(from) {
            return (slot, 0);
        }
        (self.shard(from).put_block(Bytes::bytes(slot.to_le_bytes().to_vec())), flag::BYTES)
    }

    pub fn exit(&mut self, to: Pid, from: Pid, reason: &str) {
        let reason = self.shard(from).intern_reason(parse_reason(reason));
        self.submit(submission::EXIT, to, from, |record| record[word::A] = reason);
    }

    pub fn stop(&mut self, name: &str) {
        let reason = self.shard(Pid::NONE).intern_reason(ExitReason::SHUTDOWN);
        self.submit(submission::STOP, self.pid(name), Pid::NONE, |record| record[word::A] = reason);
    }

    pub fn watch(&mut self, name: &str, target: &str) {
        let reference = self.reference();
        self.ended.remove(name);
        self.outside.insert(name.into(), reference);
        self.submit(submission::MONITOR, self.pid(target), Pid::NONE, |record| record[word::SLOT] = reference);
    }

    pub fn unwatch(&mut self, name: &str) {
        let reference = self.outside[name];
        self.submit(submission::DEMONITOR, Pid::NONE, Pid::NONE, |record| record[word::SLOT] = reference);
    }

    fn reason_text(&self, at: usize, word: u32) -> String {
        match self.nodes[at].shard.reason(word).expect("a reason that is held") {
            ExitReason::Shutdown { detail: None } => "Shutdown".into(),
            ExitReason::Shutdown { detail: Some(detail) } => format!("Shutdown({detail})"),
            ExitReason::Crashed(error) => format!("Crashed({})", error.message),
            ExitReason::NoProc { ever_existed } => format!("NoProc({ever_existed})"),
            other => format!("{other:?}"),
        }
    }
}

fn parse_reason(text: &str) -> ExitReason {
    match text {
        "Normal" => ExitReason::Normal,
        "Killed" => ExitReason::Killed,
        "Shutdown" => ExitReason::SHUTDOWN,
        _ => {
            let detail = text.strip_prefix("Shutdown(").and_then(|rest| rest.strip_suffix(')'));
            ExitReason::Shutdown { detail: Some(detail.expect("a reason that a row can make").into()) }
        }
    }
}
