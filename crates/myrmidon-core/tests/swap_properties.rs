//! Random lives of one actor against the swap machine, with what G65 to G78 promise checked at every step: a swap that
//! fails changes nothing, each message leaves once, a rollback brings back exactly what was kept, never two at once, and
//! every request ends.

use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    swap::{
        Action, Ask, CanaryOptions, Failure, How, MAX_KEPT, Swap, SwapError, SwapOptions, Ticket, Upgrade, Version,
    },
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Copy, Debug)]
enum Migration {
    Ok,
    Fails,
    Later,
}

#[derive(Clone, Debug)]
enum Step {
    Swap {
        to: u32,
        wrong_from: bool,
        migration: Migration,
        keep: usize,
        canary: Option<u32>,
        how: u8,
    },
    /// The oldest migration that waits is done, also one that was abandoned.
    Migrated {
        fails: bool,
    },
    Prepare,
    Commit,
    GiveUp,
    /// A message to a handler that is done at once.
    Handle {
        asked: bool,
    },
    /// A message to a handler that waits; beside others, as a re-entrant one.
    Wait {
        asked: bool,
    },
    /// The oldest handler that waits is done.
    Release,
    Crash,
    RollBack {
        to: Option<u32>,
    },
    Recall,
    Settle,
    Pass,
    Become(u32),
    Advance(u16),
    End,
}

fn step() -> impl Strategy<Value = Step> {
    let migration = prop_oneof![4 => Just(Migration::Ok), 1 => Just(Migration::Fails), 2 => Just(Migration::Later)];
    let canary = prop_oneof![2 => Just(None), 3 => (1_u32..5).prop_map(Some)];
    let keep = prop_oneof![4 => 0_usize..4, 1 => Just(MAX_KEPT)];
    prop_oneof![
        6 => (0_u32..4, prop::bool::weighted(0.1), migration, keep, canary, 0_u8..4)
            .prop_map(|(to, wrong_from, migration, keep, canary, how)| Step::Swap {
                to, wrong_from, migration, keep, canary, how
            }),
        2 => any::<bool>().prop_map(|fails| Step::Migrated { fails }),
        2 => Just(Step::Prepare),
        2 => Just(Step::Commit),
        1 => Just(Step::GiveUp),
        6 => any::<bool>().prop_map(|asked| Step::Handle { asked }),
        2 => any::<bool>().prop_map(|asked| Step::Wait { asked }),
        4 => Just(Step::Release),
        1 => Just(Step::Crash),
        2 => prop::option::of(0_u32..4).prop_map(|to| Step::RollBack { to }),
        1 => Just(Step::Recall),
        1 => Just(Step::Settle),
        1 => Just(Step::Pass),
        1 => (0_u32..4).prop_map(Step::Become),
        2 => (0_u16..200).prop_map(Step::Advance),
        1 => Just(Step::End),
    ]
}

/// What an open request must not change when it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Before {
    version: u32,
    state: u32,
    kept: usize,
}

struct Life {
    swap: Swap<u32, u32>,
    now: f64,
    version: u32,
    state: u32,
    /// Versions and states that the machine has, the latest last.
    stack: Vec<(u32, u32)>,
    next: u32,
    /// Handles that the machine was given or holds, beside the stack.
    lent: BTreeSet<u32>,
    is_held: bool,
    armed: Option<f64>,
    how_migration: Migration,
    /// Migrations that wait, with the machine's numbers for them.
    later: VecDeque<u32>,
    migrating: Option<u32>,
    waiting: VecDeque<Option<Ticket>>,
    messages_in: BTreeSet<u32>,
    messages_out: BTreeSet<u32>,
    open: BTreeMap<u32, Before>,
    last_request: u32,
    committed: BTreeSet<u32>,
    /// Called back after they have passed.
    recalled: BTreeSet<u32>,
    prepared: bool,
    has_ended: bool,
}

