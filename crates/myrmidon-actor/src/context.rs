//! What a handler can do as its actor: spawn, ask, link, monitor, set timers, stop.

use crate::{
    Actor, ActorRef, AskError, MonitorRef, Refusal, ReplyTo, SharedBuffer, Spawn, SpawnError, TimerRef,
    actor_ref::{steer, timeout_ms},
    answer::read,
    letter::Parcel,
    mail::Kind,
    place,
    reply::Ticket,
    runtime,
    timer::Ticking,
    worker::Worker,
};
use core::{
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, record::submission};
use std::sync::Arc;

/// A number for a monitor or a timer: unique in the process, until 2^32 of them were made.
fn reference() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
}

/// The running actor, as its handler sees it. `M` is the type of its messages.
///
/// It works the same in a handler that is lent to a pool thread, and in a future: what the actor does there takes
/// effect on its shard, in order, a moment later. A method that would have to wait for the shard says what it returns
/// there.
pub struct Context<M> {
    me: Pid,
    sender: Pid,
    kind: Kind,
    message: PhantomData<fn(M)>,
}

impl<M> fmt::Debug for Context<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({})", self.me)
    }
}

impl<M: Send + 'static> Context<M> {
    #[inline]
    pub(crate) fn new(me: Pid, sender: Pid, kind: Kind) -> Self {
        Self { me, sender, kind, message: PhantomData }
    }

    /// A ref of the actor itself.
    #[inline]
    pub fn me(&self) -> ActorRef<M> {
        ActorRef::new(self.me, self.kind)
    }

    /// The actor that sent the message; `None` when it was none.
    pub fn sender(&self) -> Option<Pid> {
        (!self.sender.is_none()).then_some(self.sender)
    }

    /// Called in `started`: the actor does not want to run now, and there never was one. Its supervisor keeps the spec,
    /// and asks again when it is told to restart the child (G87). Any other spawner gets [`SpawnError::Ignored`], or,
    /// if it does not wait for the start, hears of an orderly end. After `started` this does nothing.
    ///
    /// ```
    /// use myrmidon_actor::{Actor, Child, Context, Runtime, Spawn, Supervise, Supervisor};
    /// use myrmidon_actor::supervisor::{OptionsInput, Status, TreatmentInput};
    ///
    /// struct Exporter { endpoint: Option<String> }
    /// impl Actor for Exporter {
    ///     type Message = String;
    ///     fn started(&mut self, context: &mut Context<String>) {
    ///         if self.endpoint.is_none() {
    ///             context.ignore();
    ///         }
    ///     }
    ///     fn handle(&mut self, _: String, _: &mut Context<String>) {}
    /// }
    /// let runtime = Runtime::start()?;
    /// let exporter = Child::new("exporter", &TreatmentInput::default(), Spawn::new(), || Exporter { endpoint: None })?;
    /// let top = Supervisor::new("top", &OptionsInput::default(), vec![exporter])?.start(&runtime)?;
    /// assert_eq!(top.ask(Supervise::Children).wait()?[0].status, Status::Stopped);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ignore(&mut self) {
        let me = self.me;
        place::here(|worker| worker.ignore_start(me));
    }

    /// Spawns an actor on the same shard.
    ///
    /// # Errors
    /// [`SpawnError`].
    pub fn spawn<A: Actor>(&mut self, actor: A) -> Result<ActorRef<A::Message>, SpawnError> {
        self.spawn_with(&Spawn::default(), actor)
    }

    /// Spawns an actor with options.
    ///
    /// # Errors
    /// [`SpawnError`]. An actor with a name can only be spawned from its own shard: otherwise, and in a lent handler,
    /// it is `Elsewhere`.
    pub fn spawn_with<A: Actor>(&mut self, options: &Spawn, actor: A) -> Result<ActorRef<A::Message>, SpawnError> {
        runtime::spawn_from(self.me, options, None, actor)
    }

    /// Spawns an actor and monitors it from its first moment (G35).
    ///
    /// # Errors
    /// As [`Context::spawn_with`].
    pub fn spawn_monitored<A: Actor>(
        &mut self,
        options: &Spawn,
        actor: A,
    ) -> Result<(ActorRef<A::Message>, MonitorRef), SpawnError> {
        let watch = reference();
        let actor = runtime::spawn_from(self.me, options, Some(watch), actor)?;
        Ok((actor, MonitorRef(watch)))
    }

    /// Sends a question. The answer, or the reason why there is none, comes as a message, which `then` makes of it. It
    /// does not overtake what the callee sent before.
    ///
    /// ```
    /// use myrmidon_actor::{Actor, ActorRef, AskError, Context, ReplyTo, Runtime, behavior};
    ///
    /// struct Adder { of: ActorRef<ReplyTo<u64>>, to: Option<ReplyTo<u64>> }
    /// enum Message { Start(ReplyTo<u64>), Got(Result<u64, AskError>) }
    /// impl Actor for Adder {
    ///     type Message = Message;
    ///     fn handle(&mut self, message: Message, context: &mut Context<Message>) {
    ///         match message {
    ///             Message::Start(reply) => {
    ///                 self.to = Some(reply);
    ///                 context.ask(self.of, |reply| reply, Message::Got);
    ///             }
    ///             Message::Got(answer) => if let Some(reply) = self.to.take() {
    ///                 reply.send(answer.unwrap_or(0) + 1);
    ///             },
    ///         }
    ///     }
    /// }
    /// let runtime = Runtime::start()?;
    /// let of = runtime.spawn(behavior(41, |n, reply: ReplyTo<u64>, _: &mut Context<_>| reply.send(*n)))?;
    /// let adder = runtime.spawn(Adder { of, to: None })?;
    /// assert_eq!(adder.ask(Message::Start).wait()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ask<N: Send + 'static, R: Send + 'static>(
        &mut self,
        of: ActorRef<N>,
        make: impl FnOnce(ReplyTo<R>) -> N,
        then: impl FnOnce(Result<R, AskError>) -> M + Send + 'static,
    ) {
        self.ask_within(Some(crate::actor_ref::ASK), of, make, then);
    }

    /// [`Context::ask`] with a timeout of its own; `None` for no limit.
    pub fn ask_within<N: Send + 'static, R: Send + 'static>(
        &mut self,
        timeout: Option<Duration>,
        of: ActorRef<N>,
        make: impl FnOnce(ReplyTo<R>) -> N,
        then: impl FnOnce(Result<R, AskError>) -> M + Send + 'static,
    ) {
        let ticket = Ticket::new();
        let message = make(ReplyTo::new(ticket.clone()));
        let (me, kind) = (self.me, of.kind());
        let to = of.pid();
        let then = Box::new(move |outcome| Box::new(then(read::<R>(outcome))) as Parcel);
        self.on_shard(move |worker| worker.call_by(me, to, kind, message, ticket, then, timeout_ms(timeout)));
    }

    /// Sends the actor itself a message after `delay`. The timer ends with the actor.
    pub fn after(&mut self, delay: Duration, message: M) -> TimerRef {
        self.timer(delay, false, Ticking::Once(Box::new(message)))
    }

    /// Sends the actor itself a message at a time, or now if that has passed.
    pub fn at(&mut self, time: std::time::Instant, message: M) -> TimerRef {
        self.after(time.saturating_duration_since(std::time::Instant::now()), message)
    }

    /// Sends the actor itself a message every `period`, a millisecond at least, except while the last one still waits in the
    /// mailbox (G43).
    pub fn every(&mut self, period: Duration, mut message: impl FnMut() -> M + Send + 'static) -> TimerRef {
        self.timer(period, true, Ticking::Every(Box::new(move || Box::new(message()))))
    }

    fn timer(&mut self, delay: Duration, repeats: bool, ticking: Ticking) -> TimerRef {
        let (me, timer) = (self.me, reference());
        let delay = delay.as_secs_f64() * 1000.0;
        self.on_shard(move |worker| worker.start_timer(me, timer, delay, repeats, ticking));
        TimerRef(timer)
    }

    /// Cancels a timer: no message of it is delivered afterwards (G44). Returns the time that was left, zero if its
    /// message was in the mailbox; `None` if it had fired, is not this actor's, or the handler is lent.
    pub fn cancel(&mut self, timer: TimerRef) -> Option<Duration> {
        let me = self.me;
        match place::try_here(move |worker| worker.cancel_timer(me, timer.0)) {
            // One that was to ring beyond all time has all of it left.
            Ok(left) => Some(Duration::try_from_secs_f64(left? / 1000.0).unwrap_or(Duration::MAX)),
            Err(cancel) => {
                self.on_shard(move |worker| {
                    cancel(worker);
                });
                None
            }
        }
    }

    /// Ends the actor with `Normal`, once this handler is done.
    pub fn stop(&mut self) {
        self.stop_with(ExitReason::Normal);
    }

    /// Ends the actor with a reason, once this handler is done.
    pub fn stop_with(&mut self, reason: ExitReason) {
        let me = self.me;
        self.on_shard(move |worker| worker.stop_self(me, reason));
    }

    /// Whether exit signals of links arrive as [`crate::Signal::Exit`].
    pub fn trap_exits(&mut self, traps: bool) {
        let me = self.me;
        self.on_shard(move |worker| worker.trap_exits(me, traps));
    }

    /// Links the actor with another one: when one of them ends abnormally, the other ends too (G29 to G33).
    pub fn link(&mut self, other: impl Into<Pid>) {
        let (me, other) = (self.me, other.into());
        self.on_shard(move |worker| worker.submit(submission::LINK, other, me, 0, 0, 0));
    }

    /// Ends a link: no exit signal of it is delivered afterwards.
    pub fn unlink(&mut self, other: impl Into<Pid>) {
        let (me, other) = (self.me, other.into());
        self.on_shard(move |worker| worker.submit(submission::UNLINK, other, me, 0, 0, 0));
    }

    /// Monitors an actor: when it ends, or at once if it has, one [`crate::Signal::Down`] is delivered (G37, G38).
    pub fn monitor(&mut self, other: impl Into<Pid>) -> MonitorRef {
        let (me, other, watch) = (self.me, other.into(), reference());
        self.on_shard(move |worker| worker.submit(submission::MONITOR, other, me, watch, 0, 0));
        MonitorRef(watch)
    }

    /// Ends a monitor. `true`: no `Down` of it was or will be delivered. In a lent handler, which does not wait for its
    /// shard, always `false`.
    pub fn demonitor(&mut self, watch: MonitorRef) -> bool {
        let me = self.me;
        match place::try_here(move |worker| worker.demonitor(me, watch.0)) {
            Ok(ended) => ended,
            Err(end) => {
                self.on_shard(move |worker| {
                    end(worker);
                });
                false
            }
        }
    }

    /// Sends an exit signal (G34), which ends the other actor unless that traps exits. `Killed` always ends it.
    pub fn exit(&mut self, other: impl Into<Pid>, reason: ExitReason) {
        let (me, other) = (self.me, other.into());
        self.on_shard(move |worker| worker.exit_by(me, other, reason));
    }

    /// The actor with a name, if it is a Rust actor that takes messages of this type.
    pub fn whereis<N: Send + 'static>(&self, name: &str) -> Option<ActorRef<N>> {
        runtime::whereis(&*myrmidon_runtime::System::find(place::system()?)?, name)
    }

    /// Makes a buffer of zeros, which can be sent without a copy, also to actors of other languages.
    ///
    /// # Errors
    /// [`Refusal`]: the runtime's limit is reached (`Builder::buffers`), or the machine has not that much.
    pub fn buffer(&self, bytes: usize) -> Result<SharedBuffer, Refusal> {
        let door = place::here(|worker| Arc::clone(worker.door())).or_else(|| place::away().map(|away| away.door));
        let door = door.ok_or(Refusal::Limit)?;
        SharedBuffer::allocate(&door.account, bytes)
    }

    pub(crate) fn on_shard(&self, run: impl FnOnce(&mut Worker) + Send + 'static) {
        steer(self.me, run);
    }
}
