//! `numbers.ts`: what a shard takes and answers in numbers, whatever language it is written in.

use myrmidon_core::constants::Constant;
use myrmidon_core::send_error::SendError;
use myrmidon_core::{pid, record};

use crate::typescript::{header, number, object};

const SEND_ERRORS: [SendError; 4] =
    [SendError::MailboxFull, SendError::NodeBusy, SendError::NoSession, SendError::BadMessage];

/// Without `_`: a new error does not compile here.
const fn name(error: SendError) -> &'static str {
    match error {
        SendError::MailboxFull => "MAILBOX_FULL",
        SendError::NodeBusy => "NODE_BUSY",
        SendError::NoSession => "NO_SESSION",
        SendError::BadMessage => "BAD_MESSAGE",
    }
}

/// The module's text.
pub fn module() -> String {
    let errors = SEND_ERRORS.map(|error| Constant { name: name(error), value: error as u32, doc: &[] });
    [
        header("What a shard takes and answers in numbers, and the bounds of a PID."),
        object("SendError", "Why a send was refused; 0 is acceptance.", &errors),
        object("Policy", "What a full mailbox does.", record::policy::ALL),
        object("CallEnd", "How a call ended without an answer.", record::call_end::ALL),
        number("MAX_INDEX", "The highest index of a slab; 0 is never given out.", pid::MAX_INDEX.into()),
        number("MAX_SHARD", "The highest number of a shard.", u64::from((1_u32 << pid::SHARD_BITS) - 1)),
        number("MAX_GENERATION", "The highest generation of a slot.", pid::MAX_GENERATION.into()),
    ]
    .concat()
}
