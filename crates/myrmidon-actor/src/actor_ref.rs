//! A typed handle on an actor: its PID, and the type of its messages.

use crate::{
    Answer, AskError, TellError,
    answer::channel,
    door::{self, Errand, Refusal},
    mail::Kind,
    place,
    reply::{ReplyTo, Ticket},
    worker::Worker,
};
use core::{fmt, hash, marker::PhantomData, time::Duration};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, send_error::SendError};

/// The timeout of an ask that has none of its own.
pub(crate) const ASK: Duration = Duration::from_secs(5);

/// A handle on an actor that takes messages of type `M`. It can be copied, kept, and sent anywhere in the process. It
/// does not keep the actor alive: an actor ends when it stops, whether or not there are handles.
pub struct ActorRef<M> {
    pid: Pid,
    kind: Kind,
    message: PhantomData<fn(M)>,
}

impl<M> Clone for ActorRef<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for ActorRef<M> {}
impl<M> PartialEq for ActorRef<M> {
    fn eq(&self, other: &Self) -> bool {
        self.pid == other.pid
    }
}
impl<M> Eq for ActorRef<M> {}
impl<M> hash::Hash for ActorRef<M> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.pid.hash(state);
    }
}
impl<M> fmt::Debug for ActorRef<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef({})", self.pid)
    }
}
impl<M> From<ActorRef<M>> for Pid {
    fn from(actor: ActorRef<M>) -> Self {
        actor.pid
    }
}

/// ms of a timeout, as a call has them.
pub(crate) fn timeout_ms(timeout: Option<Duration>) -> u32 {
    timeout
        .map_or(u32::MAX, |timeout| u32::try_from(timeout.as_millis()).map_or(u32::MAX - 1, |ms| ms.min(u32::MAX - 1)))
}

