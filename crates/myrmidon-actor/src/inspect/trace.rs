//! What a trace reports, within its bounds, and what statistics count.

use crate::{Signal, place, swap::on_shard_of, worker::Seen};
use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid};
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// What a trace may report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceOptions {
    /// Events altogether; then it ends. From 1 to 65,536.
    pub limit: usize,
    /// Events a second; what is more is counted in [`Trace::skipped`]. 1 at least.
    pub per_second: u32,
    /// Which of them. Those of the other one count for nothing.
    pub direction: Direction,
}

/// Which way the events of a trace go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    #[default]
    Both,
    /// What the actor is given, and what becomes of that: messages, signals, ends of handlers, crashes.
    In,
    /// What it does: it tells, asks, answers.
    Out,
}

impl Direction {
    pub(super) const fn has(self, seen: &Seen) -> bool {
        match seen {
            Seen::Received { .. } | Seen::Handled | Seen::Crashed(_) | Seen::Signal(_) => !matches!(self, Self::Out),
            Seen::Sent { .. } | Seen::Asked { .. } | Seen::Replied => !matches!(self, Self::In),
        }
    }
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self { limit: 1000, per_second: 1000, direction: Direction::Both }
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
    /// It answered a question that its shard was asked.
    Replied,
}

/// The reader of a trace: an iterator that waits for the next event, and ends with the actor, or after `limit` events.
/// The trace is gone with it.
pub struct Trace<T> {
    pub(super) events: mpsc::Receiver<TraceEvent<T>>,
    pub(super) skipped: Arc<AtomicU64>,
    pub(super) pid: Pid,
    pub(super) id: u32,
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
        if place::is_shard() { self.events.try_recv().ok() } else { self.events.recv().ok() }
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

/// At most so many events a second, and so many altogether.
pub(super) struct Limits {
    left: usize,
    per_second: u32,
    second: Instant,
    in_second: u32,
}

impl Limits {
    pub fn new(options: TraceOptions) -> Self {
        Self { left: options.limit, per_second: options.per_second, second: Instant::now(), in_second: 0 }
    }

    /// There may be no more.
    pub const fn are_reached(&self) -> bool {
        self.left == 0
    }

    /// Whether one more is within them; then it counts.
    pub fn one_more(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.in_second) = (now, 0);
        }
        self.in_second += 1;
        let is_within = self.left > 0 && self.in_second <= self.per_second;
        self.left -= usize::from(is_within);
        is_within
    }
}

pub(super) fn event_of<T: 'static>(seen: Seen) -> Option<TraceEvent<T>> {
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

pub(super) fn count(sum: &mut Statistics, seen: &Seen) {
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
