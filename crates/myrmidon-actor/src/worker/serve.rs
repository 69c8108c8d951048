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
                drop(super::deliver::start(pid));
            }
        }
        Errand::Start(pid) => drop(super::deliver::start(pid)),
        Errand::Tell { to, message } => {
            place::here(|worker| worker.tell_boxed(to, message));
        }
        Errand::Call { to, message, ticket, answer, timeout } => {
            place::here(|worker| {
                let asking = Asking { ticket, then: Then::Outside(answer) };
                worker.call_boxed(to, message, asking, timeout);
            });
        }
        Errand::Returned { pid, body, end, micros } => {
            place::here(|worker| worker.take_back(pid, body, end, micros));
        }
        Errand::Run(run) => {
            place::here(run);
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

    /// A lent actor comes home.
    fn take_back(&mut self, pid: Pid, body: Option<Box<dyn Body>>, end: Option<ExitReason>, micros: u32) {
        self.aborts.remove(&pid);
        self.lent = self.lent.saturating_sub(1);
        let home = self.homes.get_mut(pid.index() as usize).filter(|home| home.generation == pid.generation());
        match (home, body) {
            (Some(home), Some(mut body)) if home.lent => {
                body.took(micros);
                home.lent = false;
                home.body = Some(body);
            }
            (_, Some(body)) => self.dropped_bodies.push(body),
            (_, None) => {}
        }
        match end {
            Some(reason) => self.exit_self(pid, reason),
            None => self.submit(submission::READY, pid, Pid::NONE, 0, micros, 0),
        }
    }
}
