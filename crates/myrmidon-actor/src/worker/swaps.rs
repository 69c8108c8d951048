//! Hot swap on one shard: what `myrmidon_core::swap` decides about an actor is done here, in its order.
//!
//! Owner: the shard's thread. The machine's handles of states are numbers of bodies: the one that an actor runs with is in
//! its place and has a number too, those that are kept or prepared are in its record. An actor is quiet while its body is
//! in its place; one that is lent is waited for (`became_quiet`). Whatever is asked for is put in line and done between
//! two handlers, so that nothing is done to an actor that runs.
//!
//! User code (copies, migrations, ways back, looks) runs in `work` with nothing borrowed and the actor's body out of its place.
//! Work about an actor that was asked for is done at once; work in bulk (`later`) for `SLICE` a turn, so that messages
//! go on meanwhile.

use super::{
    Worker,
    deliver::crash,
    swap_group::{Handed, Run},
};
use crate::{
    body::Body,
    clock,
    reply::Route,
    swap::{Noted, OnSwap, Plan, Refused, SwapEvent},
};
use core::time::Duration;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    swap::{Action, Failure, Swap, Ticket, Version},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    collections::{BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

mod act;
mod actor;
mod look;

/// The time of a turn for work in bulk.
const SLICE: Duration = Duration::from_micros(400);

/// Who is told what came of a request.
pub(crate) enum Requester {
    One(Box<dyn FnOnce(Result<(), Refused>) + Send>),
    Group(Arc<Run>, usize),
}

/// Looks at an actor between two messages, and gives it back, or another one of its type. `None`: it is lent.
pub(crate) type Look = Box<dyn FnOnce(Option<Box<dyn Body>>) -> Option<Box<dyn Body>> + Send>;

/// What is in line.
pub(crate) enum Work {
    Run(Box<dyn FnOnce(&mut Worker) + Send>),
    Act(Pid, Action<u32, Noted>),
    Order(Handed),
    /// `true`: it waits for an actor that is lent.
    Look(Pid, Look, bool),
}

/// A message of a canary whose handler is not done.
struct Open {
    ticket: Ticket,
    asked: Option<Route>,
}

/// What there is of an actor beside its body once it has been swapped, or is to be.
struct Record {
    swap: Swap<u32, Noted>,
    /// By their numbers: those that are kept, and one that is prepared.
    bodies: FxHashMap<u32, Box<dyn Body>>,
    /// The number of the one in its place.
    current: u32,
    last: u32,
    /// Upgrades by their numbers: the one under way, and those whose way back may be taken.
    plans: FxHashMap<u32, Arc<Plan>>,
    last_plan: u32,
    /// The upgrade under way, or the last.
    plan: Option<Arc<Plan>>,
    open: Option<Open>,
    /// Questions whose answers the canary's journal waits for.
    questions: Vec<Route>,
    letters: Vec<Noted>,
    is_held: bool,
    /// Since when it has stood still for its swap.
    since: Instant,
    alarm: Option<u64>,
    /// Looks that wait for it to come home.
    looks: Vec<Look>,
}

impl Record {
    fn new(version: Version) -> Self {
        Self {
            swap: Swap::new(version),
            bodies: FxHashMap::default(),
            current: 0,
            last: 0,
            plans: FxHashMap::default(),
            last_plan: 0,
            plan: None,
            open: None,
            questions: Vec::new(),
            letters: Vec::new(),
            is_held: false,
            since: Instant::now(),
            alarm: None,
            looks: Vec::new(),
        }
    }

    fn is_spent(&self) -> bool {
        self.swap.is_spent() && self.looks.is_empty() && self.open.is_none() && !self.is_held
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Swaps {
    records: FxHashMap<Pid, Box<Record>>,
    pub todo: VecDeque<Work>,
    pub later: VecDeque<Work>,
    pub requests: FxHashMap<u32, Requester>,
    asked: FxHashMap<Route, (Pid, Ticket)>,
    suspended: FxHashSet<Pid>,
    alarms: BTreeSet<(u64, Pid)>,
    pub runs: Vec<(f64, Arc<Run>)>,
    pub counts: Counts,
    /// Migrations on other threads.
    pub away: usize,
}

/// How often actors were swapped, and taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Swaps that took place, also of canaries.
    pub swapped: u64,
    /// Versions that were taken back.
    pub rolled_back: u64,
}

/// The end of a shard, also of one whose thread was left in the middle of something: groups hear of its actors, and go on.
impl Drop for Swaps {
    fn drop(&mut self) {
        for (_, requester) in self.requests.drain() {
            if let Requester::Group(run, at) = requester {
                run.ended(at);
            }
        }
        for (_, run) in self.runs.drain(..) {
            run.keep_time_elsewhere();
        }
    }
}

impl Swaps {
    /// Nothing is in line.
    #[inline]
    pub fn is_calm(&self) -> bool {
        self.todo.is_empty()
    }

    /// Ms until something is due.
    pub fn due_in(&self) -> f64 {
        let now = clock::now();
        if !self.later.is_empty() || !self.todo.is_empty() {
            return 0.0;
        }
        let alarm = self.alarms.first().map(|(at, _)| f64::from_bits(*at));
        let runs = self.runs.iter().map(|(at, _)| *at);
        runs.chain(alarm).fold(f64::INFINITY, f64::min) - now
    }
}

/// User code that is to run with nothing borrowed.
enum User {
    Migrate { pid: Pid, attempt: u32, plan: Arc<Plan>, body: Box<dyn Body> },
    Back { pid: Pid, plan: Arc<Plan>, present: Box<dyn Body>, kept: Box<dyn Body> },
    Look { pid: Pid, look: Look, body: Option<Box<dyn Body>> },
    Tell(Arc<OnSwap>, SwapEvent),
}

pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let failed = |panic: Box<dyn core::any::Any + Send>| Failure::Failed(Box::new(crash(&*panic)));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(failed(panic)))
}

