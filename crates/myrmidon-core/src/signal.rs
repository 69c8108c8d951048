//! The control lane of a shard: exit and DOWN signals on their way, in the order in which they were sent.
//!
//! Never bounded out: what stands here was paid for by the link, monitor or submission that made it. At most
//! [`PER_PASS`] are handled at a time, so that a storm starves nobody (G51). What a signal does: `shard/control.rs`.

use crate::{pid::Pid, tide};
use std::collections::VecDeque;

/// Signals of one pass.
pub const PER_PASS: usize = 256;

/// One signal. Each holds one count of its reason word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Somebody asked for the end of `to`.
    Exit {
        /// Whose end.
        to: Pid,
        /// Who asked.
        from: Pid,
        /// The reason word.
        reason: u32,
    },
    /// The other end of a link has ended.
    LinkExit {
        /// The receiver's half.
        half: u32,
        /// The reason word.
        reason: u32,
    },
    /// The target of a monitor has ended.
    Down {
        /// Which one.
        monitor: u32,
        /// The reason word.
        reason: u32,
    },
    /// All signals of an ended life are out: its slot may be used again.
    Freed {
        /// The slot.
        index: u32,
    },
}

/// Signals on their way.
#[derive(Default)]
pub struct Signals {
    queue: VecDeque<Signal>,
}

impl Signals {
    /// Sends one.
    pub fn send(&mut self, signal: Signal) {
        self.queue.push_back(signal);
    }

    /// Receives the oldest.
    pub fn receive(&mut self) -> Option<Signal> {
        self.queue.pop_front()
    }

    /// None are on their way.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.queue.capacity() * size_of::<Signal>()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if tide::is_spent(self.queue.len(), self.queue.capacity()) {
            *self = Self::default();
        }
    }

    /// How many are on their way.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}
