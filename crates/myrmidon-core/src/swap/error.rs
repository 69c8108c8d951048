//! Why a swap came to nothing: what every language's `SwapError` is made of.

use super::Version;
use crate::exit_reason::{CrashError, ExitReason};

/// Why a migration has no new state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It threw, failed or panicked.
    Failed(Box<CrashError>),
    /// Its state is none that the new behaviour takes, and why.
    Invalid(Box<str>),
    /// The state could not be copied; where in it.
    NotCopyable(Box<str>),
}

/// A message that a version handled before it was rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled<M> {
    /// The binding's handle of it.
    pub message: M,
    /// Its asker got a reply or a domain error.
    pub answered: bool,
}

/// In every case but `RolledBack` nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwapError<M> {
    /// There is no new state.
    Migration(Failure),
    /// The actor did not come to rest, or its migration did not end, in time.
    TimedOut,
    /// It runs another version than the upgrade starts from, or keeps none of that number.
    WrongVersion {
        /// What it runs.
        running: Version,
    },
    /// Another swap of it is under way, or its canary is.
    InProgress,
    /// The new version crashed as a canary, or went back with its group or by hand; the old one is back.
    RolledBack {
        /// Why.
        reason: ExitReason,
        /// What it had handled, oldest first: nothing of that was undone but the state.
        handled: Vec<Handled<M>>,
    },
    /// The actor has ended.
    Exited(ExitReason),
}
