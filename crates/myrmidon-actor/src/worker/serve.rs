//! What other threads want of the shard.

use super::{Asking, Then, Worker};
use crate::{body::Body, door::Errand, letter::Parcel, place};
use core::sync::atomic::Ordering;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    record::{flag, submission},
};

/// A message that came as a value: it is put into the store of the type that it was made for, as it is.
pub(super) struct Boxed(pub Parcel);

/// Does one errand. On the shard's thread, with nothing borrowed.
pub(super) fn serve(errand: Errand) {
    match errand {
        Errand::Spawn { pid, body, opening } => {
            let opened = place::here(|worker| {
                worker.came(1);
                worker.open(pid, body, &opening)
            });
            if let Some(Ok(())) = opened {
                drop(super::deliver::start(pid, false));
            }
        }
        Errand::Start(pid) => drop(super::deliver::start(pid, false)),
        Errand::Tell { to, message } => {
            place::here(|worker| worker.tell_boxed(to, message));
        }
        Errand::Call { to, message, ticket, answer, timeout } => {
            place::here(|worker| {
                let asking = Asking { ticket: Some(ticket), gets_buffers: false, then: Then::Outside(answer) };
                worker.call_boxed(to, message, asking, timeout);
            });
        }
        Errand::Returned { pid, loan, body, end, micros } => {
            place::here(|worker| worker.take_back(pid, loan, body, end, micros));
        }
        Errand::Run(run) => {
            place::here(run);
        }
        Errand::Orders(orders) => {
            place::here(|worker| orders.into_line(worker));
        }
    }
}

impl Worker {
    pub(super) fn tell_boxed(&mut self, to: Pid, message: Parcel) {
        let slot = self.mail.put(self.boxed, Boxed(message));
        self.submit(submission::SEND | u32::from(self.boxed) << 16, to, Pid::NONE, slot, 0, 0);
    }

    fn call_boxed(&mut self, to: Pid, message: Parcel, asking: Asking, timeout: u32) {
        let token = self.token();
        self.timed = true;
        self.calls.insert(token, asking);
        let slot = self.mail.put(self.boxed, Boxed(message));
        let head = submission::SEND | flag::CALL << 8 | u32::from(self.boxed) << 16;
        self.submit(head, to, Pid::NONE, slot, token, timeout);
    }

    /// An actor that was placed here has come, `expected` of one: it is counted until the next turn counts all.
    pub fn came(&mut self, expected: u32) {
        self.door.live.fetch_add(1, Ordering::Relaxed);
        self.door.coming.fetch_sub(expected, Ordering::Relaxed);
    }

    /// Does something for an actor that is lent, unless that was taken back from its borrower: the handler is of a version
    /// that is gone then. What a handler does for an actor that has ended is the dead actor's (G171).
    pub fn run_for(&mut self, me: Pid, loan: u32, run: impl FnOnce(&mut Self) + Send + 'static) {
        if self.loans.get(&me).is_some_and(|lent| lent.number == loan) || self.home(me).is_none() {
            run(self);
        } else {
            self.dropped.push(Box::new(run));
        }
    }

    /// A lent actor comes home.
    fn take_back(&mut self, pid: Pid, loan: u32, body: Option<Box<dyn Body>>, end: Option<ExitReason>, micros: u32) {
        if self.loans.get(&pid).is_none_or(|lent| lent.number != loan) {
            // It has ended meanwhile, or another version of it is back.
            return self.dropped_bodies.extend(body);
        }
        let stops = self.loans.remove(&pid).and_then(|loan| loan.stops);
        if let Some(mut body) = body {
            body.took(micros);
            self.put_home(pid, body);
        }
        match (end, stops) {
            (Some(reason @ ExitReason::Crashed(_)), _) => self.crash(pid, reason),
            (Some(reason), _) => self.exit_self(pid, reason),
            (None, Some(reason)) => self.stops(pid, reason),
            (None, None) => {}
        }
        // Whoever ends does not mind.
        self.submit(submission::READY, pid, Pid::NONE, 0, micros, 0);
        self.came_home(pid);
    }
}
