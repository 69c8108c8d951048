//! What one shard tells another: owned values, because nothing of a shard may be seen by another thread.
//!
//! Promises: the packets from one shard to another arrive in the order in which they were made, each at most once
//! (G110); which of them may be refused for lack of room is said by [`Packet::is_message`]. What each does on arrival:
//! `shard/receive.rs`.
//!
//! `outside` stands for whoever on the sending shard is no actor: `Pid::NONE` in every packet.

use crate::{exit_reason::ExitReason, payload::Payload, pid::Pid};

/// See the module.
#[derive(Debug, PartialEq)]
pub enum Packet {
    /// A message. `head`: flags and op as in a record, without a kind.
    Message {
        /// Receiver.
        to: Pid,
        /// Sender.
        from: Pid,
        /// Flags and op.
        head: u32,
        /// What it carries.
        payload: Payload,
    },
    /// A message that asks; it carries no number. The caller's shard counts its time.
    Call {
        /// The caller's shard's number for it, never used twice.
        question: u64,
        /// The caller's shard: another one than the packet's when the call was passed on.
        asker: u8,
        /// Receiver.
        to: Pid,
        /// Sender.
        from: Pid,
        /// Flags and op.
        head: u32,
        /// What it carries.
        payload: Payload,
    },
    /// The call was passed on: its caller waits for another one from now on. Said by who passes it on, so that the end of
    /// the new callee's shard is noticed, and again by the new callee's shard, so that a call that nobody waits for any more
    /// is dropped there.
    Forwarded {
        /// Which call.
        question: u64,
        /// For whom.
        callee: Pid,
    },
    /// Nobody waits for the answer any more.
    CallDropped {
        /// Which call.
        question: u64,
    },
    /// The answer.
    Reply {
        /// Which call.
        question: u64,
        /// `reply`.
        status: u32,
        /// The answer.
        payload: Payload,
    },
    /// A call ended without an answer.
    CallEnded {
        /// Which call.
        question: u64,
        /// `call_end`.
        end: u32,
        /// For EXITED.
        reason: Option<ExitReason>,
        /// Of the callee's mailbox, for `MAILBOX_FULL`.
        capacity: u32,
    },
    /// A message of the receiving shard that this one, which is lost, did not handle.
    Undelivered {
        /// Its receiver.
        to: Pid,
        /// Its sender.
        from: Pid,
        /// Flags and op.
        head: u32,
        /// What it carried.
        payload: Payload,
        /// `why`.
        why: u32,
    },
    /// `from` links itself with `to`.
    Link {
        /// Who asks.
        from: Pid,
        /// With whom.
        to: Pid,
    },
    /// `from` takes its link with `to` back; answered by `UnlinkAck` in any case.
    Unlink {
        /// Who asks.
        from: Pid,
        /// From whom.
        to: Pid,
        /// Which of its unlinks.
        id: u32,
    },
    /// The answer to `Unlink`: nothing of that link comes behind it.
    UnlinkAck {
        /// Who was asked.
        from: Pid,
        /// Who asked.
        to: Pid,
        /// Which of its unlinks.
        id: u32,
    },
    /// `from`, which `to` is linked to, has ended.
    LinkExit {
        /// Who has ended.
        from: Pid,
        /// Who is told.
        to: Pid,
        /// Why.
        reason: ExitReason,
    },
    /// An exit signal.
    Exit {
        /// Whose end.
        to: Pid,
        /// Who asked.
        from: Pid,
        /// The reason.
        reason: ExitReason,
    },
    /// An ordered stop: it takes its place in the normal lane.
    Stop {
        /// Whose end.
        to: Pid,
        /// Who asked.
        from: Pid,
        /// The reason.
        reason: ExitReason,
    },
    /// The beginning of a watch.
    Monitor {
        /// Who watches, or the outside.
        watcher: Pid,
        /// The watcher's name for it.
        reference: u32,
        /// Who is watched.
        target: Pid,
    },
    /// The beginning of a watch that the target was spawned with.
    Watched {
        /// Who watches.
        watcher: Pid,
        /// The watcher's name for it.
        reference: u32,
        /// Who is watched.
        target: Pid,
    },
    /// The end of a watch that its watcher ended.
    Demonitor {
        /// Who watched.
        watcher: Pid,
        /// The watcher's name for it.
        reference: u32,
    },
    /// The end of a watch that its target's end ended.
    Down {
        /// Who watched.
        watcher: Pid,
        /// The watcher's name for it.
        reference: u32,
        /// Who has ended.
        target: Pid,
        /// Why.
        reason: ExitReason,
    },
    /// `sender` overflowed the mailbox of `receiver` and is to wait.
    Hold {
        /// Who waits.
        sender: Pid,
        /// For whom.
        receiver: Pid,
    },
    /// The wait is over.
    Release {
        /// Who waited.
        sender: Pid,
        /// For whom.
        receiver: Pid,
    },
}

impl Packet {
    /// Whether it is bounded by room on the way. Everything else was paid for by the link, monitor, call or message that
    /// it belongs to, and is never refused.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. } | Self::Call { .. })
    }

    /// Bytes that it carries.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Message { payload, .. }
            | Self::Call { payload, .. }
            | Self::Reply { payload, .. }
            | Self::Undelivered { payload, .. } => payload.len(),
            _ => 0,
        }
    }
}

const _: () = assert!(size_of::<Packet>() <= 64, "one cache line each");
