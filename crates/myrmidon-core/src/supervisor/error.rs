//! What can go wrong with children, as values that name the child.

use crate::exit_reason::ExitReason;
use core::fmt;
use std::sync::Arc;

/// A part of a spec or of the options of a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its name")]
pub enum Field {
    Id,
    Children,
    Restart,
    Shutdown,
    Significant,
    Strategy,
    Intensity,
    Period,
    BackoffMin,
    BackoffMax,
    AutoShutdown,
    MaxChildren,
}

impl Field {
    /// Its name, in the words of Rust and Python.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Children => "children",
            Self::Restart => "restart",
            Self::Shutdown => "shutdown",
            Self::Significant => "significant",
            Self::Strategy => "strategy",
            Self::Intensity => "intensity",
            Self::Period => "period",
            Self::BackoffMin => "backoff.min",
            Self::BackoffMax => "backoff.max",
            Self::AutoShutdown => "auto_shutdown",
            Self::MaxChildren => "max_children",
        }
    }
}

/// A spec or an option that is not valid; nothing was started (G96).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSpec {
    /// The child or the supervisor.
    pub id: Box<str>,
    /// What of it.
    pub field: Field,
    /// What is wrong with it.
    pub issue: &'static str,
}

impl InvalidSpec {
    pub(super) fn new(id: &str, field: Field, issue: &'static str) -> Self {
        Self { id: id.into(), field, issue }
    }
}

impl fmt::Display for InvalidSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\": {} {}", self.id, self.field.name(), self.issue)
    }
}

impl core::error::Error for InvalidSpec {}

/// A child did not start. Those that had been started before it are stopped again, youngest first (G86).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildStartError {
    /// From the root of the tree to the child, joined by `/`.
    pub place: Arc<str>,
    /// What its start came to.
    pub cause: ExitReason,
}

impl fmt::Display for ChildStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "child \"{}\" did not start: {}", self.place, self.cause)
    }
}

impl core::error::Error for ChildStartError {}

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    Running,
    /// It will be started again, or just is.
    Restarting,
    /// It has ended for now, and its spec is kept.
    Stopped,
}

impl Status {
    /// The word that every language uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
        }
    }
}

/// Why a command was refused (G91).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// There is a child with that id.
    ChildPresent {
        /// The child.
        id: Arc<str>,
        /// What it is doing.
        status: Status,
    },
    /// There is no child with that id, or its supervisor ended first.
    ChildNotRunning {
        /// The child.
        id: Arc<str>,
        /// `None`: the supervisor does not know it.
        status: Option<Status>,
    },
    /// It did not start.
    ChildStart(ChildStartError),
    /// Its spec is not valid.
    InvalidSpec(InvalidSpec),
    /// The supervisor has as many children as it may have.
    TooManyChildren {
        /// How many.
        limit: usize,
    },
    /// As many commands wait as may.
    Busy {
        /// How many.
        limit: usize,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChildPresent { id, status } => write!(f, "child \"{id}\" is there already, and is {}", status.name()),
            Self::ChildNotRunning { id, status: None } => write!(f, "there is no child \"{id}\""),
            Self::ChildNotRunning { id, status: Some(status) } => write!(f, "child \"{id}\" is {}", status.name()),
            Self::ChildStart(error) => error.fmt(f),
            Self::InvalidSpec(error) => error.fmt(f),
            Self::TooManyChildren { limit } => write!(f, "a supervisor may have {limit} children"),
            Self::Busy { limit } => write!(f, "{limit} commands wait already"),
        }
    }
}

impl core::error::Error for CommandError {}
