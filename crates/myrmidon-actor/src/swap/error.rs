//! Why a swap came to nothing, and what a version had done before it was taken back.

use crate::version::name_of;
use core::{error::Error, fmt};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    swap::{self, Failure},
};

/// What a canary keeps of a message: who sent it, and what the upgrade notes.
pub(crate) struct Noted {
    pub sender: Pid,
    pub note: Box<dyn core::any::Any + Send>,
}

/// A message that a version was given before it was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled<N> {
    /// Who sent it; `None`: nobody that is an actor.
    pub sender: Option<Pid>,
    /// What [`crate::Upgrade::noting`] has kept of it.
    pub note: N,
    /// Its asker has the answer.
    pub answered: bool,
}

/// Why an actor does not run what it was to run. In every case but `RolledBack` nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwapError<N = ()> {
    /// The migration said no, or panicked; its text (G70).
    MigrationFailed(Box<str>),
    /// The actor did not come to rest, or its migration did not end, in time.
    MigrationTimeout,
    /// The state could not be copied, and why.
    StateNotCopyable(Box<str>),
    /// It runs another type of actor than the upgrade starts from, or keeps none of that type (G72, G78).
    WrongVersion {
        /// What it runs.
        running: &'static str,
    },
    /// Another swap of it is under way, or its canary is.
    SwapInProgress,
    /// The new version crashed as a canary, or went back with its group or by hand; the old one is back (G75 to G77).
    RolledBack {
        /// Why.
        reason: ExitReason,
        /// What it had handled, oldest first. Nothing of that was undone but the state.
        handled: Vec<Handled<N>>,
        /// What it had begun and did not get done with: a dead letter, its asker told.
        open: Vec<Handled<N>>,
    },
    /// The actor has ended.
    ActorExited(ExitReason),
    /// An option is out of range, and nothing was done.
    InvalidOption(&'static str),
    /// The thread of a shard was to wait, which would hold up all its actors.
    WouldBlock,
}

impl<N> fmt::Display for SwapError<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MigrationFailed(why) => write!(f, "the migration failed: {why}"),
            Self::MigrationTimeout => {
                f.write_str("the actor did not come to rest, or its migration to an end, in time")
            }
            Self::StateNotCopyable(why) => write!(f, "the state could not be copied: {why}"),
            Self::WrongVersion { running } => write!(f, "the actor runs {running}"),
            Self::SwapInProgress => f.write_str("another swap of the actor is under way"),
            Self::RolledBack { reason, handled, open } => {
                let (done, open) = (handled.len(), open.len());
                write!(f, "the version before is back ({reason}); {done} messages were handled, {open} begun")
            }
            Self::ActorExited(reason) => write!(f, "the actor has ended: {reason}"),
            Self::InvalidOption(name) => write!(f, "{name} is out of range"),
            Self::WouldBlock => f.write_str("the thread of a shard must not wait"),
        }
    }
}

impl<N: fmt::Debug> Error for SwapError<N> {}

/// What the machine says, with the messages that a canary had begun.
pub(crate) struct Refused {
    pub error: swap::SwapError<Noted>,
    pub open: Vec<Noted>,
}

impl From<swap::SwapError<Noted>> for Refused {
    fn from(error: swap::SwapError<Noted>) -> Self {
        Self { error, open: Vec::new() }
    }
}

/// Notes are made by the upgrade that reads them, so that their type is this one.
pub(crate) fn handled<N: 'static>(Noted { sender, note }: Noted, answered: bool) -> Option<Handled<N>> {
    let sender = (!sender.is_none()).then_some(sender);
    note.downcast::<N>().ok().map(|note| Handled { sender, note: *note, answered })
}

pub(crate) fn all_handled<N: 'static>(messages: Vec<swap::Handled<Noted>>) -> Vec<Handled<N>> {
    messages.into_iter().filter_map(|one| handled(one.message, one.answered)).collect()
}

impl<N: 'static> From<Refused> for SwapError<N> {
    fn from(Refused { error, open }: Refused) -> Self {
        match error {
            swap::SwapError::Migration(Failure::Failed(error)) => Self::MigrationFailed(error.message),
            swap::SwapError::Migration(Failure::Invalid(why)) => Self::MigrationFailed(why),
            swap::SwapError::Migration(Failure::NotCopyable(why)) => Self::StateNotCopyable(why),
            swap::SwapError::TimedOut => Self::MigrationTimeout,
            swap::SwapError::WrongVersion { running } => Self::WrongVersion { running: name_of(running) },
            swap::SwapError::InProgress => Self::SwapInProgress,
            swap::SwapError::RolledBack { reason, handled: done } => Self::RolledBack {
                reason,
                handled: all_handled(done),
                open: open.into_iter().filter_map(|one| handled(one, false)).collect(),
            },
            swap::SwapError::Exited(reason) => Self::ActorExited(reason),
        }
    }
}
