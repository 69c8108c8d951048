//! Ends of children that nobody ordered: who is started again (G88), with whom (G89), how often (G92) and when (G98).

use super::{
    children::{Child, Key},
    error::Status,
    intensity::escalation,
    machine::{AfterStops, Group, Operation, Phase, Plan, Purpose, Supervisor, Work},
    protocol::{Happening, Life, StartFailure},
    spec::{AutoShutdown, Restart, Strategy},
    strategy,
};
use crate::exit_reason::ExitReason;

impl<S: Clone> Supervisor<S> {
    pub(super) fn ended(&mut self, life: Life, reason: ExitReason) {
        if let Some(key) = self.children.went(life) {
            if let Some(child) = self.children.get_mut(key) {
                child.ticket += 1;
                let plan = Plan { key, ticket: child.ticket };
                if reason.is_failure() {
                    self.out.emit(&child.spec.id, Happening::Crashed(reason.clone()));
                }
                if self.phase == Phase::Ending {
                    child.status = Status::Stopped;
                } else {
                    child.status = Status::Restarting;
                    self.line.push_back(Operation::Decide(plan, reason));
                }
            }
        } else if !self.children.stray_ended(life) && !self.halted(life, &reason) {
            // An end instead of a start. Nobody else's is anybody's business.
            self.not_started(life, StartFailure::Itself(reason));
        }
    }

    pub(super) fn decide(&mut self, plan: Plan, reason: &ExitReason) {
        let Some(child) = self.planned(plan) else { return };
        let treatment = child.spec.treatment;
        let is_failure = reason.is_failure();
        match treatment.restart {
            Restart::Permanent => self.attempt(plan, Some(reason)),
            Restart::Transient if is_failure => self.attempt(plan, Some(reason)),
            Restart::Transient | Restart::Temporary => {
                self.rest(plan.key);
                if treatment.significant {
                    self.significant_ended();
                }
            }
        }
    }

    /// A significant child has ended by itself, for good (G95).
    pub(super) fn significant_ended(&mut self) {
        let ends = match self.options.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => {
                self.children.each().all(|child| !child.spec.treatment.significant || child.status == Status::Stopped)
            }
        };
        if ends {
            self.end(ExitReason::SHUTDOWN);
        }
    }

    /// A restart is due: after an end, or a start that failed. Every attempt counts, and one too many ends the supervisor
    /// (G92).
    pub(super) fn attempt(&mut self, plan: Plan, reason: Option<&ExitReason>) {
        let within = self.intensity.add(self.now, &self.options);
        let Some(child) = self.planned(plan) else { return };
        if !within {
            child.status = Status::Stopped;
            let id = child.spec.id.clone();
            self.out.emit(&id, Happening::Escalated(reason.cloned()));
            self.end(escalation(&self.place));
            return;
        }
        let Some(wait) = self.intensity.wait(&self.options) else {
            self.restart(plan.key);
            return;
        };
        let timer = self.out.arm(wait);
        if let Some(child) = self.children.get_mut(plan.key) {
            child.wait = Some(timer);
        }
        self.waits.insert(timer, plan);
    }

    pub(super) fn restart(&mut self, cause: Key) {
        if self.options.strategy == Strategy::OneForOne {
            // No search: a supervisor of many children whose ends come together must not look at each for each.
            return self.start_group(vec![cause]);
        }
        let range = strategy::group(self.options.strategy, self.children.order(), &cause);
        let group = self.children.order()[range].to_vec();
        // What was stopped by hand stays so: it is no part of the group, unless to be forgotten with it.
        let is_part =
            |child: &Child<S>| child.status != Status::Stopped || child.spec.treatment.restart == Restart::Temporary;
        let group: Vec<Key> = group.into_iter().filter(|key| self.children.get(*key).is_some_and(is_part)).collect();
        let left = group.iter().copied().filter(|key| *key != cause).collect();
        self.work = Work::Stopping { left, halt: None, then: AfterStops::Group { group, cause } };
        self.stop_on();
    }

    /// The others of a group have ended; temporary ones among them are gone for good.
    pub(super) fn group_stopped(&mut self, group: Vec<Key>, cause: Key) {
        let known = group.into_iter().filter_map(|key| self.children.get(key).map(|child| (key, child)));
        let is_gone = |child: &Child<S>| child.spec.treatment.restart == Restart::Temporary;
        let (gone, again): (Vec<_>, Vec<_>) = known.partition(|(key, child)| *key != cause && is_gone(child));
        let keys = |some: Vec<(Key, &Child<S>)>| some.into_iter().map(|(key, _)| key).collect::<Vec<Key>>();
        let (gone, again) = (keys(gone), keys(again));
        self.children.forget_all(&gone);
        self.start_group(again);
    }

    pub(super) fn start_group(&mut self, group: Vec<Key>) {
        for key in &group {
            if let Some(child) = self.children.get_mut(*key) {
                child.status = Status::Restarting;
            }
        }
        self.start_all(group.into(), Purpose::Group);
    }

    /// Those that wait for one that was terminated or forgotten do not wait for ever: they start without it.
    pub(super) fn go_on_without_leader(&mut self) {
        let Some(Group { leader, rest }) = self.group.take() else { return };
        if self.is_due(leader) {
            self.group = Some(Group { leader, rest });
            return;
        }
        let rest: Vec<Key> = rest.into_iter().filter(|plan| self.is_due(*plan)).map(|plan| plan.key).collect();
        if !rest.is_empty() {
            self.start_group(rest);
        }
    }

    pub(super) fn is_due(&self, plan: Plan) -> bool {
        self.children
            .get(plan.key)
            .is_some_and(|child| child.ticket == plan.ticket && child.status == Status::Restarting)
    }
}
