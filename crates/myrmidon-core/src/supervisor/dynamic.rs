//! The supervisor of many children that are alike, started at run time (G99; Elixir's `DynamicSupervisor`).
//!
//! Whatever is done about one child is O(1) and waits for no other. At its end all children stop at once, under one
//! timer, in time linear in their number. A child that ends for good is forgotten.

use super::{
    error::{ChildStartError, CommandError, Field, InvalidSpec, Status},
    intensity::{Intensity, escalation},
    orders::Orders,
    protocol::{Action, ChildCount, ChildInfo, Done, Happening, Input, Life, StartFailure, Timer, Token},
    shutdown::ending,
    spec::{Kind, MAX_DYNAMIC_CHILDREN, Options, Restart, Treatment, check_dynamic},
};
use crate::{exit_reason::ExitReason, pid::Pid};
use rustc_hash::FxHashMap;
use std::sync::Arc;

mod stop;

/// What somebody wants from a dynamic supervisor.
#[derive(Clone, Debug)]
pub enum DynamicCommand<S> {
    /// One child more.
    StartChild(S),
    /// Stops one for good, named by the life that it lives, or lived last; also one that is just being started again, or
    /// waits for that. Whom the supervisor does not know has ended already, and the answer is the same.
    TerminateChild(Life),
}

enum Doing {
    /// Its first start.
    Starting(Token),
    Running(Pid),
    /// It is started again; `last` is the life that ended.
    Restarting {
        last: Life,
    },
    /// Its start is due when the timer fires.
    Waiting(Timer),
    /// It was terminated.
    Stopping {
        tokens: Vec<Token>,
        timer: Option<Timer>,
    },
    /// The supervisor ends, and has asked it to.
    Ending,
    /// The supervisor ends, and has given up its start.
    Cancelled,
}

struct Entry<S> {
    start: S,
    doing: Doing,
    restarts: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    Ending,
    Ended,
}

/// A supervisor of children that are alike.
///
/// ```
/// use myrmidon_core::{
///     exit_reason::ExitReason,
///     pid::Pid,
///     supervisor::{Action, DynamicCommand, DynamicSupervisor, Input, Kind, Life, Options, Treatment},
/// };
///
/// let child = Treatment::of(Kind::Worker);
/// let mut cities = DynamicSupervisor::new("world/cities", Options::default(), child, None).unwrap();
/// cities.handle(0.0, Input::Boot);
/// assert_eq!(cities.poll(), Some(Action::Ready));
///
/// cities.handle(0.0, Input::Command(7, DynamicCommand::StartChild("Oslo")));
/// assert!(matches!(cities.poll(), Some(Action::Start { life: Life(1), start: "Oslo", .. })));
/// cities.handle(0.0, Input::Started(Life(1), Pid::new(0, 1, 0).unwrap()));
/// assert_eq!(cities.count_children().active, 1);
/// # while cities.poll().is_some() {}
///
/// cities.handle(5.0, Input::Ended(Life(1), ExitReason::Killed));
/// assert!(matches!(cities.poll(), Some(Action::Emit(_))));
/// assert!(matches!(cities.poll(), Some(Action::Start { life: Life(2), start: "Oslo", .. })));
/// ```
pub struct DynamicSupervisor<S> {
    place: Arc<str>,
    /// Its own id: its children have none.
    id: Arc<str>,
    options: Options,
    child: Treatment,
    limit: usize,
    /// By the life that they live, wait to live, or lived last.
    entries: FxHashMap<Life, Entry<S>>,
    /// Those that are restarting, by the life that they lived last.
    by_last: FxHashMap<Life, Life>,
    /// What timers are for; the one for all at the end is in `end_timer`.
    timers: FxHashMap<Timer, Life>,
    active: usize,
    intensity: Intensity,
    phase: Phase,
    reason: ExitReason,
    end_timer: Option<Timer>,
    out: Orders<S>,
    now: f64,
}