/// Does what is in line. On the shard's thread, between two handlers.
pub(super) fn work() {
    while let Some(user) = crate::place::here(Worker::go_on_swapping).flatten() {
        perform(user);
    }
}

/// The same of what is done in bulk, for a while.
pub(super) fn work_in_bulk() {
    let began = Instant::now();
    loop {
        let more = crate::place::here(|worker| match worker.swaps.later.pop_front() {
            Some(work) => {
                worker.swaps.todo.push_back(work);
                true
            }
            None => false,
        });
        work();
        if more != Some(true) || began.elapsed() >= SLICE {
            return;
        }
    }
}

fn perform(user: User) {
    match user {
        User::Tell(listener, event) => drop(catch_unwind(AssertUnwindSafe(|| listener(event)))),
        User::Migrate { pid, attempt, plan, body } => {
            let copy = guarded(|| (plan.copy)(body.actor()));
            match copy {
                Ok(copy) if plan.is_lent => {
                    crate::place::here(|worker| worker.migrate_away(pid, attempt, plan, body, copy));
                }
                copy => {
                    let made = copy.and_then(|copy| guarded(|| (plan.migrate)(copy)));
                    crate::place::here(|worker| {
                        worker.put_home(pid, body);
                        worker.migrated(pid, attempt, made);
                    });
                }
            }
        }
        User::Back { pid, plan, present, kept } => {
            let made = plan.back.as_ref().map(|back| {
                guarded(|| back(present.bare().into_actor()).ok_or_else(|| Failure::Invalid("none".into())))
            });
            crate::place::here(|worker| {
                let body = match made {
                    Some(Ok(made)) => {
                        worker.dropped_bodies.push(kept);
                        made
                    }
                    _ => kept,
                };
                worker.put_home(pid, body);
            });
        }
        User::Look { pid, look, body } => {
            let body = catch_unwind(AssertUnwindSafe(|| look(body))).ok().flatten();
            if let Some(body) = body {
                crate::place::here(|worker| worker.put_home(pid, body));
            }
        }
    }
}

impl Worker {
    /// Puts something in line, from wherever: it is done before the next message.
    pub fn soon(&mut self, run: impl FnOnce(&mut Worker) + Send + 'static) {
        self.swaps.todo.push_back(Work::Run(Box::new(run)));
        self.running.urgent = true;
    }

    fn go_on_swapping(&mut self) -> Option<User> {
        while let Some(work) = self.swaps.todo.pop_front() {
            let user = match work {
                Work::Run(run) => {
                    run(self);
                    None
                }
                Work::Act(pid, action) => self.act(pid, action),
                Work::Order(handed) => {
                    if let Some((run, order)) = handed.open() {
                        self.obey(&run, order);
                    }
                    None
                }
                Work::Look(pid, look, waits) => self.look_at(pid, look, waits),
            };
            if user.is_some() {
                return user;
            }
        }
        None
    }

    /// Puts the body of an actor into its place, with whatever looks at it now.
    pub(super) fn put_home(&mut self, pid: Pid, body: Box<dyn Body>) {
        let body = self.dressed(pid, body);
        // Another version may have another protocol (G213).
        if self.swaps.records.contains_key(&pid) && self.door.named.lock().contains_key(&pid) {
            self.announce(pid, body.protocol());
        }
        let before = match self.home(pid) {
            Some(home) => home.body.replace(body),
            None => Some(body),
        };
        self.dropped_bodies.extend(before);
    }

    fn dressed(&self, pid: Pid, body: Box<dyn Body>) -> Box<dyn Body> {
        let mut body = body.bare();
        if let Some(record) = self.swaps.records.get(&pid)
            && record.swap.has_canary()
            && let Some(plan) = &record.plan
        {
            body = (plan.probe)(body);
        }
        self.traced(pid, body)
    }

    /// What looks at an actor has changed.
    pub(super) fn dress_again(&mut self, pid: Pid) {
        if let Some(body) = self.home(pid).and_then(|home| home.body.take()) {
            self.put_home(pid, body);
        }
    }

    /// What an actor runs; `None`: it is gone.
    pub fn version(&mut self, pid: Pid) -> Option<Version> {
        if let Some(record) = self.swaps.records.get(&pid) {
            return Some(record.swap.running());
        }
        let loan = self.loans.get(&pid).map(|loan| (loan.version)());
        loan.or_else(|| self.home(pid)?.body.as_ref().map(|body| body.version()()))
    }

    /// How many versions it keeps.
    pub fn kept(&self, pid: Pid) -> usize {
        self.swaps.records.get(&pid).map_or(0, |record| record.swap.kept())
    }

    /// All that run a version, in the order of their spawn.
    pub fn that_run(&mut self, version: Version) -> Vec<Pid> {
        self.flush();
        let living: Vec<Pid> = self.shard.live().collect();
        living.into_iter().filter(|pid| self.version(*pid) == Some(version)).collect()
    }

    fn record(&mut self, pid: Pid) -> Result<&mut Record, ExitReason> {
        self.flush();
        let gone = ExitReason::NoProc { ever_existed: true };
        if !self.shard.is_alive(pid) {
            return Err(gone);
        }
        let version = self.version(pid).ok_or(gone)?;
        Ok(self.swaps.records.entry(pid).or_insert_with(|| Box::new(Record::new(version))))
    }

    fn is_quiet(&mut self, pid: Pid) -> bool {
        self.home(pid).is_some_and(|home| home.body.is_some())
    }
}
