//! What other languages ask about Rust actors, wherever they are: by PID, from any thread that is no shard's.

use crate::{door, runtime::request_until};
use core::sync::atomic::Ordering;
use myrmidon_core::{pid::Pid, shard::ActorInfo};
use std::time::{Duration, Instant};

/// A living actor.
#[derive(Debug)]
pub struct Description {
    /// What its shard knows of it.
    pub info: ActorInfo,
    /// Its [`crate::Actor::PROTOCOL`].
    pub protocol: &'static str,
    /// Its [`crate::Actor::FINGERPRINT`].
    pub fingerprint: &'static str,
    /// The type of actors that it is of.
    pub behavior: &'static str,
}

/// Whether a shard is a worker of this process.
pub fn is_worker(shard: u8) -> bool {
    door::find(shard).is_some()
}

/// Whether a worker has something to do, now or later: messages, timers, calls, lent actors.
pub fn is_busy(shard: u8) -> bool {
    door::find(shard).is_some_and(|door| !door.rests.load(Ordering::Relaxed))
}

/// The shard has not answered in time: a handler keeps it, or the question came from a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Silent;

/// What is known of a living actor; `None`: it does not live. It waits for the actor's shard, so long at most.
///
/// # Errors
/// [`Silent`].
pub fn describe(pid: Pid, within: Duration) -> Result<Option<Description>, Silent> {
    let Some(door) = door::find(pid.shard()) else { return Ok(None) };
    request_until(&door, Instant::now() + within, move |worker| worker.describe(pid)).ok_or(Silent)
}

/// As [`crate::ActorRef::suspend`] and its end; whether the actor lives. It waits as [`describe`] does.
///
/// # Errors
/// [`Silent`]; the shard does it when it can.
pub fn suspend(pid: Pid, hold: bool, within: Duration) -> Result<bool, Silent> {
    let Some(door) = door::find(pid.shard()) else { return Ok(false) };
    let hold = move |worker: &mut crate::worker::Worker| {
        let is_alive = worker.info(pid).is_some();
        worker.suspend(pid, hold);
        is_alive
    };
    request_until(&door, Instant::now() + within, hold).ok_or(Silent)
}
