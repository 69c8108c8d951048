//! What a runtime tells whoever opened it: dead letters, and actors that crashed.
//!
//! The observer runs on a shard's thread, between steps, with nothing borrowed: it may tell actors, and must not wait. A turn
//! has at most [`MOST`] for it; what is more is counted, as all dead letters are.

use crate::Payload;
use core::fmt;
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, record::why};
use std::sync::Arc;

/// Notices between two turns.
pub(crate) const MOST: usize = 1024;

/// Who is told.
#[derive(Clone)]
pub(crate) struct Observer(pub Arc<dyn Fn(Notice) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Something that happened in a runtime.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A message was not delivered.
    DeadLetter(DeadLetter),
    /// An actor ended by a panic.
    Crashed {
        /// Which.
        pid: Pid,
        /// Its name.
        name: Option<Box<str>>,
        /// `Crashed`.
        reason: ExitReason,
    },
    /// A supervisor has ended with all its children: its restart intensity is spent, and none is above it that would hear of
    /// that (G309). A supervisor that is started as an ordinary child (`Child::new`) counts as one with none above it.
    TreeEnded {
        /// Which.
        pid: Pid,
        /// Its name.
        name: Option<Arc<str>>,
        /// The id that it was made with.
        supervisor: Arc<str>,
        /// The child that was started once too often.
        child: Arc<str>,
        /// That one's end; `None`: its start failed.
        reason: Option<ExitReason>,
    },
}

/// A message that was not delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Its receiver.
    pub to: Pid,
    /// The name that its receiver has, or had: of those that have ended, the last 4,096 of a shard are known by name (G301).
    pub name: Option<Arc<str>>,
    /// Its sender, where that is an actor.
    pub from: Option<Pid>,
    /// Its name in its protocol, where it is one of another language's.
    pub tag: Option<Arc<str>>,
    /// What it carried, where it is one of another language's and was not read.
    pub payload: Payload,
    /// Whether its sender asked: it has heard that there is no answer.
    pub asked: bool,
    /// Why.
    pub why: Why,
}

/// Why a letter is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Nobody is there.
    NotAlive,
    /// The mailbox was full.
    MailboxFull,
    /// A policy dropped it, or its receiver could not read it.
    Dropped,
    /// It was queued when its receiver ended.
    Stopped,
    /// It was in a handler when its isolate died.
    Interrupted,
}

impl Why {
    pub(crate) fn of(code: u32) -> Self {
        match code {
            why::NOT_ALIVE => Self::NotAlive,
            why::MAILBOX_FULL => Self::MailboxFull,
            why::STOPPED => Self::Stopped,
            why::INTERRUPTED => Self::Interrupted,
            _ => Self::Dropped,
        }
    }

    /// As all languages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAlive => "NotAlive",
            Self::MailboxFull => "MailboxFull",
            Self::Dropped => "Dropped",
            Self::Stopped => "Stopped",
            Self::Interrupted => "Interrupted",
        }
    }
}
