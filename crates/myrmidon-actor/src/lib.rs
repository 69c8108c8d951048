//! Actors in Rust: many small things with a state and a mailbox each, on a few worker shards.
//!
//! ```
//! use myrmidon_actor::{Actor, Context, ReplyTo, Runtime};
//!
//! struct Counter(u64);
//! enum Message {
//!     Add(u64),
//!     Total(ReplyTo<u64>),
//! }
//!
//! impl Actor for Counter {
//!     type Message = Message;
//!     fn handle(&mut self, message: Message, _: &mut Context<Message>) {
//!         match message {
//!             Message::Add(by) => self.0 += by,
//!             Message::Total(reply) => reply.send(self.0),
//!         }
//!     }
//! }
//!
//! let runtime = Runtime::builder().shards(2).start()?;
//! let counter = runtime.spawn(Counter(0))?;
//! counter.tell(Message::Add(2))?;
//! counter.tell(Message::Add(3))?;
//! assert_eq!(counter.ask(Message::Total).wait()?, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An actor lives on one shard for life: one thread, which runs its handlers one at a time. Messages between actors of a
//! shard, and between Rust shards, are moved and never encoded. Who runs next, links, monitors, timers, calls and full
//! mailboxes are `myrmidon-core`'s, so that the rules are those of every other language (docs/semantics.md).
//!
//! What an actor is may change while it lives ([`Upgrade`]), and who has failed is started again ([`Supervisor`],
//! [`DynamicSupervisor`]); [`Runtime::inspector`] looks inside.
//!
//! A handler returns soon. One that computes for long is lent to another thread with its actor ([`Lend`]), and one that
//! waits is an [`AsyncActor`]'s; meanwhile the actor's next message does not enter, and its shard goes on.

#![forbid(unsafe_code)]

mod accounts;
mod actor;
mod actor_ref;
mod answer;
mod body;
mod clock;
#[cfg(feature = "serde")]
mod codec;
mod context;
mod describe;
mod door;
mod error;
mod foreign;
mod inspect;
mod lend;
mod letter;
mod mail;
mod observer;
mod place;
#[cfg(feature = "serde")]
mod question;
mod refusal;
mod reply;
#[cfg(all(test, feature = "tokio"))]
mod rest;
mod runtime;
mod signal;
mod spawn;
#[cfg(feature = "serde")]
mod stream;
pub mod supervisor;
mod swap;
mod timer;
mod version;
mod wire;
mod worker;

#[cfg(feature = "tokio")]
mod asynchronous;

pub use accounts::{BehaviorInfo, behaviors, top};
pub use actor::{Actor, Behavior, Lend, behavior};
pub use actor_ref::ActorRef;
pub use answer::Answer;
#[cfg(feature = "tokio")]
pub use asynchronous::AsyncActor;
pub use context::Context;
pub use describe::{Description, Silent, describe, is_busy, is_worker, suspend};
pub use error::{AskError, SpawnError, StartError, TellError};
pub use foreign::ForeignRef;
pub use inspect::{Direction, InspectError, Inspector, Statistics, Trace, TraceEvent, TraceOptions};
pub use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language, Unreachable},
    pid::Pid,
    send_error::SendError,
    shard::{ActorInfo, Measure, ShardStats, Status},
};
pub use myrmidon_runtime::{
    System,
    buffer::{Refusal, SharedBuffer},
};
pub use observer::{DeadLetter, Notice, Why};
#[cfg(feature = "serde")]
pub use question::{Answered, AnsweredWith, NoError, Question, WithBuffers};
pub use reply::ReplyTo;
pub use runtime::{Builder, Runtime, Stopped};
pub use signal::{MonitorRef, Signal};
pub use spawn::{Mailbox, Overflow, Placement, Spawn};
#[cfg(all(feature = "serde", feature = "tokio"))]
pub use stream::{ForeignStream, ReadError};
#[cfg(feature = "serde")]
pub use stream::{Read, ReadRef, StreamError, StreamTo, reader_gone};
pub use supervisor::{Child, Dynamic, DynamicSupervisor, NewSpecs, Rules, Supervise, Supervisor, SupervisorStartError};
pub use swap::{
    Canary, DryRun, GroupReport, Handled, Pauses, Running, SwapError, SwapEvent, SwapOptions, Unanswered, Upgrade,
    Verdict, WentBack,
};
pub use timer::TimerRef;
pub use wire::{Payload, Wire};
pub use worker::SwapCounts;
