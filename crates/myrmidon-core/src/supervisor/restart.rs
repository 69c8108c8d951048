//! Ends of children that nobody ordered: who is started again (G88), with whom (G89), how often (G92) and when (G98).

use super::{
    children::{Child, Key},
    error::Status,
    machine::{AfterStops, Group, Operation, Phase, Plan, Purpose, Supervisor, Work},
    protocol::{Action, Event, Happening, Life, StartFailure},
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
                    let what = Happening::Crashed(reason.clone());
                    self.out.push_back(Action::Emit(Event { child: child.spec.id.clone(), what }));
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
            Restart::Permanent => self.attempt(plan),
            Restart::Transient if is_failure => self.attempt(plan),
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

    /// A restart is due. Every attempt counts, and one too many ends the supervisor (G92).
    pub(super) fn attempt(&mut self, plan: Plan) {
        let within = self.intensity.add(self.now, &self.options);
        let Some(child) = self.planned(plan) else { return };
        if !within {
            child.status = Status::Stopped;
            let child = child.spec.id.clone();
            self.out.push_back(Action::Emit(Event { child, what: Happening::Escalated }));
            let detail = format!("restart intensity of {}", self.place).into();
            self.end(ExitReason::Shutdown { detail: Some(detail) });
            return;
        }
        let Some(wait) = self.intensity.wait(&self.options) else {
            self.restart(plan.key);
            return;
        };
        let timer = self.timer();
        if let Some(child) = self.children.get_mut(plan.key) {
            child.wait = Some(timer);
        }
        self.waits.insert(timer, plan);
        self.out.push_back(Action::Arm(timer, wait));
    }

    pub(super) fn restart(&mut self, cause: Key) {
        let range = strategy::group(self.options.strategy, self.children.order(), &cause);
        let group = self.children.order()[range].to_vec();
        if self.options.strategy == Strategy::OneForOne {
            self.start_group(group);
            return;
        }
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
        let mut again = Vec::with_capacity(group.len());
        for key in group {
            let Some(child) = self.children.get(key) else { continue };
            if key != cause && child.spec.treatment.restart == Restart::Temporary {
                self.children.forget(key);
            } else {
                again.push(key);
            }
        }
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
