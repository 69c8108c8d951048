//! An actor as its shard holds it: one box, whatever its type.

use crate::{
    Actor, Context, Lend, Signal, Wire,
    actor_ref::steer,
    letter::{Letter, Parcel},
    mail::{self, Kind},
    place,
    reply::Route,
    version::version_of,
    worker::Row,
};
use core::any::Any;
#[cfg(feature = "tokio")]
use core::{future::Future, pin::Pin};
use myrmidon_core::{pid::Pid, swap::Version, typed_slots::Hand};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// A message and what is known of it.
pub(crate) struct Delivery {
    pub me: Pid,
    pub sender: Pid,
    pub letter: Letter,
    /// Where the answer goes, of a question.
    pub asked: Option<Route>,
}

/// A future that handles one message, and gives the actor back.
#[cfg(feature = "tokio")]
pub(crate) type Handling = Pin<Box<dyn Future<Output = Box<dyn Body>> + Send>>;

/// What an actor understands, as other languages know it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Protocol {
    /// `PROTOCOL`.
    pub name: &'static str,
    /// `FINGERPRINT`.
    pub fingerprint: &'static str,
}

impl Protocol {
    /// Checked by the compiler, in the build of whoever declares it.
    pub const fn new(name: &'static str, fingerprint: &'static str) -> Self {
        let digits = fingerprint.as_bytes();
        assert!(digits.is_empty() || digits.len() == 16, "FINGERPRINT has 16 digits, or is empty");
        let mut at = 0;
        while at < digits.len() {
            assert!(matches!(digits[at], b'0'..=b'9' | b'a'..=b'f'), "FINGERPRINT has the digits 0 to 9 and a to f");
            at += 1;
        }
        Self { name, fingerprint }
    }

    /// As `announce` has it, and `packages/actor/src/internal/spoken.ts` reads it.
    pub fn spoken(self) -> String {
        format!("{}\0{}", self.name, self.fingerprint)
    }
}

/// Who runs the next handler.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    Here,
    OnPool,
    #[cfg_attr(not(feature = "tokio"), expect(dead_code, reason = "nothing is asynchronous without tokio"))]
    AsTask,
}

/// See the module. User code runs in here, with nothing borrowed.
pub(crate) trait Body: Send {
    fn kind(&self) -> Kind;
    fn protocol(&self) -> Protocol;
    fn runs(&self) -> Runs;
    /// A handler took so long.
    fn took(&mut self, micros: u32);
    fn started(&mut self, me: Pid);
    /// Handles a message of the shard's store.
    fn take(&mut self, me: Pid, sender: Pid, slot: u32);
    /// Handles messages of the shard's store until its row is over; the first one at least.
    fn row(&mut self, me: Pid, row: &mut Row) {
        self.take(me, row.sender, row.slot);
    }
    fn handle(&mut self, delivery: Delivery);
    fn signal(&mut self, me: Pid, signal: Signal);
    /// Reads a message of another language.
    fn read(&self, wire: Wire) -> Option<Parcel>;
    /// The number of its actor's type, known where the body is not.
    fn version(&self) -> fn() -> Version;
    /// The user's actor.
    fn actor(&self) -> &dyn Any;
    fn into_actor(self: Box<Self>) -> Parcel;
    /// The same with another actor of its type; `None`: it is of another one.
    fn with_actor(&self, actor: Parcel) -> Option<Box<dyn Body>>;
    /// Without what looks on while it handles.
    fn bare(self: Box<Self>) -> Box<dyn Body>;
    /// Handles a message in a future.
    #[cfg(feature = "tokio")]
    fn task(self: Box<Self>, delivery: Delivery) -> Handling;
    /// Reads something of the actor's memory, so that it is in the cache.
    fn touch(&self) -> u8;
}

/// A handler that takes longer, in microseconds, is lent the next time.
const LONG: u32 = 1000;

/// The body of a synchronous actor.
pub(crate) struct Plain<A: Actor> {
    pub actor: A,
    pub kind: Kind,
    pub long: bool,
}

