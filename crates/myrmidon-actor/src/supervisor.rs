//! Supervisors in Rust: an ordinary actor around `myrmidon_core::supervisor`, which decides everything.
//!
//! What the shell owes the machine (its `protocol`): a child is spawned linked and watched in one step, its start is over when
//! the spawn is (`started` ran), and its end is the DOWN of that watch, once. Starts do not wait here, so that there is
//! nothing to cancel.

use crate::{Actor, Context, MonitorRef, ReplyTo, Signal, Spawn, SpawnError, TimerRef};
use core::{fmt, time::Duration};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    supervisor::{
        Action, Answer, ChildInfo, ChildSpec, Command, Event, Input, InvalidSpec, Life, OptionsInput, StartFailure,
        Supervisor as Machine, Timer, TreatmentInput,
    },
};
use myrmidon_runtime::clock;
use rustc_hash::FxHashMap;
use std::sync::Arc;

type Spawned = Result<(Pid, MonitorRef), SpawnError>;

/// How a child is started, each time anew.
#[derive(Clone)]
struct Start(Arc<StartFn>);
type StartFn = dyn Fn(&mut Context<Supervise>) -> Spawned + Send + Sync;

/// A child of a supervisor: its id, how it is treated, and what makes its actor, each time anew.
pub struct Child(ChildSpec<Start>);

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Child").field(&self.0.id).finish()
    }
}

impl Child {
    /// A child. `options`: where it lives, its mailbox, its name; it is linked in any case.
    ///
    /// # Errors
    /// [`InvalidSpec`] says what of `treatment` is not valid (G96).
    pub fn new<A: Actor>(
        id: &str,
        treatment: &TreatmentInput<'_>,
        options: Spawn,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<Self, InvalidSpec> {
        let treatment = treatment.check(id)?;
        let options = options.linked();
        let start = Start(Arc::new(move |context| {
            context.spawn_monitored(&options, make()).map(|(actor, watch)| (actor.pid(), watch))
        }));
        Ok(Self(ChildSpec { id: id.into(), start, treatment }))
    }
}

/// What a supervisor is told.
#[non_exhaustive]
pub enum Supervise {
    /// Its children, in start order.
    Children(ReplyTo<Vec<ChildInfo>>),
    /// A child more, after all others.
    Start(Child, ReplyTo<Answer>),
    /// Stops a child; its spec stays, unless it is temporary.
    Terminate(Arc<str>, ReplyTo<Answer>),
    /// Starts a child that is stopped.
    Restart(Arc<str>, ReplyTo<Answer>),
    /// Forgets a child that is stopped.
    Delete(Arc<str>, ReplyTo<Answer>),
    /// Ends it, after its children.
    Stop(ExitReason),
    /// A time of its own is over.
    #[doc(hidden)]
    Time(Alarm),
}

/// A time of a supervisor.
#[doc(hidden)]
#[derive(Debug)]
pub struct Alarm(Timer);

impl fmt::Debug for Supervise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supervise")
    }
}

type Listener = Box<dyn FnMut(Event) + Send>;

/// An actor that starts its children, and starts them again as OTP's supervisors do (G85 to G99).
///
/// ```
/// use myrmidon_actor::{Child, Context, Runtime, Spawn, Supervise, Supervisor, behavior};
/// use myrmidon_core::supervisor::{OptionsInput, TreatmentInput};
///
/// let runtime = Runtime::start()?;
/// let make = || behavior(0, |handled: &mut u32, _: (), _: &mut Context<()>| {
///     *handled += 1;
///     assert!(*handled < 3, "enough");
/// });
/// let child = Child::new("worker", &TreatmentInput::default(), Spawn::new().named("worker"), make)?;
/// let options = OptionsInput { intensity: Some(3.0), ..Default::default() };
/// let top = runtime.spawn(Supervisor::new("top", &options, vec![child])?)?;
/// let children = top.ask(Supervise::Children).wait()?;
/// assert_eq!(&*children[0].id, "worker");
/// assert!(runtime.whereis::<()>("worker").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Supervisor {
    machine: Machine<Start>,
    children: FxHashMap<Life, Pid>,
    watches: FxHashMap<MonitorRef, Life>,
    timers: FxHashMap<Timer, TimerRef>,
    answers: FxHashMap<u64, ReplyTo<Answer>>,
    asked: u64,
    listener: Option<Listener>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("children", &self.children.len()).finish_non_exhaustive()
    }
}

