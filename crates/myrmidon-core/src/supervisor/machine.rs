//! The supervisor with specs of its own: one piece of work at a time, in the order in which its reason came.
//!
//! Starting and stopping takes as long as children need. The machine therefore has *one* piece of work under way, and a
//! line of operations behind it: ends of children, restarts that are tried again, commands. A failed restart goes to the
//! back of that line, so that it never blocks (G93); `which_children` and `count_children` are read at any time.
//!
//! An order to end overtakes all of it. It never abandons a child: a start that is under way is cancelled and waited
//! for, and so is a child that is just being stopped, under the timer that it has already (G90).

use super::{
    children::{Child, Children, Key},
    error::{ChildStartError, CommandError, InvalidSpec, Status},
    intensity::Intensity,
    orders::Orders,
    protocol::{Action, ChildCount, ChildInfo, Command, Input, Life, Timer, Token},
    spec::{ChildSpec, Options, Treatment, check_child, check_children},
};
use crate::exit_reason::ExitReason;
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

/// Commands that may wait for their turn.
pub const MAX_WAITING_COMMANDS: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    New,
    Booting,
    Running,
    /// All children are being stopped.
    Ending,
    Ended,
}

/// A plan for a child, void once its ticket is another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) key: Key,
    pub(super) ticket: u64,
}

/// Of a group whose start failed half-way: the child that failed and is tried again, and those after it, which wait.
pub(super) struct Group {
    pub(super) leader: Plan,
    pub(super) rest: Vec<Plan>,
}

pub(super) enum Operation<S> {
    Decide(Plan, ExitReason),
    /// `counts`: a start has failed, and trying again is another attempt.
    Retry {
        plan: Plan,
        counts: bool,
    },
    Command(Token, Command<S>),
}

/// The child that is being stopped.
pub(super) struct Halt {
    pub(super) life: Life,
    pub(super) id: Arc<str>,
    pub(super) timer: Option<Timer>,
    pub(super) treatment: Treatment,
}

/// What comes after stops.
pub(super) enum AfterStops {
    /// Start the group again; the first is whose end was the reason.
    Group {
        group: Vec<Key>,
        cause: Key,
    },
    Terminated(Token, Key),
    Fail(ChildStartError),
    End(ExitReason),
}

/// What starts are for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Boot,
    Group,
    Added(Token),
    ByHand(Token),
}

/// What is under way.
pub(super) enum Work {
    Idle,
    /// One after the other, youngest first: from the end of `left`.
    Stopping {
        left: Vec<Key>,
        halt: Option<Halt>,
        then: AfterStops,
    },
    /// In order: from the front of `left`.
    Starting {
        left: VecDeque<Key>,
        current: (Life, Key),
        purpose: Purpose,
        /// It is to be terminated while it hangs: its start was cancelled, and those after it go on without it.
        given_up: bool,
    },
    /// A start was cancelled because the supervisor ends.
    Cancelling {
        current: (Life, Key),
        reason: ExitReason,
    },
}

/// A supervisor with specs of its own. See the [module](super) for an example.
pub struct Supervisor<S> {
    pub(super) place: Arc<str>,
    pub(super) options: Options,
    pub(super) children: Children<S>,
    pub(super) intensity: Intensity,
    pub(super) phase: Phase,
    pub(super) work: Work,
    pub(super) line: VecDeque<Operation<S>>,
    pub(super) commands_in_line: usize,
    pub(super) group: Option<Group>,
    pub(super) waits: FxHashMap<Timer, Plan>,
    pub(super) out: Orders<S>,
    pub(super) now: f64,
}

impl<S: Clone> Supervisor<S> {
    /// A supervisor that has not started anything. `place` is its path from the root, joined by `/`.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the child, and what of its spec is not valid (G96).
    pub fn new(place: &str, options: Options, children: Vec<ChildSpec<S>>) -> Result<Self, InvalidSpec> {
        check_children(place, &options, &children)?;
        Ok(Self {
            place: place.into(),
            options,
            children: Children::new(children),
            intensity: Intensity::default(),
            phase: Phase::New,
            work: Work::Idle,
            line: VecDeque::new(),
            commands_in_line: 0,
            group: None,
            waits: FxHashMap::default(),
            out: Orders::default(),
            now: 0.0,
        })
    }