impl<S: Clone> DynamicSupervisor<S> {
    /// A supervisor without children. `place` is its path from the root, joined by `/`; `limit`: at most so many
    /// children, [`MAX_DYNAMIC_CHILDREN`] when nothing is said.
    ///
    /// # Errors
    /// [`InvalidSpec`] names the supervisor and the option (G96).
    pub fn new(place: &str, options: Options, child: Treatment, limit: Option<usize>) -> Result<Self, InvalidSpec> {
        let id: &str = place.rsplit('/').next().unwrap_or(place);
        check_dynamic(id, &options, &child)?;
        let limit = limit.unwrap_or(MAX_DYNAMIC_CHILDREN);
        if limit == 0 || limit > MAX_DYNAMIC_CHILDREN {
            return Err(InvalidSpec::new(id, Field::MaxChildren, "must be a whole number from 1 to 16000000"));
        }
        Ok(Self {
            place: place.into(),
            id: id.into(),
            options,
            child,
            limit,
            entries: FxHashMap::default(),
            by_last: FxHashMap::default(),
            timers: FxHashMap::default(),
            active: 0,
            intensity: Intensity::default(),
            phase: Phase::New,
            reason: ExitReason::SHUTDOWN,
            end_timer: None,
            out: Orders::default(),
            now: 0.0,
        })
    }

    /// Something has happened; see [`Supervisor::handle`](super::Supervisor::handle).
    pub fn handle(&mut self, now: f64, input: Input<DynamicCommand<S>>) {
        self.now = self.now.max(now);
        if self.phase == Phase::Ended {
            return;
        }
        match input {
            Input::Boot => {
                if self.phase == Phase::New {
                    self.phase = Phase::Running;
                    self.out.push(Action::Ready);
                }
            }
            Input::Command(token, command) => self.command(token, command),
            Input::Started(life, pid) => self.started(life, pid),
            Input::Ignored(life) => self.ignored(life),
            Input::Failed(life, failure) => self.not_started(life, failure),
            Input::Ended(life, reason) => self.ended(life, reason),
            Input::Timer(timer) => self.fired(timer),
            Input::Stop(reason) => self.end(reason),
        }
        self.over_if_empty();
    }

    /// The next thing to do, oldest first. A shell asks until there is none.
    pub fn poll(&mut self) -> Option<Action<S>> {
        self.out.poll()
    }

    /// All children, in no order.
    pub fn which_children(&self) -> Vec<ChildInfo> {
        self.entries
            .values()
            .map(|entry| {
                let (status, pid) = match entry.doing {
                    Doing::Running(pid) => (Status::Running, Some(pid)),
                    Doing::Starting(_) | Doing::Restarting { .. } | Doing::Waiting(_) => (Status::Restarting, None),
                    Doing::Stopping { .. } | Doing::Ending | Doing::Cancelled => (Status::Stopped, None),
                };
                ChildInfo { id: self.id.clone(), kind: self.child.kind, status, pid, restarts: entry.restarts }
            })
            .collect()
    }

    /// How many there are; O(1).
    pub fn count_children(&self) -> ChildCount {
        let specs = self.entries.len();
        let (supervisors, workers) = match self.child.kind {
            Kind::Supervisor => (specs, 0),
            Kind::Worker => (0, specs),
        };
        ChildCount { specs, active: self.active, supervisors, workers }
    }

    /// The timer that the restart of a child waits for, which lived this life last (G98).
    pub fn waits(&self, life: Life) -> Option<Timer> {
        match self.entries.get(&life)?.doing {
            Doing::Waiting(timer) => Some(timer),
            _ => None,
        }
    }

