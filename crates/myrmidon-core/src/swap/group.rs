//! Hot swap of many actors, of which each has its own [`super::Swap`]: one by one, so that nothing stands still for long,
//! or together, so that all change or nobody.
//!
//! Owner: the thread that ticks the shard, or, of actors of several shards, a lock: facts and orders may cross there. No
//! clock; the actors are the numbers from 0 on, in the order in which they change. What a binding has to do comes out as
//! [`Order`]s; it calls the actor's machine for each, and tells the group what that machine wrote for the group's request:
//! `Committed`, `Prepared`, `Answer`, or the error of a refusal.
//!
//! Invariants: every actor is counted at most once; after `max_rollbacks` of them nobody else is swapped, and whoever
//! runs the new version goes back, the youngest first, those included that have passed; one `Done`, the last order.

use super::{Handled, Pauses, SwapError, pauses::pauses};
use crate::exit_reason::ExitReason;

/// How a group is swapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupOptions {
    /// All held still, changed and let go, and nobody changes when one fails. Who ends meanwhile holds up nobody.
    pub together: bool,
    /// One by one: actors that may be waited for at the same time, one at least.
    pub concurrency: usize,
    /// Together: ms for all of it. One by one it is each actor's own.
    pub timeout: f64,
    /// ms from the last swap on until all canaries have passed. `None`: there are no canaries.
    pub within: Option<f64>,
    /// After so many rollbacks, one at least, all go back.
    pub max_rollbacks: usize,
}

/// What the binding has to do with one of the actors.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// [`super::Swap::ask`] as [`super::How::InGroup`].
    Swap(usize),
    /// [`super::Swap::ask`] as [`super::How::Together`]; [`Group::held`] when it was not refused.
    Hold(usize),
    /// [`super::Swap::prepare`].
    Prepare(usize),
    /// [`super::Swap::commit`].
    Commit(usize),
    /// [`super::Swap::give_up`].
    GiveUp(usize),
    /// [`super::Swap::pass`]; its answer is waited for.
    Pass(usize),
    /// [`super::Swap::recall`].
    Recall(usize, ExitReason),
    /// [`super::Swap::settle`].
    Settle(usize),
    /// [`Group::advance`] is due then.
    Arm(f64),
    /// No time is waited for.
    Disarm,
    /// [`Group::report`] is final.
    Done,
}

impl Order {
    /// The actor that it is about. `None`: it is about the group.
    pub const fn at(&self) -> Option<usize> {
        match self {
            Self::Swap(at)
            | Self::Hold(at)
            | Self::Prepare(at)
            | Self::Commit(at)
            | Self::GiveUp(at)
            | Self::Pass(at)
            | Self::Recall(at, _)
            | Self::Settle(at) => Some(*at),
            Self::Arm(_) | Self::Disarm | Self::Done => None,
        }
    }
}

/// What became of the actors.
#[derive(Clone, Debug, PartialEq)]
pub struct Report<M> {
    /// How many run the new version, or ended with it.
    pub swapped: usize,
    /// Who went back, in that order, why, and what it had handled.
    pub rolled_back: Vec<(usize, ExitReason, Vec<Handled<M>>)>,
    /// Who was not changed, and why; also who could not be brought back.
    pub failed: Vec<(usize, SwapError<M>)>,
    /// How long actors stood still.
    pub pauses: Pauses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// Not reached.
    Untouched,
    /// Together: stands still.
    Held,
    /// Together: has its new state.
    Prepared,
    /// Swapped; its canary may still bring it back.
    Canary,
    /// Swapped for good, unless its group is spoilt.
    Passed,
    /// Goes back with its group.
    Recalled,
    /// Ended, or no longer on what it was swapped to.
    Left,
    RolledBack,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// One by one.
    Swapping,
    /// Together: holds them.
    Holding,
    /// Together: waits for their new states.
    Preparing,
    /// Together: all have new states.
    Committing,
    /// All are swapped; waits for the canaries.
    Watching,
    /// Spoilt: waits for those that go back.
    BringingBack,
    Done,
}

/// One swap of many actors.
#[derive(Debug)]
pub struct Group<M> {
    members: Vec<Member>,
    options: GroupOptions,
    phase: Phase,
    rolled_back: Vec<(usize, ExitReason, Vec<Handled<M>>)>,
    failed: Vec<(usize, SwapError<M>)>,
    micros: Vec<f64>,
    armed: Option<f64>,
    began: f64,
    /// The first that was not reached.
    next: usize,
    /// Actors whose machine is asked for something.
    waited_for: usize,
    /// Members that are `Canary`.
    canaries: usize,
}

impl<M> Group<M> {
    /// A swap of `actors` that has not begun.
    pub fn new(actors: usize, options: GroupOptions) -> Self {
        Self {
            members: vec![Member::Untouched; actors],
            options,
            phase: if options.together { Phase::Holding } else { Phase::Swapping },
            rolled_back: Vec::new(),
            failed: Vec::new(),
            micros: Vec::new(),
            armed: None,
            began: 0.0,
            next: 0,
            waited_for: 0,
            canaries: 0,
        }
    }

