//! What looks at actors of a shard: traces and statistics. None of it is on the way of an actor that nobody looks at.
//!
//! What an actor gets is seen by a layer around its body. What it sends is seen where it is told: while a traced actor runs, no
//! shard is `near`, so that its messages take the way of those to elsewhere, which looks.

use super::Worker;
use crate::{
    Signal,
    body::Body,
    inspect::Statistics,
    letter::Parcel,
    swap::{After, Before, Layer, OnSignal},
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid};
use parking_lot::Mutex;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// No shard has this number.
pub(super) const NOWHERE: u16 = 256;

/// What was seen of an actor.
pub(crate) enum Seen {
    Received { from: Pid, message: Parcel },
    Handled,
    Crashed(ExitReason),
    Signal(Signal),
    Sent { to: Pid, message: &'static str },
    Asked { to: Pid, message: &'static str },
    Replied,
}

/// Puts a layer around a body.
type Wrap = dyn Fn(Box<dyn Body>) -> Box<dyn Body> + Send;

/// Whoever looks at an actor.
pub(crate) struct Tracer {
    id: u32,
    wrap: Box<Wrap>,
    /// `false`: it has seen enough.
    see: Box<dyn FnMut(Seen) -> bool + Send>,
    pub counts: Option<Arc<Mutex<Statistics>>>,
}

impl Tracer {
    pub fn new<M: Send + 'static>(
        id: u32,
        see: Box<dyn FnMut(Seen) -> bool + Send>,
        describe: impl Fn(&M) -> Parcel + Send + Sync + 'static,
    ) -> Self {
        let before: Arc<Before<M>> = Arc::new(move |me, from, message, _| {
            // Whoever looks on changes nothing: what cannot be described is not seen.
            let Ok(message) = catch_unwind(AssertUnwindSafe(|| describe(message))) else { return };
            crate::actor_ref::steer(me, move |worker| worker.see_by(me, id, Seen::Received { from, message }));
        });
        let after: Arc<After> = Arc::new(move |worker, me| worker.see_by(me, id, Seen::Handled));
        let signal: Arc<OnSignal> = Arc::new(move |worker, me, signal| {
            worker.see_by(me, id, Seen::Signal(signal.clone()));
        });
        let wrap = Box::new(move |inner| {
            let (before, after, signal) = (Arc::clone(&before), Arc::clone(&after), Some(Arc::clone(&signal)));
            Box::new(Layer::<M> { inner, before, after, signal }) as Box<dyn Body>
        });
        Self { id, wrap, see, counts: None }
    }

    /// It sees nothing more; what is to be dropped.
    fn end(&mut self) -> Box<dyn core::any::Any + Send> {
        Box::new(core::mem::replace(&mut self.see, Box::new(|_| true)))
    }
}

impl Worker {
    /// Begins to look; `false`: the actor is gone.
    pub fn begin_trace(&mut self, pid: Pid, tracer: Tracer) -> bool {
        self.flush();
        if !self.shard.is_alive(pid) {
            self.dropped.push(Box::new(tracer.see));
            return false;
        }
        self.traces.entry(pid).or_default().push(tracer);
        self.dress_again(pid);
        true
    }

    pub fn end_trace(&mut self, pid: Pid, id: u32) {
        self.drop_tracers(pid, |tracer| tracer.id == id);
    }

    pub fn statistics(&self, pid: Pid) -> Option<Arc<Mutex<Statistics>>> {
        self.traces.get(&pid)?.iter().find_map(|tracer| tracer.counts.clone())
    }

    pub fn end_statistics(&mut self, pid: Pid) {
        self.drop_tracers(pid, |tracer| tracer.counts.is_some());
    }

    pub(super) fn traces_forget(&mut self, pid: Pid) {
        if !self.traces.is_empty() {
            self.drop_tracers(pid, |_| true);
        }
    }

    fn drop_tracers(&mut self, pid: Pid, goes: impl Fn(&Tracer) -> bool) {
        let Some(tracers) = self.traces.get_mut(&pid) else { return };
        let gone: Vec<Tracer> = tracers.extract_if(.., |tracer| goes(tracer)).collect();
        if tracers.is_empty() {
            self.traces.remove(&pid);
        }
        for tracer in gone {
            self.dropped.push(Box::new(tracer.see));
            self.dropped.push(Box::new(tracer.wrap));
        }
        self.dress_again(pid);
    }

    /// With a layer for each that looks at it.
    pub(super) fn traced(&self, pid: Pid, mut body: Box<dyn Body>) -> Box<dyn Body> {
        for tracer in self.traces.get(&pid).into_iter().flatten() {
            body = (tracer.wrap)(body);
        }
        body
    }

    /// What the actor that runs sends is looked at, or no more.
    pub fn look_out(&mut self, looks: bool) {
        self.near = if looks { NOWHERE } else { u16::from(self.number) };
    }

    /// One tracer sees something.
    fn see_by(&mut self, pid: Pid, id: u32, seen: Seen) {
        let found = self.traces.get_mut(&pid).and_then(|all| all.iter_mut().find(|tracer| tracer.id == id));
        let Some(tracer) = found else { return };
        if !(tracer.see)(seen) {
            let see = tracer.end();
            self.dropped.push(see);
            self.soon(move |worker| worker.end_trace(pid, id));
        }
    }

    /// All of them see something.
    #[cold]
    pub(super) fn see(&mut self, pid: Pid, make: impl Fn() -> Seen) {
        let mut over = Vec::new();
        for tracer in self.traces.get_mut(&pid).into_iter().flatten() {
            if !(tracer.see)(make()) {
                over.push((tracer.id, tracer.end()));
            }
        }
        for (id, see) in over {
            self.dropped.push(see);
            self.soon(move |worker| worker.end_trace(pid, id));
        }
    }
}
