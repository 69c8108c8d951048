//! What is asked about an actor, and what happens to one that its machine has to hear of.

use super::{Open, Work};
use crate::{
    clock,
    reply::Route,
    swap::{Noted, Plan, Refused},
    worker::Worker,
};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    swap::{Action, Ask, How, Swap, SwapError, SwapOptions, Upgrade, Version},
};
use std::{sync::Arc, time::Instant};

impl Worker {
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
    pub(in crate::worker) fn with_swap(
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

    pub(in crate::worker) fn stood_still(&self, pid: Pid) -> f64 {
        self.swaps.records.get(&pid).map_or(0.0, |record| record.since.elapsed().as_secs_f64() * 1e6)
    }

    pub(in crate::worker) fn enact(&mut self, pid: Pid, actions: Vec<Action<u32, Noted>>) {
        self.swaps.todo.extend(actions.into_iter().map(|action| Work::Act(pid, action)));
    }

    /// A canary is about to handle a message.
    pub fn canary_begun(&mut self, pid: Pid, noted: Noted, asked: Option<Route>) {
        let Some(record) = self.swaps.records.get_mut(&pid).filter(|record| record.swap.has_canary()) else {
            return self.dropped.push(Box::new(noted.note));
        };
        let mut out = Vec::new();
        if let Some(ticket) = record.swap.begun(noted, asked.is_some(), &mut out) {
            record.open = Some(Open { ticket, asked });
            if let Some(route) = asked {
                record.questions.push(route);
                self.swaps.asked.insert(route, (pid, ticket));
            }
        }
        self.enact(pid, out);
    }

    /// It has, and did not crash.
    pub fn canary_handled(&mut self, pid: Pid) {
        let crashes = self.stopping(pid).is_some_and(|reason| self.goes_back_with(pid, reason));
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let Some(open) = record.open.take() else { return };
        let mut out = Vec::new();
        if crashes {
            // It has not passed by it.
            record.swap.finished(open.ticket);
        } else {
            record.swap.handled(open.ticket, &mut out);
        }
        self.enact(pid, out);
    }

    /// A question was answered.
    #[inline]
    pub(in crate::worker) fn canary_answered(&mut self, route: Route) {
        if !self.swaps.asked.is_empty()
            && let Some((pid, ticket)) = self.swaps.asked.remove(&route)
            && let Some(record) = self.swaps.records.get_mut(&pid)
        {
            record.swap.answered(ticket);
        }
    }

    /// Whether an actor that ends with this goes back instead (G231).
    pub(in crate::worker) fn goes_back_with(&self, pid: Pid, reason: &ExitReason) -> bool {
        matches!(reason, ExitReason::Crashed(_))
            && self.swaps.records.get(&pid).is_some_and(|record| record.swap.has_canary())
    }

    /// A handler has crashed its actor. `true`: it was a canary, and goes back before its next message.
    pub(in crate::worker) fn crashed(&mut self, pid: Pid, reason: &ExitReason) -> bool {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return false };
        let mut out = Vec::new();
        let goes_back = record.swap.crashed(reason, &mut out);
        self.enact(pid, out);
        goes_back
    }

    /// A lent actor is home.
    pub(in crate::worker) fn came_home(&mut self, pid: Pid) {
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
    pub(in crate::worker) fn swaps_forget(&mut self, pid: Pid, reason: &ExitReason) {
        self.swaps.suspended.remove(&pid);
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        let mut out = Vec::new();
        record.swap.ended(reason, &mut out);
        let looks = core::mem::take(&mut record.looks);
        self.enact(pid, out);
        self.swaps.todo.extend(looks.into_iter().map(|look| Work::Look(pid, look, true)));
        self.soon(move |worker| worker.close_record(pid));
    }

    pub(super) fn close_record(&mut self, pid: Pid) {
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

    pub(super) fn end_journal(&mut self, pid: Pid) {
        let Some(record) = self.swaps.records.get_mut(&pid) else { return };
        for route in record.questions.drain(..) {
            self.swaps.asked.remove(&route);
        }
    }

    /// Time has passed.
    pub(in crate::worker) fn swaps_advance(&mut self) {
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
}