    /// What became of them so far.
    pub fn report(self) -> Report<M> {
        let stays =
            |member: &&Member| matches!(member, Member::Canary | Member::Passed | Member::Recalled | Member::Left);
        Report {
            swapped: self.members.iter().filter(stays).count(),
            rolled_back: self.rolled_back,
            failed: self.failed,
            pauses: pauses(self.micros),
        }
    }

    /// Its last order was written.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// The time of the next [`Group::advance`].
    pub const fn deadline(&self) -> Option<f64> {
        self.armed
    }

    /// Begins.
    pub fn begin(&mut self, now: f64, out: &mut Vec<Order>) {
        self.began = now;
        if self.options.together {
            self.arm(now + self.options.timeout, out);
        }
        self.go_on(now, out);
    }

    /// Together: the actor stands still, or is about to.
    pub fn held(&mut self, actor: usize, now: f64, out: &mut Vec<Order>) {
        if self.phase == Phase::Holding {
            self.members[actor] = Member::Held;
            self.waited_for -= 1;
            self.go_on(now, out);
        }
    }

    /// Together: the actor has its new state.
    pub fn prepared(&mut self, actor: usize, now: f64, out: &mut Vec<Order>) {
        if self.phase == Phase::Preparing {
            self.members[actor] = Member::Prepared;
            self.waited_for -= 1;
            self.commit(now, out);
        }
    }

    /// The actor runs the new version; it stood still for so many microseconds. Together they all did as long as the
    /// group, and `micros` is not looked at.
    pub fn committed(&mut self, actor: usize, micros: f64, now: f64, out: &mut Vec<Order>) {
        self.members[actor] = if self.options.within.is_some() { Member::Canary } else { Member::Passed };
        self.canaries += usize::from(self.options.within.is_some());
        self.waited_for -= 1;
        self.micros.push(if self.options.together { (now - self.began) * 1000.0 } else { micros });
        self.go_on(now, out);
    }

    /// What an actor's machine answered, or refused.
    pub fn answered(&mut self, actor: usize, result: Result<(), SwapError<M>>, now: f64, out: &mut Vec<Order>) {
        if self.phase == Phase::Done {
            return;
        }
        let was = self.members[actor];
        // Who ends by itself was asked for nothing; where orders take time, one may be on its way.
        let is_waited_for = match (was, self.phase) {
            (Member::Held, phase) => phase == Phase::Preparing,
            (Member::Prepared, phase) => phase == Phase::Committing,
            (Member::Untouched | Member::Recalled, _) => true,
            (Member::Canary | Member::Passed | Member::Left, _) => false,
            (Member::RolledBack | Member::Failed, _) => return,
        };
        self.members[actor] = match (was, result) {
            (Member::Canary, Ok(())) => Member::Passed,
            (Member::Canary | Member::Recalled, Err(SwapError::RolledBack { reason, handled })) => {
                self.rolled_back.push((actor, reason, handled));
                Member::RolledBack
            }
            // It runs something else by now, or nothing.
            (Member::Recalled, Ok(()))
            | (Member::Canary | Member::Recalled | Member::Passed, Err(SwapError::Exited(_))) => Member::Left,
            (Member::Untouched | Member::Held | Member::Prepared | Member::Recalled, Err(error)) => {
                let is_together = matches!(self.phase, Phase::Holding | Phase::Preparing);
                let fails_all = is_together && !matches!(error, SwapError::Exited(_));
                self.failed.push((actor, error));
                if fails_all {
                    self.members[actor] = Member::Failed;
                    return self.give_up(out);
                }
                Member::Failed
            }
            (member, _) => member,
        };
        self.canaries -= usize::from(was == Member::Canary && self.members[actor] != Member::Canary);
        self.waited_for -= usize::from(is_waited_for);
        self.go_on(now, out);
    }

    /// Time has passed.
    pub fn advance(&mut self, now: f64, out: &mut Vec<Order>) {
        if self.armed.is_none_or(|at| now < at) {
            return;
        }
        self.armed = None;
        match self.phase {
            // On the account of the first that the others wait for.
            Phase::Holding | Phase::Preparing => {
                let late = |member: &Member| matches!(member, Member::Untouched | Member::Held);
                if let Some(actor) = self.members.iter().position(late) {
                    self.failed.push((actor, SwapError::TimedOut));
                    self.give_up(out);
                    self.members[actor] = Member::Failed;
                }
            }
            // Each says itself that it has passed: where orders take time, one may have crashed before its own came.
            Phase::Watching => {
                let canaries = self.members.iter().enumerate().filter(|(_, member)| **member == Member::Canary);
                out.extend(canaries.map(|(actor, _)| Order::Pass(actor)));
            }
            Phase::Swapping | Phase::Committing | Phase::BringingBack | Phase::Done => {}
        }
    }

