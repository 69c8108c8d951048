//! A shard as other threads see it: an inbox with a doorbell, and the two ends of it.

use crate::{
    directory::Lease,
    doorbell::Doorbell,
    inbox::{Inbox, Refused},
};
use core::fmt;
use myrmidon_core::record::Record;
use std::sync::Arc;

struct Port {
    inbox: Inbox,
    door: Doorbell,
    /// Wakes the owner's thread. Runs on the sender's thread; must not block, and must bear a dead owner.
    ring: Box<dyn Fn() + Send + Sync>,
}

/// Any thread's end. Cloning is cheap.
#[derive(Clone)]
pub struct ShardHandle {
    port: Arc<Port>,
    shard: u8,
}

impl fmt::Debug for ShardHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardHandle").field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl ShardHandle {
    /// The shard's number.
    pub fn shard(&self) -> u8 {
        self.shard
    }

    /// Wakes the shard when it sleeps: it has something to look at elsewhere.
    pub fn ring(&self) {
        if self.port.door.claim() {
            (self.port.ring)();
        }
    }

    /// Places records in the shard's inbox, in order, and wakes it when it sleeps.
    ///
    /// # Errors
    /// [`Refused`] when the inbox is full or its owner has ended; says how many records were taken.
    pub fn send(&self, records: &[Record]) -> Result<(), Refused> {
        let outcome = self.port.inbox.push(records);
        let placed = match outcome {
            Ok(()) => records.len(),
            Err(refused) => refused.accepted,
        };
        if placed > 0 && self.port.door.claim() {
            (self.port.ring)();
        }
        outcome
    }
}

/// The owning thread's end: neither `Clone` nor shared. Dropping it closes the inbox and retires the shard number.
pub struct ShardOwner {
    port: Arc<Port>,
    lease: Option<Lease>,
}

impl fmt::Debug for ShardOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardOwner").field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl ShardOwner {
    /// An open inbox for `capacity` records, reachable in the lease's directory.
    pub fn open(lease: Lease, capacity: usize, ring: impl Fn() + Send + Sync + 'static) -> Self {
        let port = Arc::new(Port { inbox: Inbox::new(capacity), door: Doorbell::new(), ring: Box::new(ring) });
        lease.publish(ShardHandle { port: Arc::clone(&port), shard: lease.shard() });
        Self { port, lease: Some(lease) }
    }

    /// Moves at most `limit` records from the inbox to `out`. The owner is awake from here on.
    pub fn drain(&self, out: &mut Vec<Record>, limit: usize) -> usize {
        self.port.door.disarm();
        self.port.inbox.drain(out, limit)
    }

    /// The other end, for whoever sends.
    pub fn handle(&self) -> Option<ShardHandle> {
        let shard = self.lease.as_ref()?.shard();
        Some(ShardHandle { port: Arc::clone(&self.port), shard })
    }

    /// Whether nothing waits in the inbox.
    pub fn is_empty(&self) -> bool {
        self.port.inbox.is_empty()
    }

    /// About to sleep: arms the doorbell. `false`: something came in meanwhile; do not sleep.
    #[must_use]
    pub fn sleep(&self) -> bool {
        self.sleep_if(|| true)
    }

    /// The same for an owner that has more to look at than its inbox: `quiet`, asked once the doorbell is armed.
    #[must_use]
    pub fn sleep_if(&self, quiet: impl FnOnce() -> bool) -> bool {
        self.port.door.arm();
        if self.port.inbox.is_empty() && quiet() {
            return true;
        }
        self.port.door.disarm();
        false
    }

    /// Ends the shard: nothing enters any more, what is left goes to `out`, and the shard number goes back with the
    /// highest generation that any of its PIDs had.
    pub fn close(mut self, highest_generation: u32, out: &mut Vec<Record>) {
        self.port.inbox.close();
        self.port.inbox.drain(out, usize::MAX);
        if let Some(lease) = self.lease.take() {
            lease.give_back(highest_generation);
        }
    }
}

impl Drop for ShardOwner {
    fn drop(&mut self) {
        self.port.inbox.close();
    }
}
