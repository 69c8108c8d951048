//! The supervisor of many children that are alike, started at run time.

use super::{
    shell::{Alarm, Shell, made},
    waits::Waits,
};
use crate::{Actor, ActorRef, Context, ReplyTo, Signal, Spawn, clock, mail::kind_of};
use core::{fmt, marker::PhantomData};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    supervisor::{
        Action, Answer, ChildCount, ChildInfo, CommandError, Done, DynamicCommand, DynamicSupervisor as Machine, Event,
        Input, InvalidSpec, Life, Options, OptionsInput, Treatment, TreatmentInput,
    },
};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a dynamic supervisor is told. `D`: what each child is started with. `M`: what its children are told.
#[non_exhaustive]
pub enum Dynamic<D, M> {
    /// One child more, started with a clone of this, and again with another one. One that panics is a start that failed (G211).
    Start(D, ReplyTo<Result<ActorRef<M>, CommandError>>),
    /// Stops one for good; also one whose restart waits (G98), by the PID that it had. Of one that has ended, or is none of
    /// its children, the answer is the same, and so it is of a PID from before the child was started again.
    Terminate(Pid, ReplyTo<Answer>),
    /// All children, in no order.
    Children(ReplyTo<Vec<ChildInfo>>),
    /// How many there are; O(1).
    Count(ReplyTo<ChildCount>),
    /// Other options and another treatment (G97): made by [`Dynamic::change_to`].
    Change(Rules, ReplyTo<Answer>),
    /// Ends it, after its children, which stop at once, under one timer.
    Stop(ExitReason),
    /// A time of its own is over.
    #[doc(hidden)]
    Time(Alarm),
}

/// Options and a treatment that were checked.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    options: Options,
    child: Treatment,
}

impl<D, M> Dynamic<D, M> {
    pub(super) fn change(options: Options, child: Treatment, reply: ReplyTo<Answer>) -> Self {
        Self::Change(Rules { options, child }, reply)
    }

    /// Other options and another treatment of its children, which all stay.
    ///
    /// # Errors
    /// [`InvalidSpec`] says what is not valid.
    pub fn change_to(
        id: &str,
        options: &OptionsInput<'_>,
        child: &TreatmentInput<'_>,
    ) -> Result<impl FnOnce(ReplyTo<Answer>) -> Self + use<D, M>, InvalidSpec> {
        let (options, child) = (options.check(id)?, child.check(id)?);
        myrmidon_core::supervisor::check_dynamic(id, &options, &child)?;
        Ok(move |reply| Self::change(options, child, reply))
    }
}

impl<D, M> fmt::Debug for Dynamic<D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dynamic")
    }
}

type Make<D, A> = dyn Fn(D) -> A + Send + Sync;

/// What a dynamic supervisor is made of, each time anew.
pub(super) struct Blueprint<D, A> {
    id: Box<str>,
    rules: Rules,
    limit: Option<usize>,
    spawn: Spawn,
    make: Arc<Make<D, A>>,
}

impl<D, A> Blueprint<D, A> {
    pub fn rules(&self) -> (Options, Treatment) {
        (self.rules.options, self.rules.child)
    }
}

/// Who waits for a command.
enum Waiting<M> {
    Start(ReplyTo<Result<ActorRef<M>, CommandError>>),
    Terminate(ReplyTo<Answer>),
}

