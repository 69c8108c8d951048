//! The doorbell of one isolate: wakes its loop from any thread.
//!
//! A thread-safe function with a queue of one (full means: already rung), that does not hold the process. The guard
//! exists because Node.js frees the function while its environment is torn down: whoever rings holds the lock, and the
//! cleanup hook, which was added after the function and therefore runs before Node.js takes it down, empties it first.

use napi::{
    Status,
    bindgen_prelude::{Function, Result},
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use std::sync::{Arc, Mutex, PoisonError};

type Rope = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

/// See the module. Cloning gives the same bell.
#[derive(Clone)]
pub struct Bell(Arc<Mutex<Option<Rope>>>);

impl Bell {
    /// A bell that calls `wake` on the isolate's thread.
    pub fn new(wake: &Function<'_, (), ()>) -> Result<Self> {
        let rope = wake
            .build_threadsafe_function::<()>()
            .callee_handled::<false>()
            .weak::<true>()
            .max_queue_size::<1>()
            .build()?;
        Ok(Self(Arc::new(Mutex::new(Some(rope)))))
    }

    /// Any thread. A queue that is full has been rung; a closing one has nobody to wake.
    pub fn ring(&self) {
        if let Some(rope) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = rope.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Isolate's thread, before its environment ends. Idempotent.
    pub fn silence(&self) {
        let rope = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(rope);
    }
}
