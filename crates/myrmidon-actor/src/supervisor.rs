//! Supervisors in Rust: ordinary actors around the machines of `myrmidon_core::supervisor`, which decide everything. The
//! words of those machines that a program says and hears (options, what a child is, answers) are here, too.
//!
//! What the shell owes the machine (its `protocol`): a child is spawned linked and watched in one step, its start is over when
//! the spawn is (`started` ran) or, of a supervisor, when its own children have started; its end is the DOWN of that watch,
//! once. Links are told before watches, so that a child's exit signal comes while it is still known.

mod child;
mod dynamic;
mod fixed;
mod shell;
mod start;
mod waits;

pub use child::Child;
pub use dynamic::{Dynamic, DynamicSupervisor, Rules};
pub use fixed::{NewSpecs, Supervise, Supervisor};
pub use myrmidon_core::supervisor::{
    Answer, ChildCount, ChildInfo, ChildStartError, CommandError, Done, Event, Field, Happening, InvalidSpec, Kind,
    OptionsInput, ShutdownInput, StartFailure, Status, TreatmentInput,
};
pub use start::SupervisorStartError;