impl Life {
    fn new() -> Self {
        Self {
            swap: Swap::new(Version(0)),
            now: 0.0,
            version: 0,
            state: 1,
            stack: Vec::new(),
            next: 1,
            lent: BTreeSet::new(),
            is_held: false,
            armed: None,
            how_migration: Migration::Ok,
            later: VecDeque::new(),
            migrating: None,
            waiting: VecDeque::new(),
            messages_in: BTreeSet::new(),
            messages_out: BTreeSet::new(),
            open: BTreeMap::new(),
            last_request: 0,
            committed: BTreeSet::new(),
            recalled: BTreeSet::new(),
            prepared: false,
            has_ended: false,
        }
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn before(&self) -> Before {
        Before { version: self.version, state: self.state, kept: self.swap.kept() }
    }

    fn leaves(&mut self, message: u32) {
        assert!(self.messages_in.contains(&message), "a message that the machine was not given");
        assert!(self.messages_out.insert(message), "a message leaves twice");
    }

    fn apply(&mut self, out: Vec<Action<u32, u32>>) {
        self.apply_all(out);
        assert_eq!(self.swap.running().0, self.version);
        assert_eq!(self.swap.deadline(), self.armed);
        assert_eq!(self.swap.kept(), self.stack.len());
        assert!(self.stack.len() <= MAX_KEPT + 1, "bounded");
        let swaps = self.open.len();
        assert!(swaps <= 1 || self.swap.has_canary(), "two at once: {:?}", self.open);
    }

    fn apply_all(&mut self, out: Vec<Action<u32, u32>>) {
        for action in out {
            self.apply_one(action);
        }
    }

    fn apply_one(&mut self, action: Action<u32, u32>) {
        match action {
            Action::Hold => assert!(!std::mem::replace(&mut self.is_held, true), "held twice"),
            Action::Release => assert!(std::mem::replace(&mut self.is_held, false), "let go twice"),
            Action::Arm { at } => self.armed = Some(at),
            Action::Disarm => assert!(self.armed.take().is_some()),
            Action::Migrate { attempt, .. } => {
                assert!(self.migrating.replace(attempt).is_none(), "two migrations at once");
                assert!(self.waiting.is_empty(), "it is quiet");
                match self.how_migration {
                    Migration::Ok => self.migrated(attempt, false),
                    Migration::Fails => self.migrated(attempt, true),
                    Migration::Later => {
                        self.later.push_back(attempt);
                        let mut out = Vec::new();
                        self.swap.takes_time(self.now, &mut out);
                        self.apply_all(out);
                        assert!(self.is_held, "nothing is delivered while it migrates");
                    }
                }
            }
            Action::Abandon { attempt } => assert_eq!(self.migrating.take(), Some(attempt)),
            Action::Install { version, state } => {
                assert!(self.lent.remove(&state), "a state that was migrated");
                self.stack.push((self.version, self.state));
                (self.version, self.state) = (version.0, state);
            }
            Action::Restore { version, state, .. } => {
                // Exactly the state that was kept; the present one is gone.
                assert_eq!(self.stack.pop(), Some((version.0, state)));
                (self.version, self.state) = (version.0, state);
            }
            Action::Forget { state } => {
                if !self.lent.remove(&state) {
                    assert_eq!(self.stack.first().map(|kept| kept.1), Some(state), "the oldest goes first");
                    self.stack.remove(0);
                }
            }
            Action::Interrupt { .. } => self.waiting.clear(),
            Action::Letter { message } => self.leaves(message),
            Action::ForgetMessages { messages } => {
                for message in messages {
                    self.leaves(message);
                }
            }
            Action::Event(_) => {}
            Action::Prepared { .. } => self.prepared = true,
            Action::Committed { request } => assert!(self.committed.insert(request), "committed twice"),
            Action::Answer { request, result } => self.answer(request, result),
        }
    }

    fn answer(&mut self, request: u32, result: Result<(), SwapError<u32>>) {
        let before = self.open.remove(&request);
        let is_recall = before.is_none();
        // Of one that has passed with its group, its recall is one more answer.
        assert!(!is_recall || self.committed.contains(&request), "an answer to nobody");
        self.prepared = false;
        match result {
            Ok(()) => {}
            Err(SwapError::RolledBack { handled, .. }) => {
                assert!(self.committed.contains(&request));
                for handled in handled {
                    self.leaves(handled.message);
                }
            }
            Err(SwapError::Exited(_)) => assert!(self.has_ended),
            Err(_) => {
                if let Some(before) = before {
                    let now = Before { version: self.version, state: self.state, kept: self.stack.len() };
                    assert_eq!(now, Before { version: self.version, ..before }, "a failure has changed something");
                    assert!(self.recalled.remove(&request) || !self.committed.contains(&request));
                }
            }
        }
    }

    fn migrated(&mut self, attempt: u32, fails: bool) {
        let is_wanted = self.migrating == Some(attempt);
        if is_wanted {
            self.migrating = None;
        }
        let result = if fails {
            Err(Failure::Invalid("no".into()))
        } else {
            let state = self.fresh();
            self.lent.insert(state);
            Ok(state)
        };
        let lent = self.lent.clone();
        let mut out = Vec::new();
        self.swap.migrated(attempt, result, self.state, self.now, &mut out);
        if !is_wanted {
            assert!(out.iter().all(|action| matches!(action, Action::Forget { state } if lent.contains(state))));
        }
        self.apply_all(out);
    }

    fn became_quiet(&mut self) {
        if self.waiting.is_empty() {
            let mut out = Vec::new();
            self.swap.became_quiet(&mut out);
            self.apply(out);
        }
    }

    fn begin(&mut self, request: u32, before: Before, is_accepted: bool, out: Vec<Action<u32, u32>>) {
        if is_accepted {
            self.open.insert(request, before);
        } else {
            assert!(out.is_empty(), "a refusal does nothing");
        }
        self.apply(out);
    }

    fn ask(&mut self, step: &Step) {
        let Step::Swap { to, wrong_from, migration, keep, canary, how } = *step else { return };
        let (is_quiet, before) = (self.waiting.is_empty(), self.before());
        let canary = canary.map(|messages| CanaryOptions { messages, within: 150.0 });
        let from = if wrong_from { self.version + 1 } else { self.version };
        let upgrade = Upgrade { id: 0, from: Version(from), to: Version(to), has_way_back: false };
        let options = SwapOptions::new(100.0, keep, canary).expect("in range");
        let how = [How::Alone, How::Alone, How::InGroup, How::Together][usize::from(how)];
        let request = self.fresh();
        let is_free = self.open.is_empty() && !self.has_ended && !wrong_from;
        self.how_migration = migration;
        let mut out = Vec::new();
        let result = self.swap.ask(Ask { request, upgrade, options, how }, is_quiet, self.now, &mut out);
        assert_eq!(result.is_ok(), is_free, "{result:?}");
        if result.is_ok() {
            self.last_request = request;
        }
        self.begin(request, before, result.is_ok(), out);
    }

    fn perform(&mut self, step: &Step) {
        let mut out = Vec::new();
        let (is_quiet, now, before) = (self.waiting.is_empty(), self.now, self.before());
        match *step {
            Step::Swap { .. } => self.ask(step),
            Step::Migrated { fails } => {
                if let Some(attempt) = self.later.pop_front() {
                    self.migrated(attempt, fails);
                    self.apply(Vec::new());
                }
            }
            Step::Prepare => {
                self.swap.prepare(is_quiet, &mut out);
                self.apply(out);
            }
            Step::Commit if self.prepared => {
                self.swap.commit(self.state, now, &mut out);
                self.apply(out);
            }
            Step::GiveUp => {
                self.swap.give_up(&mut out);
                if !out.is_empty() {
                    // Has no answer.
                    assert_eq!(self.open.remove(&self.last_request).map(|before| before.state), Some(self.state));
                    self.prepared = false;
                }
                self.apply(out);
            }
            Step::Handle { asked } if !self.is_held && !self.has_ended => {
                let ticket = self.begun(asked);
                if let Some(ticket) = ticket {
                    self.swap.answered(ticket);
                    self.swap.handled(ticket, &mut out);
                    self.apply(out);
                }
            }
            Step::Wait { asked } if !self.is_held && !self.has_ended => {
                let ticket = self.begun(asked);
                self.waiting.push_back(ticket);
            }
            Step::Release => {
                if let Some(ticket) = self.waiting.pop_front() {
                    if let Some(ticket) = ticket {
                        self.swap.handled(ticket, &mut out);
                        self.apply(out);
                    }
                    self.became_quiet();
                }
            }
            Step::Crash if !self.is_held && !self.has_ended => {
                let _ = self.begun(false);
                let had_canary = self.swap.has_canary();
                let back = self.stack.last().copied();
                let lives = self.swap.crashed(&crashed(), &mut out);
                assert_eq!(lives, had_canary);
                self.apply(out);
                if lives {
                    assert_eq!(Some((self.version, self.state)), back, "the state before is back");
                } else {
                    self.end();
                }
            }
            Step::RollBack { to } => {
                let request = self.fresh();
                let quiet = is_quiet || self.swap.has_canary();
                let result = self.swap.roll_back(request, to.map(Version), 100.0, quiet, now, &mut out);
                self.begin(request, before, result.is_ok(), out);
            }
            // Only its group recalls it, when nothing of it is open but a canary.
            Step::Recall if self.committed.contains(&self.last_request) => {
                let (request, is_canary) = (self.last_request, self.swap.has_canary());
                let result = self.swap.recall(request, crashed(), 100.0, is_quiet, now, &mut out);
                if !is_canary && result.is_ok() {
                    self.open.insert(request, before);
                    self.recalled.insert(request);
                }
                self.apply(out);
            }
            // A group settles its actors when they have answered it.
            Step::Settle if self.open.is_empty() => {
                self.swap.settle(&mut out);
                self.apply(out);
            }
            Step::Pass => {
                self.swap.pass(&mut out);
                self.apply(out);
            }
            Step::Become(version) if !self.is_held && !self.has_ended && self.migrating.is_none() => {
                self.swap.became(Version(version));
                self.version = version;
            }
            Step::Advance(ms) => {
                self.now += f64::from(ms);
                if self.armed.is_some_and(|at| at <= self.now) {
                    self.armed = None;
                }
                self.swap.advance(self.now, &mut out);
                self.apply(out);
            }
            Step::End => self.end(),
            _ => {}
        }
    }

    fn begun(&mut self, asked: bool) -> Option<Ticket> {
        let message = self.fresh();
        let mut out = Vec::new();
        let ticket = self.swap.begun(message, asked, &mut out);
        if ticket.is_some() {
            self.messages_in.insert(message);
        }
        self.apply(out);
        ticket
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        self.waiting.clear();
        let mut out = Vec::new();
        self.swap.ended(&crashed(), &mut out);
        self.is_held = false;
        self.apply(out);
        assert!(self.open.is_empty(), "who waits for the dead is told: {:?}", self.open);
        assert_eq!(self.messages_in, self.messages_out, "the journal is gone");
        assert!(self.stack.is_empty(), "the versions are gone");
    }

    /// Nobody helps any more: no handler ends, no migration comes, time passes. A group would say that it is done.
    fn close(&mut self) {
        for step in [Step::GiveUp, Step::Advance(60_000), Step::Pass, Step::Settle] {
            self.perform(&step);
        }
        assert!(self.open.is_empty(), "every request ends: {:?}", self.open);
        assert!(!self.is_held, "nobody is held for ever");
        assert_eq!(self.messages_in, self.messages_out, "every message leaves");
        while !self.later.is_empty() {
            self.perform(&Step::Migrated { fails: false });
        }
        assert!(self.lent.is_empty(), "every state is forgotten or in use: {:?}", self.lent);
    }
}

fn crashed() -> ExitReason {
    let (name, message) = ("Error".into(), "boom".into());
    ExitReason::Crashed(Box::new(CrashError { name, message, stack: None, language: Language::Rust }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn g65_to_g78_hold_in_any_order_of_events(steps in prop::collection::vec(step(), 1..60)) {
        let mut life = Life::new();
        for step in &steps {
            life.perform(step);
        }
        life.close();
        life.end();
    }
}
