//! Why an actor ended: one enum for Rust, TypeScript and Python.
//!
//! The TypeScript and Python forms are generated from this file's tags and fields (`cargo run -p myrmidon-codegen`).
//! Timeouts and full mailboxes are errors of an operation and never stand here.

use core::fmt;

use crate::constants::constants;

/// The language whose code failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Language {
    /// TypeScript or JavaScript.
    TypeScript = 0,
    /// Rust.
    Rust = 1,
    /// Python.
    Python = 2,
}

impl Language {
    /// The name that every language uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TypeScript => "typescript",
            Self::Rust => "rust",
            Self::Python => "python",
        }
    }
}

/// What was thrown, rejected or panicked with, as data: it has to cross languages and nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrashError {
    /// The class of the error.
    pub name: Box<str>,
    /// Its message.
    pub message: Box<str>,
    /// Its stack, where the language has one.
    pub stack: Option<Box<str>>,
    /// Whose code failed.
    pub language: Language,
}

/// How a connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// The connection was closed.
    Closed,
    /// The peer fell silent.
    Silent,
}

impl Unreachable {
    /// The name that every language uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Silent => "silent",
        }
    }
}

/// Why an actor ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExitReason {
    /// It was done.
    Normal,
    /// It was asked to stop, in order.
    Shutdown {
        /// What the one who asked wants to be known.
        detail: Option<Box<str>>,
    },
    /// It was killed; nobody can trap that.
    Killed,
    /// A handler threw, rejected or panicked.
    Crashed(Box<CrashError>),
    /// Nobody is there.
    NoProc {
        /// `false`: a PID that was never given out. Decided by the generation.
        ever_existed: bool,
    },
    /// The connection to its node broke or fell silent; the actor may live.
    NodeUnreachable {
        /// The node's name.
        node: Box<str>,
        /// How the connection was lost.
        because: Unreachable,
    },
    /// A newer boot of its node is known: this PID can never answer again.
    NodeRestarted {
        /// The node's name.
        node: Box<str>,
    },
    /// The isolate that it lived on is gone.
    IsolateDown {
        /// The isolate's shard number.
        isolate: u8,
    },
}

impl ExitReason {
    /// `Shutdown` without a word.
    pub const SHUTDOWN: Self = Self::Shutdown { detail: None };

    /// The tag's code, as it crosses the membrane.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Normal => code::NORMAL,
            Self::Shutdown { .. } => code::SHUTDOWN,
            Self::Killed => code::KILLED,
            Self::Crashed(_) => code::CRASHED,
            Self::NoProc { .. } => code::NO_PROC,
            Self::NodeUnreachable { .. } => code::NODE_UNREACHABLE,
            Self::NodeRestarted { .. } => code::NODE_RESTARTED,
            Self::IsolateDown { .. } => code::ISOLATE_DOWN,
        }
    }

    /// Everything but `Normal` and `Shutdown`: the rule of `transient` children.
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Normal | Self::Shutdown { .. })
    }
}

constants! {
    /// The codes of the tags.
    #[allow(missing_docs, reason = "each is the code of the tag of its name")]
    pub mod code: u8 {
        NORMAL = 0;
        SHUTDOWN = 1;
        KILLED = 2;
        CRASHED = 3;
        NO_PROC = 4;
        NODE_UNREACHABLE = 5;
        NODE_RESTARTED = 6;
        ISOLATE_DOWN = 7;
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown { detail: None } => f.write_str("shutdown"),
            Self::Shutdown { detail: Some(detail) } => write!(f, "shutdown: {detail}"),
            Self::Killed => f.write_str("killed"),
            Self::Crashed(error) => write!(f, "crashed: {}: {}", error.name, error.message),
            Self::NoProc { ever_existed: true } => f.write_str("no such actor any more"),
            Self::NoProc { ever_existed: false } => f.write_str("no such actor ever"),
            Self::NodeUnreachable { node, because: Unreachable::Closed } => write!(f, "connection to {node} closed"),
            Self::NodeUnreachable { node, because: Unreachable::Silent } => write!(f, "node {node} fell silent"),
            Self::NodeRestarted { node } => write!(f, "node {node} restarted"),
            Self::IsolateDown { isolate } => write!(f, "isolate {isolate} is gone"),
        }
    }
}
