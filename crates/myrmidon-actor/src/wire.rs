//! Messages of other languages: a tag, a payload of bytes, and perhaps the right to answer.
//!
//! What the bytes are is docs/codec.md's: plain msgpack of the payload. To read and write them is the actor's
//! ([`crate::Actor::from_wire`]), with `serde` or a library of its choice; it runs as a part of its handler.

use crate::{
    AskError, refusal,
    reply::{ReplyTo, Ticket},
};
use core::fmt;
use myrmidon_core::{payload::Payload as Carried, pid::Pid, record::reply};
use myrmidon_runtime::buffer::{SharedBuffer, pack};
use std::sync::Arc;

/// What a message from an isolate of another language carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// Nothing.
    Nothing,
    /// A bare number.
    Number(f64),
    /// The codec's bytes.
    Bytes(Vec<u8>),
}

impl Payload {
    /// The codec's bytes of it.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Nothing => vec![0xc0],
            Self::Number(number) => [&[0xcb], &number.to_be_bytes()[..]].concat(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A message from an isolate of another language.
///
/// An actor that is to be told by TypeScript says how it reads one:
///
/// ```
/// use myrmidon_actor::{Actor, Context, Payload, ReplyTo, Wire};
///
/// enum Message { Add(f64), Total(ReplyTo<f64>) }
/// struct Counter(f64);
/// impl Actor for Counter {
///     type Message = Message;
///     const PROTOCOL: &'static str = "Counter";
///     fn from_wire(mut wire: Wire) -> Option<Message> {
///         match (wire.tag(), wire.payload()) {
///             ("Add", Payload::Number(by)) => Some(Message::Add(*by)),
///             // msgpack of a float64.
///             ("Total", _) => Some(Message::Total(wire.reply(|total: f64| {
///                 [vec![0xcb], total.to_be_bytes().to_vec()].concat()
///             })?)),
///             _ => None,
///         }
///     }
///     fn handle(&mut self, message: Message, _: &mut Context<Message>) {
///         match message {
///             Message::Add(by) => self.0 += by,
///             Message::Total(reply) => reply.send(self.0),
///         }
///     }
/// }
/// ```
///
/// With the feature `serde`, which is on, `wire.read()` and `wire.answers()` do the same for every type.
pub struct Wire {
    pub(crate) tag: Arc<str>,
    pub(crate) payload: Payload,
    pub(crate) buffers: Vec<SharedBuffer>,
    pub(crate) ticket: Option<Arc<Ticket>>,
    /// Where the answer is to be a stream.
    #[cfg(feature = "serde")]
    pub(crate) flow: Option<Arc<crate::stream::Flow>>,
    pub(crate) issue: Option<String>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("tag", &self.tag).field("payload", &self.payload).finish_non_exhaustive()
    }
}

impl Wire {
    /// The message's name in its protocol.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What it carries.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The `SharedBuffer`s that came with it, without a copy; in the payload each stands as its place among them. Those that
    /// nobody takes are freed.
    pub fn buffers(&mut self) -> Vec<SharedBuffer> {
        core::mem::take(&mut self.buffers)
    }

    /// The right to answer, once, if it asks. `encode` writes an answer as the codec's bytes.
    pub fn reply<R: Send + 'static>(&mut self, encode: fn(R) -> Vec<u8>) -> Option<ReplyTo<R>> {
        self.answer(move |answer| Encoded { status: reply::SUCCESS, bytes: encode(answer), buffers: None })
    }

    /// The same for an answer whose schema speaks of buffers: they go with it, without a copy, and each stands in the bytes
    /// as its place among them.
    pub fn reply_with<R: Send + 'static>(
        &mut self,
        encode: fn(R) -> (Vec<u8>, Vec<SharedBuffer>),
    ) -> Option<ReplyTo<R>> {
        self.answer(move |answer| {
            let (bytes, buffers) = encode(answer);
            Encoded { status: reply::SUCCESS, bytes, buffers: Some(buffers) }
        })
    }

    pub(crate) fn answer<R: Send + 'static>(
        &mut self,
        encode: impl FnOnce(R) -> Encoded + Send + 'static,
    ) -> Option<ReplyTo<R>> {
        #[cfg(feature = "serde")]
        if self.flow.is_some() {
            self.issue = Some("its reply is no stream: use `ask`".into());
            return None;
        }
        let ticket = self.ticket.take()?;
        Some(ReplyTo::abroad(ticket, Box::new(encode)))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Before anybody hears of it.
        self.buffers.clear();
        #[cfg(feature = "serde")]
        if let Some(flow) = self.flow.take() {
            flow.finish(None);
        }
        // A question that was not read, or not taken as one, has no answer.
        if let Some(ticket) = self.ticket.take() {
            let issue = self.issue.take();
            let issue = issue.as_deref().unwrap_or("the actor does not know this message");
            ticket.settle(Ok(Box::new(Encoded::refusal(&self.tag, issue))));
        }
    }
}

/// An answer in the codec's bytes.
pub(crate) struct Encoded {
    /// `reply`.
    pub status: u32,
    pub bytes: Vec<u8>,
    /// Where the answer's schema speaks of some.
    pub buffers: Option<Vec<SharedBuffer>>,
}

impl Encoded {
    /// Why there is none: the question, or the answer to it, was wrong.
    pub fn refusal(tag: &str, issue: &str) -> Self {
        Self { status: reply::ASK_ERROR, bytes: refusal::bad_message(tag, issue), buffers: None }
    }

    /// The same for another error of a question to `callee`, an actor of this language.
    pub fn of_error(tag: &str, callee: Pid, error: AskError) -> Self {
        match error {
            AskError::ActorExited(reason) => {
                let bytes = refusal::actor_exited(tag, callee, &reason);
                Self { status: reply::ASK_ERROR, bytes, buffers: None }
            }
            AskError::BadMessage(issue) => Self::refusal(tag, &issue),
            error => Self::refusal(tag, &error.to_string()),
        }
    }

    /// As it travels, with its status.
    pub fn packed(self) -> (Carried, u32) {
        let Self { status, bytes, buffers } = self;
        let carried = match buffers {
            Some(buffers) => pack(bytes, buffers),
            None => Carried::bytes(bytes),
        };
        (carried, status)
    }
}
