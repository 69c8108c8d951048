//! The atomics of this crate, from one place, so that loom can stand in for them.

#[cfg(not(loom))]
mod real {
    pub use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

    pub fn spin() {
        std::thread::yield_now();
    }
}

#[cfg(loom)]
mod real {
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

    pub fn spin() {
        loom::thread::yield_now();
    }
}

pub use real::*;