/// The message of another language; one that is not read is a dead letter, unless somebody asks, who is told by the end of the
/// question. Bytes of others end no actor: a panic is one way of not reading them (G282).
pub(crate) fn read_wire<M>(me: Pid, sender: Pid, wire: Wire, read: impl FnOnce(Wire) -> Option<M>) -> Option<M> {
    let (tag, asks) = (Arc::clone(&wire.tag), wire.ticket.is_some());
    let message = catch_unwind(AssertUnwindSafe(|| read(wire))).ok().flatten();
    if message.is_none() && !asks {
        steer(me, move |worker| worker.misread(me, sender, tag));
    }
    message
}

/// The message of a delivery; `None`: it is none of this type's, or gone.
#[inline]
pub(crate) fn open<M: Send + 'static>(kind: Kind, delivery: Delivery, from_wire: fn(Wire) -> Option<M>) -> Option<M> {
    let Delivery { me, sender, letter, .. } = delivery;
    let read = |parcel: Parcel| parcel.downcast::<M>().ok().map(|message| *message);
    match letter {
        Letter::Slot(slot) => place::here(|worker| mail::take::<M>(&mut worker.mail, kind, slot)).flatten(),
        Letter::Parcel(parcel) => read(parcel),
        Letter::Made(make) => read(make()),
        Letter::Wire(wire) => read_wire(me, sender, wire, from_wire),
    }
}

impl<A: Actor> Body for Plain<A> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn protocol(&self) -> Protocol {
        const { Protocol::new(A::PROTOCOL, A::FINGERPRINT) }
    }

    #[inline]
    fn runs(&self) -> Runs {
        match A::LEND {
            Lend::WhenLong if self.long => Runs::OnPool,
            Lend::Always => Runs::OnPool,
            _ => Runs::Here,
        }
    }

    fn took(&mut self, micros: u32) {
        self.long = micros > LONG;
    }

    fn started(&mut self, me: Pid) {
        self.actor.started(&mut Context::new(me, Pid::NONE, self.kind));
    }

    #[inline]
    fn take(&mut self, me: Pid, sender: Pid, slot: u32) {
        let mut message = Hand::empty();
        place::here(|worker| worker.mail.take::<A::Message>(self.kind, slot, &mut message));
        message.give(|message| self.actor.handle(message, &mut Context::new(me, sender, self.kind)));
    }

    fn row(&mut self, me: Pid, row: &mut Row) {
        let mut message = Hand::empty();
        while !row.is_over()
            && place::here(|worker| worker.next_in_row::<A::Message>(self.kind, row, &mut message)) == Some(true)
        {
            message.give(|message| self.actor.handle(message, &mut Context::new(me, row.sender, self.kind)));
        }
    }

    fn handle(&mut self, delivery: Delivery) {
        let Delivery { me, sender, .. } = delivery;
        if let Some(message) = open::<A::Message>(self.kind, delivery, A::from_wire) {
            self.actor.handle(message, &mut Context::new(me, sender, self.kind));
        }
    }

    fn signal(&mut self, me: Pid, signal: Signal) {
        self.actor.signal(signal, &mut Context::new(me, Pid::NONE, self.kind));
    }

    fn read(&self, wire: Wire) -> Option<Parcel> {
        A::from_wire(wire).map(|message| Box::new(message) as Parcel)
    }

    fn version(&self) -> fn() -> Version {
        version_of::<A>
    }

    fn actor(&self) -> &dyn Any {
        &self.actor
    }

    fn into_actor(self: Box<Self>) -> Parcel {
        Box::new(self.actor)
    }

    fn with_actor(&self, actor: Parcel) -> Option<Box<dyn Body>> {
        let actor = *actor.downcast::<A>().ok()?;
        Some(Box::new(Self { actor, kind: self.kind, long: self.long }))
    }

    fn bare(self: Box<Self>) -> Box<dyn Body> {
        self
    }

    #[cfg(feature = "tokio")]
    fn task(mut self: Box<Self>, delivery: Delivery) -> Handling {
        Box::pin(async move {
            self.handle(delivery);
            self as Box<dyn Body>
        })
    }

    fn touch(&self) -> u8 {
        u8::from(self.long)
    }
}
