//! Hot swap of one actor: another behaviour for one that lives, with its state migrated, and the way back.
//!
//! Owner: the thread that ticks the shard; a side record of an actor that has ever been swapped. No clock and no I/O:
//! the time is an argument, and what has to be done comes out as [`Action`]s in their order. States and messages are
//! the binding's; the machine has handles. A binding supplies the copy and the migration and decides nothing else.
//!
//! One swap:
//! 1. [`Swap::ask`]. The actor is quiet: `Migrate`. It is not: `Hold`, and `Migrate` after [`Swap::became_quiet`]. Its
//!    queue, PID, name, links, monitors and timers are the shard's, which hears of nothing but the hold.
//! 2. [`Swap::migrated`]. A failure, or the timeout before it: `Release`, the error, and nothing has changed. A state:
//!    `Install` between two messages, `Committed`, `Release`.
//! 3. Without a canary that is the `Answer`. With one, each message is told ([`Swap::begun`], [`Swap::handled`]) until
//!    enough were handled and none is open, or the time is over; a crash meanwhile ([`Swap::crashed`]) is `Restore`, a
//!    `Letter` for each open message, and `RolledBack` with what was handled.
//!
//! Invariants: at most one swap, canary or rollback of an actor at a time; each request is refused at once or has exactly
//! one `Answer`, at the latest with the actor's end or, where no time limits it, with the end of what is waited for; each
//! state handle is the binding's, the machine's or forgotten, once; each message handle leaves once. Bounds: `MAX_KEPT`
//! versions beside that of a canary, a journal of `MAX_JOURNAL` messages, one deadline.
//!
//! ```
//! use myrmidon_core::swap::{Action, Ask, How, Swap, SwapOptions, Upgrade, Version};
//!
//! let (v1, v2) = (Version(1), Version(2));
//! let upgrade = Upgrade { id: 7, from: v1, to: v2, has_way_back: false };
//! // The binding's states, by their handles: all that it has to know.
//! let mut states = vec!["n = 1".to_string()];
//! let mut current = 0;
//! let mut swap: Swap<usize, ()> = Swap::new(v1);
//!
//! let mut todo = Vec::new();
//! let ask = Ask { request: 1, upgrade, options: SwapOptions::default(), how: How::Alone };
//! swap.ask(ask, true, 0.0, &mut todo)?;
//! let [Action::Migrate { upgrade: 7, attempt }] = todo[..] else { panic!("it is quiet: {todo:?}") };
//! let copy = states[current].clone() + ", steps = 0";
//! states.push(copy);
//!
//! todo.clear();
//! swap.migrated(attempt, Ok(1), current, 0.0, &mut todo);
//! if let Action::Install { state, .. } = todo[0] {
//!     current = state;
//! }
//! assert_eq!(todo.last(), Some(&Action::Answer { request: 1, result: Ok(()) }));
//! assert_eq!((swap.running(), states[current].as_str()), (v2, "n = 1, steps = 0"));
//!
//! // The state before was kept, and comes back by hand.
//! todo.clear();
//! swap.roll_back(2, None, 5000.0, true, 1.0, &mut todo)?;
//! assert!(todo.contains(&Action::Restore { version: v1, state: 0, back: None }));
//! # Ok::<(), myrmidon_core::swap::SwapError<()>>(())
//! ```

mod action;
mod canary;
mod error;
mod group;
mod options;
mod pauses;
mod probation;
mod rollback;
#[cfg(test)]
mod tests;
mod version;

use crate::exit_reason::ExitReason;
pub use action::{Action, Event};
pub use canary::Ticket;
use canary::{Canary, Terms};
pub use error::{Failure, Handled, SwapError};
pub use group::{Group, GroupOptions, Order, Report};
pub use options::{CanaryOptions, InvalidOption, MAX_JOURNAL, MAX_KEPT, SwapOptions, Upgrade};
pub use pauses::Pauses;
pub use version::Version;
use version::{Kept, Versions};

/// For whom a swap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The actor alone.
    Alone,
    /// One of a [`Group`], one by one.
    InGroup,
    /// One of a [`Group`] that changes together: held at once, migrated and committed when the group says so. Its time
    /// is the group's.
    Together,
}

/// A swap that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// The binding's number for who asked.
    pub request: u32,
    /// From where to where.
    pub upgrade: Upgrade,
    /// How.
    pub options: SwapOptions,
    /// For whom.
    pub how: How,
}

