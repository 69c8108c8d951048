//! Suspension by the program, and looks at actors between two messages.

use super::{Look, User, Work};
use crate::worker::Worker;
use myrmidon_core::{pid::Pid, record::submission};

impl Worker {
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
    pub(super) fn hold(&mut self, pid: Pid) {
        let held = self.swaps.records.get(&pid).is_some_and(|record| record.is_held);
        let holds = held || self.swaps.suspended.contains(&pid);
        let kind = if holds { submission::SUSPEND } else { submission::RESUME };
        self.submit(kind, pid, Pid::NONE, 0, 0, 0);
        // Also for what of the batch under way is the actor's.
        self.flush();
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

    pub(super) fn look_at(&mut self, pid: Pid, look: Look, waits: bool) -> Option<User> {
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
