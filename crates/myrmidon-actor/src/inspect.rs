//! Looking inside: the state of a living actor, what it gets and sends, and how much.
//!
//! Nothing of it runs unless somebody looks: whoever is looked at has its body in a layer (`swap::layer`), which goes with the reader.

#[cfg(all(test, feature = "tokio"))]
mod rows;
mod trace;

pub use trace::{Direction, Statistics, Trace, TraceEvent, TraceOptions};

use crate::{
    ActorRef, Runtime,
    answer::channel,
    letter::Parcel,
    swap::{Unanswered, Verdict, on_shard_of},
    version::name_of,
    worker::{Seen, Tracer, Worker, guarded},
};
use core::{
    error::Error,
    fmt,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, swap::Failure};
use parking_lot::Mutex;
use std::sync::{Arc, mpsc};
use trace::{Limits, count, event_of};

/// Why nothing was seen, or put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InspectError {
    /// The actor has ended.
    ActorExited(ExitReason),
    /// It runs another type of actor than was named.
    ProtocolMismatch {
        /// What it runs.
        running: &'static str,
    },
    /// What was to read the state panicked; the actor goes on.
    ReadFailed(Box<str>),
    /// The replacement said no, or panicked; the state of before is still there.
    ReplaceFailed(Box<str>),
    /// An option is out of range.
    InvalidOption(&'static str),
    /// The thread of a shard was to wait, which would hold up all its actors.
    WouldBlock,
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActorExited(reason) => write!(f, "the actor has ended: {reason}"),
            Self::ProtocolMismatch { running } => write!(f, "the actor runs {running}"),
            Self::ReadFailed(why) => write!(f, "the state was not read: {why}"),
            Self::ReplaceFailed(why) => write!(f, "the state was not replaced: {why}"),
            Self::InvalidOption(name) => write!(f, "{name} is out of range"),
            Self::WouldBlock => f.write_str("the thread of a shard must not wait"),
        }
    }
}

impl Error for InspectError {}

impl Unanswered for InspectError {
    fn exited(reason: ExitReason) -> Self {
        Self::ActorExited(reason)
    }
    fn would_block() -> Self {
        Self::WouldBlock
    }
}

/// Looks inside of living actors: for debugging, and so only by [`Runtime::inspector`]. What it does takes place between two
/// messages (G82); of an actor whose handler is with another thread, after that.
///
/// ```
/// use myrmidon_actor::{Actor, Context, Runtime, TraceEvent, TraceOptions};
///
/// #[derive(Clone)]
/// struct Counter(u64);
/// impl Actor for Counter {
///     type Message = u64;
///     fn handle(&mut self, by: u64, _: &mut Context<u64>) {
///         self.0 += by;
///     }
/// }
/// let runtime = Runtime::start()?;
/// let counter = runtime.spawn(Counter(1))?;
/// let inspector = runtime.inspector();
/// assert_eq!(inspector.get_state(counter, |counter: &Counter| counter.0).wait()?, 1);
/// inspector.replace_state(counter, |_: Counter| Ok(Counter(40))).wait()?;
///
/// let trace = inspector.trace(counter, TraceOptions::default(), |by: &u64| *by).wait()?;
/// counter.tell(2)?;
/// let seen: Vec<_> = trace.take(2).collect();
/// assert_eq!(seen, [TraceEvent::Received { from: None, message: 2 }, TraceEvent::Handled]);
/// assert_eq!(inspector.get_state(counter, |counter: &Counter| counter.0).wait()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Inspector<'a> {
    runtime: &'a Runtime,
}

/// Names of traces, each once in a process until 2^32 of them were made.
fn next_id() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

impl Runtime {
    /// Looks inside of its actors.
    pub fn inspector(&self) -> Inspector<'_> {
        Inspector { runtime: self }
    }
}