/// What waits for the end of the message in hand.
#[derive(Debug)]
enum Task {
    Swap(Ask),
    RollBack { request: u32, steps: usize },
    Recall { request: u32, reason: ExitReason },
}

#[derive(Debug)]
enum Phase<S> {
    Idle,
    /// Of a group that changes together: held, and not asked to migrate yet.
    Held(Ask),
    /// Held until it is quiet.
    Standing(Task),
    Migrating {
        ask: Ask,
        is_held: bool,
    },
    /// Of a group that changes together: migrated.
    Prepared {
        ask: Ask,
        state: S,
    },
    Ended(ExitReason),
}

/// The versions of one actor. `S`: a handle of a state. `M`: a handle of a message.
#[derive(Debug)]
pub struct Swap<S, M> {
    running: Version,
    phase: Phase<S>,
    versions: Versions<S>,
    /// How many of them are kept; one more while a group may call back.
    keep: usize,
    canary: Option<Canary<M>>,
    /// One that has passed while its group may still call it back; the version before it is the latest.
    passed: Option<Canary<M>>,
    deadline: Option<f64>,
    /// Migrations and canaries so far: names for their answers and tickets.
    serial: u32,
}

impl<S: Copy, M> Swap<S, M> {
    /// An actor that has never been swapped.
    pub const fn new(running: Version) -> Self {
        Self {
            running,
            phase: Phase::Idle,
            versions: Versions::new(),
            keep: 0,
            canary: None,
            passed: None,
            deadline: None,
            serial: 0,
        }
    }

    /// What the actor runs.
    pub const fn running(&self) -> Version {
        self.running
    }

    /// A new version is on probation.
    pub const fn has_canary(&self) -> bool {
        self.canary.is_some()
    }

    /// Versions that can be brought back.
    pub fn kept(&self) -> usize {
        self.versions.len()
    }

    /// The upgrades whose way back may still be taken.
    pub fn ways_back(&self) -> impl Iterator<Item = u32> {
        self.versions.ways_back()
    }

    /// The record may be thrown away: a new one would do the same.
    pub fn is_spent(&self) -> bool {
        matches!(self.phase, Phase::Idle) && self.versions.len() == 0 && self.canary.is_none() && self.passed.is_none()
    }

    /// The time of the next [`Swap::advance`].
    pub const fn deadline(&self) -> Option<f64> {
        self.deadline
    }

    /// Begins a swap. `is_quiet`: no handler of the actor runs or waits.
    ///
    /// # Errors
    /// Why it cannot begin; nothing was done, and there is no `Answer`.
    pub fn ask(&mut self, ask: Ask, is_quiet: bool, now: f64, out: &mut Vec<Action<S, M>>) -> Result<(), SwapError<M>> {
        self.check_alive()?;
        self.check_version(&ask.upgrade)?;
        self.check_free()?;
        if ask.how == How::Together {
            out.push(Action::Hold);
            self.phase = Phase::Held(ask);
        } else if is_quiet {
            // Neither held nor armed: a migration that is done at once needs neither.
            self.migrate(ask, false, out);
        } else {
            self.stand(Task::Swap(ask), now + ask.options.timeout, out);
        }
        Ok(())
    }

    /// Of a swap together: migrates, once it is quiet. Ends in `Prepared` or in an `Answer`.
    pub fn prepare(&mut self, is_quiet: bool, out: &mut Vec<Action<S, M>>) {
        let Phase::Held(ask) = self.phase else { return };
        if is_quiet {
            self.migrate(ask, true, out);
        } else {
            self.phase = Phase::Standing(Task::Swap(ask));
        }
    }

    /// The migration is not done at once: the actor is held meanwhile, at most for its timeout.
    pub fn takes_time(&mut self, now: f64, out: &mut Vec<Action<S, M>>) {
        let Phase::Migrating { ask, is_held: is_held @ false } = &mut self.phase else { return };
        *is_held = true;
        let until = now + ask.options.timeout;
        out.push(Action::Hold);
        self.arm(until, out);
    }

