//! A shard's lane: a queue of owned values, in order, that any thread may fill and the owner alone empties.
//!
//! Promises: values of one thread are taken in its order; [`Lane::push`] gives back what it does not take; once `close` has
//! returned nothing enters any more, and what entered before is there to be taken. So what is lent to another thread and
//! comes back this way is the owner's or the borrower's, never both and never neither.
//! Bounded by whoever pushes: `most` is a limit for what may be refused, and none for what was paid for before.
//!
//! One lock, held for a push or a swap, never over a callback or a destructor. `waiting` is a hint, written under it, so that
//! an owner with enough to do takes no lock for nothing: one that misses it looks again in `is_quiet`, with its doorbell armed.

use crate::{
    inbox::Refusal,
    sync::{AtomicBool, Mutex, Ordering},
};
use core::fmt;
use std::collections::VecDeque;

struct State<T> {
    values: VecDeque<T>,
    closed: bool,
}

/// See the module.
pub struct Lane<T> {
    state: Mutex<State<T>>,
    waiting: AtomicBool,
}

impl<T> fmt::Debug for Lane<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        let state = State { values: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), waiting: AtomicBool::new(false) }
    }
}

impl<T> Lane<T> {
    /// Any thread: adds a value, if fewer than `most` wait. To be followed by the doorbell.
    ///
    /// # Errors
    /// The value, and why it was not taken.
    pub fn push(&self, value: T, most: usize) -> Result<(), (T, Refusal)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((value, Refusal::Closed));
        }
        if state.values.len() >= most {
            return Err((value, Refusal::Full));
        }
        state.values.push_back(value);
        self.waiting.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.state.lock().values.len()
    }

    /// Owner: takes what there is, in exchange for an empty queue.
    pub fn take(&self, empty: &mut VecDeque<T>) {
        if self.waiting.load(Ordering::Relaxed) {
            let mut state = self.state.lock();
            self.waiting.store(false, Ordering::Relaxed);
            core::mem::swap(&mut state.values, empty);
        }
    }

    /// Owner, with its doorbell armed: whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Owner: refuses everything from now on; what entered before.
    pub fn close(&self) -> VecDeque<T> {
        let mut state = self.state.lock();
        state.closed = true;
        core::mem::take(&mut state.values)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Lane;
    use crate::inbox::Refusal;
    use std::collections::VecDeque;

    #[test]
    fn takes_in_order_and_refuses_what_is_too_much_or_too_late() {
        let lane = Lane::default();
        lane.push(1, 2).unwrap();
        lane.push(2, 2).unwrap();
        assert_eq!(lane.push(3, 2), Err((3, Refusal::Full)));
        let mut out = VecDeque::new();
        lane.take(&mut out);
        assert_eq!(out, [1, 2]);
        lane.push(4, 2).unwrap();
        assert_eq!(lane.close(), [4]);
        assert_eq!(lane.push(5, usize::MAX), Err((5, Refusal::Closed)));
        assert!(lane.is_empty());
    }
}