impl Supervisor {
    /// A supervisor that starts its children, in order, when it is spawned.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the child or the option that is not valid (G96).
    pub fn new(id: &str, options: &OptionsInput<'_>, children: Vec<Child>) -> Result<Self, InvalidSpec> {
        let specs = children.into_iter().map(|child| child.0).collect();
        Ok(Self {
            machine: Machine::new(id, options.check(id)?, specs)?,
            children: FxHashMap::default(),
            watches: FxHashMap::default(),
            timers: FxHashMap::default(),
            answers: FxHashMap::default(),
            asked: 0,
            listener: None,
        })
    }

    /// Hears of what happens to its children, on the supervisor's own shard.
    #[must_use]
    pub fn listen(mut self, listener: impl FnMut(Event) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    fn command(&mut self, command: Command<Start>, reply: ReplyTo<Answer>, context: &mut Context<Supervise>) {
        self.asked += 1;
        self.answers.insert(self.asked, reply);
        self.input(Input::Command(self.asked, command), context);
    }

    fn input(&mut self, input: Input<Command<Start>>, context: &mut Context<Supervise>) {
        self.machine.handle(clock::now(), input);
        while let Some(action) = self.machine.poll() {
            self.act(action, context);
        }
    }

    fn act(&mut self, action: Action<Start>, context: &mut Context<Supervise>) {
        match action {
            Action::Start { life, start, .. } => {
                let input = match (start.0)(context) {
                    Ok((pid, watch)) => {
                        self.children.insert(life, pid);
                        self.watches.insert(watch, life);
                        Input::Started(life, pid)
                    }
                    Err(SpawnError::InitFailed(error)) => {
                        Input::Failed(life, StartFailure::Itself(ExitReason::Crashed(error)))
                    }
                    Err(error) => {
                        let detail = Some(error.to_string().into());
                        Input::Failed(life, StartFailure::Itself(ExitReason::Shutdown { detail }))
                    }
                };
                // What follows from it is behind what the machine has said already.
                self.machine.handle(clock::now(), input);
            }
            Action::Stop(life) => self.signal_child(life, ExitReason::SHUTDOWN, context),
            Action::Kill(life) => self.signal_child(life, ExitReason::Killed, context),
            Action::Arm(timer, millis) => {
                let delay = Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX);
                self.timers.insert(timer, context.after(delay, Supervise::Time(Alarm(timer))));
            }
            Action::Disarm(timer) => {
                if let Some(timer) = self.timers.remove(&timer) {
                    context.cancel(timer);
                }
            }
            Action::Answer(token, answer) => {
                if let Some(reply) = self.answers.remove(&token) {
                    reply.send(answer);
                }
            }
            Action::Emit(event) => {
                if let Some(listener) = &mut self.listener {
                    listener(event);
                }
            }
            Action::Fail(error) => context.stop_with(ExitReason::Shutdown { detail: Some(error.to_string().into()) }),
            Action::End(reason) => context.stop_with(reason),
            // Starts do not wait; a Rust supervisor's own children are no part of its spec.
            Action::Cancel(_) | Action::Respec { .. } | Action::Ready => {}
        }
    }

    fn signal_child(&self, life: Life, reason: ExitReason, context: &mut Context<Supervise>) {
        if let Some(child) = self.children.get(&life) {
            context.exit(*child, reason);
        }
    }
}

impl Actor for Supervisor {
    type Message = Supervise;

    // What its handlers do is spawn and send: never long.
    const LEND: crate::Lend = crate::Lend::Never;

    fn started(&mut self, context: &mut Context<Supervise>) {
        context.trap_exits(true);
        self.input(Input::Boot, context);
    }

    fn handle(&mut self, message: Supervise, context: &mut Context<Supervise>) {
        match message {
            Supervise::Children(reply) => reply.send(self.machine.which_children()),
            Supervise::Start(child, reply) => self.command(Command::StartChild(child.0), reply, context),
            Supervise::Terminate(id, reply) => self.command(Command::TerminateChild(id), reply, context),
            Supervise::Restart(id, reply) => self.command(Command::RestartChild(id), reply, context),
            Supervise::Delete(id, reply) => self.command(Command::DeleteChild(id), reply, context),
            Supervise::Stop(reason) => self.input(Input::Stop(reason), context),
            Supervise::Time(Alarm(timer)) => {
                self.timers.remove(&timer);
                self.input(Input::Timer(timer), context);
            }
        }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<Supervise>) {
        match signal {
            Signal::Down { monitor, reason, .. } => {
                if let Some(life) = self.watches.remove(&monitor) {
                    self.children.remove(&life);
                    self.input(Input::Ended(life, reason), context);
                }
            }
            // A child's end is its DOWN's to tell; anybody else's exit signal is an order to end.
            Signal::Exit { from, reason } => {
                if !self.children.values().any(|child| *child == from) {
                    self.input(Input::Stop(reason), context);
                }
            }
        }
    }
}