/// An actor that starts children that are alike, and starts them again as Elixir's `DynamicSupervisor` does (G99): thousands
/// of them, each O(1), stopped at once under one timer.
///
/// ```
/// use myrmidon_actor::{Context, Dynamic, DynamicSupervisor, ReplyTo, Runtime, Spawn, behavior};
/// use myrmidon_actor::supervisor::{OptionsInput, TreatmentInput};
///
/// let runtime = Runtime::start()?;
/// let make = |name: String| behavior(name, |name, reply: ReplyTo<String>, _: &mut Context<_>| reply.send(name.clone()));
/// let cities = DynamicSupervisor::new("cities", &OptionsInput::default(), &TreatmentInput::default(), Spawn::new(), make)?;
/// let cities = runtime.spawn(cities)?;
/// let oslo = cities.ask(|reply| Dynamic::Start("Oslo".to_owned(), reply)).wait()??;
/// assert_eq!(oslo.ask(|reply| reply).wait()?, "Oslo");
/// cities.ask(|reply| Dynamic::Terminate(oslo.pid(), reply)).wait()??;
/// assert_eq!(cities.ask(Dynamic::Count).wait()?.specs, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DynamicSupervisor<D, A: Actor> {
    blueprint: Arc<Blueprint<D, A>>,
    /// It copies what it has of a child without running code of the user's: that is a part of a start (G211).
    machine: Machine<Arc<D>>,
    shell: Shell,
    waits: Waits,
    waiting: FxHashMap<u64, Waiting<A::Message>>,
    asked: u64,
    child: PhantomData<fn() -> A>,
}

impl<D, A: Actor> fmt::Debug for DynamicSupervisor<D, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSupervisor").field("children", &self.shell.len()).finish_non_exhaustive()
    }
}

impl<D: Clone + Send + Sync + 'static, A: Actor> DynamicSupervisor<D, A> {
    /// A supervisor without children. `child`: how each is treated. `spawn`: where each lives, and its mailbox; a name would be
    /// that of one alone. `make` makes the actor of each, each time anew.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the option that is not valid (G96).
    pub fn new(
        id: &str,
        options: &OptionsInput<'_>,
        child: &TreatmentInput<'_>,
        spawn: Spawn,
        make: impl Fn(D) -> A + Send + Sync + 'static,
    ) -> Result<Self, InvalidSpec> {
        let rules = Rules { options: options.check(id)?, child: child.check(id)? };
        let blueprint = Blueprint { id: id.into(), rules, limit: None, spawn: spawn.linked(), make: Arc::new(make) };
        Self::of(&Arc::new(blueprint), true)
    }

    /// At most so many children: from 1 to 16,000,000.
    ///
    /// # Errors
    /// [`InvalidSpec`]: another number.
    pub fn limit(self, children: usize) -> Result<Self, InvalidSpec> {
        let Blueprint { id, rules, spawn, make, .. } = &*self.blueprint;
        let (id, spawn, make) = (id.clone(), spawn.clone(), Arc::clone(make));
        let blueprint = Blueprint { id, rules: *rules, limit: Some(children), spawn, make };
        let mut limited = Self::of(&Arc::new(blueprint), true)?;
        limited.shell.listener = self.shell.listener;
        Ok(limited)
    }

    /// `is_root`: no supervisor is above it.
    pub(super) fn of(blueprint: &Arc<Blueprint<D, A>>, is_root: bool) -> Result<Self, InvalidSpec> {
        let Rules { options, child } = blueprint.rules;
        Ok(Self {
            machine: Machine::new(&blueprint.id, options, child, blueprint.limit)?,
            blueprint: Arc::clone(blueprint),
            shell: Shell::new(&blueprint.id, is_root),
            waits: Waits::default(),
            waiting: FxHashMap::default(),
            asked: 0,
            child: PhantomData,
        })
    }

    pub(super) fn into_blueprint(self) -> Arc<Blueprint<D, A>> {
        self.blueprint
    }

    /// Hears of what happens to its children, on the supervisor's own shard.
    #[must_use]
    pub fn listen(mut self, listener: impl FnMut(Event) + Send + 'static) -> Self {
        self.shell.listener = Some(Box::new(listener));
        self
    }

    fn command(
        &mut self,
        command: DynamicCommand<Arc<D>>,
        waiting: Waiting<A::Message>,
        context: &mut Context<Dynamic<D, A::Message>>,
    ) {
        self.asked += 1;
        self.waiting.insert(self.asked, waiting);
        self.input(Input::Command(self.asked, command), context);
    }

    fn input(&mut self, input: Input<DynamicCommand<Arc<D>>>, context: &mut Context<Dynamic<D, A::Message>>) {
        self.machine.handle(clock::now(), input);
        while let Some(action) = self.machine.poll() {
            match self.shell.act(action, context, Dynamic::Time) {
                Some(Action::Start { life, start, .. }) => {
                    let spawned = made(|| (self.blueprint.make)(D::clone(&start)))
                        .and_then(|actor| context.spawn_monitored(&self.blueprint.spawn, actor));
                    let spawned = spawned.map(|(actor, watch)| (actor.pid(), watch));
                    let input =
                        self.shell.spawned(life, spawned).map_or_else(|failed| failed, |pid| Input::Started(life, pid));
                    self.machine.handle(clock::now(), input);
                }
                Some(Action::Answer(token, answer)) => self.answer(token, answer),
                // A dynamic supervisor starts without children, and so never fails to.
                _ => {}
            }
        }
    }

    fn may_wait(&mut self, pid: Pid, life: Life) {
        if let Some(timer) = self.machine.waits(life) {
            self.waits.add(pid, life, timer);
        }
    }

    fn answer(&mut self, token: u64, answer: Answer) {
        match self.waiting.remove(&token) {
            Some(Waiting::Start(reply)) => reply.send(match answer {
                Ok(Done::Started { pid, .. }) => Ok(ActorRef::new(pid, kind_of::<A::Message>())),
                Ok(Done::Ignored | Done::Done) => {
                    Err(CommandError::ChildNotRunning { id: (&*self.blueprint.id).into(), status: None })
                }
                Err(error) => Err(error),
            }),
            Some(Waiting::Terminate(reply)) => reply.send(answer),
            None => {}
        }
    }
}