impl<M: Send + 'static> ActorRef<M> {
    pub(crate) fn new(pid: Pid, kind: Kind) -> Self {
        Self { pid, kind, message: PhantomData }
    }

    pub(crate) fn kind(self) -> Kind {
        self.kind
    }

    /// The actor's PID.
    pub fn pid(self) -> Pid {
        self.pid
    }

    /// Sends a message, and never waits. In a handler the sender is its actor; anywhere else there is none. Messages of
    /// one sender to one actor arrive in order (G6).
    ///
    /// ```
    /// use myrmidon_actor::{Context, ReplyTo, Runtime, behavior};
    /// let runtime = Runtime::start()?;
    /// let echo = runtime.spawn(behavior((), |_: &mut (), (word, reply): (String, ReplyTo<String>), _: &mut Context<_>| {
    ///     reply.send(word);
    /// }))?;
    /// assert_eq!(echo.ask(|reply| ("hello".to_owned(), reply)).wait()?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TellError`], which gives the message back: the mailbox is full and its policy is `reject`, or the actor's
    /// shard takes nothing from outside now (`NodeBusy`). A message to an actor that has ended is no error but a dead
    /// letter (G12).
    #[inline]
    pub fn tell(self, message: M) -> Result<(), TellError<M>> {
        // A value that is moved right after it was written has to wait until the processor has stored it. So it is
        // asked first whether the mailbox takes the message, which then moves only once.
        match place::here(|worker| worker.accepts(self.pid)) {
            Some(Some(Ok(()))) => {
                place::here(|worker| worker.put(self.pid, self.kind, message));
                Ok(())
            }
            Some(Some(Err(reason))) => Err(TellError { reason, message }),
            Some(None) | None => self.tell_elsewhere(message),
        }
    }

    /// To another shard, by somebody who is looked at, or from outside.
    #[inline(never)]
    fn tell_elsewhere(self, message: M) -> Result<(), TellError<M>> {
        let mut message = Some(message);
        let told = place::here(|worker| worker.tell(self.pid, self.kind, &mut message));
        let refused = match told {
            Some(Ok(())) => return Ok(()),
            Some(Err(reason)) => Some(reason),
            None => None,
        };
        let Some(message) = message else { return Ok(()) };
        match refused {
            Some(reason) => Err(TellError { reason, message }),
            None => self.tell_from_outside(message),
        }
    }

    fn tell_from_outside(self, message: M) -> Result<(), TellError<M>> {
        let (to, kind) = (self.pid, self.kind);
        if let Some(away) = place::away() {
            if !away.door.has_room() {
                return Err(TellError { reason: SendError::MailboxFull, message });
            }
            let me = away.me;
            let tell = move |worker: &mut Worker| worker.tell_as(me, to, kind, message);
            away.urge(tell);
            return Ok(());
        }
        let Some(door) = door::find(to.shard()) else { return Ok(()) };
        match door.ask(Errand::Tell { to, message: Box::new(message) }) {
            Err((Errand::Tell { message, .. }, Refusal::Full)) => match message.downcast::<M>() {
                Ok(message) => Err(TellError { reason: SendError::NodeBusy, message: *message }),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Sends a question and returns the answer to come, for which there are five seconds. `make` makes the message,
    /// around the [`ReplyTo`] by which it is answered.
    pub fn ask<R: Send + 'static>(self, make: impl FnOnce(ReplyTo<R>) -> M) -> Answer<R> {
        self.ask_within(Some(ASK), make)
    }

    /// [`ActorRef::ask`] with a timeout of its own; `None` for no limit.
    ///
    /// In a handler, use [`crate::Context::ask`], whose answer is a message: a shard never waits.
    pub fn ask_within<R: Send + 'static>(
        self,
        timeout: Option<Duration>,
        make: impl FnOnce(ReplyTo<R>) -> M,
    ) -> Answer<R> {
        let ticket = Ticket::new();
        let message = make(ReplyTo::new(ticket.clone()));
        let (answer, receiver) = channel();
        let timeout = timeout_ms(timeout);
        let (to, kind) = (self.pid, self.kind);
        let away = place::away();
        if place::is_shard() {
            place::here(|worker| worker.call(worker.running(), to, kind, message, ticket, answer, timeout));
        } else if let Some(away) = away {
            // A lent actor asks through its own shard, behind what it has told before.
            let me = away.me;
            let call = move |worker: &mut Worker| worker.call(me, to, kind, message, ticket, answer, timeout);
            away.urge(call);
        } else if let Some(door) = door::find(to.shard()) {
            let errand = Errand::Call { to, message: Box::new(message), ticket, answer, timeout };
            if let Err((Errand::Call { answer, .. }, Refusal::Full)) = door.ask(errand) {
                answer.send(Err(AskError::NodeBusy));
            }
        }
        Answer::new(receiver)
    }

    /// Monitors the actor: what is returned can be waited for, and says why it ended. An actor that has ended is
    /// reported at once (G38).
    ///
    /// ```
    /// use myrmidon_actor::{Context, ExitReason, Runtime, behavior};
    /// let runtime = Runtime::start()?;
    /// let actor = runtime.spawn(behavior((), |_: &mut (), _: (), context: &mut Context<()>| context.stop()))?;
    /// let end = actor.ended();
    /// actor.tell(())?;
    /// assert_eq!(end.wait()?, ExitReason::Normal);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ended(self) -> Answer<ExitReason> {
        let (answer, receiver) = channel();
        let pid = self.pid;
        let watch = match place::try_here(move |worker| worker.watch_from_outside(pid, answer)) {
            Ok(()) => return Answer::new(receiver),
            Err(run) => run,
        };
        match door::find(pid.shard()) {
            Some(door) => drop(door.urge(Errand::Run(Box::new(watch)))),
            None => drop(watch),
        }
        Answer::new(receiver)
    }

    /// Kills the actor: it ends at once, between two messages, and cannot prevent it (G27).
    pub fn kill(self) {
        self.exit(ExitReason::Killed);
    }

    /// Ends the actor in order, once it has handled what it was sent before.
    pub fn shutdown(self) {
        let pid = self.pid;
        steer(pid, move |worker| worker.stop(pid, ExitReason::SHUTDOWN));
    }

    /// Sends the actor an exit signal (G34).
    pub fn exit(self, reason: ExitReason) {
        let pid = self.pid;
        steer(pid, move |worker| worker.exit(pid, reason));
    }
}

/// Runs something about an actor where that is allowed: here if it lives on this shard, through the asking actor's
/// shard if that is lent, else on the actor's own shard.
pub(crate) fn steer(pid: Pid, run: impl FnOnce(&mut Worker) + Send + 'static) {
    let Err(run) = place::try_here(run) else { return };
    if let Some(away) = place::away() {
        away.urge(run);
    } else if let Some(door) = door::find(pid.shard()) {
        door.urge(Errand::Run(Box::new(run)));
    }
}
