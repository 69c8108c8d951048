//! What other languages ask about Rust actors, wherever they are: by PID, from any thread that is no shard's.

use crate::{door, runtime::request};
use core::sync::atomic::Ordering;
use myrmidon_core::{pid::Pid, shard::ActorInfo};

/// A living actor.
#[derive(Debug)]
pub struct Description {
    /// What its shard knows of it.
    pub info: ActorInfo,
    /// Its [`crate::Actor::PROTOCOL`]; empty also while it is lent.
    pub protocol: &'static str,
}

/// Whether a shard is a worker of this process.
pub fn is_worker(shard: u8) -> bool {
    door::find(shard).is_some()
}

/// Whether a worker has something to do, now or later: messages, timers, calls, lent actors.
pub fn is_busy(shard: u8) -> bool {
    door::find(shard).is_some_and(|door| !door.rests.load(Ordering::Relaxed))
}

/// What is known of a living actor. It waits for the actor's shard, and so not in a handler: there it is `None`.
pub fn describe(pid: Pid) -> Option<Description> {
    let door = door::find(pid.shard())?;
    let named = door.named.lock().get(&pid).map(|named| named.protocol);
    let ask = move |worker: &mut crate::worker::Worker| {
        let info = worker.info(pid)?;
        let protocol = named.or_else(|| worker.protocol(pid)).unwrap_or_default();
        Some(Description { info, protocol })
    };
    request(&door, ask).flatten()
}

/// As [`crate::ActorRef::suspend`] and its end; whether the actor lives. As [`describe`], it waits.
pub fn suspend(pid: Pid, hold: bool) -> bool {
    let Some(door) = door::find(pid.shard()) else { return false };
    let hold = move |worker: &mut crate::worker::Worker| {
        let is_alive = worker.info(pid).is_some();
        worker.suspend(pid, hold);
        is_alive
    };
    request(&door, hold).unwrap_or(false)
}
