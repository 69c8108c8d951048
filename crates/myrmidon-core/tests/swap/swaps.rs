//! What a binding does for swaps: it carries out the actions of machines and the orders of groups, in their order.

use super::{
    binding::{Binding, reason_text},
    upgrades::Migration,
};
use myrmidon_core::{
    pid::Pid,
    record::submission,
    swap::{
        Action, Ask, CanaryOptions, Event, Failure, Group, GroupOptions, How, InvalidOption, Order, SwapError,
        SwapOptions, Upgrade, Version,
    },
};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Who asked a machine for something.
#[derive(Clone)]
pub enum Requester {
    Row(String),
    Group(usize),
}

/// A group that is swapped.
pub struct Run {
    name: String,
    group: Option<Group<String>>,
    actors: Vec<Pid>,
    request: u32,
    upgrade: Upgrade,
    options: SwapOptions,
    timeout: f64,
}

/// What is to be done next.
enum Work {
    Action(Pid, Action<usize, String>),
    Order(usize, Order),
}

pub fn error_text(error: &SwapError<String>) -> String {
    match error {
        SwapError::Migration(Failure::Failed(error)) => format!("MigrationFailed({})", error.message),
        SwapError::Migration(Failure::Invalid(_)) => "StateInvalid".into(),
        SwapError::Migration(Failure::NotCopyable(path)) => format!("StateNotCopyable({path})"),
        SwapError::TimedOut => "MigrationTimeout".into(),
        SwapError::WrongVersion { running } => format!("WrongVersion({})", running.0),
        SwapError::InProgress => "SwapInProgress".into(),
        SwapError::Exited(reason) => format!("ActorExited({})", reason_text(reason)),
        SwapError::RolledBack { reason, handled } => {
            let one = |message: &myrmidon_core::swap::Handled<String>| {
                format!("{}{}", message.message, if message.answered { " answered" } else { "" })
            };
            let handled: Vec<String> = handled.iter().map(one).collect();
            format!("RolledBack({}: {})", reason_text(reason), handled.join(", "))
        }
    }
}

fn result_text(result: &Result<(), SwapError<String>>) -> String {
    result.as_ref().err().map_or_else(|| "ok".into(), error_text)
}

/// Of a row, with the defaults of `HotSwap`.
fn options(row: &Value) -> Result<(f64, SwapOptions), InvalidOption> {
    let ms = |value: &Value| if value.is_null() { 5000.0 } else { value.as_f64().expect("ms") };
    let canary = row["canary"].as_object().map(|_| CanaryOptions {
        messages: row["canary"]["messages"].as_u64().unwrap_or(1000) as u32,
        within: ms(&row["canary"]["within"]),
    });
    let timeout = ms(&row["timeout"]);
    Ok((timeout, SwapOptions::new(timeout, row["keep"].as_u64().unwrap_or(2) as usize, canary)?))
}

impl Binding {
    pub fn swap(&mut self, name: &str, actor: &str, upgrade: &str, row: &Value) {
        let options = match options(row) {
            Ok((_, options)) => options,
            Err(InvalidOption(option)) => {
                self.results.insert(name.into(), format!("InvalidOption({option})"));
                return;
            }
        };
        let (pid, request) = (self.pid(actor), self.reference());
        self.requests.insert(request, Requester::Row(name.into()));
        let ask = Ask { request, upgrade: self.upgrades.parse(upgrade), options, how: How::Alone };
        let (mut out, now, is_quiet) = (Vec::new(), self.now, self.is_quiet(pid));
        if let Err(error) = self.meter(pid).swap.ask(ask, is_quiet, now, &mut out) {
            self.results.insert(name.into(), error_text(&error));
        }
        self.act(pid, out);
    }

    pub fn roll_back(&mut self, name: &str, actor: &str, row: &Value) {
        let (pid, request) = (self.pid(actor), self.reference());
        self.requests.insert(request, Requester::Row(name.into()));
        let to = row["version"].as_str().map(|text| Version(text.parse().expect("a version")));
        let (timeout, _) = options(row).expect("a timeout");
        // The handlers of a canary are interrupted by it.
        let is_quiet = self.is_quiet(pid) || self.meter(pid).swap.has_canary();
        let (mut out, now) = (Vec::new(), self.now);
        if let Err(error) = self.meter(pid).swap.roll_back(request, to, timeout, is_quiet, now, &mut out) {
            self.results.insert(name.into(), error_text(&error));
        }
        self.act(pid, out);
    }

