//! Messages to actors of other languages, and their answers.

use super::{Asking, Seen, Then, Worker};
use crate::{
    AskError, Payload,
    foreign::{Message, Query, Said},
    letter::Outcome,
    wire::Encoded,
};
#[cfg(feature = "serde")]
use crate::{answer::Sender, letter::Parcel};
use myrmidon_core::{
    payload::Payload as Carried,
    pid::Pid,
    record::{COPIED, Record, control, flag, reply, submission, word},
    send_error::SendError,
};
use myrmidon_runtime::{
    buffer::{pack, unpack},
    tags::{Tags, WIRE},
};
use std::sync::Arc;

/// What is larger than a record may fill the way at once (G205).
fn is_large((payload, _): &Message) -> bool {
    matches!(payload, Payload::Bytes(bytes) if bytes.len() > COPIED)
}

impl Worker {
    /// The op of a tag; `None`: the process has as many tags as it may have.
    pub fn wire_op(tag: &str) -> Option<u16> {
        Tags::global().number(tag).map(|number| number | WIRE)
    }

    /// The tag of an op.
    pub(super) fn wire_tag(op: u16) -> Arc<str> {
        Tags::global().tag(op & !WIRE).unwrap_or_default()
    }

    /// Tells an actor of any language. The message is taken out when it is accepted.
    pub fn tell_wire(&mut self, to: Pid, from: Pid, op: u16, message: &mut Option<Message>) -> Result<(), SendError> {
        if to.shard() == self.number {
            self.admit(to, from)?;
        } else if self.shard.control()[control::FULL_PEERS] != 0 || message.as_ref().is_some_and(is_large) {
            self.admit_exactly(to, from)?;
        }
        let Some((payload, buffers)) = message.take() else { return Ok(()) };
        let head = submission::SEND | u32::from(op) << 16;
        let carried = match (payload, buffers) {
            (Payload::Nothing, None) => {
                self.submit(head, to, from, 0, 0, 0);
                return Ok(());
            }
            (Payload::Number(number), None) => {
                let bits = number.to_bits();
                self.submit(head | flag::INLINE << 8, to, from, 0, bits as u32, (bits >> 32) as u32);
                return Ok(());
            }
            (Payload::Bytes(bytes), None) => Carried::bytes(bytes),
            (payload, Some(buffers)) => {
                Tags::global().mark_moving(op & !WIRE);
                pack(payload.into_bytes(), buffers)
            }
        };
        let slot = self.shard.put_block(carried);
        self.submit(head | flag::BYTES << 8, to, from, slot, 0, 0);
        Ok(())
    }

    /// Asks an actor of any language. The number of the call; 0: it has ended.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "questions are written and read by serde"))]
    pub(super) fn call_wire(&mut self, from: Pid, to: Pid, query: Query, then: Then) -> u32 {
        let Query { op, payload, buffers, gets_buffers, timeout } = query;
        if from == to {
            self.resolve(then, Err(AskError::SelfAsk));
            return 0;
        }
        if !self.traces.is_empty() {
            self.see(from, || Seen::Asked { to, message: "a question of another language" });
        }
        let token = self.token();
        self.timed = true;
        self.calls.insert(token, Asking { ticket: None, gets_buffers, then });
        let head = submission::SEND | flag::CALL << 8 | u32::from(op) << 16;
        let carried = match (payload, buffers) {
            (Payload::Nothing, None) => {
                self.submit(head, to, from, 0, token, timeout);
                return token;
            }
            (payload, None) => Carried::bytes(payload.into_bytes()),
            (payload, Some(buffers)) => {
                Tags::global().mark_moving(op & !WIRE);
                pack(payload.into_bytes(), buffers)
            }
        };
        let slot = self.shard.put_block(carried);
        self.submit(head | flag::BYTES << 8, to, from, slot, token, timeout);
        token
    }

    /// The same by somebody outside of any actor, or one that goes on by itself.
    #[cfg(feature = "serde")]
    pub fn call_wire_outside(&mut self, from: Pid, to: Pid, query: Query, answer: Sender<Outcome>) {
        self.call_wire(from, to, query, Then::Outside(answer));
    }

    /// The same by an actor that gets the answer as a message.
    #[cfg(feature = "serde")]
    pub fn call_wire_by(
        &mut self,
        asker: Pid,
        to: Pid,
        query: Query,
        then: Box<dyn FnOnce(Outcome) -> Parcel + Send>,
    ) -> u32 {
        self.call_wire(asker, to, query, Then::Message { asker, callee: to, then })
    }

    /// An actor asks, and its question does not even leave.
    #[cfg(feature = "serde")]
    pub fn answer_at_once(
        &mut self,
        asker: Pid,
        to: Pid,
        then: Box<dyn FnOnce(Outcome) -> Parcel + Send>,
        error: AskError,
    ) {
        self.resolve(Then::Message { asker, callee: to, then }, Err(error));
    }

    /// What another shard's actor answered.
    pub(super) fn said(&self, record: &Record, gets_buffers: bool) -> Said {
        let flags = record[word::HEAD] >> 8 & 0xff;
        let mut buffers = Vec::new();
        let payload = if flags & flag::BYTES != 0 {
            let mut bytes = self.shard.block(record[word::SLOT]);
            if gets_buffers && record[word::B] == reply::SUCCESS {
                buffers = bytes.as_mut().map(unpack).unwrap_or_default();
            }
            bytes.map_or(Payload::Nothing, Payload::Bytes)
        } else if flags & flag::INLINE != 0 {
            let bits = u64::from(record[word::TO]) | u64::from(record[word::TO_GENERATION]) << 32;
            Payload::Number(f64::from_bits(bits))
        } else {
            Payload::Nothing
        };
        Said { status: record[word::B], payload, buffers }
    }
}

/// What an actor of this shard answered to one that asked as another language would.
pub(super) fn said_here(outcome: Outcome) -> Outcome {
    match outcome {
        Ok(answer) => Ok(match answer.downcast::<Encoded>() {
            Ok(encoded) => {
                let Encoded { status, bytes, buffers } = *encoded;
                Box::new(Said { status, payload: Payload::Bytes(bytes), buffers: buffers.unwrap_or_default() })
            }
            Err(answer) => answer,
        }),
        // As it would have crossed.
        Err(AskError::NoReply) => Err(AskError::BadMessage(AskError::NoReply.to_string().into())),
        Err(error) => Err(error),
    }
}
