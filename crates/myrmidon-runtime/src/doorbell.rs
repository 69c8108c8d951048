//! The doorbell: wakes a sleeping owner, once per sleep.
//!
//! Protocol. The owner arms it, *then* looks into its inbox once more, and sleeps only if that is empty. A sender
//! pushes, *then* looks whether the bell is armed, and only the one that disarms it rings. Each side writes before it
//! reads, with a full fence in between, so that at least one of them sees the other: no wake-up is lost, and a busy
//! owner costs a sender one load.
//!
//! `armed` is written by the owner (arm, disarm) and by senders (disarm).

use crate::sync::{AtomicBool, Ordering, fence};

/// See the module.
#[derive(Debug)]
pub struct Doorbell {
    armed: AtomicBool,
}

impl Default for Doorbell {
    fn default() -> Self {
        Self::new()
    }
}

impl Doorbell {
    /// Not armed: its owner is awake.
    pub fn new() -> Self {
        Self { armed: AtomicBool::new(false) }
    }

    /// Owner: about to sleep. It must look at its inbox after this.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
        // Orders the store before the owner's look at its inbox; pairs with the fence of `claim`.
        fence(Ordering::SeqCst);
    }

    /// Owner: awake again. Relaxed is enough: a sender that misses it rings once too often, which is harmless.
    pub fn disarm(&self) {
        if self.armed.load(Ordering::Relaxed) {
            self.armed.store(false, Ordering::Relaxed);
        }
    }

    /// Sender, after its push: whether it is the one that has to ring.
    #[must_use]
    pub fn claim(&self) -> bool {
        // Orders the push before the look; pairs with the fence of `arm`.
        fence(Ordering::SeqCst);
        self.armed.load(Ordering::Relaxed) && self.armed.swap(false, Ordering::Relaxed)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Doorbell;

    #[test]
    fn rings_once_per_sleep_and_never_while_awake() {
        let door = Doorbell::new();
        assert!(!door.claim());
        door.arm();
        assert!(door.claim());
        assert!(!door.claim());
        door.arm();
        door.disarm();
        assert!(!door.claim());
    }
}
