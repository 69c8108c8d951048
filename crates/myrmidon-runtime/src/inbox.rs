//! A shard's inbox: a bounded queue of records that any thread may fill and the owner alone drains.
//!
//! Promises: a push says exactly how many records it placed; records of one push stay in order; once `close` has
//! returned nothing enters any more, and what entered before is there to be drained.
//!
//! `gate` counts the pushes under way (in steps of two) and carries the closed bit. A push enters through it before it
//! touches the queue, so that `close` can wait for those already inside: without that, a record pushed between the
//! owner's last drain and its end would be neither delivered nor refused.

use crate::{
    queue::Queue,
    sync::{AtomicUsize, Ordering, spin},
};
use core::fmt;
use myrmidon_core::record::Record;

const CLOSED: usize = 1;
const PUSHER: usize = 2;

/// How many records an owner lets in before it delivers up to `max` messages, with `queued` in its mailboxes.
/// What waits in the inbox is bounded and out of the cache's way, so an owner with enough to do takes little at a time;
/// but always some, or those who send from outside would starve.
pub const fn allowance(queued: u32, max: u32) -> usize {
    if queued < max.saturating_mul(2) {
        max as usize
    } else if max < 8 {
        1
    } else {
        max as usize / 8
    }
}

/// Why an inbox did not take a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is full: try again when the owner has drained it.
    Full,
    /// Its owner has ended.
    Closed,
}

/// A push that was not taken whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// How many of the records, from the first, were taken.
    pub accepted: usize,
    /// Why the next one was not.
    pub why: Refusal,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Refusal::Full => write!(f, "the shard's inbox is full ({} records were taken)", self.accepted),
            Refusal::Closed => f.write_str("the shard has ended"),
        }
    }
}

impl core::error::Error for Refused {}

/// See the module.
pub struct Inbox {
    queue: Queue<Record>,
    gate: AtomicUsize,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("queued", &self.queue.len()).finish_non_exhaustive()
    }
}

impl Inbox {
    /// An open inbox for `capacity` records (at least one).
    pub fn new(capacity: usize) -> Self {
        Self { queue: Queue::new(capacity.max(1)), gate: AtomicUsize::new(0) }
    }

    /// Any thread: places the records in order, until one is refused.
    ///
    /// # Errors
    /// [`Refused`], with the number of records that were taken.
    pub fn push(&self, records: &[Record]) -> Result<(), Refused> {
        // Acquire: what the owner did before it closed is seen by who is refused.
        if self.gate.fetch_add(PUSHER, Ordering::Acquire) & CLOSED != 0 {
            self.gate.fetch_sub(PUSHER, Ordering::Release);
            return Err(Refused { accepted: 0, why: Refusal::Closed });
        }
        let mut outcome = Ok(());
        for (accepted, record) in records.iter().enumerate() {
            if self.queue.push(*record).is_err() {
                outcome = Err(Refused { accepted, why: Refusal::Full });
                break;
            }
        }
        // Release: the pushes are seen by the owner that waits in `close`.
        self.gate.fetch_sub(PUSHER, Ordering::Release);
        outcome
    }

    /// Owner: moves at most `limit` records to `out`, oldest first; returns how many.
    pub fn drain(&self, out: &mut Vec<Record>, limit: usize) -> usize {
        // The usual case; a look costs two loads, a pop a fence.
        if self.queue.is_empty() {
            return 0;
        }
        let before = out.len();
        out.extend(core::iter::from_fn(|| self.queue.pop()).take(limit));
        out.len() - before
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Owner: refuses everything from now on, and waits for the pushes under way. Idempotent.
    pub fn close(&self) {
        let mut gate = self.gate.fetch_or(CLOSED, Ordering::AcqRel);
        // A push holds the gate for a few stores and never blocks, so this wait is short.
        while gate & !CLOSED != 0 {
            spin();
            gate = self.gate.load(Ordering::Acquire);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
