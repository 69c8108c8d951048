//! Starts, one after the other (G85), and what comes of those that fail (G86, G87).
//!
//! A start that is under way is `Work::Starting`. It can be given up in two ways: because its child is to be terminated,
//! and those after it go on without it; or because the supervisor ends. Either way its end is waited for.

use super::{
    children::{Alive, Key},
    error::{ChildStartError, CommandError, Status},
    machine::{AfterStops, Group, Operation, Phase, Plan, Purpose, Supervisor, Work},
    protocol::{Action, Done, Happening, Life, StartFailure},
    spec::Restart,
};
use crate::{exit_reason::ExitReason, pid::Pid};
use std::collections::VecDeque;

impl<S: Clone> Supervisor<S> {
    pub(super) fn start_all(&mut self, mut left: VecDeque<Key>, purpose: Purpose) {
        while let Some(key) = left.pop_front() {
            self.void(key);
            let Some(child) = self.children.get_mut(key) else { continue };
            let life = self.out.start(child.spec.id.clone(), child.spec.start.clone());
            self.work = Work::Starting { left, current: (life, key), purpose, given_up: false };
            return;
        }
        // All of them have started, or did not want to.
        self.work = Work::Idle;
        if let Purpose::Boot = purpose {
            self.phase = Phase::Running;
            self.out.push(Action::Ready);
        }
    }

    pub(super) fn started(&mut self, life: Life, pid: Pid) {
        match core::mem::replace(&mut self.work, Work::Idle) {
            // If it was given up, the end that this brings is waited for.
            Work::Starting { left, current, purpose, given_up: false } if current.0 == life => {
                self.runs(current.1, Alive { life, pid });
                if let Purpose::Added(token) | Purpose::ByHand(token) = purpose {
                    self.out.answer(token, Ok(Done::Started { life, pid }));
                }
                self.start_all(left, purpose);
            }
            other => self.work = other,
        }
    }

    pub(super) fn runs(&mut self, key: Key, alive: Alive) {
        self.children.came(key, alive);
        let Some(child) = self.children.get_mut(key) else { return };
        child.status = Status::Running;
        let what = if core::mem::replace(&mut child.was_started, true) {
            child.restarts += 1;
            Happening::Restarted(alive.pid)
        } else {
            Happening::Started(alive.pid)
        };
        self.out.emit(&child.spec.id, what);
    }

    /// It is known and does not run; a temporary one is not even known (G87).
    pub(super) fn ignored(&mut self, life: Life) {
        if let Some(key) = self.children.went(life) {
            // It was said to have started already: whatever is planned for it is void, and nobody starts it again.
            self.void(key);
            return self.rest(key);
        }
        // Being stopped, or forgotten, it has ended like any other.
        if self.children.stray_ended(life) || self.halted(life, &ExitReason::SHUTDOWN) {
            return;
        }
        match core::mem::replace(&mut self.work, Work::Idle) {
            Work::Starting { left, current: (starting, key), purpose, given_up: false } if starting == life => {
                self.rest(key);
                if let Purpose::Added(token) | Purpose::ByHand(token) = purpose {
                    self.out.answer(token, Ok(Done::Ignored));
                }
                self.start_all(left, purpose);
            }
            Work::Starting { left, current: (starting, key), purpose, given_up: true } if starting == life => {
                self.go_on_without(key, left, purpose);
            }
            Work::Cancelling { current: (starting, key), reason } if starting == life => {
                self.cancelled(key, reason);
            }
            other => self.work = other,
        }
    }

    /// It stays down.
    pub(super) fn rest(&mut self, key: Key) {
        let Some(child) = self.children.get_mut(key) else { return };
        child.status = Status::Stopped;
        if child.spec.treatment.restart == Restart::Temporary {
            self.children.forget(key);
        }
    }

    pub(super) fn cancelled(&mut self, key: Key, reason: ExitReason) {
        if let Some(child) = self.children.get_mut(key) {
            child.status = Status::Stopped;
        }
        self.stop_everybody(None, AfterStops::End(reason));
    }

    pub(super) fn not_started(&mut self, life: Life, failure: StartFailure) {
        match core::mem::replace(&mut self.work, Work::Idle) {
            Work::Starting { left, current: (starting, key), purpose, given_up: false } if starting == life => {
                self.start_failed(key, failure, purpose, left);
            }
            Work::Starting { left, current: (starting, key), purpose, given_up: true } if starting == life => {
                self.go_on_without(key, left, purpose);
            }
            Work::Cancelling { current: (starting, key), reason } if starting == life => {
                self.cancelled(key, reason);
            }
            other => self.work = other,
        }
    }

    /// Its start was given up: the command that did so has its turn later.
    pub(super) fn go_on_without(&mut self, key: Key, left: VecDeque<Key>, purpose: Purpose) {
        let Some(child) = self.children.get_mut(key) else { return };
        child.status = Status::Stopped;
        let id = child.spec.id.clone();
        if let Purpose::Added(_) = purpose {
            self.children.forget(key);
        }
        if let Purpose::Added(token) | Purpose::ByHand(token) = purpose {
            self.refuse(token, &id);
        }
        self.start_all(left, purpose);
    }

    pub(super) fn start_error(&self, key: Key, failure: StartFailure) -> ChildStartError {
        match failure {
            StartFailure::Below(error) => error,
            StartFailure::Itself(cause) => {
                let id = self.children.get(key).map_or("", |child| &child.spec.id);
                ChildStartError { place: format!("{}/{id}", self.place).into(), cause }
            }
        }
    }

    pub(super) fn start_failed(&mut self, key: Key, failure: StartFailure, purpose: Purpose, left: VecDeque<Key>) {
        match purpose {
            Purpose::Boot => {
                let error = self.start_error(key, failure);
                self.close();
                self.stop_everybody(None, AfterStops::Fail(error));
            }
            // In line with whatever else is asked: it counts as another attempt, and blocks nobody (G93).
            Purpose::Group => {
                let rest = left.into_iter().filter_map(|key| self.plan(key)).collect();
                let Some(child) = self.children.get_mut(key) else { return };
                child.status = Status::Restarting;
                let plan = Plan { key, ticket: child.ticket };
                self.out.emit(&child.spec.id, Happening::RestartFailed(failure));
                self.group = Some(Group { leader: plan, rest });
                self.line.push_back(Operation::Retry { plan, counts: true });
            }
            Purpose::Added(token) => {
                let error = self.start_error(key, failure);
                self.children.forget(key);
                self.out.answer(token, Err(CommandError::ChildStart(error)));
            }
            Purpose::ByHand(token) => {
                let error = self.start_error(key, failure);
                self.out.answer(token, Err(CommandError::ChildStart(error)));
            }
        }
    }
}