    /// Something has happened. `now` is monotonic, in ms; what goes backwards is taken as no time at all.
    ///
    /// A supervisor that has ended hears nothing any more: its shell ends whatever is asked of it later.
    pub fn handle(&mut self, now: f64, input: Input<Command<S>>) {
        self.now = self.now.max(now);
        if self.phase == Phase::Ended {
            return;
        }
        match input {
            Input::Boot => self.boot(),
            Input::Command(token, command) => self.command(token, command),
            Input::Started(life, pid) => self.started(life, pid),
            Input::Ignored(life) => self.ignored(life),
            Input::Failed(life, failure) => self.not_started(life, failure),
            Input::Ended(life, reason) => self.ended(life, reason),
            Input::Timer(timer) => self.fired(timer),
            Input::Stop(reason) => self.end(reason),
        }
        self.proceed();
    }

    /// The next thing to do, oldest first. A shell asks until there is none.
    pub fn poll(&mut self) -> Option<Action<S>> {
        self.out.poll()
    }

    /// The children in start order (G85).
    pub fn which_children(&self) -> Vec<ChildInfo> {
        self.children.which()
    }

    /// How many there are.
    pub fn count_children(&self) -> ChildCount {
        self.children.count()
    }

    /// Those that run without a spec, because other specs have forgotten them (G97): they end with the supervisor.
    pub fn strays(&self) -> Vec<Life> {
        self.children.strays().collect()
    }

