//! How calls end: the answer of an actor of this shard, in the language of whoever asked, and what an asker of this shard is
//! told.

use super::{Asking, Made, Seen, Then, Worker, wire::said_here};
use crate::{AskError, letter::Outcome, reply::Route, wire::Encoded};
use myrmidon_core::{
    payload::{Payload, Value},
    pid::Pid,
    record::{flag, reply, submission},
};

impl Worker {
    /// A question that was delivered here is answered by the actor that runs.
    pub fn reply(&mut self, route: Route, outcome: Outcome) {
        self.reply_by(self.running.pid, route, outcome);
    }

    /// The same by an actor that is lent.
    pub fn reply_by(&mut self, me: Pid, route: Route, outcome: Outcome) {
        let outcome = match (outcome, self.stopping(me)) {
            // The end of the actor is the answer. A canary that goes back by it does not end.
            (Err(_), Some(reason)) if self.goes_back_with(me, reason) => Err(AskError::ActorExited(reason.clone())),
            (Err(_), Some(_)) => return,
            (outcome, _) => outcome,
        };
        if outcome.is_ok() {
            self.canary_answered(route);
            if !self.traces.is_empty() {
                self.see(me, || Seen::Replied);
            }
        }
        self.settle(me, route, outcome);
    }

    /// Ends a question that was delivered here to `callee`, in the language of whoever asked.
    pub(super) fn settle(&mut self, callee: Pid, route: Route, outcome: Outcome) {
        let Route { remote, wire, token, .. } = route;
        if !remote {
            if let Some(Asking { ticket, then, .. }) = self.calls.remove(&token) {
                self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, 0, token, 0);
                let outcome = if ticket.is_none() { said_here(outcome) } else { outcome };
                self.resolve(then, outcome);
            }
            return;
        }
        let (payload, status) = match outcome {
            Ok(parcel) => match parcel.downcast::<Encoded>() {
                Ok(encoded) => encoded.packed(),
                Err(parcel) => (Payload::Value(Value(parcel)), reply::SUCCESS),
            },
            Err(error) if wire != 0 => Encoded::of_error(&Self::wire_tag(wire), callee, error).packed(),
            Err(error) => (Payload::Value(Value(Box::new(error))), reply::FAILURE),
        };
        let slot = self.shard.put_block(payload);
        self.submit(submission::REPLY | flag::BYTES << 8, Pid::NONE, Pid::NONE, slot, token, status);
    }

    /// Tells whoever asked.
    pub(super) fn resolve(&mut self, then: Then, outcome: Outcome) {
        match then {
            Then::Outside(sender) => sender.send(outcome),
            #[cfg(feature = "serde")]
            Then::Items(key) => self.items_answered(key, outcome),
            Then::Message { asker, callee, then } => {
                self.overdue.push_back((asker, callee, Made(Box::new(move || then(outcome)))));
                self.send_overdue();
            }
        }
    }

    /// Sends the answers that wait, as far as their askers have room.
    pub(super) fn send_overdue(&mut self) {
        for _ in 0..self.overdue.len() {
            let Some((asker, callee, made)) = self.overdue.pop_front() else { return };
            if self.admit(asker, Pid::NONE).is_err() {
                self.overdue.push_back((asker, callee, made));
                continue;
            }
            let slot = self.mail.put(self.made, made);
            self.submit(submission::SEND | u32::from(self.made) << 16, asker, callee, slot, 0, 0);
        }
    }
}
