//! The supervisor with specs of its own.

use super::{
    child::{Above, Child, Start},
    shell::{Alarm, Shell},
    start::{OnStart, SupervisorStartError},
};
use crate::{Actor, ActorRef, Context, ReplyTo, Signal, clock, mail::kind_of};
use core::fmt;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    supervisor::{
        Action, Answer, ChildCount, ChildInfo, ChildSpec, ChildStartError, Command, Event, Input, InvalidSpec, Life,
        Options, OptionsInput, StartFailure, Supervisor as Machine,
    },
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a supervisor is told.
#[non_exhaustive]
pub enum Supervise {
    /// Its children, in start order.
    Children(ReplyTo<Vec<ChildInfo>>),
    /// How many there are.
    Count(ReplyTo<ChildCount>),
    /// A child more, after all others.
    Start(Child, ReplyTo<Answer>),
    /// Stops a child; its spec stays, unless it is temporary.
    Terminate(Arc<str>, ReplyTo<Answer>),
    /// Starts a child that is stopped.
    Restart(Arc<str>, ReplyTo<Answer>),
    /// Forgets a child that is stopped.
    Delete(Arc<str>, ReplyTo<Answer>),
    /// Other options and specs (G97): made by [`Supervise::change`].
    Change(NewSpecs, ReplyTo<Answer>),
    /// Ends it, after its children.
    Stop(ExitReason),
    /// A time of its own is over.
    #[doc(hidden)]
    Time(Alarm),
    /// A supervisor below has started, or says why it does not.
    #[doc(hidden)]
    Below(BelowSays),
    /// A supervisor below has its new specs.
    #[doc(hidden)]
    HandedOn(u64),
}

/// Options and specs that were checked.
pub struct NewSpecs {
    options: Options,
    children: Vec<ChildSpec<Start>>,
}

#[doc(hidden)]
pub struct BelowSays(Life, Result<(), ChildStartError>);

impl Supervise {
    /// Other options and specs for a supervisor that runs: children of both lists stay, new ones are not started, those that
    /// are gone live on until it ends, and supervisors below get theirs (G97). Answered when all have them.
    ///
    /// # Errors
    /// [`InvalidSpec`]: an option that is not valid.
    pub fn change(
        id: &str,
        options: &OptionsInput<'_>,
        children: Vec<Child>,
    ) -> Result<impl FnOnce(ReplyTo<Answer>) -> Self + use<>, InvalidSpec> {
        let options = options.check(id)?;
        let children = children.into_iter().map(|child| child.0).collect();
        Ok(move |reply| Self::Change(NewSpecs { options, children }, reply))
    }
}

impl fmt::Debug for Supervise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Supervise")
    }
}

impl fmt::Debug for NewSpecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSpecs").field("children", &self.children.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for BelowSays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BelowSays")
    }
}

/// An actor that starts its children, and starts them again as OTP's supervisors do (G85 to G99).
///
/// ```
/// use myrmidon_actor::{Child, Context, Runtime, Spawn, Supervise, Supervisor, behavior};
/// use myrmidon_actor::supervisor::{OptionsInput, TreatmentInput};
///
/// let runtime = Runtime::start()?;
/// let make = || behavior(0, |handled: &mut u32, _: (), _: &mut Context<()>| {
///     *handled += 1;
///     assert!(*handled < 3, "enough");
/// });
/// let child = Child::new("worker", &TreatmentInput::default(), Spawn::new().named("worker"), make)?;
/// let options = OptionsInput { intensity: Some(3.0), ..Default::default() };
/// let top = Supervisor::new("top", &options, vec![child])?.start(&runtime)?;
/// let children = top.ask(Supervise::Children).wait()?;
/// assert_eq!(&*children[0].id, "worker");
/// assert!(runtime.whereis::<()>("worker").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Supervisor {
    place: Arc<str>,
    machine: Machine<Start>,
    shell: Shell,
    answers: FxHashMap<u64, ReplyTo<Answer>>,
    asked: u64,
    /// Whose child it is, if it is to say when it has started.
    parent: Option<(ActorRef<Supervise>, Life)>,
    /// Who else hears how its start went, until it has.
    pub(super) on_start: Option<OnStart>,
    /// Supervisors below that did not start, and are not gone yet.
    failed: FxHashMap<Life, ChildStartError>,
    /// Supervisors below that were just given other specs.
    handed_on: usize,
    /// Answers that wait until all of them have theirs.
    changes: FxHashMap<u64, (usize, u64, Answer)>,
    last_change: u64,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("children", &self.shell.len()).finish_non_exhaustive()
    }
}

impl Supervisor {
    /// A supervisor that starts its children, in order, when it is spawned. [`Supervisor::start`] spawns it and says whether
    /// they did start.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the child or the option that is not valid (G96).
    pub fn new(id: &str, options: &OptionsInput<'_>, children: Vec<Child>) -> Result<Self, InvalidSpec> {
        let specs = children.into_iter().map(|child| child.0).collect();
        Self::below(id, options.check(id)?, specs, None)
    }

    pub(super) fn below(
        place: &str,
        options: Options,
        specs: Vec<ChildSpec<Start>>,
        parent: Option<(ActorRef<Supervise>, Life)>,
    ) -> Result<Self, InvalidSpec> {
        Ok(Self {
            place: place.into(),
            machine: Machine::new(place, options, specs)?,
            shell: Shell::new(place, parent.is_none()),
            answers: FxHashMap::default(),
            asked: 0,
            parent,
            on_start: None,
            failed: FxHashMap::default(),
            handed_on: 0,
            changes: FxHashMap::default(),
            last_change: 0,
        })
    }

