//! Actors of other languages, as Rust tells them: by PID, with a tag and the codec's bytes.

use crate::{
    Context, Payload, Runtime, SharedBuffer, TellError,
    door::{self, Errand},
    place,
    worker::Worker,
};
use myrmidon_core::{pid::Pid, send_error::SendError};
use myrmidon_runtime::System;

/// A handle on an actor of another language, of which nothing is known but its PID: the compiler does not see what it may be
/// told. What its protocol does not read is a dead letter of its isolate, and an event `Misunderstood`.
///
/// ```no_run
/// # use myrmidon_actor::{Payload, Runtime};
/// # let runtime = Runtime::start().unwrap();
/// if let Some(log) = runtime.foreign("log") {
///     log.tell("Line", Payload::of("hello").unwrap()).unwrap();
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ForeignRef {
    pid: Pid,
    pub(crate) system: u32,
}

impl From<ForeignRef> for Pid {
    fn from(actor: ForeignRef) -> Self {
        actor.pid
    }
}

impl ForeignRef {
    /// The actor that has a name in a system.
    pub fn named(system: &System, name: &str) -> Option<Self> {
        system.whereis(name).map(|pid| Self { pid, system: system.handle() })
    }

    /// Its PID.
    pub fn pid(self) -> Pid {
        self.pid
    }

    /// Sends a message, from a handler as its actor, from anywhere else as nobody. It never waits (G6, G197).
    ///
    /// # Errors
    /// [`TellError`] with the payload: the way is full, or so many tags are in use that this one gets no number
    /// (`NodeBusy`). A dead actor is no error (G12).
    pub fn tell(self, tag: &str, payload: Payload) -> Result<(), TellError<Payload>> {
        self.send(tag, payload, None).map_err(|(reason, message, _)| TellError { reason, message })
    }

    /// The same for a message whose schema speaks of buffers: they are handed over without a copy, and each stands in the
    /// bytes as its place among them.
    ///
    /// # Errors
    /// As [`ForeignRef::tell`]; the buffers come back.
    pub fn tell_with(
        self,
        tag: &str,
        payload: Payload,
        buffers: Vec<SharedBuffer>,
    ) -> Result<(), TellError<(Payload, Vec<SharedBuffer>)>> {
        self.send(tag, payload, Some(buffers))
            .map_err(|(reason, payload, buffers)| TellError { reason, message: (payload, buffers.unwrap_or_default()) })
    }

    fn send(self, tag: &str, payload: Payload, buffers: Option<Vec<SharedBuffer>>) -> Result<(), Refused> {
        let Some(op) = Worker::wire_op(tag) else { return Err((SendError::NodeBusy, payload, buffers)) };
        let Self { pid: to, system } = self;
        if place::is_shard() {
            let mut message = Some((payload, buffers));
            let told = place::here(|worker| {
                let from = worker.running();
                worker.tell_wire(to, from, op, &mut message)
            });
            return match (told, message) {
                (Some(Err(reason)), Some((payload, buffers))) => Err((reason, payload, buffers)),
                _ => Ok(()),
            };
        }
        let away = place::away();
        let from = away.as_ref().map_or(Pid::NONE, |away| away.me);
        let Some(door) = away.map(|away| away.door).or_else(|| door::of_system(system).into_iter().next()) else {
            return Ok(());
        };
        if !door.has_room() {
            return Err((SendError::NodeBusy, payload, buffers));
        }
        let mut message = Some((payload, buffers));
        // Nobody is refused here any more: what is too much is a dead letter.
        let tell = move |worker: &mut Worker| {
            let _: Result<(), SendError> = worker.tell_wire(to, from, op, &mut message);
        };
        // Other threads may have taken the room meanwhile: a few more than the bound, and none is lost.
        door.urge(Errand::Run(Box::new(tell)));
        Ok(())
    }
}

type Refused = (SendError, Payload, Option<Vec<SharedBuffer>>);

/// What an actor of another language answered.
pub(crate) struct Said {
    /// `reply`.
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "answers are read by serde"))]
    pub status: u32,
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "answers are read by serde"))]
    pub payload: Payload,
    #[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "answers are read by serde"))]
    pub buffers: Vec<SharedBuffer>,
}

/// A question.
#[cfg_attr(not(feature = "serde"), expect(dead_code, reason = "questions are written by serde"))]
pub(crate) struct Query {
    pub op: u16,
    pub payload: Payload,
    /// Where its schema speaks of some.
    pub buffers: Option<Vec<SharedBuffer>>,
    /// Whether the schema of its answer does.
    pub gets_buffers: bool,
    pub timeout: u32,
}

/// What was to be told.
pub(crate) type Message = (Payload, Option<Vec<SharedBuffer>>);

impl Runtime {
    /// The actor with a name, whatever its language.
    pub fn foreign(&self, name: &str) -> Option<ForeignRef> {
        ForeignRef::named(self.system(), name)
    }
}

impl<M: Send + 'static> Context<M> {
    /// The actor with a name, whatever its language.
    pub fn foreign(&self, name: &str) -> Option<ForeignRef> {
        ForeignRef::named(&*System::find(place::system()?)?, name)
    }

    /// The actor with a PID, whatever its language: one that came in a payload, or [`Context::sender`].
    pub fn foreign_at(&self, pid: Pid) -> Option<ForeignRef> {
        place::system().map(|system| ForeignRef { pid, system })
    }
}
