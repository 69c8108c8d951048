//! The answer of a question: a future, or something a plain thread waits for.
//!
//! One cell with one lock: `Sender` fills it once, or marks it as abandoned when it is dropped; `Answer` empties it.

use crate::{AskError, letter::Outcome, place};
use core::{
    any::Any,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use myrmidon_core::exit_reason::ExitReason;
use parking_lot::{Condvar, Mutex};
use std::{sync::Arc, time::Instant};

struct State<T> {
    value: Option<T>,
    over: bool,
    waker: Option<Waker>,
}

struct Cell<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

/// Fills the cell once. Dropped without it, whoever waits is told that nothing comes.
pub(crate) struct Sender<T>(Option<Arc<Cell<T>>>);

/// Empties the cell.
pub(crate) struct Receiver<T>(Arc<Cell<T>>);

pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Mutex::new(State { value: None, over: false, waker: None });
    let cell = Arc::new(Cell { state, filled: Condvar::new() });
    (Sender(Some(Arc::clone(&cell))), Receiver(cell))
}

impl<T> Cell<T> {
    fn end(&self, value: Option<T>) {
        let waker = {
            let mut state = self.state.lock();
            state.value = value;
            state.over = true;
            state.waker.take()
        };
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Sender<T> {
    pub fn send(mut self, value: T) {
        if let Some(cell) = self.0.take() {
            cell.end(Some(value));
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(cell) = self.0.take() {
            cell.end(None);
        }
    }
}

impl<T> Receiver<T> {
    /// Blocks the thread; `None`: nothing comes.
    pub fn wait(self) -> Option<T> {
        let mut state = self.0.state.lock();
        while !state.over {
            self.0.filled.wait(&mut state);
        }
        state.value.take()
    }

    /// Blocks the thread until a time; `None`: nothing comes, or not by then.
    pub fn wait_until(self, deadline: Instant) -> Option<T> {
        let mut state = self.0.state.lock();
        while !state.over {
            if self.0.filled.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.value.take()
    }

    pub fn poll(&self, context: &Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.state.lock();
        if state.over {
            return Poll::Ready(state.value.take());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

type Read<R> = fn(Outcome) -> Result<R, AskError>;

/// The answer to come of a question: `.await` it, in any runtime, or [`Answer::wait`] for it on a thread of your own.
///
/// Dropping it forgets the answer; the question is asked all the same.
#[must_use = "the answer comes here"]
pub struct Answer<R> {
    receiver: Receiver<Outcome>,
    read: Read<R>,
    type_of: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

fn gone() -> AskError {
    AskError::ActorExited(ExitReason::NoProc { ever_existed: true })
}

impl<R: Send + 'static> Answer<R> {
    pub(crate) fn new(receiver: Receiver<Outcome>) -> Self {
        Self::reading(receiver, read::<R>)
    }

    /// The same of an outcome that is no `R` yet.
    pub(crate) fn reading(receiver: Receiver<Outcome>, read: Read<R>) -> Self {
        Self { receiver, read, type_of: PhantomData }
    }

    /// Waits for it, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`AskError`]; on the thread of a worker shard `WouldBlock`, at once: no shard ever waits for another one.
    pub fn wait(self) -> Result<R, AskError> {
        if place::is_shard() {
            return Err(AskError::WouldBlock);
        }
        (self.read)(self.receiver.wait().unwrap_or_else(|| Err(gone())))
    }
}

impl<R> Future for Answer<R> {
    type Output = Result<R, AskError>;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.receiver.poll(context).map(|outcome| (self.read)(outcome.unwrap_or_else(|| Err(gone()))))
    }
}

/// The outcome of a call, as the type that its question asked for.
pub(crate) fn read<R: Any>(outcome: Outcome) -> Result<R, AskError> {
    // A reply is made by the `ReplyTo<R>` of the same question, so that its type is this one.
    outcome.and_then(|parcel| parcel.downcast::<R>().map(|answer| *answer).map_err(|_| AskError::NoReply))
}