    /// Hears of what happens to its children, on the supervisor's own shard.
    #[must_use]
    pub fn listen(mut self, listener: impl FnMut(Event) + Send + 'static) -> Self {
        self.shell.listener = Some(Box::new(listener));
        self
    }

    /// Gives a supervisor below its new specs.
    pub(super) fn hand_on(
        context: &mut Context<Supervise>,
        below: Pid,
        number: u64,
        options: Options,
        children: Vec<ChildSpec<Start>>,
    ) {
        let below = ActorRef::<Supervise>::new(below, kind_of::<Supervise>());
        let specs = NewSpecs { options, children };
        // One that has ended meanwhile has its new specs when it is started again.
        let make = |reply: ReplyTo<Answer>| Supervise::Change(specs, reply);
        context.ask_within(None, below, make, move |_| Supervise::HandedOn(number));
    }

    fn command(&mut self, command: Command<Start>, reply: ReplyTo<Answer>, context: &mut Context<Supervise>) {
        self.asked += 1;
        self.answers.insert(self.asked, reply);
        self.input(Input::Command(self.asked, command), context);
    }

    fn input(&mut self, input: Input<Command<Start>>, context: &mut Context<Supervise>) {
        self.machine.handle(clock::now(), input);
        while let Some(action) = self.machine.poll() {
            if let Action::End(reason) = &action {
                self.started_as(|| Err(SupervisorStartError::Ended(reason.clone())));
            }
            if let Some(action) = self.shell.act(action, context, Supervise::Time) {
                self.act(action, context);
            }
        }
    }

    fn act(&mut self, action: Action<Start>, context: &mut Context<Supervise>) {
        match action {
            Action::Start { life, start, .. } => {
                let spawned = (start.spawn)(context, Above { life, place: Arc::clone(&self.place) });
                let input = match self.shell.spawned(life, spawned) {
                    Ok(_) if start.says_when => return,
                    Ok(pid) => Input::Started(life, pid),
                    Err(failed) => failed,
                };
                // What follows from it is behind what the machine has said already.
                self.machine.handle(clock::now(), input);
            }
            Action::Respec { life, start } => {
                if let (Some(pid), Some(hand_on)) = (self.shell.pid(life), start.hand_on) {
                    self.handed_on += 1;
                    hand_on(context, pid, self.last_change);
                }
            }
            Action::Answer(token, answer) => self.answer(token, answer),
            Action::Ready => self.say(Ok(()), context),
            Action::Fail(error) => {
                let detail = Some(error.to_string().into());
                self.say(Err(error), context);
                context.stop_with(ExitReason::Shutdown { detail });
            }
            // The others are the shell's.
            _ => {}
        }
    }

    fn answer(&mut self, token: u64, answer: Answer) {
        // What the machine says of one change comes in one piece: first to whom it is handed on, then its answer.
        let below = core::mem::take(&mut self.handed_on);
        if below > 0 {
            self.changes.insert(self.last_change, (below, token, answer));
            self.last_change += 1;
        } else if let Some(reply) = self.answers.remove(&token) {
            reply.send(answer);
        }
    }

    /// Tells whoever waits for its start. Where the supervisor above takes no message more, it is told by an end.
    fn say(&mut self, says: Result<(), ChildStartError>, context: &mut Context<Supervise>) {
        self.started_as(|| says.clone().map_err(SupervisorStartError::Child));
        let Some((parent, life)) = self.parent.take() else { return };
        if parent.tell(Supervise::Below(BelowSays(life, says))).is_err() {
            context.stop_with(ExitReason::Shutdown { detail: Some("the supervisor above is flooded".into()) });
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
            Supervise::Count(reply) => reply.send(self.machine.count_children()),
            Supervise::Start(child, reply) => self.command(Command::StartChild(child.0), reply, context),
            Supervise::Terminate(id, reply) => self.command(Command::TerminateChild(id), reply, context),
            Supervise::Restart(id, reply) => self.command(Command::RestartChild(id), reply, context),
            Supervise::Delete(id, reply) => self.command(Command::DeleteChild(id), reply, context),
            Supervise::Change(NewSpecs { options, children }, reply) => {
                self.command(Command::Change { options, children }, reply, context);
            }
            Supervise::Stop(reason) => self.input(Input::Stop(reason), context),
            Supervise::Time(Alarm(timer)) => {
                self.shell.fired(timer);
                self.input(Input::Timer(timer), context);
            }
            Supervise::Below(BelowSays(life, Ok(()))) => {
                if let Some(pid) = self.shell.pid(life) {
                    self.input(Input::Started(life, pid), context);
                }
            }
            Supervise::Below(BelowSays(life, Err(error))) => {
                if self.shell.pid(life).is_some() {
                    self.failed.insert(life, error);
                }
            }
            Supervise::HandedOn(number) => {
                let Some((left, ..)) = self.changes.get_mut(&number) else { return };
                *left -= 1;
                if *left == 0
                    && let Some((_, token, answer)) = self.changes.remove(&number)
                    && let Some(reply) = self.answers.remove(&token)
                {
                    reply.send(answer);
                }
            }
        }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<Supervise>) {
        match signal {
            Signal::Down { monitor, reason, .. } => {
                if let Some((life, _)) = self.shell.ended(monitor) {
                    let input = match self.failed.remove(&life) {
                        Some(error) => Input::Failed(life, StartFailure::Below(error)),
                        None => Shell::end_of(life, reason),
                    };
                    self.input(input, context);
                }
            }
            // A child's end is its DOWN's to tell; anybody else's exit signal is an order to end.
            Signal::Exit { from, reason } => {
                if self.shell.life(from).is_none() {
                    self.input(Input::Stop(reason), context);
                }
            }
        }
    }
}
