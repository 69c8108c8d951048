//! Hot swap of many actors, of which each has its own [`super::Swap`]: one by one, so that nothing stands still for long,
//! or together, so that all change or nobody.
//!
//! Owner: the thread that ticks the shard. No clock; the actors are the numbers from 0 on, in the order in which they
//! change. What a binding has to do comes out as [`Order`]s; it calls the actor's machine for each, and tells the group
//! what that machine wrote for the group's request: `Committed`, `Prepared`, `Answer`, or the error of a refusal.
//!
//! Invariants: every actor is counted at most once; after `max_rollbacks` of them nobody else is swapped, and whoever
//! runs the new version goes back, the youngest first, those included that have passed; one `Done`, the last order.

use super::{Handled, Pauses, SwapError, pauses::pauses};
use crate::exit_reason::ExitReason;

/// How a group is swapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupOptions {
    /// All held still, changed and let go, and nobody changes when one fails.
    pub together: bool,
    /// ms, for all of it when together. One by one it is each actor's own, and this is what one that has passed has to
    /// come to rest when it is called back.
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
    /// [`super::Swap::pass`].
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
    /// Swapped; its canary may still bring it back.
    Canary,
    /// Swapped for good, unless its group is spoilt.
    Passed,
    /// Ended, or no longer on what it was swapped to.
    Left,
    RolledBack,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Swaps, or holds, the actor of this number.
    At(usize),
    /// Together: waits for this one's new state.
    Preparing(usize),
    /// All are swapped; waits for the canaries.
    Watching,
    /// Spoilt: this one goes back.
    BringingBack(usize),
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
}

impl<M> Group<M> {
    /// A swap of `actors` that has not begun.
    pub fn new(actors: usize, options: GroupOptions) -> Self {
        Self {
            members: vec![Member::Untouched; actors],
            options,
            phase: Phase::At(0),
            rolled_back: Vec::new(),
            failed: Vec::new(),
            micros: Vec::new(),
            armed: None,
            began: 0.0,
        }
    }

    /// What became of them so far.
    pub fn report(self) -> Report<M> {
        let stays = |member: &&Member| matches!(member, Member::Canary | Member::Passed | Member::Left);
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
        self.go_to(0, now, out);
    }

    /// Together: the actor stands still, or is about to.
    pub fn held(&mut self, actor: usize, now: f64, out: &mut Vec<Order>) {
        if self.phase == Phase::At(actor) {
            self.members[actor] = Member::Held;
            self.go_to(actor + 1, now, out);
        }
    }

    /// Together: the actor has its new state.
    pub fn prepared(&mut self, actor: usize, out: &mut Vec<Order>) {
        if self.phase == Phase::Preparing(actor) {
            self.prepare(actor + 1, out);
        }
    }

    /// The actor runs the new version; it stood still for so many microseconds. Together: none, the group has its own.
    pub fn committed(&mut self, actor: usize, micros: f64, now: f64, out: &mut Vec<Order>) {
        self.members[actor] = if self.options.within.is_some() { Member::Canary } else { Member::Passed };
        if self.options.together {
            self.micros.push((now - self.began) * 1000.0);
            if self.members.iter().all(|member| *member != Member::Held) {
                self.watch(now, out);
            }
        } else {
            self.micros.push(micros);
            self.go_to(actor + 1, now, out);
        }
    }