impl<D: Clone + Send + Sync + 'static, A: Actor> Actor for DynamicSupervisor<D, A> {
    type Message = Dynamic<D, A::Message>;

    // What its handlers do is spawn and send: never long.
    const LEND: crate::Lend = crate::Lend::Never;

    fn started(&mut self, context: &mut Context<Self::Message>) {
        context.trap_exits(true);
        self.input(Input::Boot, context);
    }

    fn handle(&mut self, message: Self::Message, context: &mut Context<Self::Message>) {
        match message {
            Dynamic::Start(with, reply) => {
                self.command(DynamicCommand::StartChild(Arc::new(with)), Waiting::Start(reply), context);
            }
            Dynamic::Terminate(pid, reply) => match self.shell.life(pid).or_else(|| self.waits.life(pid)) {
                Some(life) => {
                    self.waits.forget(pid);
                    self.command(DynamicCommand::TerminateChild(life), Waiting::Terminate(reply), context);
                }
                None => reply.send(Ok(Done::Done)),
            },
            Dynamic::Children(reply) => reply.send(self.machine.which_children()),
            Dynamic::Count(reply) => reply.send(self.machine.count_children()),
            Dynamic::Change(Rules { options, child }, reply) => {
                let changed = self.machine.change(options, child);
                reply.send(changed.map(|()| Done::Done).map_err(CommandError::InvalidSpec));
            }
            Dynamic::Stop(reason) => self.input(Input::Stop(reason), context),
            Dynamic::Time(Alarm(timer)) => {
                self.shell.fired(timer);
                let waited = self.waits.fired(timer);
                self.input(Input::Timer(timer), context);
                // It did not start, and waits again.
                if let Some((pid, life)) = waited {
                    self.may_wait(pid, life);
                }
            }
        }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<Self::Message>) {
        match signal {
            Signal::Down { monitor, reason, .. } => {
                if let Some((life, pid)) = self.shell.ended(monitor) {
                    self.input(Shell::end_of(life, reason), context);
                    self.may_wait(pid, life);
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