impl Inspector<'_> {
    /// What `read` makes of the state of an actor of type `A`. It runs on the actor's shard; one that panics is
    /// `ReadFailed`, and the actor goes on.
    pub fn get_state<A: 'static, R: Send + 'static>(
        &self,
        actor: impl Into<Pid>,
        read: impl FnOnce(&A) -> R + Send + 'static,
    ) -> Verdict<R, InspectError> {
        let (pid, (answer, receiver)) = (actor.into(), channel());
        on_shard_of(pid, move |worker| {
            worker.look(
                pid,
                Box::new(move |body| {
                    if let Some(body) = &body {
                        answer.send(match body.actor().downcast_ref::<A>() {
                            Some(state) => {
                                guarded(|| Ok(read(state))).map_err(|why| InspectError::ReadFailed(text_of(why)))
                            }
                            None => Err(InspectError::ProtocolMismatch { running: name_of(body.version()()) }),
                        });
                    }
                    body
                }),
            );
        });
        Verdict::coming(receiver)
    }

    /// Puts another state in the place of an actor's, made of a copy of it. When `replace` refuses, with a text, or panics,
    /// the state that was there stays (`ReplaceFailed`).
    pub fn replace_state<A: Clone + Send + 'static>(
        &self,
        actor: impl Into<Pid>,
        replace: impl FnOnce(A) -> Result<A, String> + Send + 'static,
    ) -> Verdict<(), InspectError> {
        let (pid, (answer, receiver)) = (actor.into(), channel());
        on_shard_of(pid, move |worker| {
            worker.look(
                pid,
                Box::new(move |body| {
                    let body = body?;
                    let Some(state) = body.actor().downcast_ref::<A>() else {
                        answer.send(Err(InspectError::ProtocolMismatch { running: name_of(body.version()()) }));
                        return Some(body);
                    };
                    match guarded(|| replace(state.clone()).map_err(|why| Failure::Invalid(why.into()))) {
                        Ok(made) => {
                            let other = body.with_actor(Box::new(made) as Parcel);
                            answer.send(Ok(()));
                            let Some(other) = other else { return Some(body) };
                            // What was there may break when it is dropped, and takes nobody along.
                            drop(guarded(|| {
                                drop(body);
                                Ok(())
                            }));
                            Some(other)
                        }
                        Err(failure) => {
                            answer.send(Err(InspectError::ReplaceFailed(text_of(failure))));
                            Some(body)
                        }
                    }
                }),
            );
        });
        Verdict::coming(receiver)
    }

    /// Reports what an actor gets and does from now on, whatever version it runs, crashes of canaries included, and changes
    /// nothing of it (G83). `describe` makes of a message what the reader is to see of it.
    pub fn trace<M: Send + 'static, T: Send + 'static>(
        &self,
        actor: ActorRef<M>,
        options: TraceOptions,
        describe: impl Fn(&M) -> T + Send + Sync + 'static,
    ) -> Verdict<Trace<T>, InspectError> {
        if options.limit == 0 || options.limit > 65_536 {
            return Verdict::known(Err(InspectError::InvalidOption("limit")));
        }
        if options.per_second == 0 {
            return Verdict::known(Err(InspectError::InvalidOption("per_second")));
        }
        // Never full: it ends after as many.
        let (told, events) = mpsc::sync_channel(options.limit);
        let (pid, id) = (actor.pid(), next_id());
        let skipped = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&skipped);
        let mut limits = Limits::new(options);
        let see = move |seen: Seen| {
            if !options.direction.has(&seen) {
                return true;
            }
            let Some(event) = event_of::<T>(seen) else { return true };
            if !limits.one_more() {
                counts.fetch_add(1, Ordering::Relaxed);
                return true;
            }
            told.try_send(event).is_ok() && !limits.are_reached()
        };
        let tracer = Tracer::new::<M>(id, Box::new(see), move |message| Box::new(describe(message)) as Parcel);
        install(pid, tracer, Trace { events, skipped, pid, id })
    }

    /// How much an actor has done since this was first called for it; the first answer is zeros. Counts until
    /// [`Inspector::end_statistics`].
    pub fn statistics<M: Send + 'static>(&self, actor: ActorRef<M>) -> Verdict<Statistics, InspectError> {
        let (pid, id) = (actor.pid(), next_id());
        let (answer, receiver) = channel();
        on_shard_of(pid, move |worker| {
            if let Some(counts) = worker.statistics(pid) {
                let found = *counts.lock();
                return answer.send(Ok(found));
            }
            let counts = Arc::new(Mutex::new(Statistics::default()));
            let sum = Arc::clone(&counts);
            let see = move |seen: Seen| {
                count(&mut sum.lock(), &seen);
                true
            };
            let mut tracer = Tracer::new::<M>(id, Box::new(see), |_| Box::new(()) as Parcel);
            tracer.counts = Some(counts);
            if worker.begin_trace(pid, tracer) {
                answer.send(Ok(Statistics::default()));
            }
        });
        Verdict::coming(receiver)
    }

    /// Counts no more.
    pub fn end_statistics(&self, actor: impl Into<Pid>) {
        let pid = actor.into();
        on_shard_of(pid, move |worker| worker.end_statistics(pid));
    }

    /// The runtime that it looks into.
    pub fn runtime(&self) -> &Runtime {
        self.runtime
    }
}

fn install<T: Send + 'static>(pid: Pid, tracer: Tracer, trace: Trace<T>) -> Verdict<Trace<T>, InspectError> {
    let (answer, receiver) = channel();
    on_shard_of(pid, move |worker: &mut Worker| {
        // Dropped unanswered where the actor is gone.
        if worker.begin_trace(pid, tracer) {
            answer.send(Ok(trace));
        }
    });
    Verdict::coming(receiver)
}

fn text_of(failure: Failure) -> Box<str> {
    match failure {
        Failure::Failed(error) => error.message,
        Failure::Invalid(why) | Failure::NotCopyable(why) => why,
    }
}
