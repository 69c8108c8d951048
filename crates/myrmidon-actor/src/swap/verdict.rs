//! What comes of something that an actor's shard does between two messages, to be waited for.

use super::SwapError;
use crate::{answer::Receiver, place};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use myrmidon_core::exit_reason::ExitReason;

/// An error that a wait can end with by itself.
pub trait Unanswered {
    /// The actor has ended.
    fn exited(reason: ExitReason) -> Self;
    /// The thread of a shard was to wait.
    fn would_block() -> Self;
}

impl<N> Unanswered for SwapError<N> {
    fn exited(reason: ExitReason) -> Self {
        Self::ActorExited(reason)
    }
    fn would_block() -> Self {
        Self::WouldBlock
    }
}

/// What comes of it: `.await` it, in any runtime, or [`Verdict::wait`] for it on a thread of your own. Dropping it forgets
/// the outcome; what was asked for is done all the same.
#[must_use = "whether it went well is told here"]
pub struct Verdict<T, E = SwapError>(Inner<T, E>);

enum Inner<T, E> {
    Known(Option<Result<T, E>>),
    Coming(Receiver<Result<T, E>>),
}

impl<T, E> fmt::Debug for Verdict<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verdict")
    }
}

fn gone<T, E: Unanswered>() -> Result<T, E> {
    Err(E::exited(ExitReason::NoProc { ever_existed: true }))
}

impl<T, E: Unanswered> Verdict<T, E> {
    pub(crate) fn known(result: Result<T, E>) -> Self {
        Self(Inner::Known(Some(result)))
    }

    pub(crate) fn coming(receiver: Receiver<Result<T, E>>) -> Self {
        Self(Inner::Coming(receiver))
    }

    /// Waits for it, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// What it came to; on the thread of a worker shard `WouldBlock`, at once.
    pub fn wait(self) -> Result<T, E> {
        match self.0 {
            Inner::Known(result) => result.unwrap_or_else(gone),
            Inner::Coming(_) if place::is_shard() => Err(E::would_block()),
            Inner::Coming(receiver) => receiver.wait().unwrap_or_else(gone),
        }
    }
}

impl<T: Unpin, E: Unanswered + Unpin> Future for Verdict<T, E> {
    type Output = Result<T, E>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Inner::Known(result) => Poll::Ready(result.take().unwrap_or_else(gone)),
            Inner::Coming(receiver) => receiver.poll(context).map(|result| result.unwrap_or_else(gone)),
        }
    }
}