    pub fn swap_all(&mut self, name: &str, upgrade: &str, row: &Value) {
        let (timeout, options) = options(row).expect("options in range");
        let upgrade = self.upgrades.parse(upgrade);
        let actors = self.select(upgrade, row);
        let request = self.reference();
        self.requests.insert(request, Requester::Group(self.runs.len()));
        let canary = &row["canary"];
        let group = Group::new(
            actors.len(),
            GroupOptions {
                together: row["together"] == true,
                concurrency: row["concurrency"].as_u64().unwrap_or(1) as usize,
                timeout,
                within: canary.is_object().then(|| canary["within"].as_f64().unwrap_or(5000.0)),
                max_rollbacks: canary["maxRollbacks"].as_u64().unwrap_or(1) as usize,
            },
        );
        let name = name.into();
        self.runs.push(Run { name, group: Some(group), actors, request, upgrade, options, timeout });
        let run = self.runs.len() - 1;
        let now = self.now;
        self.tell(run, |group, out| group.begin(now, out));
    }

    /// A dry run is a matter of the binding alone: it migrates copies.
    pub fn plan(&mut self, name: &str, upgrade: &str, row: &Value) {
        let upgrade = self.upgrades.parse(upgrade);
        let actors = self.select(upgrade, row);
        let sample = row["sample"].as_u64().unwrap_or(u64::MAX) as usize;
        let every = (actors.len() / sample).max(1);
        let mut failed = Vec::new();
        let chosen: Vec<Pid> = actors.into_iter().step_by(every).take(sample).collect();
        for pid in &chosen {
            let mut state = self.state(*pid).clone();
            if let Migration::Done(Err(failure)) = self.upgrades.migrate(upgrade.id, &mut state) {
                failed.push(format!("{} {}", self.name(*pid), error_text(&SwapError::Migration(failure))));
            }
        }
        self.reports.insert(name.into(), json!({ "checked": chosen.len(), "failed": failed }));
    }

    /// The row says how the oldest migration that waits goes on.
    pub fn migrated(&mut self, upgrade: &str, how: &str) {
        let waiting = self.paused.get_mut(upgrade).and_then(VecDeque::pop_front);
        let (pid, attempt, paused) = waiting.expect("a migration that waits");
        let migration = self.upgrades.go_on(paused, how);
        let out = self.migration(pid, attempt, migration);
        self.act(pid, out);
    }

    pub fn suspend(&mut self, name: &str, is_suspended: bool) {
        let pid = self.pid(name);
        self.meter(pid).is_suspended = is_suspended;
        self.hold(pid);
    }

    fn is_quiet(&mut self, pid: Pid) -> bool {
        self.meter(pid).waiting.is_empty()
    }

    /// The shard knows one suspension; here there are two reasons for it.
    fn hold(&mut self, pid: Pid) {
        let meter = self.meter(pid);
        let kind = if meter.is_suspended || meter.is_held { submission::SUSPEND } else { submission::RESUME };
        self.submit(kind, pid, Pid::NONE, |_| {});
    }

    fn select(&mut self, upgrade: Upgrade, row: &Value) -> Vec<Pid> {
        self.flush();
        let mut all: Vec<Pid> = self.shard.live().collect();
        if let Some(root) = row["tree"].as_str() {
            let mut below = self.meters[&self.pid(root)].children.clone();
            let mut at = 0;
            while at < below.len() {
                below.extend(self.meters[&below[at]].children.clone());
                at += 1;
            }
            all.retain(|pid| below.contains(pid));
        }
        if let Some(chosen) = row["where"].as_array() {
            all.retain(|pid| chosen.contains(&json!(self.name(*pid))));
        }
        all.retain(|pid| self.meters[pid].swap.running() == upgrade.from);
        all
    }

