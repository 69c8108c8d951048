//! What the binding has to do, in the order in which it is written.

use super::{SwapError, Version};
use crate::exit_reason::ExitReason;

/// What happened, for whoever watches the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The actor runs another version.
    Swapped {
        /// What it ran.
        from: Version,
        /// What it runs.
        to: Version,
    },
    /// A version was taken back.
    RolledBack {
        /// The one that is gone.
        version: Version,
        /// Why.
        reason: ExitReason,
    },
}

/// One order to the binding. `S`: its handle of a state. `M`: its handle of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<S, M> {
    /// No message is delivered to the actor until `Release`; its control lane is served. Independent of what the program
    /// has suspended itself.
    Hold,
    /// The end of `Hold`.
    Release,
    /// Copies the state and migrates the copy. Answered by [`super::Swap::migrated`], now or later; later:
    /// [`super::Swap::takes_time`] is due now.
    Migrate {
        /// Which upgrade.
        upgrade: u32,
        /// Which migration, for the answer.
        attempt: u32,
    },
    /// Nobody waits for this migration any more. Its answer, should it come, is thrown away.
    Abandon {
        /// Which migration.
        attempt: u32,
    },
    /// From the next message on the actor runs this. What it ran with before is kept, or comes back by `Forget`.
    Install {
        /// Which behaviour.
        version: Version,
        /// Its state.
        state: S,
    },
    /// From the next message on the actor runs this again: with what the way back makes of the present state, or, where
    /// there is none or it fails, with `state`. Both states are the binding's from here on.
    Restore {
        /// Which behaviour.
        version: Version,
        /// Its state when it was replaced.
        state: S,
        /// The upgrade whose way back it is.
        back: Option<u32>,
    },
    /// Nothing refers to this state any more.
    Forget {
        /// The handle of it.
        state: S,
    },
    /// The handlers that wait belong to a version that is gone: they are interrupted, and their askers told.
    Interrupt {
        /// What they are told.
        reason: ExitReason,
    },
    /// A message that its version did not get done with: a dead letter, `why::SWAP_ROLLED_BACK`.
    Letter {
        /// The handle of it.
        message: M,
    },
    /// The journal needs these no more.
    ForgetMessages {
        /// The handles of them.
        messages: Vec<M>,
    },
    /// For whoever watches.
    Event(Event),
    /// [`super::Swap::advance`] is due then; replaces the time before.
    Arm {
        /// Monotonic ms.
        at: f64,
    },
    /// No time is waited for.
    Disarm,
    /// Of a swap together: stands still and has its new state; waits for [`super::Swap::commit`] or
    /// [`super::Swap::give_up`].
    Prepared {
        /// Whose.
        request: u32,
    },
    /// The new version runs. Its canary, if it has one, begins here.
    Committed {
        /// Whose.
        request: u32,
    },
    /// What became of a request. Exactly one for each that was not refused at once.
    Answer {
        /// Whose.
        request: u32,
        /// `Ok`: also of a canary that has passed.
        result: Result<(), SwapError<M>>,
    },
}
