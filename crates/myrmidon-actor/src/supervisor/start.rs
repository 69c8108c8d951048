//! How the start of a supervisor went, for whoever started it (G300).
//!
//! The machine decides when it is over: all children have started, one did not and those before it are stopped, or it was
//! told to end meanwhile. Each of these is told once. What ends it without asking the machine, a kill or the end of its
//! runtime, tells nobody: the listener is dropped, and the reason is the end's own.

use super::{ChildStartError, Supervise, Supervisor};
use crate::{ActorRef, AskError, Runtime, Spawn, SpawnError, answer::channel, place};
use core::{error::Error, fmt};
use myrmidon_core::exit_reason::ExitReason;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) type OnStart = Box<dyn FnOnce(Result<(), SupervisorStartError>) + Send>;

/// A supervisor that did not start. Nothing of its tree is left (G86).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupervisorStartError {
    /// A child, here or below, did not start: its path, and what its start came to.
    Child(ChildStartError),
    /// The supervisor itself was not spawned.
    Spawn(SpawnError),
    /// It has ended before all of its children had started.
    Ended(ExitReason),
    /// The thread of a shard was to wait for it, which would hold up all its actors: spawn it there, and hear of its start
    /// by [`Supervisor::on_start`].
    WouldBlock,
}

impl fmt::Display for SupervisorStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Child(error) => fmt::Display::fmt(error, f),
            Self::Spawn(error) => write!(f, "the supervisor was not spawned: {error}"),
            Self::Ended(reason) => write!(f, "the supervisor has ended before it had started: {reason}"),
            Self::WouldBlock => f.write_str("the thread of a shard must not wait: use Supervisor::on_start"),
        }
    }
}

impl Error for SupervisorStartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Child(error) => Some(error),
            Self::Spawn(error) => Some(error),
            Self::Ended(_) | Self::WouldBlock => None,
        }
    }
}

impl Supervisor {
    /// Spawns it, and waits until its children have started, in order, those of the supervisors below it included.
    ///
    /// ```
    /// use myrmidon_actor::{Child, Context, Runtime, Spawn, Supervisor, SupervisorStartError, behavior};
    /// use myrmidon_actor::supervisor::{OptionsInput, TreatmentInput};
    ///
    /// let runtime = Runtime::start()?;
    /// let make = || {
    ///     let port: u16 = "eighty".parse().expect("a port");
    ///     behavior(port, |_: &mut u16, _: (), _: &mut Context<()>| {})
    /// };
    /// let server = Child::new("server", &TreatmentInput::default(), Spawn::new(), make)?;
    /// let top = Supervisor::new("top", &OptionsInput::default(), vec![server])?;
    /// let Err(SupervisorStartError::Child(error)) = top.start(&runtime) else { panic!("that is no port") };
    /// assert_eq!(&*error.place, "top/server");
    /// assert!(error.cause.to_string().contains("a port"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SupervisorStartError`]; whatever had started has ended then, and so has the supervisor. On the thread of a worker
    /// shard `WouldBlock`, at once, and nothing was started.
    pub fn start(self, runtime: &Runtime) -> Result<ActorRef<Supervise>, SupervisorStartError> {
        self.start_with(runtime, &Spawn::default())
    }

    /// The same with options of the supervisor's own, as a name.
    ///
    /// # Errors
    /// As [`Supervisor::start`].
    pub fn start_with(self, runtime: &Runtime, options: &Spawn) -> Result<ActorRef<Supervise>, SupervisorStartError> {
        if place::is_shard() {
            return Err(SupervisorStartError::WouldBlock);
        }
        let (said, starts) = channel();
        let top = self.on_start(move |start| said.send(start));
        let top = runtime.spawn_with(options, top).map_err(SupervisorStartError::Spawn)?;
        // From now on, for the reason of one that says nothing any more.
        let end = top.ended();
        let start = starts.wait();
        if start == Some(Ok(())) {
            return Ok(top);
        }
        // It ends behind what it has said: whoever tries again finds its name free.
        let reason = match end.wait() {
            Ok(reason) | Err(AskError::ActorExited(reason)) => reason,
            Err(_) => ExitReason::NoProc { ever_existed: true },
        };
        Err(start.and_then(Result::err).unwrap_or(SupervisorStartError::Ended(reason)))
    }

    /// Says how its start went, once, on the supervisor's own shard: for an actor that spawns one, and does not wait. After
    /// an error it ends, as a monitor hears. Of one that is killed before it has started only its end is told.
    ///
    /// ```
    /// use myrmidon_actor::{Runtime, Supervisor};
    /// use myrmidon_actor::supervisor::OptionsInput;
    /// use std::sync::mpsc;
    ///
    /// let runtime = Runtime::start()?;
    /// let (told, starts) = mpsc::channel();
    /// let top = Supervisor::new("top", &OptionsInput::default(), vec![])?;
    /// runtime.spawn(top.on_start(move |start| told.send(start).unwrap_or_default()))?;
    /// starts.recv()??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_start(mut self, hear: impl FnOnce(Result<(), SupervisorStartError>) + Send + 'static) -> Self {
        self.on_start = Some(match self.on_start.take() {
            // `start` must not take it from whoever listens already.
            Some(before) => Box::new(move |start: Result<(), SupervisorStartError>| {
                heard(before, start.clone());
                hear(start);
            }),
            None => Box::new(hear),
        });
        self
    }

    /// Its start is over; later on nobody listens any more.
    pub(super) fn started_as(&mut self, start: impl FnOnce() -> Result<(), SupervisorStartError>) {
        if let Some(hear) = self.on_start.take() {
            heard(hear, start());
        }
    }
}

// Whoever listens ends nobody.
fn heard(hear: OnStart, start: Result<(), SupervisorStartError>) {
    drop(catch_unwind(AssertUnwindSafe(|| hear(start))));
}
