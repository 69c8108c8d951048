//! Where the calling code runs: on the thread of a shard, in a handler that is lent, or outside of any actor.
//!
//! The worker of a shard is its thread's. It is borrowed for one step at a time and never while code of a user runs, so
//! that whatever a handler, a destructor or a closure does finds it free.

use crate::{
    door::{Door, Errand},
    worker::Worker,
};
use myrmidon_core::pid::Pid;
use std::{cell::RefCell, sync::Arc};

thread_local! {
    static HERE: RefCell<Option<Box<Worker>>> = const { RefCell::new(None) };
    static LENT: RefCell<Option<Away>> = const { RefCell::new(None) };
}

/// A handler that runs away from its shard.
#[derive(Clone)]
pub(crate) struct Away {
    pub me: Pid,
    /// Which time it was lent.
    pub loan: u32,
    pub door: Arc<Door>,
}

impl Away {
    /// Has its shard do something as the actor: nothing, when another version of that is back meanwhile.
    pub fn urge(&self, run: impl FnOnce(&mut Worker) + Send + 'static) -> bool {
        let (me, loan) = (self.me, self.loan);
        self.door.urge(Errand::Run(Box::new(move |worker| worker.run_for(me, loan, run))))
    }
}

/// Runs on this thread's worker, if it has one and nothing else does.
#[inline]
pub(crate) fn here<T>(run: impl FnOnce(&mut Worker) -> T) -> Option<T> {
    try_here(run).ok()
}

/// The same, with what was to run given back.
#[inline]
pub(crate) fn try_here<T, F: FnOnce(&mut Worker) -> T>(run: F) -> Result<T, F> {
    HERE.with(|here| match here.try_borrow_mut().as_deref_mut() {
        Ok(Some(worker)) => Ok(run(worker)),
        _ => Err(run),
    })
}

/// Runs on this thread's worker, if it is that of a shard; else gives back what was to run.
pub(crate) fn on_shard<F: FnOnce(&mut Worker)>(shard: u8, run: F) -> Result<(), F> {
    HERE.with(|here| match here.try_borrow_mut().as_deref_mut() {
        Ok(Some(worker)) if worker.number() == shard => {
            run(worker);
            Ok(())
        }
        _ => Err(run),
    })
}

/// The system of the actor that the calling code is of.
pub(crate) fn system() -> Option<u32> {
    here(|worker| worker.system()).or_else(|| away().map(|away| away.door.system))
}

/// Whether this thread is a shard's.
pub(crate) fn is_shard() -> bool {
    HERE.with(|here| here.try_borrow().map_or(true, |here| here.is_some()))
}

/// Makes a worker this thread's.
pub(crate) fn settle(worker: Box<Worker>) {
    HERE.with_borrow_mut(|here| *here = Some(worker));
}

/// Ends that.
pub(crate) fn leave() -> Option<Box<Worker>> {
    HERE.with_borrow_mut(Option::take)
}

/// Runs user code away from its shard.
pub(crate) fn lent<T>(away: &Away, run: impl FnOnce() -> T) -> T {
    struct Back(Option<Away>);
    impl Drop for Back {
        fn drop(&mut self) {
            let before = self.0.take();
            LENT.with_borrow_mut(|lent| *lent = before);
        }
    }
    let before = LENT.with_borrow_mut(|lent| lent.replace(away.clone()));
    let _back = Back(before);
    run()
}

/// Of which lent actor the calling code is.
pub(crate) fn away() -> Option<Away> {
    LENT.with_borrow(Clone::clone)
}
