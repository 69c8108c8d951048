//! What the machine of an actor orders, in its order.

use super::{Open, Requester, User, guarded};
use crate::{
    AskError,
    body::Body,
    clock,
    door::Errand,
    letter::Parcel,
    swap::{Noted, Plan, Refused, SwapEvent},
    worker::Worker,
};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    record::submission,
    swap::{Action, Event, Failure, Group, SwapError},
};
use std::sync::Arc;

impl Worker {
    pub(super) fn act(&mut self, pid: Pid, action: Action<u32, Noted>) -> Option<User> {
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
            Action::Install { version, state, .. } => {
                self.account_moved(pid, version);
                self.install(pid, state);
            }
            Action::Restore { version, state, back } => {
                self.account_moved(pid, version);
                return self.restore(pid, state, back);
            }
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
            Action::Event(event) => return self.told(pid, event),
            Action::Arm { at } => self.arm(pid, Some(at)),
            Action::Disarm => self.arm(pid, None),
            Action::Abandon { .. } => {}
            Action::Prepared { request } => {
                self.tell_group(request, Group::prepared);
            }
            Action::Committed { request } => {
                let micros = self.stood_still(pid);
                self.tell_group(request, |group, at, now, out| group.committed(at, micros, now, out));
            }
            Action::Answer { request, result } => self.conclude(pid, request, result),
        }
        None
    }

    pub(super) fn told(&mut self, pid: Pid, event: Event) -> Option<User> {
        let counted = match event {
            Event::Swapped { .. } => &mut self.swaps.counts.swapped,
            Event::RolledBack { .. } => &mut self.swaps.counts.rolled_back,
        };
        *counted += 1;
        let listener = Arc::clone(self.on_swap.as_ref()?);
        Some(User::Tell(listener, SwapEvent::of(pid, event)))
    }

    pub(super) fn conclude(&mut self, pid: Pid, request: u32, result: Result<(), SwapError<Noted>>) {
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
        // Behind what the machine has said already: it is ahead of what was done.
        self.soon(move |worker| {
            if worker.swaps.records.get(&pid).is_some_and(|record| record.is_spent()) {
                worker.close_record(pid);
            }
        });
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

    pub(super) fn install(&mut self, pid: Pid, state: u32) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let Some(body) = record.bodies.remove(&state) else { return };
        let former = core::mem::replace(&mut record.current, state);
        let old = self.home(pid).and_then(|home| home.body.take());
        self.put_home(pid, body);
        if let (Some(old), Some(record)) = (old, self.swaps.records.get_mut(&pid)) {
            record.bodies.insert(former, old.bare());
        }
    }

    pub(super) fn restore(&mut self, pid: Pid, state: u32, back: Option<u32>) -> Option<User> {
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
    pub(super) fn interrupt(&mut self, pid: Pid, reason: ExitReason) {
        if let Some(loan) = self.loans.remove(&pid) {
            if let Some(abort) = loan.abort {
                abort();
            }
            self.submit(submission::READY, pid, Pid::NONE, 0, 0, 0);
        }
        #[cfg(feature = "serde")]
        if let Some(record) = self.swaps.records.get(&pid) {
            let questions = record.questions.clone();
            self.streams_interrupted(pid, &questions, &reason);
        }
        let open = self.swaps.records.get_mut(&pid).and_then(|record| record.open.take());
        if let Some(Open { asked: Some(route), .. }) = open {
            // As the end of its callee would (G76).
            self.settle(pid, route, Err(AskError::ActorExited(reason)));
        }
    }

    pub(super) fn arm(&mut self, pid: Pid, at: Option<f64>) {
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

    pub(super) fn migrated(&mut self, pid: Pid, attempt: u32, made: Result<Box<dyn Body>, Failure>) {
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

    pub(super) fn migrate_away(&mut self, pid: Pid, attempt: u32, plan: Arc<Plan>, body: Box<dyn Body>, copy: Parcel) {
        self.put_home(pid, body);
        let Some(record) = self.swaps.records.get_mut(&pid) else { return self.dropped.push(copy) };
        let mut out = Vec::new();
        record.swap.takes_time(clock::now(), &mut out);
        self.enact(pid, out);
        self.swaps.away += 1;
        let door = Arc::clone(&self.door);
        let pool = Arc::clone(&self.pool);
        pool.run(Box::new(move || {
            let made = guarded(|| (plan.migrate)(copy));
            let tell = move |worker: &mut Worker| {
                worker.swaps.away -= 1;
                worker.soon(move |worker| worker.migrated(pid, attempt, made));
            };
            door.urge(Errand::Run(Box::new(tell)));
        }));
    }
}
