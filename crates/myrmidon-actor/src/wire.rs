//! Messages of other languages: a tag, a payload of bytes, and perhaps the right to answer.
//!
//! What the bytes are is docs/codec.md's: plain msgpack of the payload. To read and write them is the actor's, with a library
//! of its choice ([`crate::Actor::from_wire`]); it runs as a part of its handler.

use crate::{
    AskError,
    reply::{ReplyTo, Ticket},
};
use core::fmt;
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
pub struct Wire {
    pub(crate) tag: Arc<str>,
    pub(crate) payload: Payload,
    pub(crate) ticket: Option<Arc<Ticket>>,
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

    /// The right to answer, once, if it asks. `encode` writes an answer as the codec's bytes.
    pub fn reply<R: Send + 'static>(&mut self, encode: fn(R) -> Vec<u8>) -> Option<ReplyTo<R>> {
        self.ticket.take().map(|ticket| ReplyTo::encoding(ticket, encode))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // A question that was not read, or not taken as one, has no answer.
        if let Some(ticket) = self.ticket.take() {
            ticket.settle(Err(AskError::NoReply));
        }
    }
}

/// An answer in the codec's bytes.
pub(crate) struct Encoded(pub Vec<u8>);
