//! What goes into a supervisor and what comes out of it: facts and commands, actions and events. All of it is data.
//!
//! A shell owes the machine this, and no more:
//! - `Start` is answered by exactly one of `Started`, `Ignored`, `Failed` or `Ended`. Its child is linked to the
//!   supervisor's actor and watched in the same step, so that it ends with it, and its end is heard of even when it
//!   unlinks itself (G94).
//! - Whatever has started ends in exactly one `Ended`, also after `Stop` and `Kill`; or in one `Ignored`, where a shell
//!   learns only later that it did not want to start.
//! - `Cancel` makes a child that has not started yet end: whatever it hung in is interrupted, and `Ended` (or `Failed`)
//!   comes. A `Started` that was on its way already may come before that.
//! - A timer that was disarmed may still fire; the machine does not mind.

use super::{
    error::{ChildStartError, CommandError, Status},
    spec::{ChildSpec, Kind, Options},
};
use crate::{exit_reason::ExitReason, pid::Pid};
use std::sync::Arc;

/// One life of one child, from its start to its end. Never used twice by one supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Life(pub u64);

/// A timer of a supervisor. Never used twice by one supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timer(pub u64);

/// The caller's name for a command, given back with its answer.
pub type Token = u64;

/// What became of a start that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFailure {
    /// The child itself failed.
    Itself(ExitReason),
    /// It is a supervisor, and a child below it failed: the error names that one.
    Below(ChildStartError),
}

/// What somebody wants from a supervisor. Answered once each, in the order in which they came.
#[derive(Clone, Debug)]
pub enum Command<S> {
    /// A child more, after all others.
    StartChild(ChildSpec<S>),
    /// Stops a child; its spec stays, unless it is temporary. Cancels a restart that is due.
    TerminateChild(Arc<str>),
    /// Starts a child that is stopped.
    RestartChild(Arc<str>),
    /// Forgets a child that is stopped.
    DeleteChild(Arc<str>),
    /// Other specs, with OTP's rule (G97): kept children keep their lives, new ones are not started, removed ones are
    /// not ended. When they are not valid, the old ones stay.
    Change {
        /// The new options.
        options: Options,
        /// The new specs, in their new order.
        children: Vec<ChildSpec<S>>,
    },
}

/// The answer of a command.
pub type Answer = Result<Done, CommandError>;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It runs.
    Started {
        /// Its life, which is how a dynamic supervisor is told whom to terminate.
        life: Life,
        /// Its PID.
        pid: Pid,
    },
    /// It did not want to start now (G87).
    Ignored,
    /// It is done.
    Done,
}

/// What happens to a supervisor.
#[derive(Clone, Debug)]
pub enum Input<C> {
    /// Starts its children. The first thing that happens to it, once.
    Boot,
    /// A command, with the caller's name for it.
    Command(Token, C),
    /// A child has started.
    Started(Life, Pid),
    /// A child does not want to start now; also one that has said `Started` too early, and has ended instead.
    Ignored(Life),
    /// A child failed to start.
    Failed(Life, StartFailure),
    /// A child has ended.
    Ended(Life, ExitReason),
    /// A timer is over.
    Timer(Timer),
    /// An order to end: from the supervisor above, or from the program.
    Stop(ExitReason),
}

/// What a shell has to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<S> {
    /// Start a child.
    Start {
        /// Its life, if it gets one.
        life: Life,
        /// Its id; of a child of a dynamic supervisor, the supervisor's.
        id: Arc<str>,
        /// How.
        start: S,
    },
    /// Interrupt a start that is under way.
    Cancel(Life),
    /// Send an exit signal `Shutdown`.
    Stop(Life),
    /// Kill.
    Kill(Life),
    /// Its spec has changed while it runs: hand the new one on, for its own children (G97).
    Respec {
        /// The child.
        life: Life,
        /// The new payload.
        start: S,
    },
    /// Fire a timer after so many ms.
    Arm(Timer, f64),
    /// Do not.
    Disarm(Timer),
    /// Answer a command.
    Answer(Token, Answer),
    /// Tell those who listen.
    Emit(Event),
    /// All children have started, or have said that they do not want to: the supervisor's own start is done.
    Ready,
    /// A child did not start, and all others are stopped: so does the supervisor not. Nothing comes after this.
    Fail(ChildStartError),
    /// All children have ended: the supervisor ends. Nothing comes after this.
    End(ExitReason),
}

/// What is told of children.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The child's id.
    pub child: Arc<str>,
    /// What happened.
    pub what: Happening,
}

/// What can happen to a child.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A first start.
    Started(Pid),
    /// It runs again.
    Restarted(Pid),
    /// It ended by a failure; or its supervisor stopped it, and it ended otherwise than it was asked to.
    Crashed(ExitReason),
    /// A restart of it failed, and is tried again.
    RestartFailed(StartFailure),
    /// Its supervisor has stopped it, and it ended as it was asked to.
    Stopped(ExitReason),
    /// There were too many restarts, and the supervisor ends: the end that was one too many, unless that was a start that
    /// failed.
    Escalated(Option<ExitReason>),
}

/// A child as `which_children` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// Its id.
    pub id: Arc<str>,
    /// What it is.
    pub kind: Kind,
    /// What it is doing.
    pub status: Status,
    /// Its PID, while it runs.
    pub pid: Option<Pid>,
    /// How often it was started again.
    pub restarts: u64,
}

/// Numbers of children, as `count_children` gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ChildCount {
    /// All that are known.
    pub specs: usize,
    /// Those that run.
    pub active: usize,
    /// Those that are supervisors.
    pub supervisors: usize,
    /// Those that are not.
    pub workers: usize,
}
