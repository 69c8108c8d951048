//! What is told of swaps to whoever watches a runtime.

use crate::version::name_of;
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, swap::Event};

/// Runs on the shard of the actor, between two handlers.
pub(crate) type OnSwap = dyn Fn(SwapEvent) + Send + Sync;

/// An actor runs another version (G81). Versions are named by their types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwapEvent {
    /// It was swapped.
    Swapped {
        /// Which.
        actor: Pid,
        /// What it ran.
        from: &'static str,
        /// What it runs.
        to: &'static str,
    },
    /// A version of it was taken back.
    RolledBack {
        /// Which.
        actor: Pid,
        /// The one that is gone.
        version: &'static str,
        /// Why.
        reason: ExitReason,
    },
}

impl SwapEvent {
    pub(crate) fn of(actor: Pid, event: Event) -> Self {
        match event {
            Event::Swapped { from, to } => Self::Swapped { actor, from: name_of(from), to: name_of(to) },
            Event::RolledBack { version, reason } => Self::RolledBack { actor, version: name_of(version), reason },
        }
    }
}
