//! Messages to actors of other languages.

use super::Worker;
use crate::{Payload, foreign::Message};
use myrmidon_core::{
    payload::Payload as Carried,
    pid::Pid,
    record::{COPIED, control, flag, submission},
    send_error::SendError,
};
use myrmidon_runtime::{
    buffer::pack,
    tags::{Tags, WIRE},
};

/// What is larger than a record may fill the way at once (G205).
fn is_large((payload, _): &Message) -> bool {
    matches!(payload, Payload::Bytes(bytes) if bytes.len() > COPIED)
}

impl Worker {
    /// The op of a tag; `None`: the process has as many tags as it may have.
    pub fn wire_op(tag: &str) -> Option<u16> {
        Tags::global().number(tag).map(|number| number | WIRE)
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
}