    /// No handler of the actor runs or waits any more, and none of them has crashed it: one that is about to end is not
    /// quiet, and [`Swap::ended`] tells of it.
    pub fn became_quiet(&mut self, out: &mut Vec<Action<S, M>>) {
        if !matches!(self.phase, Phase::Standing(_)) {
            return;
        }
        let Phase::Standing(task) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        match task {
            // The message in hand may have become something else.
            Task::Swap(ask) => match self.check_version(&ask.upgrade) {
                Ok(()) => self.migrate(ask, true, out),
                Err(error) => self.fail(ask.request, error, true, out),
            },
            Task::RollBack { request, steps } => {
                self.step_back(steps, out);
                self.let_go(out);
                out.push(Action::Answer { request, result: Ok(()) });
            }
            Task::Recall { request, reason } => {
                self.recall_now(request, reason, out);
                self.let_go(out);
            }
        }
    }

    /// What a migration came to. `current`: the state that the actor has; it is the machine's from here on when the new
    /// one is installed. An answer to a migration that was abandoned is forgotten.
    pub fn migrated(
        &mut self,
        attempt: u32,
        result: Result<S, Failure>,
        current: S,
        now: f64,
        out: &mut Vec<Action<S, M>>,
    ) {
        let Phase::Migrating { ask, is_held } = self.phase else { return forget(result, out) };
        if attempt != self.serial {
            return forget(result, out);
        }
        self.phase = Phase::Idle;
        match result {
            Err(failure) => self.fail(ask.request, SwapError::Migration(failure), is_held, out),
            Ok(state) if ask.how == How::Together => {
                self.phase = Phase::Prepared { ask, state };
                out.push(Action::Prepared { request: ask.request });
            }
            Ok(state) => self.install(&ask, state, current, is_held, now, out),
        }
    }

    /// Of a swap together: everybody is prepared.
    pub fn commit(&mut self, current: S, now: f64, out: &mut Vec<Action<S, M>>) {
        let Phase::Prepared { ask, state } = self.phase else { return };
        self.phase = Phase::Idle;
        self.install(&ask, state, current, true, now, out);
    }

    /// Of a swap together: somebody failed, and nobody changes. Has no `Answer`.
    pub fn give_up(&mut self, out: &mut Vec<Action<S, M>>) {
        match self.phase {
            Phase::Held(_) | Phase::Standing(Task::Swap(Ask { how: How::Together, .. })) => {}
            Phase::Migrating { ask: Ask { how: How::Together, .. }, .. } => {
                out.push(Action::Abandon { attempt: self.serial });
            }
            Phase::Prepared { state, .. } => out.push(Action::Forget { state }),
            _ => return,
        }
        self.phase = Phase::Idle;
        self.let_go(out);
    }

    /// The actor has become another behaviour by itself.
    pub const fn became(&mut self, version: Version) {
        self.running = version;
    }

