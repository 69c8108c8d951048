//! The right to answer one question: a linear token, sent or dropped, never both (G18).
//!
//! It travels inside the message. Where the answer goes is known once the question is delivered: the callee's shard writes
//! its own number for the call into the ticket then. Before that, and once the call has ended, an answer goes nowhere (G21).

use crate::{
    AskError,
    door::{self, Errand},
    letter::{Outcome, Parcel},
    place,
    wire::Encoded,
};
use core::{
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering},
};
use std::sync::Arc;

/// A call as the callee's shard knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    pub shard: u8,
    /// The caller lives on another shard.
    pub remote: bool,
    /// The op of the question, where it is one of another language; else 0.
    pub wire: u16,
    pub token: u32,
}

/// Shared by the question's token and its caller's shard. 0: not delivered, or taken.
pub(crate) struct Ticket(AtomicU64);

impl Ticket {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(0)))
    }

    /// The question is about to be handled.
    pub fn deliver(&self, route: Route) {
        let Route { shard, remote, wire, token } = route;
        let word =
            1 << 63 | u64::from(remote) << 56 | u64::from(shard) << 48 | u64::from(wire) << 32 | u64::from(token);
        // Release: pairs with `take`, though both are usually one thread's.
        self.0.store(word, Ordering::Release);
    }

    /// Ends the call, if it is delivered and has not ended.
    pub fn settle(&self, outcome: Outcome) {
        if let Some(route) = self.take() {
            settle(route, outcome);
        }
    }

    fn take(&self) -> Option<Route> {
        let word = self.0.swap(0, Ordering::Acquire);
        (word != 0).then_some(Route {
            shard: (word >> 48) as u8,
            remote: word >> 56 & 1 != 0,
            wire: (word >> 32) as u16,
            token: word as u32,
        })
    }
}

/// The right to answer one question, now or later, from anywhere.
///
/// ```
/// use myrmidon_actor::{Context, ReplyTo, Runtime, behavior};
///
/// enum Gate { Wait(ReplyTo<&'static str>), Open }
/// let runtime = Runtime::start()?;
/// // The question is kept, and answered by a later message.
/// let gate = runtime.spawn(behavior(Vec::new(), |waiting, message, _: &mut Context<Gate>| match message {
///     Gate::Wait(reply) => waiting.push(reply),
///     Gate::Open => waiting.drain(..).for_each(|reply: ReplyTo<&'static str>| reply.send("open")),
/// }))?;
/// let answer = gate.ask(Gate::Wait);
/// gate.tell(Gate::Open)?;
/// assert_eq!(answer.wait()?, "open");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReplyTo<R> {
    ticket: Arc<Ticket>,
    /// How the answer is written, where the asker speaks another language.
    encode: Option<Box<Encode<R>>>,
    sent: bool,
    answer: PhantomData<fn(R)>,
}

pub(crate) type Encode<R> = dyn FnOnce(R) -> Encoded + Send;

impl<R> fmt::Debug for ReplyTo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyTo")
    }
}

impl<R: Send + 'static> ReplyTo<R> {
    pub(crate) fn new(ticket: Arc<Ticket>) -> Self {
        Self { ticket, encode: None, sent: false, answer: PhantomData }
    }

    pub(crate) fn abroad(ticket: Arc<Ticket>, encode: Box<Encode<R>>) -> Self {
        Self { ticket, encode: Some(encode), sent: false, answer: PhantomData }
    }

    /// Answers. An answer that nobody waits for any more vanishes.
    pub fn send(mut self, answer: R) {
        let parcel: Parcel = match self.encode.take() {
            None => Box::new(answer),
            Some(encode) => Box::new(encode(answer)),
        };
        self.sent = true;
        self.ticket.settle(Ok(parcel));
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        // A crash is the callee's end, and says so itself.
        if self.sent || std::thread::panicking() {
            return;
        }
        self.ticket.settle(Err(AskError::NoReply));
    }
}

fn settle(route: Route, outcome: Outcome) {
    if let Some(away) = place::away().filter(|away| away.door.shard == route.shard && !place::is_shard()) {
        // The actor that is lent answers, in the order of what else it does; also one whose version is gone by now: the
        // question may be an older one.
        let me = away.me;
        away.door.urge(Errand::Run(Box::new(move |worker| worker.reply_by(me, route, outcome))));
        return;
    }
    let outcome = match place::on_shard(route.shard, move |worker| worker.reply(route, outcome)) {
        Ok(()) => return,
        Err(run) => run,
    };
    if let Some(door) = door::find(route.shard) {
        door.urge(Errand::Run(Box::new(outcome)));
    }
}
