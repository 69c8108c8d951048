//! The way from one shard to another: a bounded queue with one sender and one receiver, neither of which ever waits.
//!
//! Its items are bundles, so what the two threads share is touched once for many packets. It is bounded by their number
//! and by their load, of packets and of bytes: an item enters while less than the most is on the way, so that one too many
//! is the most there is.
//!
//! Promises: what is placed arrives in order; `push` says by what it leaves where it stopped; once `close` has returned
//! nothing enters any more, and what entered before is there to be taken; after `finish` the receiver gets what was
//! placed, then the rest that the sender left, then the end, and nothing else.
//!
//! - `gate` counts a push under way and carries the closed bit, as in `inbox`: `close` waits for the push that is inside.
//! - `load` is what the items on the way weigh: added by the sender before the push, taken off by the receiver after the
//!   pop, so that it is never less than what is there.
//! - `starving` is set by a sender that goes to sleep with something left to place. The receiver reads it after it has
//!   taken something; each side writes before it reads, with a full fence in between, so that the sender either sees the
//!   room or is rung for.
//! - `finished` is stored after the last push and after the will; the receiver that sees it takes the queue to its end
//!   before it opens the will.

use crate::{
    queue::Queue,
    sync::{AtomicBool, AtomicUsize, Mutex, Ordering, fence, spin},
};
use core::fmt;
use myrmidon_core::bundle::Bundle;
use std::collections::VecDeque;

const CLOSED: usize = 1;
const PUSHER: usize = 2;

/// How much of a path's bound an item takes.
pub trait Load {
    /// Does not change while the item is on the way.
    fn load(&self) -> usize;
}

/// Bytes that weigh as much as a packet: a path of `system::PATH` is full of 64 MiB, and little messages never notice.
const PACKET: usize = 1 << 16;

impl Load for Bundle {
    fn load(&self) -> usize {
        self.len() + self.bytes() / PACKET
    }
}

/// See the module.
pub struct Path<T> {
    queue: Queue<T>,
    load: AtomicUsize,
    most: usize,
    gate: AtomicUsize,
    starving: AtomicBool,
    finished: AtomicBool,
    will: Mutex<VecDeque<T>>,
}

impl<T> fmt::Debug for Path<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Path").field("queued", &self.queue.len()).finish_non_exhaustive()
    }
}

impl<T: Load> Path<T> {
    /// An open path for items of a load of `capacity` (at least one), and for as many of them.
    pub fn new(capacity: usize) -> Self {
        Self {
            queue: Queue::new(capacity.max(1)),
            load: AtomicUsize::new(0),
            most: capacity.max(1),
            gate: AtomicUsize::new(0),
            starving: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            will: Mutex::new(VecDeque::new()),
        }
    }

    /// Sender: places what `next` gives until there is no room, or nothing, or the receiver has closed; what did not fit
    /// goes to `back`. How many were placed.
    pub fn push<S>(&self, from: &mut S, next: fn(&mut S) -> Option<T>, back: fn(&mut S, T)) -> usize {
        // Acquire and Release: as for an inbox.
        let mut placed = 0;
        if self.gate.fetch_add(PUSHER, Ordering::Acquire) & CLOSED == 0 {
            // Relaxed: the number guards nothing; who sees it too high is rung for (`starve`).
            while self.load.load(Ordering::Relaxed) < self.most
                && let Some(item) = next(from)
            {
                let load = item.load();
                self.load.fetch_add(load, Ordering::Relaxed);
                if let Err(item) = self.queue.push(item) {
                    self.load.fetch_sub(load, Ordering::Relaxed);
                    back(from, item);
                    break;
                }
                placed += 1;
            }
        }
        self.gate.fetch_sub(PUSHER, Ordering::Release);
        placed
    }

    /// Sender, about to sleep with something left to place: it is rung for once there is room. To be followed by a full
    /// fence (the doorbell's), and then by a look at [`Path::is_full`].
    pub fn starve(&self) {
        self.starving.store(true, Ordering::Relaxed);
    }

    /// Sender: whether there is no room.
    pub fn is_full(&self) -> bool {
        self.load.load(Ordering::Relaxed) >= self.most || self.queue.is_full()
    }

    /// Sender: it ends, and leaves `rest` behind what it placed.
    pub fn finish(&self, rest: VecDeque<T>) {
        *self.will.lock() = rest;
        // Release: whoever sees it sees all pushes and the will.
        self.finished.store(true, Ordering::Release);
    }

    /// Receiver: takes the oldest.
    pub fn pop(&self) -> Option<T> {
        let item = self.queue.pop()?;
        self.load.fetch_sub(item.load(), Ordering::Relaxed);
        Some(item)
    }

    /// Receiver, after it has taken something: whether the sender sleeps until there is room, and is to be rung for.
    pub fn fed(&self) -> bool {
        // Orders the pops before the look; pairs with the fence of the sender's doorbell.
        fence(Ordering::SeqCst);
        self.starving.load(Ordering::Relaxed) && self.starving.swap(false, Ordering::Relaxed)
    }

    /// Receiver: whether nothing is to be taken: no item, and no end.
    pub fn is_quiet(&self) -> bool {
        self.queue.is_empty() && !self.finished.load(Ordering::Acquire)
    }

    /// Receiver: whether the sender has ended. What it placed is to be taken first, up to the last, then its will.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Receiver: what an ended sender left.
    pub fn will(&self) -> VecDeque<T> {
        core::mem::take(&mut *self.will.lock())
    }

    /// Receiver: refuses everything from now on, and waits for the push under way. Idempotent.
    pub fn close(&self) {
        let mut gate = self.gate.fetch_or(CLOSED, Ordering::AcqRel);
        // A push never blocks and is bounded by the queue's capacity, so this wait is short.
        while gate & !CLOSED != 0 {
            spin();
            gate = self.gate.load(Ordering::Acquire);
        }
    }
}