    /// What an actor's machine answered, or refused.
    pub fn answered(&mut self, actor: usize, result: Result<(), SwapError<M>>, now: f64, out: &mut Vec<Order>) {
        let was = self.members[actor];
        match (was, result) {
            (Member::Canary, Ok(())) => self.members[actor] = Member::Passed,
            // It runs something else by now.
            (_, Ok(())) => {
                if self.phase == Phase::BringingBack(actor) {
                    self.members[actor] = Member::Left;
                }
            }
            (Member::Canary | Member::Passed, Err(SwapError::RolledBack { reason, handled })) => {
                self.members[actor] = Member::RolledBack;
                self.rolled_back.push((actor, reason, handled));
            }
            (Member::Canary | Member::Passed, Err(SwapError::Exited(_))) => self.members[actor] = Member::Left,
            (Member::Untouched | Member::Held | Member::Canary | Member::Passed, Err(error)) => {
                self.members[actor] = Member::Failed;
                self.failed.push((actor, error));
            }
            (Member::Left | Member::RolledBack | Member::Failed, Err(_)) => {}
        }
        let has_failed = self.members[actor] == Member::Failed;
        match self.phase {
            Phase::At(_) | Phase::Preparing(_) if self.options.together && has_failed => self.give_up(out),
            Phase::At(_) | Phase::Preparing(_) if self.options.together => {}
            Phase::At(at) if at == actor => self.go_to(actor + 1, now, out),
            Phase::Watching => self.look(out),
            Phase::BringingBack(at) if at == actor => self.bring_back(out),
            _ => {}
        }
    }

    /// Time has passed.
    pub fn advance(&mut self, now: f64, out: &mut Vec<Order>) {
        if self.armed.is_none_or(|at| now < at) {
            return;
        }
        self.armed = None;
        match self.phase {
            // Whose state the others wait for.
            Phase::At(actor) | Phase::Preparing(actor) => {
                self.failed.push((actor, SwapError::TimedOut));
                self.give_up(out);
                self.members[actor] = Member::Failed;
            }
            Phase::Watching => {
                let canaries = self.members.iter().enumerate().filter(|(_, member)| **member == Member::Canary);
                out.extend(canaries.map(|(actor, _)| Order::Pass(actor)));
                for member in &mut self.members {
                    if *member == Member::Canary {
                        *member = Member::Passed;
                    }
                }
                self.done(out);
            }
            Phase::BringingBack(_) | Phase::Done => {}
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

    fn go_to(&mut self, actor: usize, now: f64, out: &mut Vec<Order>) {
        self.phase = Phase::At(actor);
        if self.options.together {
            if actor < self.members.len() {
                out.push(Order::Hold(actor));
            } else {
                self.prepare(0, out);
            }
        } else if actor < self.members.len() && !self.is_spoilt() {
            out.push(Order::Swap(actor));
        } else {
            self.watch(now, out);
        }
    }

    fn prepare(&mut self, actor: usize, out: &mut Vec<Order>) {
        if actor < self.members.len() {
            self.phase = Phase::Preparing(actor);
            return out.push(Order::Prepare(actor));
        }
        self.disarm(out);
        // In one step: whoever looks sees all of them changed, or none.
        out.extend((0..self.members.len()).map(Order::Commit));
        if self.members.is_empty() {
            self.done(out);
        }
    }

    /// Together: nobody changes. The last that was held is let go first.
    fn give_up(&mut self, out: &mut Vec<Order>) {
        self.disarm(out);
        let held = self.members.iter().enumerate().rev().filter(|(_, member)| **member == Member::Held);
        out.extend(held.map(|(actor, _)| Order::GiveUp(actor)));
        for member in &mut self.members {
            if *member == Member::Held {
                *member = Member::Untouched;
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
        } else if !self.members.contains(&Member::Canary) {
            self.done(out);
        }
    }

    /// Canaries first, all at once; then those that have passed, one after the other: each has to come to rest.
    fn bring_back(&mut self, out: &mut Vec<Order>) {
        let reason = self.rolled_back.first().map_or(ExitReason::SHUTDOWN, |(_, reason, _)| reason.clone());
        let next = |members: &[Member], wanted| members.iter().rposition(|member| *member == wanted);
        let canary = next(&self.members, Member::Canary);
        if let Some(actor) = canary.or_else(|| next(&self.members, Member::Passed)) {
            self.phase = Phase::BringingBack(actor);
            out.push(Order::Recall(actor, reason));
        } else {
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
