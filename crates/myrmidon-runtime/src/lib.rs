//! What threads need around the shards of `myrmidon-core`: a directory, inboxes, doorbells, buffers, pages, a clock.
//!
//! A shard belongs to one thread, which alone ticks it. Every other thread reaches it through a [`ShardHandle`]: the
//! records go into a bounded inbox, and the doorbell is rung only when the owner sleeps. The owning thread holds the
//! [`ShardOwner`], drains the inbox before it ingests its own submissions, and closes it when it ends.
//!
//! Shards of one [`System`] also reach each other, through a bounded path for each direction of each pair (`path`), of
//! which each shard holds its ends as a [`Member`].
//!
//! Order of an end: a member leaves its system (`member`); the owner closes its inbox (senders get [`Refusal::Closed`] from then on, and none of their
//! records is lost in between), takes what is left, and gives its shard number back with the generations it used.

pub mod buffer;
pub mod clock;
pub mod directory;
pub mod doorbell;
pub mod inbox;
pub mod lane;
pub mod member;
mod names;
pub mod pages;
pub mod path;
pub mod port;
mod queue;
mod sync;
pub mod system;
pub mod tags;
pub mod vigil;

pub use buffer::Account;
pub use directory::{Directory, Lease};
pub use inbox::{Refusal, Refused};
pub use lane::Lane;
pub use member::Member;
pub use port::{ShardHandle, ShardOwner};
pub use system::System;
pub use vigil::Vigil;

#[cfg(all(test, loom))]
mod loom_tests;
