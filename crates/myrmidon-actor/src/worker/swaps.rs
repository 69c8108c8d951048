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

use super::{Worker, deliver::crash, swap_group::Run};
use crate::{
    AskError,
    body::Body,
    door::Errand,
    reply::{Asked, Route},
    swap::{Noted, Plan, Refused},
};
use core::time::Duration;
use myrmidon_core::{
    exit_reason::ExitReason,
    payload::{Payload, Value},
    pid::Pid,
    record::{flag, reply, submission},
    swap::{Action, Ask, Event, Failure, How, Order, Swap, SwapError, SwapOptions, Ticket, Upgrade, Version},
};
use myrmidon_runtime::clock;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    collections::{BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

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
    Order(Arc<Run>, Order),
    /// `true`: it waits for an actor that is lent.
    Look(Pid, Look, bool),
}

/// A message of a canary whose handler is not done.
struct Open {
    ticket: Ticket,
    asked: Option<Asked>,
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
}

/// How often actors were swapped, and taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Swaps that took place, also of canaries.
    pub swapped: u64,
    /// Versions that were taken back.
    pub rolled_back: u64,
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
                Work::Order(run, order) => {
                    self.obey(&run, order);
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

    // -- requests -----------------------------------------------------------------------------------------------------

    /// Begins a swap; from `soon`.
    pub fn ask_swap(
        &mut self,
        pid: Pid,
        request: u32,
        plan: Arc<Plan>,
        options: SwapOptions,
        how: How,
    ) -> Result<(), Refused> {
        let (quiet, now) = (self.is_quiet(pid), clock::now());
        let record = self.record(pid).map_err(SwapError::Exited)?;
        record.last_plan += 1;
        let (id, has_way_back) = (record.last_plan, plan.back.is_some());
        let ask = Ask { request, upgrade: Upgrade { id, from: plan.from, to: plan.to, has_way_back }, options, how };
        let mut out = Vec::new();
        record.swap.ask(ask, quiet, now, &mut out)?;
        let ways_back: Vec<u32> = record.swap.ways_back().collect();
        record.plans.retain(|id, _| ways_back.contains(id));
        record.plans.insert(id, Arc::clone(&plan));
        record.plan = Some(plan);
        record.since = Instant::now();
        self.enact(pid, out);
        Ok(())
    }

    /// Back by hand; from `soon`.
    pub fn ask_back(&mut self, pid: Pid, request: u32, to: Option<Version>, timeout: f64) -> Result<(), Refused> {
        let (quiet, now) = (self.is_quiet(pid), clock::now());
        let record = self.record(pid).map_err(SwapError::Exited)?;
        // What runs of a canary is interrupted by it.
        let quiet = quiet || record.swap.has_canary();
        let mut out = Vec::new();
        let refused = record.swap.roll_back(request, to, timeout, quiet, now, &mut out);
        self.enact(pid, out);
        refused.map_err(Refused::from)
    }

    /// Calls the machine of an actor for its group; what it says is put in line.
    pub(super) fn with_swap(
        &mut self,
        pid: Pid,
        tell: impl FnOnce(&mut Swap<u32, Noted>, u32, bool, &mut Vec<Action<u32, Noted>>) -> Result<(), SwapError<Noted>>,
    ) -> Result<(), SwapError<Noted>> {
        let quiet = self.is_quiet(pid);
        let gone = || SwapError::Exited(ExitReason::NoProc { ever_existed: true });
        let record = self.swaps.records.get_mut(&pid).ok_or_else(gone)?;
        let mut out = Vec::new();
        let done = tell(&mut record.swap, record.current, quiet, &mut out);
        self.enact(pid, out);
        done
    }

    pub(super) fn stood_still(&self, pid: Pid) -> f64 {
        self.swaps.records.get(&pid).map_or(0.0, |record| record.since.elapsed().as_secs_f64() * 1e6)
    }

    pub(super) fn enact(&mut self, pid: Pid, actions: Vec<Action<u32, Noted>>) {
        self.swaps.todo.extend(actions.into_iter().map(|action| Work::Act(pid, action)));
    }

    // -- what happens to an actor ---------------------------------------------------------------------------------------

    /// A canary is about to handle a message.
    pub fn canary_begun(&mut self, pid: Pid, noted: Noted, asked: Option<Asked>) {
        let Some(record) = self.swaps.records.get_mut(&pid).filter(|record| record.swap.has_canary()) else {
            return self.dropped.push(Box::new(noted.note));
        };
        let mut out = Vec::new();
        if let Some(ticket) = record.swap.begun(noted, asked.is_some(), &mut out) {
            record.open = Some(Open { ticket, asked });
            if let Some(Asked { route, .. }) = asked {
                record.questions.push(route);
                self.swaps.asked.insert(route, (pid, ticket));
            }
        }
        self.enact(pid, out);
    }

    /// It has, and did not crash.
    pub fn canary_handled(&mut self, pid: Pid) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let Some(open) = record.open.take() else { return };
        let mut out = Vec::new();
        record.swap.handled(open.ticket, &mut out);
        self.enact(pid, out);
    }

    /// A question was answered.
    #[inline]
    pub(super) fn canary_answered(&mut self, route: Route) {
        if !self.swaps.asked.is_empty()
            && let Some((pid, ticket)) = self.swaps.asked.remove(&route)
            && let Some(record) = self.swaps.records.get_mut(&pid)
        {
            record.swap.answered(ticket);
        }
    }

    /// A handler has crashed its actor. `true`: it was a canary, and goes back before its next message.
    pub(super) fn crashed(&mut self, pid: Pid, reason: &ExitReason) -> bool {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return false };
        let mut out = Vec::new();
        let goes_back = record.swap.crashed(reason, &mut out);
        self.enact(pid, out);
        goes_back
    }

    /// A lent actor is home.
    pub(super) fn came_home(&mut self, pid: Pid) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        record.since = Instant::now();
        let looks = core::mem::take(&mut record.looks);
        self.swaps.todo.extend(looks.into_iter().map(|look| Work::Look(pid, look, true)));
        self.soon(move |worker| {
            worker.dress_again(pid);
            if worker.is_quiet(pid)
                && let Some(record) = worker.swaps.records.get_mut(&pid)
            {
                let mut out = Vec::new();
                record.swap.became_quiet(&mut out);
                worker.enact(pid, out);
            }
        });
    }

    /// An actor has ended.
    pub(super) fn swaps_forget(&mut self, pid: Pid, reason: &ExitReason) {
        self.swaps.suspended.remove(&pid);
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let mut out = Vec::new();
        record.swap.ended(reason, &mut out);
        let looks = core::mem::take(&mut record.looks);
        self.enact(pid, out);
        self.swaps.todo.extend(looks.into_iter().map(|look| Work::Look(pid, look, true)));
        self.soon(move |worker| worker.close_record(pid));
    }

    fn close_record(&mut self, pid: Pid) {
        self.end_journal(pid);
        if let Some(record) = self.swaps.records.remove(&pid) {
            if let Some(at) = record.alarm {
                self.swaps.alarms.remove(&(at, pid));
            }
            self.dropped_bodies.extend(record.bodies.into_values());
            self.dropped.push(Box::new(record.plans));
            self.dropped.push(Box::new(record.plan));
        }
    }

    fn end_journal(&mut self, pid: Pid) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        for route in record.questions.drain(..) {
            self.swaps.asked.remove(&route);
        }
    }

    /// Time has passed.
    pub(super) fn swaps_advance(&mut self) {
        if self.swaps.alarms.is_empty() && self.swaps.runs.is_empty() {
            return;
        }
        let now = clock::now();
        while let Some((at, pid)) = self.swaps.alarms.first().copied().filter(|(at, _)| f64::from_bits(*at) <= now) {
            self.swaps.alarms.remove(&(at, pid));
            let Some(record) = self.swaps.records.get_mut(&pid) else { continue };
            record.alarm = None;
            let mut out = Vec::new();
            record.swap.advance(now, &mut out);
            self.enact(pid, out);
        }
        self.runs_advance(now);
    }

    // -- actions ------------------------------------------------------------------------------------------------------

    fn act(&mut self, pid: Pid, action: Action<u32, Noted>) -> Option<User> {
        match action {
            Action::Hold | Action::Release => {
                self.swaps.records.get_mut(&pid)?.is_held = matches!(action, Action::Hold);
                self.hold(pid);
            }
            Action::Migrate { upgrade, attempt } => {
                let plan = Arc::clone(self.swaps.records.get(&pid)?.plans.get(&upgrade)?);
                let Some(body) = self.home(pid).and_then(|home| home.body.take()) else {
                    self.migrated(pid, attempt, Err(Failure::Invalid("the actor runs".into())));
                    return None;
                };
                return Some(User::Migrate { pid, attempt, plan, body });
            }
            Action::Install { state, .. } => self.install(pid, state),
            Action::Restore { state, back, .. } => return self.restore(pid, state, back),
            Action::Forget { state } => {
                let body = self.swaps.records.get_mut(&pid)?.bodies.remove(&state);
                self.dropped_bodies.extend(body);
            }
            Action::Interrupt { reason } => self.interrupt(pid, reason),
            Action::Letter { message } => {
                self.dead_letters += 1;
                self.swaps.records.get_mut(&pid)?.letters.push(message);
            }
            Action::ForgetMessages { messages } => self.dropped.push(Box::new(messages)),
            Action::Event(Event::Swapped { .. }) => self.swaps.counts.swapped += 1,
            Action::Event(Event::RolledBack { .. }) => self.swaps.counts.rolled_back += 1,
            Action::Arm { at } => self.arm(pid, Some(at)),
            Action::Disarm => self.arm(pid, None),
            Action::Abandon { .. } => {}
            Action::Prepared { request } => {
                self.tell_group(request, |group, at, now, out| group.prepared(at, now, out))
            }
            Action::Committed { request } => {
                let micros = self.stood_still(pid);
                self.tell_group(request, |group, at, now, out| group.committed(at, micros, now, out));
            }
            Action::Answer { request, result } => self.conclude(pid, request, result),
        }
        None
    }

    fn conclude(&mut self, pid: Pid, request: u32, result: Result<(), SwapError<Noted>>) {
        let mut open = Vec::new();
        if let Some(record) = self.swaps.records.get_mut(&pid) {
            if matches!(result, Err(SwapError::RolledBack { .. })) {
                open = core::mem::take(&mut record.letters);
            }
            if !record.swap.has_canary() {
                record.open = None;
                self.end_journal(pid);
                self.dress_again(pid);
            }
        }
        self.answer_request(request, result.map_err(|error| Refused { error, open }));
        if self.swaps.records.get(&pid).is_some_and(|record| record.is_spent()) {
            self.close_record(pid);
        }
    }

    /// Tells whoever asked.
    pub fn answer_request(&mut self, request: u32, result: Result<(), Refused>) {
        match self.swaps.requests.get(&request) {
            Some(Requester::Group(run, at)) => {
                let (run, at) = (Arc::clone(run), *at);
                self.group_answered(&run, at, result);
            }
            Some(Requester::One(_)) => {
                if let Some(Requester::One(tell)) = self.swaps.requests.remove(&request) {
                    tell(result);
                }
            }
            None => {}
        }
    }

    fn install(&mut self, pid: Pid, state: u32) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let Some(body) = record.bodies.remove(&state) else { return };
        let former = core::mem::replace(&mut record.current, state);
        let old = self.home(pid).and_then(|home| home.body.take());
        self.put_home(pid, body);
        if let (Some(old), Some(record)) = (old, self.swaps.records.get_mut(&pid)) {
            record.bodies.insert(former, old.bare());
        }
    }

    fn restore(&mut self, pid: Pid, state: u32, back: Option<u32>) -> Option<User> {
        let record = self.swaps.records.get_mut(&pid)?;
        let kept = record.bodies.remove(&state)?;
        record.current = state;
        let plan = back.and_then(|id| record.plans.get(&id).cloned());
        // Of one that is lent there is no present state here.
        let present = self.home(pid).and_then(|home| home.body.take());
        match (plan, present) {
            (Some(plan), Some(present)) => return Some(User::Back { pid, plan, present, kept }),
            (_, present) => {
                self.dropped_bodies.extend(present);
                self.put_home(pid, kept);
            }
        }
        None
    }

    /// What is under way belongs to a version that is gone.
    fn interrupt(&mut self, pid: Pid, reason: ExitReason) {
        if let Some(loan) = self.loans.remove(&pid) {
            if let Some(abort) = loan.abort {
                abort();
            }
            self.submit(submission::READY, pid, Pid::NONE, 0, 0, 0);
        }
        let open = self.swaps.records.get_mut(&pid).and_then(|record| record.open.take());
        if let Some(Open { asked: Some(asked), .. }) = open {
            self.fail_question(asked, reason);
        }
    }

    /// Ends a question that was delivered, as its callee's end would.
    fn fail_question(&mut self, Asked { route, is_wire }: Asked, reason: ExitReason) {
        let error = AskError::ActorExited(reason);
        if !route.remote {
            if let Some(asking) = self.calls.remove(&route.token) {
                self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, 0, route.token, 0);
                self.resolve(asking.then, Err(error));
            }
        } else if is_wire {
            self.submit(submission::REPLY, Pid::NONE, Pid::NONE, 0, route.token, reply::FAILURE);
        } else {
            let slot = self.shard.put_block(Payload::Value(Value(Box::new(error))));
            let head = submission::REPLY | flag::BYTES << 8;
            self.submit(head, Pid::NONE, Pid::NONE, slot, route.token, reply::FAILURE);
        }
    }

    fn arm(&mut self, pid: Pid, at: Option<f64>) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        if let Some(before) = record.alarm.take() {
            self.swaps.alarms.remove(&(before, pid));
        }
        if let Some(at) = at {
            // Times are not negative, and so are in the order of their bits.
            let bits = at.max(0.0).to_bits();
            record.alarm = Some(bits);
            self.swaps.alarms.insert((bits, pid));
        }
    }

    // -- migrations ---------------------------------------------------------------------------------------------------

    fn migrated(&mut self, pid: Pid, attempt: u32, made: Result<Box<dyn Body>, Failure>) {
        let Some(record) = self.swaps.records.get_mut(&pid) else {
            return self.dropped_bodies.extend(made.ok());
        };
        let made = made.map(|body| {
            record.last += 1;
            record.bodies.insert(record.last, body);
            record.last
        });
        let mut out = Vec::new();
        record.swap.migrated(attempt, made, record.current, clock::now(), &mut out);
        self.enact(pid, out);
    }

    fn migrate_away(
        &mut self,
        pid: Pid,
        attempt: u32,
        plan: Arc<Plan>,
        body: Box<dyn Body>,
        copy: crate::letter::Parcel,
    ) {
        self.put_home(pid, body);
        let Some(record) = self.swaps.records.get_mut(&pid) else { return self.dropped.push(copy) };
        let mut out = Vec::new();
        record.swap.takes_time(clock::now(), &mut out);
        self.enact(pid, out);
        let door = Arc::clone(&self.door);
        let pool = Arc::clone(&self.pool);
        pool.run(Box::new(move || {
            let made = guarded(|| (plan.migrate)(copy));
            let tell = move |worker: &mut Worker| worker.soon(move |worker| worker.migrated(pid, attempt, made));
            door.urge(Errand::Run(Box::new(tell)));
        }));
    }

    // -- suspension and looks -------------------------------------------------------------------------------------------

    /// The program's own order, which a swap leaves alone (G63, G64).
    pub fn suspend(&mut self, pid: Pid, is_suspended: bool) {
        self.flush();
        if !self.shard.is_alive(pid) {
            return;
        }
        if is_suspended {
            self.swaps.suspended.insert(pid);
        } else {
            self.swaps.suspended.remove(&pid);
        }
        self.hold(pid);
        self.running.urgent = true;
    }

    /// The shard knows one suspension; here there are two reasons for it.
    fn hold(&mut self, pid: Pid) {
        let held = self.swaps.records.get(&pid).is_some_and(|record| record.is_held);
        let holds = held || self.swaps.suspended.contains(&pid);
        let kind = if holds { submission::SUSPEND } else { submission::RESUME };
        self.submit(kind, pid, Pid::NONE, 0, 0, 0);
    }

    /// Runs `look` on an actor between two messages.
    pub fn look(&mut self, pid: Pid, look: Look) {
        self.swaps.todo.push_back(Work::Look(pid, look, true));
        self.running.urgent = true;
    }

    /// The same in bulk, and `None` for one that is lent.
    pub fn look_in_bulk(&mut self, pid: Pid, look: Look) {
        self.swaps.later.push_back(Work::Look(pid, look, false));
    }

    fn look_at(&mut self, pid: Pid, look: Look, waits: bool) -> Option<User> {
        let body = self.home(pid).and_then(|home| home.body.take());
        if body.is_none() {
            if !self.loans.contains_key(&pid) {
                self.dropped.push(Box::new(look));
                return None;
            }
            if waits && let Ok(record) = self.record(pid) {
                record.looks.push(look);
                return None;
            }
        }
        Some(User::Look { pid, look, body })
    }
}
