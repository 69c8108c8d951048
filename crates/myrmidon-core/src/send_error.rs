//! Why a message was not accepted. A dead receiver is no send error: it makes a dead letter.

use core::fmt;

/// The answer of a send that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SendError {
    /// The receiver's mailbox is full, and its policy is `reject` (or a held sender waited too long).
    MailboxFull = 1,
    /// The lane to the receiver's node is above its high-water mark.
    NodeBusy = 2,
    /// There is no session with the receiver's node.
    NoSession = 3,
    /// The payload cannot be encoded, or the receiver's protocol lacks the tag.
    BadMessage = 4,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MailboxFull => "the mailbox is full",
            Self::NodeBusy => "the lane to the node is above its high-water mark",
            Self::NoSession => "there is no session with the node",
            Self::BadMessage => "the message cannot be encoded, or the receiver does not know it",
        })
    }
}

impl core::error::Error for SendError {}
