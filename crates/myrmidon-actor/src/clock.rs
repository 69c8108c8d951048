//! The time of worker shards, in ms: the process's, or in this crate's own tests what they say.

#[cfg(not(test))]
pub(crate) use myrmidon_runtime::clock::now;
#[cfg(test)]
pub(crate) use tests::now;

#[cfg(test)]
pub(crate) mod tests {
    use core::sync::atomic::{AtomicU64, Ordering};
    use parking_lot::{Mutex, MutexGuard};

    static NOW: AtomicU64 = AtomicU64::new(0);
    static ALONE: Mutex<()> = Mutex::new(());

    /// Whoever moves the time, or must not have it moved, is alone while it does.
    pub fn alone() -> MutexGuard<'static, ()> {
        ALONE.lock()
    }

    pub fn now() -> f64 {
        f64::from_bits(NOW.load(Ordering::SeqCst))
    }

    pub fn set(to: f64) {
        NOW.store(to.to_bits(), Ordering::SeqCst);
    }
}