    /// Time has passed.
    pub fn advance(&mut self, now: f64, out: &mut Vec<Action<S, M>>) {
        if self.deadline.is_none_or(|at| now < at) {
            return;
        }
        self.deadline = None;
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Standing(Task::Swap(ask)) => self.fail(ask.request, SwapError::TimedOut, true, out),
            Phase::Migrating { ask, is_held } => {
                out.push(Action::Abandon { attempt: self.serial });
                self.fail(ask.request, SwapError::TimedOut, is_held, out);
            }
            Phase::Standing(Task::RollBack { request, .. } | Task::Recall { request, .. }) => {
                self.fail(request, SwapError::TimedOut, true, out);
            }
            other => {
                self.phase = other;
                self.pass(out);
            }
        }
    }

    /// The actor has ended, or is about to and nothing more is delivered. Whoever waits is told, and all is forgotten.
    pub fn ended(&mut self, reason: &ExitReason, out: &mut Vec<Action<S, M>>) {
        if matches!(self.phase, Phase::Ended(_)) {
            return;
        }
        let request = match std::mem::replace(&mut self.phase, Phase::Ended(reason.clone())) {
            Phase::Held(ask) | Phase::Standing(Task::Swap(ask)) => Some(ask.request),
            Phase::Standing(Task::RollBack { request, .. } | Task::Recall { request, .. }) => Some(request),
            Phase::Migrating { ask, .. } => {
                out.push(Action::Abandon { attempt: self.serial });
                Some(ask.request)
            }
            Phase::Prepared { ask, state } => {
                out.push(Action::Forget { state });
                Some(ask.request)
            }
            Phase::Idle | Phase::Ended(_) => None,
        };
        self.disarm(out);
        let of_canary = self.canary.take().map(|canary| {
            let request = canary.terms.request;
            forget_journal(canary, out);
            request
        });
        self.keep = 0;
        self.settle(out);
        self.versions.trim(0, out);
        for request in request.into_iter().chain(of_canary) {
            out.push(Action::Answer { request, result: Err(SwapError::Exited(reason.clone())) });
        }
    }

    // -- what may begin ---------------------------------------------------------------------------------------------

    fn check_alive(&self) -> Result<(), SwapError<M>> {
        if let Phase::Ended(reason) = &self.phase { Err(SwapError::Exited(reason.clone())) } else { Ok(()) }
    }

    fn check_version(&self, upgrade: &Upgrade) -> Result<(), SwapError<M>> {
        if upgrade.from == self.running { Ok(()) } else { Err(SwapError::WrongVersion { running: self.running }) }
    }

    const fn check_free(&self) -> Result<(), SwapError<M>> {
        if matches!(self.phase, Phase::Idle) && self.canary.is_none() { Ok(()) } else { Err(SwapError::InProgress) }
    }

    // -- steps ------------------------------------------------------------------------------------------------------

    fn stand(&mut self, task: Task, until: f64, out: &mut Vec<Action<S, M>>) {
        out.push(Action::Hold);
        self.arm(until, out);
        self.phase = Phase::Standing(task);
    }

    fn let_go(&mut self, out: &mut Vec<Action<S, M>>) {
        self.disarm(out);
        out.push(Action::Release);
    }

    fn arm(&mut self, at: f64, out: &mut Vec<Action<S, M>>) {
        if at.is_finite() {
            self.deadline = Some(at);
            out.push(Action::Arm { at });
        }
    }

    fn disarm(&mut self, out: &mut Vec<Action<S, M>>) {
        if self.deadline.take().is_some() {
            out.push(Action::Disarm);
        }
    }

    fn migrate(&mut self, ask: Ask, is_held: bool, out: &mut Vec<Action<S, M>>) {
        self.serial = self.serial.wrapping_add(1);
        out.push(Action::Migrate { upgrade: ask.upgrade.id, attempt: self.serial });
        self.phase = Phase::Migrating { ask, is_held };
    }

    fn fail(&mut self, request: u32, error: SwapError<M>, is_held: bool, out: &mut Vec<Action<S, M>>) {
        if is_held {
            self.let_go(out);
        }
        out.push(Action::Answer { request, result: Err(error) });
    }

    fn install(&mut self, ask: &Ask, state: S, current: S, is_held: bool, now: f64, out: &mut Vec<Action<S, M>>) {
        let Ask { request, upgrade, options, how } = *ask;
        // Whoever was swapped again can no longer be called back by its former group.
        self.settle(out);
        self.disarm(out);
        let version = self.running;
        let back = upgrade.has_way_back.then_some(upgrade.id);
        self.versions.push(Kept { version, state: current, back });
        self.running = upgrade.to;
        out.push(Action::Install { version: upgrade.to, state });
        out.push(Action::Event(Event::Swapped { from: upgrade.from, to: upgrade.to }));
        out.push(Action::Committed { request });
        if let Some(CanaryOptions { messages, within }) = options.canary {
            self.serial = self.serial.wrapping_add(1);
            let terms = Terms { request, version: upgrade.to, keep: options.keep, in_group: how != How::Alone };
            self.canary = Some(Canary::new(terms, self.serial, messages));
            // The time of a group's canaries is the group's.
            if how == How::Alone {
                self.arm(now + within, out);
            }
        } else {
            self.keep = options.keep;
            self.versions.trim(self.keep, out);
        }
        if is_held {
            out.push(Action::Release);
        }
        if self.canary.is_none() {
            out.push(Action::Answer { request, result: Ok(()) });
        }
    }
}

fn forget<S, M>(result: Result<S, Failure>, out: &mut Vec<Action<S, M>>) {
    if let Ok(state) = result {
        out.push(Action::Forget { state });
    }
}

fn forget_journal<S, M>(canary: Canary<M>, out: &mut Vec<Action<S, M>>) {
    let (handled, open) = canary.close();
    let messages: Vec<M> = handled.into_iter().map(|handled| handled.message).chain(open).collect();
    if !messages.is_empty() {
        out.push(Action::ForgetMessages { messages });
    }
}