    // -- time -------------------------------------------------------------------------------------------------------

    pub fn deadlines(&self) -> Vec<f64> {
        let machines = self.meters.values().filter_map(|meter| meter.swap.deadline());
        let groups = self.runs.iter().filter_map(|run| run.group.as_ref().and_then(Group::deadline));
        machines.chain(groups).collect()
    }

    pub fn swaps_advance(&mut self) {
        let now = self.now;
        for pid in self.meters.keys().copied().collect::<Vec<_>>() {
            let mut out = Vec::new();
            self.meter(pid).swap.advance(now, &mut out);
            self.act(pid, out);
        }
        for run in 0..self.runs.len() {
            self.tell(run, |group, out| group.advance(now, out));
        }
    }

    // -- actions and orders -----------------------------------------------------------------------------------------

    pub fn act(&mut self, pid: Pid, actions: Vec<Action<usize, String>>) {
        self.work(actions.into_iter().map(|action| Work::Action(pid, action)).collect());
    }

    fn tell(&mut self, run: usize, tell: impl FnOnce(&mut Group<String>, &mut Vec<Order>)) {
        let mut orders = Vec::new();
        if let Some(group) = &mut self.runs[run].group {
            tell(group, &mut orders);
        }
        self.work(orders.into_iter().map(|order| Work::Order(run, order)).collect());
    }

    fn work(&mut self, mut todo: VecDeque<Work>) {
        while let Some(next) = todo.pop_front() {
            match next {
                Work::Action(pid, action) => self.action(pid, action, &mut todo),
                Work::Order(run, order) => self.order(run, order, &mut todo),
            }
        }
    }

    fn action(&mut self, pid: Pid, action: Action<usize, String>, todo: &mut VecDeque<Work>) {
        let name = self.name(pid);
        match action {
            Action::Hold | Action::Release => {
                self.meter(pid).is_held = action == Action::Hold;
                self.hold(pid);
            }
            Action::Migrate { upgrade, attempt } => {
                let handle = self.meter(pid).state;
                let mut state = self.states[handle].take().expect("a state");
                let migration = self.upgrades.migrate(upgrade, &mut state);
                self.states[handle] = Some(state);
                let out = self.migration(pid, attempt, migration);
                // Right after the action that it answers.
                out.into_iter().rev().for_each(|action| todo.push_front(Work::Action(pid, action)));
            }
            Action::Abandon { .. } | Action::Arm { .. } | Action::Disarm | Action::ForgetMessages { .. } => {}
            Action::Install { state, .. } => self.meter(pid).state = state,
            Action::Restore { state, back, .. } => {
                let present = self.meter(pid).state;
                let newer = self.state(pid).clone();
                let made = back.and_then(|upgrade| self.upgrades.way_back(upgrade, &newer));
                self.forget_state(present);
                self.meter(pid).state = state;
                if let Some(made) = made {
                    self.states[state] = Some(made);
                }
            }
            Action::Forget { state } => self.forget_state(state),
            Action::Interrupt { reason } => {
                for open in std::mem::take(&mut self.meter(pid).waiting) {
                    if let Some(token) = open.token {
                        self.reply(token, &format!("ActorExited({})", reason_text(&reason)));
                    }
                    self.submit(submission::READY, pid, Pid::NONE, |_| {});
                }
            }
            Action::Letter { message } => self.letters.push(format!("SwapRolledBack {name} {message}")),
            Action::Event(Event::Swapped { from, to }) => self.events.push(format!("{name} {}>{}", from.0, to.0)),
            Action::Event(Event::RolledBack { version, reason }) => {
                self.events.push(format!("{name} back from {}: {}", version.0, reason_text(&reason)));
            }
            Action::Prepared { request } => {
                self.for_group(request, pid, todo, Group::prepared);
            }
            Action::Committed { request } => {
                self.for_group(request, pid, todo, |group, at, now, out| group.committed(at, 0.0, now, out));
            }
            Action::Answer { request, result } => match self.requests[&request].clone() {
                Requester::Row(name) => {
                    let former = self.results.insert(name, result_text(&result));
                    assert_eq!(former, None, "one answer to a request");
                }
                Requester::Group(_) => {
                    self.for_group(request, pid, todo, |group, at, now, out| group.answered(at, result, now, out));
                }
            },
        }
    }

