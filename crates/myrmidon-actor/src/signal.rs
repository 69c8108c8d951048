//! What an actor hears of others' ends.

use myrmidon_core::{exit_reason::ExitReason, pid::Pid};

/// One watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MonitorRef(pub(crate) u32);

/// The end of somebody, as a message between messages: what they sent before comes first (G10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Somebody it watches has ended. Once for each watch.
    Down {
        /// Which watch.
        monitor: MonitorRef,
        /// Who.
        pid: Pid,
        /// Why.
        reason: ExitReason,
    },
    /// Somebody it is linked to has ended, or sent it an exit signal; only while it traps exits.
    Exit {
        /// Who.
        from: Pid,
        /// Why.
        reason: ExitReason,
    },
}
