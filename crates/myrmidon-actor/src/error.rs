//! What may fail, typed; an error that holds a message gives it back.

use core::{error::Error, fmt};
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason},
    pid::Pid,
    send_error::SendError,
};

/// A message that was not accepted. A dead receiver is no error: it makes a dead letter (G12).
#[derive(Clone, PartialEq, Eq)]
pub struct TellError<M> {
    /// Why.
    pub reason: SendError,
    /// What was not sent.
    pub message: M,
}

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TellError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<M> fmt::Display for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl<M> Error for TellError<M> {}

/// A question that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskError {
    /// The callee has ended, or was not there.
    ActorExited(ExitReason),
    /// Time ran out.
    AskTimeout,
    /// The callee's mailbox was full, or dropped the question.
    MailboxFull,
    /// The callee's shard takes nothing from outside now.
    NodeBusy,
    /// The callee does not understand the question, or its answer is none of the question's; what does not fit. Of actors
    /// of other languages, where no compiler sees it.
    BadMessage(Box<str>),
    /// The callee dropped its [`crate::ReplyTo`], and lives.
    NoReply,
    /// An actor asked itself.
    SelfAsk,
    /// The thread of a shard was to wait for an answer, which would hold up all its actors: use [`crate::Context::ask`].
    WouldBlock,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActorExited(reason) => write!(f, "the actor has ended: {reason}"),
            Self::AskTimeout => f.write_str("no answer in time"),
            Self::MailboxFull => f.write_str("the mailbox is full"),
            Self::NodeBusy => f.write_str("the actor's shard takes nothing from outside now"),
            Self::BadMessage(issue) => write!(f, "the question or its answer does not fit: {issue}"),
            Self::NoReply => f.write_str("the actor dropped the question"),
            Self::SelfAsk => f.write_str("an actor cannot ask itself"),
            Self::WouldBlock => f.write_str("the thread of a shard must not wait: use Context::ask"),
        }
    }
}

impl Error for AskError {}

/// An actor that was not spawned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnError {
    /// Somebody has the name.
    NameTaken {
        /// Who.
        holder: Pid,
    },
    /// The shard has as many actors as it may have.
    TooManyActors,
    /// The runtime has ended.
    Closed,
    /// `started` panicked.
    InitFailed(Box<CrashError>),
    /// It does not want to start now ([`crate::Context::ignore`]).
    Ignored,
    /// It cannot be done from here: a name on another shard, or a link from outside of any actor.
    Elsewhere,
    /// An option is out of range.
    Option {
        /// Which.
        name: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { holder } => write!(f, "{holder} has the name"),
            Self::TooManyActors => f.write_str("the shard has as many actors as it may have"),
            Self::Closed => f.write_str("the runtime has ended"),
            Self::InitFailed(error) => write!(f, "it did not start: {}", error.message),
            Self::Ignored => f.write_str("it does not start now"),
            Self::Elsewhere => f.write_str("a name is given on the actor's own shard, and only an actor has links"),
            Self::Option { name, allowed } => write!(f, "{name} is out of range: {allowed}"),
        }
    }
}

impl Error for SpawnError {}

/// A runtime that did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// An option is out of range.
    Option {
        /// Which.
        name: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// The process has as many shards as it may have.
    NoShard,
    /// The system has ended, or is full.
    Join(String),
    /// The operating system gave no thread.
    Thread(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name, allowed } => write!(f, "{name} is out of range: {allowed}"),
            Self::NoShard => f.write_str("the process has as many shards as it may have"),
            Self::Join(why) => f.write_str(why),
            Self::Thread(why) => write!(f, "no thread: {why}"),
        }
    }
}

impl Error for StartError {}