    fn migration(&mut self, pid: Pid, attempt: u32, migration: Migration) -> Vec<Action<usize, String>> {
        let (mut out, now) = (Vec::new(), self.now);
        match migration {
            Migration::Done(result) => {
                let result = result.map(|state| self.keep_state(state));
                let current = self.meter(pid).state;
                self.meter(pid).swap.migrated(attempt, result, current, now, &mut out);
            }
            Migration::Waits(name, paused) => {
                self.paused.entry(name).or_default().push_back((pid, attempt, paused));
                self.meter(pid).swap.takes_time(now, &mut out);
            }
            Migration::Never => self.meter(pid).swap.takes_time(now, &mut out),
        }
        out
    }

    fn for_group(
        &mut self,
        request: u32,
        pid: Pid,
        todo: &mut VecDeque<Work>,
        tell: impl FnOnce(&mut Group<String>, usize, f64, &mut Vec<Order>),
    ) {
        let Requester::Group(run) = self.requests[&request] else { return };
        let at = self.runs[run].actors.iter().position(|actor| *actor == pid).expect("one of the group");
        let (mut out, now) = (Vec::new(), self.now);
        if let Some(group) = &mut self.runs[run].group {
            tell(group, at, now, &mut out);
        }
        todo.extend(out.into_iter().map(|order| Work::Order(run, order)));
    }

    fn order(&mut self, run: usize, order: Order, todo: &mut VecDeque<Work>) {
        let Run { request, upgrade, options, timeout, .. } = self.runs[run];
        let (mut out, now) = (Vec::new(), self.now);
        if order == Order::Done {
            return self.finish(run);
        }
        let Some(at) = order.at() else { return };
        let pid = self.runs[run].actors[at];
        let is_quiet = self.is_quiet(pid);
        let current = self.meter(pid).state;
        let swap = &mut self.meter(pid).swap;
        let is_hold = matches!(order, Order::Hold(_));
        let mut refused = Ok(());
        match order {
            Order::Swap(_) | Order::Hold(_) => {
                let how = if is_hold { How::Together } else { How::InGroup };
                refused = swap.ask(Ask { request, upgrade, options, how }, is_quiet, now, &mut out);
            }
            Order::Recall(_, reason) => refused = swap.recall(request, reason, timeout, is_quiet, now, &mut out),
            Order::Prepare(_) => swap.prepare(is_quiet, &mut out),
            Order::Commit(_) => swap.commit(current, now, &mut out),
            Order::GiveUp(_) => swap.give_up(&mut out),
            Order::Pass(_) => swap.pass(&mut out),
            _ => swap.settle(&mut out),
        }
        todo.extend(out.into_iter().map(|action| Work::Action(pid, action)));
        if refused.is_err() {
            self.for_group(request, pid, todo, |group, at, now, out| group.answered(at, refused, now, out));
        } else if is_hold {
            self.for_group(request, pid, todo, Group::held);
        }
    }

    fn finish(&mut self, run: usize) {
        let report = self.runs[run].group.take().expect("one end").report();
        let actors = &self.runs[run].actors;
        let pauses = report.pauses;
        assert!(0.0 <= pauses.p50 && pauses.p50 <= pauses.p99 && pauses.p99 <= pauses.max);
        let back = |(at, reason, handled): &(usize, _, _)| {
            let error = SwapError::RolledBack { reason: Clone::clone(reason), handled: Clone::clone(handled) };
            format!("{} {}", self.name(actors[*at]), error_text(&error))
        };
        let failed = |(at, error): &(usize, _)| format!("{} {}", self.name(actors[*at]), error_text(error));
        let text = json!({
            "swapped": report.swapped,
            "rolledBack": report.rolled_back.iter().map(back).collect::<Vec<_>>(),
            "failed": report.failed.iter().map(failed).collect::<Vec<_>>(),
        });
        self.reports.insert(self.runs[run].name.clone(), text);
    }
}
