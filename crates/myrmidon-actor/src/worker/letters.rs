//! What is in a delivery: the message behind its record, from the shard's store, from another shard, or in another language's
//! bytes.

use super::{Asking, Made, Question, Worker, serve::Boxed};
use crate::{
    Payload, Wire,
    letter::{Letter, Parcel},
    mail,
    reply::{Route, Ticket},
    timer::Ticking,
};
use myrmidon_core::{
    pid::Pid,
    record::{Record, flag, word},
};
use myrmidon_runtime::{
    buffer::unpack,
    tags::{Tags, WIRE},
};

impl Worker {
    /// Where the answer goes of the question that a delivery is.
    pub(super) fn question(&self, record: &Record) -> Option<Route> {
        (record[word::HEAD] >> 8 & flag::CALL != 0).then(|| self.route(record))
    }

    fn route(&self, record: &Record) -> Route {
        let head = record[word::HEAD];
        let op = (head >> 16) as u16;
        let wire = if op & WIRE == 0 { 0 } else { op };
        Route { shard: self.number, remote: head >> 8 & flag::REMOTE != 0, wire, token: record[word::A] }
    }

    /// What a timer that has rung tells its actor.
    pub(super) fn ring_timer(&mut self, me: Pid, timer: u32) -> Option<Letter> {
        match self.timers.remove(&(me, timer))? {
            Ticking::Once(message) => {
                self.forget_timer(me, timer);
                Some(Letter::Parcel(message))
            }
            Ticking::Every(mut make) => Some(Letter::Made(Box::new(move || {
                let message = make();
                // On another thread the beat is over: the actor is lent, and its timer comes back with it.
                crate::actor_ref::steer(me, move |worker| worker.restore_timer(me, timer, make));
                message
            }))),
        }
    }

    fn restore_timer(&mut self, me: Pid, timer: u32, make: Box<dyn FnMut() -> Parcel + Send>) {
        if self.timers_of.get(&me).is_some_and(|timers| timers.contains(&timer)) {
            self.timers.insert((me, timer), Ticking::Every(make));
        } else {
            self.dropped.push(Box::new(make));
        }
    }

    /// The message of a record that is a call, or came from elsewhere. `None`: nothing of it is there, and whoever calls says
    /// so to those that it concerns (`lost`).
    pub(super) fn letter(&mut self, record: &Record) -> Option<Letter> {
        let head = record[word::HEAD];
        let (flags, op) = (head >> 8 & 0xff, (head >> 16) as u16);
        let route = self.route(record);
        if op & WIRE != 0 {
            return self.wire(record, route);
        }
        if flags & flag::BYTES != 0 {
            let value = self.shard.take_value(record[word::SLOT])?.0;
            return match value.downcast::<Question>() {
                Ok(question) => {
                    question.ticket.deliver(route);
                    Some(Letter::Parcel(question.message))
                }
                Err(message) => Some(Letter::Parcel(message)),
            };
        }
        if flags & flag::CALL != 0
            && let Some(Asking { ticket: Some(ticket), .. }) = self.calls.get(&route.token)
        {
            ticket.deliver(route);
        }
        let slot = record[word::SLOT];
        if op == self.made {
            mail::take::<Made>(&mut self.mail, op, slot).map(|made| Letter::Made(made.0))
        } else if op == self.boxed {
            mail::take::<Boxed>(&mut self.mail, op, slot).map(|boxed| Letter::Parcel(boxed.0))
        } else {
            Some(Letter::Slot(slot))
        }
    }

    /// A message of another language.
    fn wire(&mut self, record: &Record, route: Route) -> Option<Letter> {
        let head = record[word::HEAD];
        let (flags, op) = (head >> 8 & 0xff, (head >> 16) as u16);
        let (tag, moves) = Tags::global().moving(op & !WIRE)?;
        let mut buffers = Vec::new();
        #[cfg(feature = "serde")]
        let mut reader = None;
        let payload = if flags & flag::BYTES != 0 {
            let mut bytes = self.shard.block(record[word::SLOT])?;
            if moves {
                buffers = unpack(&mut bytes);
            }
            #[cfg(feature = "serde")]
            if flags & flag::CALL != 0 {
                reader = crate::stream::Reader::take(&mut bytes);
            }
            if bytes.is_empty() { Payload::Nothing } else { Payload::Bytes(bytes) }
        } else if flags & flag::INLINE != 0 {
            Payload::Number(f64::from_bits(u64::from(record[word::A]) | u64::from(record[word::B]) << 32))
        } else {
            Payload::Nothing
        };
        #[cfg(feature = "serde")]
        if flags & flag::CALL != 0
            && let Some(items) = self.items_came(&tag, &payload, route)
        {
            return Some(items);
        }
        // The last thing: a ticket that is not in a letter ends no question.
        let ticket = (flags & flag::CALL != 0 && route.token != 0).then(|| {
            let ticket = Ticket::new();
            ticket.deliver(route);
            ticket
        });
        #[cfg(feature = "serde")]
        let flow = reader.zip(ticket.as_ref()).map(|(reader, ticket)| {
            let actor = self.running.pid;
            self.stream_asked(reader, actor, route, ticket)
        });
        Some(Letter::Wire(Wire {
            tag,
            payload,
            buffers,
            ticket,
            #[cfg(feature = "serde")]
            flow,
            issue: None,
        }))
    }
}
