//! The doorbell of one isolate: wakes its loop from any thread.
//!
//! Two kinds, neither of which holds the process: an event of the isolate's own event loop (`event`), and, where the
//! process does not say how to make one, a thread-safe function with a queue of one (full means: already rung). The
//! function would do everywhere, but rings while it holds a lock that whoever is woken needs first: where a thread wakes
//! at once, that puts it back to sleep.
//!
//! The guard exists because both are gone once Node.js has torn the environment down: whoever rings holds the lock, and
//! the cleanup hook, which was added after the rope and therefore runs before Node.js takes that down, empties it first.

use napi::{
    Env, Status,
    bindgen_prelude::{Function, Result},
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(unix)]
mod event;

type Called = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

enum Rope {
    #[cfg(unix)]
    Event(event::Event),
    Function(Called),
}

/// See the module. Cloning gives the same bell.
#[derive(Clone)]
pub struct Bell(Arc<Mutex<Option<Rope>>>);

impl Bell {
    /// A bell that calls `wake` on the isolate's thread. `is_function`: no event, even where there could be one.
    pub fn new(env: &Env, wake: &Function<'_, (), ()>, is_function: bool) -> Result<Self> {
        let bell = Self(Arc::new(Mutex::new(None)));
        let event = if is_function { None } else { bell.event(env, wake)? };
        let rope = event.map_or_else(|| called(wake), Ok)?;
        bell.put(Some(rope));
        Ok(bell)
    }

    #[cfg(unix)]
    fn event(&self, env: &Env, wake: &Function<'_, (), ()>) -> Result<Option<Rope>> {
        let silencer = self.clone();
        let event = event::Event::new(env, wake, Box::new(move || silencer.silence()))?;
        Ok(event.map(Rope::Event))
    }

    #[cfg(not(unix))]
    fn event(&self, _env: &Env, _wake: &Function<'_, (), ()>) -> Result<Option<Rope>> {
        Ok(None)
    }

    fn put(&self, rope: Option<Rope>) -> Option<Rope> {
        core::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), rope)
    }

    /// Any thread. A queue that is full has been rung; a closing one has nobody to wake.
    pub fn ring(&self) {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            #[cfg(unix)]
            Some(Rope::Event(event)) => event.ring(),
            Some(Rope::Function(function)) => {
                let _ = function.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }
            None => {}
        }
    }

    /// Isolate's thread, before its environment ends. Idempotent.
    pub fn silence(&self) {
        match self.put(None) {
            #[cfg(unix)]
            Some(Rope::Event(event)) => event.close(),
            rope => drop(rope),
        }
    }
}

fn called(wake: &Function<'_, (), ()>) -> Result<Rope> {
    let function = wake
        .build_threadsafe_function::<()>()
        .callee_handled::<false>()
        .weak::<true>()
        .max_queue_size::<1>()
        .build()?;
    Ok(Rope::Function(function))
}
