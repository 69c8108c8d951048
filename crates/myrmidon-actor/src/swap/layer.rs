//! A body that is looked at while it handles: the journal of a canary, a trace. Whoever has none pays nothing for it.

use crate::{
    Signal, Wire,
    body::{Body, Delivery, Protocol, Runs, open, read_wire},
    letter::{Letter, Parcel},
    mail::Kind,
    place,
    reply::Route,
    worker::Worker,
};
use core::any::Any;
use myrmidon_core::{pid::Pid, swap::Version};
use std::sync::Arc;

/// Looks at a message that is about to be handled: whose, from whom, what, and whether it is a question.
pub(crate) type Before<M> = dyn Fn(Pid, Pid, &M, Option<Route>) + Send + Sync;

pub(crate) type After = dyn Fn(&mut Worker, Pid) + Send + Sync;
pub(crate) type OnSignal = dyn Fn(&mut Worker, Pid, &Signal) + Send + Sync;

/// Around another body. What it reports reaches the shard as what the handler does reaches it: in order, from wherever
/// the handler runs.
pub(crate) struct Layer<M> {
    pub inner: Box<dyn Body>,
    pub before: Arc<Before<M>>,
    /// The handler is done, and did not crash.
    pub after: Arc<After>,
    /// Of a trace: looks at a signal that is about to be handled.
    pub signal: Option<Arc<OnSignal>>,
}

impl<M: Send + 'static> Layer<M> {
    /// The message, looked at; `None`: there is none.
    fn begin(&self, delivery: Delivery) -> Option<Delivery> {
        let Delivery { me, sender, letter, asked } = delivery;
        let message = match letter {
            Letter::Wire(wire) => read_wire(me, sender, wire, |wire| self.inner.read(wire))?.downcast::<M>().ok()?,
            other => {
                Box::new(open::<M>(self.inner.kind(), Delivery { me, sender, letter: other, asked: None }, |_| None)?)
            }
        };
        (self.before)(me, sender, &message, asked);
        Some(Delivery { me, sender, letter: Letter::Parcel(message), asked })
    }

    /// Of a trace: what the actor sends from here on is looked at, too. A crash ends that as well (`Worker::interrupted`).
    fn look_out(&self, looks: bool) {
        if self.signal.is_some() {
            place::here(|worker| worker.look_out(looks));
        }
    }

    fn end(&self, me: Pid) {
        let after = Arc::clone(&self.after);
        crate::actor_ref::steer(me, move |worker| after(worker, me));
    }
}

impl<M: Send + 'static> Body for Layer<M> {
    fn kind(&self) -> Kind {
        self.inner.kind()
    }

    fn protocol(&self) -> Protocol {
        self.inner.protocol()
    }

    fn runs(&self) -> Runs {
        self.inner.runs()
    }

    fn took(&mut self, micros: u32) {
        self.inner.took(micros);
    }

    fn started(&mut self, me: Pid) {
        self.inner.started(me);
    }

    fn take(&mut self, me: Pid, sender: Pid, slot: u32) {
        self.handle(Delivery { me, sender, letter: Letter::Slot(slot), asked: None });
    }

    fn handle(&mut self, delivery: Delivery) {
        let me = delivery.me;
        if let Some(delivery) = self.begin(delivery) {
            self.look_out(true);
            self.inner.handle(delivery);
            self.look_out(false);
            self.end(me);
        }
    }

    fn signal(&mut self, me: Pid, signal: Signal) {
        if let Some(look) = &self.signal {
            place::here(|worker| look(worker, me, &signal));
        }
        self.look_out(true);
        self.inner.signal(me, signal);
        self.look_out(false);
    }

    fn read(&self, wire: Wire) -> Option<Parcel> {
        self.inner.read(wire)
    }

    fn version(&self) -> fn() -> Version {
        self.inner.version()
    }

    fn actor(&self) -> &dyn Any {
        self.inner.actor()
    }

    fn into_actor(self: Box<Self>) -> Parcel {
        self.inner.into_actor()
    }

    fn with_actor(&self, actor: Parcel) -> Option<Box<dyn Body>> {
        self.inner.with_actor(actor)
    }

    fn bare(self: Box<Self>) -> Box<dyn Body> {
        self.inner.bare()
    }

    #[cfg(feature = "tokio")]
    fn task(self: Box<Self>, delivery: Delivery) -> crate::body::Handling {
        Box::pin(async move {
            let me = delivery.me;
            let Some(delivery) = self.begin(delivery) else { return self as Box<dyn Body> };
            let Self { inner, before, after, signal } = *self;
            let layer = Self { inner: inner.task(delivery).await, before, after, signal };
            layer.end(me);
            Box::new(layer) as Box<dyn Body>
        })
    }

    fn touch(&self) -> u8 {
        self.inner.touch()
    }
}
