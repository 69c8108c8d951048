//! Asynchronous handlers: an actor is lent to a future while it runs, and its next message does not enter meanwhile.

use crate::{
    ActorRef, Context, Runtime, Signal, Spawn, SpawnError, Wire,
    body::{Body, Delivery, Handling, Protocol, Runs, open},
    door::Errand,
    letter::Parcel,
    mail::{Kind, kind_of},
    place::{self, Away},
    runtime,
    version::version_of,
    worker::{Worker, crash},
};
use core::{
    any::Any,
    future::{Future, poll_fn},
    task::Poll,
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, swap::Version};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

/// An actor whose handlers wait: each is a future, run on tokio. One message at a time; while its future waits the actor is
/// busy, links, watches and calls of it are served, and a kill drops the future at its next await.
///
/// ```
/// use myrmidon_actor::{AsyncActor, Context, ReplyTo, Runtime, Spawn};
///
/// struct Fetcher;
/// impl AsyncActor for Fetcher {
///     type Message = (String, ReplyTo<usize>);
///     async fn handle(&mut self, (word, reply): Self::Message, _: &mut Context<Self::Message>) {
///         tokio::task::yield_now().await;
///         reply.send(word.len());
///     }
/// }
/// let runtime = Runtime::start()?;
/// let fetcher = runtime.spawn_async(&Spawn::new(), Fetcher)?;
/// assert_eq!(fetcher.ask(|reply| ("hello".to_owned(), reply)).wait()?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AsyncActor: Send + Sized + 'static {
    /// What it is told.
    type Message: Send + 'static;

    /// As [`crate::Actor::PROTOCOL`].
    const PROTOCOL: &'static str = "";

    /// As [`crate::Actor::FINGERPRINT`].
    const FINGERPRINT: &'static str = "";

    /// Handles one message. A panic ends the actor with `Crashed`.
    fn handle(
        &mut self,
        message: Self::Message,
        context: &mut Context<Self::Message>,
    ) -> impl Future<Output = ()> + Send;

    /// As [`crate::Actor::from_wire`].
    fn from_wire(wire: Wire) -> Option<Self::Message> {
        drop(wire);
        None
    }

    /// As [`crate::Actor::started`]: it does not wait.
    fn started(&mut self, context: &mut Context<Self::Message>) {
        let _ = context;
    }

    /// As [`crate::Actor::signal`]: it does not wait.
    fn signal(&mut self, signal: Signal, context: &mut Context<Self::Message>) {
        let _ = (signal, context);
    }
}

/// Where futures run.
pub(crate) struct Tasks {
    given: Option<tokio::runtime::Handle>,
    own: OnceLock<Option<tokio::runtime::Runtime>>,
}

impl Tasks {
    pub fn new(given: Option<tokio::runtime::Handle>) -> Self {
        Self { given, own: OnceLock::new() }
    }

    fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.given.clone().or_else(|| {
            let make = || {
                tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(std::thread::available_parallelism().map_or(1, usize::from).min(4))
                    .thread_name("myrmidon-async")
                    .enable_all()
                    .build()
                    .ok()
            };
            self.own.get_or_init(make).as_ref().map(|runtime| runtime.handle().clone())
        })
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        // Also where dropping a runtime must not wait: in a handler, or a future.
        if let Some(Some(runtime)) = self.own.take() {
            runtime.shutdown_background();
        }
    }
}

/// The body of an [`AsyncActor`].
pub(crate) struct Asynchronous<A> {
    pub actor: A,
    pub kind: Kind,
}

impl<A: AsyncActor> Body for Asynchronous<A> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn protocol(&self) -> Protocol {
        const { Protocol::new(A::PROTOCOL, A::FINGERPRINT) }
    }

    fn runs(&self) -> Runs {
        Runs::AsTask
    }

    fn took(&mut self, _: u32) {}

    fn started(&mut self, me: Pid) {
        self.actor.started(&mut Context::new(me, Pid::NONE, self.kind));
    }

    // Nothing is handled on the shard.
    fn take(&mut self, _: Pid, _: Pid, _: u32) {}

    fn handle(&mut self, _: Delivery) {}

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
        Some(Box::new(Self { actor, kind: self.kind }))
    }

    fn bare(self: Box<Self>) -> Box<dyn Body> {
        self
    }

    fn task(mut self: Box<Self>, delivery: Delivery) -> Handling {
        Box::pin(async move {
            let Delivery { me, sender, .. } = delivery;
            if let Some(message) = open::<A::Message>(self.kind, delivery, A::from_wire) {
                self.actor.handle(message, &mut Context::new(me, sender, self.kind)).await;
            }
            self as Box<dyn Body>
        })
    }

    fn touch(&self) -> u8 {
        0
    }
}

/// On the shard's thread: begins the future of one message.
pub(crate) fn begin(away: Away, body: Box<dyn Body>, delivery: Delivery) {
    let handle = place::here(|worker| worker.tasks().handle()).flatten();
    let Some(handle) = handle else {
        let end = Some(ExitReason::Shutdown { detail: Some("no tokio runtime".into()) });
        away.door.urge(Errand::Returned { pid: away.me, loan: away.loan, body: Some(body), end, micros: 0 });
        return;
    };
    let mut handling = body.task(delivery);
    let me = away.me;
    let task = handle.spawn(async move {
        // Each poll runs as the actor, whichever thread it is on.
        let end = poll_fn(|context| {
            let polled = place::lent(&away, || catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context))));
            match polled {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(body)) => Poll::Ready((Some(body), None)),
                Err(panic) => Poll::Ready((None, Some(ExitReason::Crashed(Box::new(crash(&*panic)))))),
            }
        });
        let (body, end) = end.await;
        away.door.urge(Errand::Returned { pid: away.me, loan: away.loan, body, end, micros: 0 });
    });
    let abort = task.abort_handle();
    place::here(|worker: &mut Worker| worker.abort_with(me, Box::new(move || abort.abort())));
}

/// For whoever knows a system by its number alone.
#[cfg(feature = "serde")]
pub(crate) fn spawn_of<A: AsyncActor>(
    system: u32,
    options: &Spawn,
    actor: A,
) -> Result<ActorRef<A::Message>, SpawnError> {
    let kind = kind_of::<A::Message>();
    runtime::spawn_outside(system, options, Box::new(Asynchronous { actor, kind }))
}

impl Runtime {
    /// Spawns an actor whose handlers wait. As [`Runtime::spawn_with`].
    ///
    /// # Errors
    /// [`SpawnError`].
    pub fn spawn_async<A: AsyncActor>(&self, options: &Spawn, actor: A) -> Result<ActorRef<A::Message>, SpawnError> {
        let kind = kind_of::<A::Message>();
        runtime::spawn_outside(self.system().handle(), options, Box::new(Asynchronous { actor, kind }))
    }
}

impl<M: Send + 'static> Context<M> {
    /// Spawns an actor whose handlers wait. As [`Context::spawn_with`].
    ///
    /// # Errors
    /// [`SpawnError`].
    pub fn spawn_async<A: AsyncActor>(
        &mut self,
        options: &Spawn,
        actor: A,
    ) -> Result<ActorRef<A::Message>, SpawnError> {
        let kind = kind_of::<A::Message>();
        runtime::spawn_body(self.me().pid(), options, None, Box::new(Asynchronous { actor, kind }))
    }
}
