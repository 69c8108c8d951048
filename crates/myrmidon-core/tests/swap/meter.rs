//! The scripted actor of the swap rows: a counter in versions.

use super::binding::Binding;
use myrmidon_core::{
    pid::Pid,
    record::{submission, word},
    swap::{Swap, Ticket},
};
use std::collections::{HashMap, VecDeque};

/// A message whose handler waits, or has left its answer open.
pub struct Open {
    pub token: Option<u32>,
    pub ticket: Option<Ticket>,
    /// Of a handler: it crashes when it goes on. Of an answer: what it will be.
    pub crashes: bool,
    pub n: i64,
}

pub struct Meter {
    pub swap: Swap<usize, String>,
    pub state: usize,
    pub waiting: VecDeque<Open>,
    pub open: VecDeque<Open>,
    /// Why nothing is delivered to it: by the program's order, by a swap.
    pub is_suspended: bool,
    pub is_held: bool,
    pub children: Vec<Pid>,
    counts: HashMap<u32, u32>,
}

impl Meter {
    pub fn new(swap: Swap<usize, String>, state: usize) -> Self {
        Self {
            swap,
            state,
            waiting: VecDeque::new(),
            open: VecDeque::new(),
            is_suspended: false,
            is_held: false,
            children: Vec::new(),
            counts: HashMap::new(),
        }
    }

    /// Its count for the version that it runs.
    fn count(&mut self) -> u32 {
        let count = self.counts.entry(self.swap.running().0).or_default();
        *count += 1;
        *count
    }
}

/// What became of a handler.
enum End {
    Done(i64),
    Refused,
    Crashed(&'static str),
    Later(i64),
    Waits { crashes: bool },
}

impl Binding {
    /// Whether the handler waits.
    pub fn message(&mut self, pid: Pid, text: &str, token: Option<u32>) -> bool {
        let ticket = self.begun(pid, text, token.is_some());
        match self.say(pid, text) {
            End::Done(n) => {
                self.answer_now(pid, token, ticket, &format!("ok {n}"));
                self.handled(pid, ticket);
            }
            End::Refused => {
                self.answer_now(pid, token, ticket, "error no");
                self.handled(pid, ticket);
            }
            End::Crashed(why) => self.crash(pid, token, why),
            End::Later(n) => {
                self.meter(pid).open.push_back(Open { token, ticket, crashes: false, n });
                self.handled(pid, ticket);
            }
            End::Waits { crashes } => {
                self.meter(pid).waiting.push_back(Open { token, ticket, crashes, n: 0 });
                self.submit(submission::BUSY, pid, Pid::NONE, |_| {});
                return true;
            }
        }
        false
    }

    /// Whoever is no canary pays nothing for it.
    fn begun(&mut self, pid: Pid, text: &str, is_asked: bool) -> Option<Ticket> {
        let swap = &mut self.meter(pid).swap;
        if !swap.has_canary() {
            return None;
        }
        let mut out = Vec::new();
        let ticket = swap.begun(text.into(), is_asked, &mut out);
        self.act(pid, out);
        ticket
    }

    fn say(&mut self, pid: Pid, text: &str) -> End {
        let version = self.meter(pid).swap.running().0;
        let by = 10_i64.pow(version - 1);
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        if verb == "count" {
            self.state(pid).n += by;
            return End::Done(self.state(pid).n);
        }
        if Some(u64::from(self.meter(pid).count())) == self.versions[version.to_string()]["crashes"].as_u64() {
            self.log(pid, format!("{version} {text} crashes"));
            return End::Crashed("crash");
        }
        if verb == "add" {
            self.state(pid).n += rest.parse::<i64>().expect("a number") * by;
            let n = self.state(pid).n;
            self.log(pid, format!("{version} {text} = {n}"));
            return End::Done(n);
        }
        self.log(pid, format!("{version} {text}"));
        match verb {
            "wait" => return End::Waits { crashes: rest == "boom" },
            "later" => return End::Later(self.state(pid).n),
            "refuse" => return End::Refused,
            "boom" => return End::Crashed("boom"),
            "link" => {
                let other = self.pid(rest);
                self.submit(submission::LINK, other, pid, |_| {});
            }
            "spawn" => {
                self.spawn(rest, &serde_json::json!({}), pid);
                let child = self.pid(rest);
                self.meter(pid).children.push(child);
            }
            "beat" => {
                let (reference, delay) = (self.reference(), rest.parse::<f64>().expect("ms").to_bits());
                self.submit(submission::TIMER, pid, Pid::NONE, |record| {
                    record[word::FROM] = 1;
                    record[word::SLOT] = reference;
                    record[word::A] = delay as u32;
                    record[word::B] = (delay >> 32) as u32;
                });
            }
            other => panic!("a row sends the unknown message {other}"),
        }
        End::Done(self.state(pid).n)
    }

    /// The oldest handler that waits goes on.
    pub fn release(&mut self, name: &str) {
        let pid = self.pid(name);
        let Open { token, ticket, crashes, .. } = self.meter(pid).waiting.pop_front().expect("a handler that waits");
        if crashes {
            self.crash(pid, token, "boom");
        } else {
            let (version, n) = (self.meter(pid).swap.running().0, self.state(pid).n);
            self.log(pid, format!("{version} waited"));
            self.answer_now(pid, token, ticket, &format!("ok {n}"));
            self.handled(pid, ticket);
        }
        self.submit(submission::READY, pid, Pid::NONE, |_| {});
        self.flush();
        // One that has crashed is never quiet again: it ends.
        if self.shard.is_alive(pid) && self.meter(pid).waiting.is_empty() {
            let mut out = Vec::new();
            self.meter(pid).swap.became_quiet(&mut out);
            self.act(pid, out);
        }
    }

    /// The oldest open answer is given.
    pub fn answer_later(&mut self, name: &str) {
        let pid = self.pid(name);
        let Open { token, ticket, n, .. } = self.meter(pid).open.pop_front().expect("an open answer");
        self.answer_now(pid, token, ticket, &format!("ok {n}"));
    }

    fn answer_now(&mut self, pid: Pid, token: Option<u32>, ticket: Option<Ticket>, result: &str) {
        if let Some(token) = token {
            self.reply(token, result);
            if let Some(ticket) = ticket {
                self.meter(pid).swap.answered(ticket);
            }
        }
    }

    fn handled(&mut self, pid: Pid, ticket: Option<Ticket>) {
        let Some(ticket) = ticket else { return };
        let mut out = Vec::new();
        self.meter(pid).swap.handled(ticket, &mut out);
        self.act(pid, out);
    }

    /// A canary goes back; whoever is none ends.
    fn crash(&mut self, pid: Pid, token: Option<u32>, why: &str) {
        let reason = super::binding::crashed(why);
        let mut out = Vec::new();
        if self.meter(pid).swap.crashed(&reason, &mut out) {
            if let Some(token) = token {
                self.reply(token, &format!("ActorExited({})", super::binding::reason_text(&reason)));
            }
            return self.act(pid, out);
        }
        let word = self.shard.intern_reason(reason);
        self.submit(submission::EXIT_SELF, pid, Pid::NONE, |record| record[word::A] = word);
    }
}
