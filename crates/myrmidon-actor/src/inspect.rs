//! Looking inside: the state of a living actor, what it gets and sends, and how much.
//!
//! Nothing of it runs unless somebody looks: whoever is looked at has its body in a layer (`swap::layer`), which goes with the reader.

use crate::{
    ActorRef, Runtime, Signal,
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
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

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

/// What a trace may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceOptions {
    /// Events altogether; then it ends. From 1 to 65,536.
    pub limit: usize,
    /// Events a second; what is more is counted in [`Trace::skipped`]. 1 at least.
    pub per_second: u32,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { limit: 1000, per_second: 1000 }
    }
}

/// What a traced actor got or did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceEvent<T> {
    /// It is given a message.
    Received {
        /// Who sent it; `None`: nobody that is an actor.
        from: Option<Pid>,
        /// What the trace makes of it.
        message: T,
    },
    /// Its handler is done.
    Handled,
    /// Its handler crashed.
    Crashed(ExitReason),
    /// It is given a signal.
    Signal(Signal),
    /// It told somebody.
    Sent {
        /// Whom.
        to: Pid,
        /// The name of the message's type.
        message: &'static str,
    },
    /// It asked somebody.
    Asked {
        /// Whom.
        to: Pid,
        /// The name of the message's type.
        message: &'static str,
    },
    /// It answered a question, from its own shard.
    Replied,
}

/// The reader of a trace: an iterator that waits for the next event, and ends with the actor, or after `limit` events.
/// The trace is gone with it.
pub struct Trace<T> {
    events: mpsc::Receiver<TraceEvent<T>>,
    skipped: Arc<AtomicU64>,
    pid: Pid,
    id: u32,
}

impl<T> fmt::Debug for Trace<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({})", self.pid)
    }
}

impl<T> Trace<T> {
    /// Events that were left out, because there were more than `per_second`.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}

impl<T> Iterator for Trace<T> {
    type Item = TraceEvent<T>;
    /// Waits. On the thread of a shard it does not: `None`, when nothing is there.
    fn next(&mut self) -> Option<TraceEvent<T>> {
        if crate::place::is_shard() { self.events.try_recv().ok() } else { self.events.recv().ok() }
    }
}

impl<T> Drop for Trace<T> {
    fn drop(&mut self) {
        let (pid, id) = (self.pid, self.id);
        on_shard_of(pid, move |worker| worker.end_trace(pid, id));
    }
}

/// What an actor has done since its statistics were first read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Messages that it was given.
    pub received: u64,
    /// Of those, whose handler is done.
    pub handled: u64,
    /// Of those, whose handler crashed: a canary's.
    pub crashed: u64,
    /// Signals that it was given.
    pub signals: u64,
    /// What it told others.
    pub sent: u64,
    /// What it asked others.
    pub asked: u64,
    /// What it answered.
    pub replied: u64,
}

/// Names of traces, each once in a process until 2^32 of them were made.
fn next_id() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// At most so many events a second, and so many altogether.
struct Limits {
    left: usize,
    per_second: u32,
    second: Instant,
    in_second: u32,
}

impl Limits {
    /// Whether one more is within them.
    fn one_more(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.in_second) = (now, 0);
        }
        self.in_second += 1;
        self.in_second <= self.per_second
    }
}

impl Runtime {
    /// Looks inside of its actors.
    pub fn inspector(&self) -> Inspector<'_> {
        Inspector { runtime: self }
    }
}

impl Inspector<'_> {
    /// What `read` makes of the state of an actor of type `A`. It runs on the actor's shard.
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
                        let state = body.actor().downcast_ref::<A>();
                        let mismatch = || InspectError::ProtocolMismatch { running: name_of(body.version()()) };
                        answer.send(state.map(read).ok_or_else(mismatch));
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
                            other.or(Some(body))
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
        let mut limits =
            Limits { left: options.limit, per_second: options.per_second, second: Instant::now(), in_second: 0 };
        let see = move |seen: Seen| {
            let Some(event) = event_of::<T>(seen) else { return true };
            if !limits.one_more() {
                counts.fetch_add(1, Ordering::Relaxed);
                return true;
            }
            limits.left -= 1;
            told.try_send(event).is_ok() && limits.left > 0
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

fn event_of<T: 'static>(seen: Seen) -> Option<TraceEvent<T>> {
    Some(match seen {
        Seen::Received { from, message } => {
            let from = (!from.is_none()).then_some(from);
            TraceEvent::Received { from, message: *message.downcast::<T>().ok()? }
        }
        Seen::Handled => TraceEvent::Handled,
        Seen::Crashed(reason) => TraceEvent::Crashed(reason),
        Seen::Signal(signal) => TraceEvent::Signal(signal),
        Seen::Sent { to, message } => TraceEvent::Sent { to, message },
        Seen::Asked { to, message } => TraceEvent::Asked { to, message },
        Seen::Replied => TraceEvent::Replied,
    })
}

fn count(sum: &mut Statistics, seen: &Seen) {
    let of = match seen {
        Seen::Received { .. } => &mut sum.received,
        Seen::Handled => &mut sum.handled,
        Seen::Crashed(_) => &mut sum.crashed,
        Seen::Signal(_) => &mut sum.signals,
        Seen::Sent { .. } => &mut sum.sent,
        Seen::Asked { .. } => &mut sum.asked,
        Seen::Replied => &mut sum.replied,
    };
    *of += 1;
}