    /// Whether it is on its way to its end: nobody is started any more.
    pub fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::Ended)
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Other options, and another treatment of its children; they all stay (G97).
    ///
    /// # Errors
    /// [`InvalidSpec`]; then the old ones stay too.
    pub fn change(&mut self, options: Options, child: Treatment) -> Result<(), InvalidSpec> {
        check_dynamic(&self.id, &options, &child)?;
        self.options = options;
        self.child = child;
        Ok(())
    }

    fn command(&mut self, token: Token, command: DynamicCommand<S>) {
        if self.phase == Phase::Ending {
            return self.refuse(token);
        }
        match command {
            DynamicCommand::StartChild(_) if self.entries.len() >= self.limit => {
                self.out.answer(token, Err(CommandError::TooManyChildren { limit: self.limit }));
            }
            DynamicCommand::StartChild(start) => {
                let entry = Entry { start, doing: Doing::Starting(token), restarts: 0 };
                self.start(entry);
            }
            DynamicCommand::TerminateChild(life) => self.terminate(token, life),
        }
    }

    fn refuse(&mut self, token: Token) {
        let gone = CommandError::ChildNotRunning { id: self.id.clone(), status: Some(Status::Stopped) };
        self.out.answer(token, Err(gone));
    }

    fn start(&mut self, entry: Entry<S>) {
        let life = self.out.start(self.id.clone(), entry.start.clone());
        if let Doing::Restarting { last } = entry.doing {
            self.by_last.insert(last, life);
        }
        self.entries.insert(life, entry);
    }

    fn started(&mut self, life: Life, pid: Pid) {
        let Some(entry) = self.entries.get_mut(&life) else { return };
        match entry.doing {
            Doing::Starting(token) => {
                entry.doing = Doing::Running(pid);
                self.active += 1;
                self.emit(Happening::Started(pid));
                self.out.answer(token, Ok(Done::Started { life, pid }));
            }
            Doing::Restarting { last } => {
                entry.doing = Doing::Running(pid);
                entry.restarts += 1;
                self.active += 1;
                self.by_last.remove(&last);
                self.emit(Happening::Restarted(pid));
            }
            // It was cancelled while this was on its way: its end comes.
            Doing::Running(_) | Doing::Waiting(_) | Doing::Stopping { .. } | Doing::Ending | Doing::Cancelled => {}
        }
    }

    fn ignored(&mut self, life: Life) {
        let Some(entry) = self.take(life) else { return };
        match entry.doing {
            Doing::Starting(token) => self.out.answer(token, Ok(Done::Ignored)),
            Doing::Stopping { tokens, timer } => self.stopped(tokens, timer),
            Doing::Running(_) => self.active -= 1,
            Doing::Restarting { .. } | Doing::Waiting(_) | Doing::Ending | Doing::Cancelled => {}
        }
    }

    fn not_started(&mut self, life: Life, failure: StartFailure) {
        let Some(entry) = self.take(life) else { return };
        match entry.doing {
            Doing::Starting(token) => {
                let error = match failure {
                    StartFailure::Below(error) => error,
                    StartFailure::Itself(cause) => ChildStartError { place: self.place.clone(), cause },
                };
                self.out.answer(token, Err(CommandError::ChildStart(error)));
            }
            // Another attempt (G92).
            Doing::Restarting { last } => {
                self.emit(Happening::RestartFailed(failure));
                let is_within = self.intensity.add(self.now, &self.options);
                self.attempt(last, entry, is_within, None);
            }
            Doing::Stopping { tokens, timer } => self.stopped(tokens, timer),
            Doing::Running(_) | Doing::Waiting(_) | Doing::Ending | Doing::Cancelled => {}
        }
    }

    fn ended(&mut self, life: Life, reason: ExitReason) {
        let Some(entry) = self.entries.get(&life) else { return };
        match entry.doing {
            Doing::Running(_) => {}
            Doing::Stopping { .. } | Doing::Ending | Doing::Cancelled => {
                self.emit(ending(&reason, &self.child));
                return self.not_started(life, StartFailure::Itself(reason));
            }
            Doing::Starting(_) | Doing::Restarting { .. } | Doing::Waiting(_) => {
                return self.not_started(life, StartFailure::Itself(reason));
            }
        }
        let Some(entry) = self.take(life) else { return };
        self.active -= 1;
        let is_failure = reason.is_failure();
        let starts_again = match self.child.restart {
            Restart::Permanent => true,
            Restart::Transient => is_failure,
            Restart::Temporary => false,
        };
        let is_within = !starts_again || self.intensity.add(self.now, &self.options);
        // The event of the crash takes it; it is copied for the one restart too many alone.
        let last = (!is_within).then(|| reason.clone());
        if is_failure {
            self.emit(Happening::Crashed(reason));
        }
        if starts_again {
            self.attempt(life, entry, is_within, last);
        }
    }

    /// `is_within`: it was counted, and is not one too many; else `reason` is the end that was.
    fn attempt(&mut self, last: Life, mut entry: Entry<S>, is_within: bool, reason: Option<ExitReason>) {
        if !is_within {
            self.emit(Happening::Escalated(reason));
            self.end(escalation(&self.place));
        } else if let Some(wait) = self.intensity.wait(&self.options) {
            let timer = self.out.arm(wait);
            self.timers.insert(timer, last);
            entry.doing = Doing::Waiting(timer);
            self.entries.insert(last, entry);
        } else {
            entry.doing = Doing::Restarting { last };
            self.start(entry);
        }
    }

    fn set(&mut self, life: Life, doing: Doing) {
        if let Some(entry) = self.entries.get_mut(&life) {
            entry.doing = doing;
        }
    }

    fn take(&mut self, life: Life) -> Option<Entry<S>> {
        let entry = self.entries.remove(&life)?;
        if let Doing::Restarting { last } = entry.doing {
            self.by_last.remove(&last);
        }
        Some(entry)
    }

    fn emit(&mut self, what: Happening) {
        self.out.emit(&self.id, what);
    }
}