    fn is_spoilt(&self) -> bool {
        self.rolled_back.len() >= self.options.max_rollbacks.max(1)
    }

    fn arm(&mut self, at: f64, out: &mut Vec<Order>) {
        if at.is_finite() {
            self.armed = Some(at);
            out.push(Order::Arm(at));
        }
    }

    fn disarm(&mut self, out: &mut Vec<Order>) {
        if self.armed.take().is_some() {
            out.push(Order::Disarm);
        }
    }

    fn go_on(&mut self, now: f64, out: &mut Vec<Order>) {
        match self.phase {
            Phase::Swapping => self.swap_next(now, out),
            Phase::Holding => self.hold_next(now, out),
            Phase::Preparing => self.commit(now, out),
            Phase::Committing if self.waited_for == 0 => self.watch(now, out),
            Phase::Watching => self.look(out),
            Phase::BringingBack if self.waited_for == 0 => self.done(out),
            Phase::Committing | Phase::BringingBack | Phase::Done => {}
        }
    }

    fn swap_next(&mut self, now: f64, out: &mut Vec<Order>) {
        while self.next < self.members.len() && !self.is_spoilt() && self.waited_for < self.options.concurrency.max(1) {
            self.waited_for += 1;
            out.push(Order::Swap(self.next));
            self.next += 1;
        }
        if self.waited_for == 0 {
            self.watch(now, out);
        }
    }

    /// One after the other: who is refused fails all before anybody else is held.
    fn hold_next(&mut self, now: f64, out: &mut Vec<Order>) {
        if self.waited_for > 0 {
            return;
        }
        if self.next < self.members.len() {
            self.waited_for = 1;
            self.next += 1;
            return out.push(Order::Hold(self.next - 1));
        }
        self.phase = Phase::Preparing;
        self.waited_for = 0;
        for (actor, member) in self.members.iter().enumerate() {
            if *member == Member::Held {
                self.waited_for += 1;
                out.push(Order::Prepare(actor));
            }
        }
        self.commit(now, out);
    }

    /// In one step: whoever looks sees all of them changed, or none.
    fn commit(&mut self, now: f64, out: &mut Vec<Order>) {
        if self.waited_for > 0 {
            return;
        }
        self.disarm(out);
        self.phase = Phase::Committing;
        for (actor, member) in self.members.iter().enumerate() {
            if *member == Member::Prepared {
                self.waited_for += 1;
                out.push(Order::Commit(actor));
            }
        }
        if self.waited_for == 0 {
            self.watch(now, out);
        }
    }

    /// Together: nobody changes. The last that was held is let go first, and before it one that is being held just now,
    /// where orders take time.
    fn give_up(&mut self, out: &mut Vec<Order>) {
        self.disarm(out);
        let last = self.next.wrapping_sub(1);
        if self.phase == Phase::Holding && self.members.get(last) == Some(&Member::Untouched) {
            out.push(Order::GiveUp(last));
        }
        for (actor, member) in self.members.iter_mut().enumerate().rev() {
            if matches!(member, Member::Held | Member::Prepared) {
                *member = Member::Untouched;
                out.push(Order::GiveUp(actor));
            }
        }
        self.done(out);
    }

    fn watch(&mut self, now: f64, out: &mut Vec<Order>) {
        self.phase = Phase::Watching;
        if let Some(within) = self.options.within {
            self.arm(now + within, out);
        }
        self.look(out);
    }

    fn look(&mut self, out: &mut Vec<Order>) {
        if self.is_spoilt() {
            self.disarm(out);
            self.bring_back(out);
        } else if self.canaries == 0 {
            self.done(out);
        }
    }

    /// The youngest first; who is not quiet is waited for beside the others.
    fn bring_back(&mut self, out: &mut Vec<Order>) {
        self.phase = Phase::BringingBack;
        self.canaries = 0;
        let reason = self.rolled_back.first().map_or(ExitReason::SHUTDOWN, |(_, reason, _)| reason.clone());
        for (actor, member) in self.members.iter_mut().enumerate().rev() {
            if matches!(member, Member::Canary | Member::Passed) {
                *member = Member::Recalled;
                self.waited_for += 1;
                out.push(Order::Recall(actor, reason.clone()));
            }
        }
        if self.waited_for == 0 {
            self.done(out);
        }
    }

    fn done(&mut self, out: &mut Vec<Order>) {
        self.disarm(out);
        self.phase = Phase::Done;
        let passed = self.members.iter().enumerate().filter(|(_, member)| **member == Member::Passed);
        if self.options.within.is_some() {
            out.extend(passed.map(|(actor, _)| Order::Settle(actor)));
        }
        out.push(Order::Done);
    }
}