    /// Whether it is on its way to its end: no operation begins any more.
    pub fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::Ended)
    }

    /// Whether it has ended, or failed to start.
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    // -- beginning and end ----------------------------------------------------------------------------------------

    fn boot(&mut self) {
        if self.phase == Phase::New {
            self.phase = Phase::Booting;
            let all = self.children.order().to_vec();
            self.start_all(all.into(), Purpose::Boot);
        }
    }

    /// No operation begins any more; what is under way is brought to its end, and everybody stops in reverse (G90).
    pub(super) fn end(&mut self, reason: ExitReason) {
        if self.phase == Phase::Ending {
            return;
        }
        self.close();
        match core::mem::replace(&mut self.work, Work::Idle) {
            Work::Idle => self.stop_everybody(None, AfterStops::End(reason)),
            Work::Stopping { halt, then, .. } => {
                if let AfterStops::Terminated(token, key) = then {
                    let id = self.children.get(key).map_or_else(|| self.place.clone(), |child| child.spec.id.clone());
                    self.refuse(token, &id);
                }
                self.stop_everybody(halt, AfterStops::End(reason));
            }
            Work::Starting { current, purpose, given_up, .. } => {
                let id = self.children.get(current.1).map_or_else(|| self.place.clone(), |c| c.spec.id.clone());
                if let Purpose::Added(token) | Purpose::ByHand(token) = purpose {
                    self.refuse(token, &id);
                }
                if !given_up {
                    self.out.push(Action::Cancel(current.0));
                }
                self.work = Work::Cancelling { current, reason };
            }
            cancelling @ Work::Cancelling { .. } => self.work = cancelling,
        }
    }

    /// No operation begins any more.
    pub(super) fn close(&mut self) {
        self.phase = Phase::Ending;
        self.commands_in_line = 0;
        for operation in core::mem::take(&mut self.line) {
            if let Operation::Command(token, command) = operation {
                self.refuse(token, &id_of(&command, &self.place));
            }
        }
        for (timer, plan) in self.waits.drain() {
            if let Some(child) = self.children.get_mut(plan.key) {
                child.wait = None;
            }
            self.out.push(Action::Disarm(timer));
        }
    }

    pub(super) fn refuse(&mut self, token: Token, id: &Arc<str>) {
        let gone = CommandError::ChildNotRunning { id: id.clone(), status: Some(Status::Stopped) };
        self.out.answer(token, Err(gone));
    }

    pub(super) fn stop_everybody(&mut self, halt: Option<Halt>, then: AfterStops) {
        let left = self.children.order().to_vec();
        self.work = Work::Stopping { left, halt, then };
        self.stop_on();
    }

    // -- the line -------------------------------------------------------------------------------------------------

    fn proceed(&mut self) {
        while matches!(self.work, Work::Idle) && self.phase == Phase::Running {
            self.go_on_without_leader();
            if !matches!(self.work, Work::Idle) {
                return;
            }
            let Some(operation) = self.line.pop_front() else { return };
            match operation {
                Operation::Decide(plan, reason) => self.decide(plan, &reason),
                Operation::Retry { plan, counts } => {
                    if !self.is_due(plan) {
                        continue;
                    }
                    if counts { self.attempt(plan, None) } else { self.restart(plan.key) }
                }
                Operation::Command(token, command) => {
                    self.commands_in_line -= 1;
                    self.perform(token, command);
                }
            }
        }
    }

    fn command(&mut self, token: Token, command: Command<S>) {
        // What is not valid needs no turn. It is looked at again in its turn: the options may be others by then.
        let checked = match &command {
            Command::StartChild(spec) => check_child(&self.options, spec),
            Command::Change { options, children } => check_children(&self.place, options, children),
            Command::TerminateChild(_) | Command::RestartChild(_) | Command::DeleteChild(_) => Ok(()),
        };
        if let Err(error) = checked {
            return self.out.answer(token, Err(CommandError::InvalidSpec(error)));
        }
        if self.phase == Phase::Ending {
            return self.refuse(token, &id_of(&command, &self.place));
        }
        if self.commands_in_line >= MAX_WAITING_COMMANDS {
            return self.out.answer(token, Err(CommandError::Busy { limit: MAX_WAITING_COMMANDS }));
        }
        // A child that hangs in its start must not hold up whoever wants to be rid of it (G93).
        if let Command::TerminateChild(id) = &command
            && let Some(key) = self.children.key(id)
            && self.phase == Phase::Running
            && let Work::Starting { current, given_up, .. } = &mut self.work
            && current.1 == key
            && !core::mem::replace(given_up, true)
        {
            self.out.push(Action::Cancel(current.0));
        }
        self.commands_in_line += 1;
        self.line.push_back(Operation::Command(token, command));
    }

    fn fired(&mut self, timer: Timer) {
        if let Some(plan) = self.waits.remove(&timer) {
            if let Some(child) = self.planned(plan) {
                child.wait = None;
                self.line.push_back(Operation::Retry { plan, counts: false });
            }
        } else {
            self.took_too_long(timer);
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    // -- small parts ----------------------------------------------------------------------------------------------

    pub(super) fn plan(&self, key: Key) -> Option<Plan> {
        self.children.get(key).map(|child| Plan { key, ticket: child.ticket })
    }

    pub(super) fn planned(&mut self, plan: Plan) -> Option<&mut Child<S>> {
        self.children.get_mut(plan.key).filter(|child| child.ticket == plan.ticket)
    }

    /// Whatever was planned for it is void.
    pub(super) fn void(&mut self, key: Key) {
        let Some(child) = self.children.get_mut(key) else { return };
        child.ticket += 1;
        if let Some(timer) = child.wait.take() {
            self.waits.remove(&timer);
            self.out.push(Action::Disarm(timer));
        }
    }

    /// The last action.
    pub(super) fn over(&mut self, last: Action<S>) {
        self.phase = Phase::Ended;
        self.work = Work::Idle;
        self.out.push(last);
    }
}

fn id_of<S>(command: &Command<S>, place: &Arc<str>) -> Arc<str> {
    match command {
        Command::StartChild(spec) => spec.id.clone(),
        Command::TerminateChild(id) | Command::RestartChild(id) | Command::DeleteChild(id) => id.clone(),
        Command::Change { .. } => place.clone(),
    }
}
