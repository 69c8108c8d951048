//! The Myrmidon actor runtime as pure state machines.
//!
//! Nothing here owns a thread, a socket, a clock or a foreign function: time and randomness are arguments, and what
//! has to happen outside is returned as data. That is what lets one set of rules serve Node.js, Python and Rust, and
//! what lets a test replay any order of events.

pub mod bundle;
pub mod constants;
pub mod exit_reason;
pub mod packet;
pub mod payload;
pub mod pid;
pub mod prefetch;
pub mod record;
pub mod send_error;
pub mod shard;
pub mod shelf;
pub mod supervisor;
pub mod swap;

mod away;
mod batch;
mod call;
mod chunks;
mod held_blocks;
mod link;
mod mailbox;
mod monitor;
mod name;
mod outbox;
mod peer;
mod pool;
mod reason;
mod room;
mod scheduler;
mod signal;
mod slab;
mod tide;
mod timer;
mod wheel;

pub use name::NameTable;
pub use peer::{Departures, PeerLimits};
