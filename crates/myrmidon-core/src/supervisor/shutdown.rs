//! Ends of children that their supervisor wants: asked, waited for, killed (G90).
//!
//! One after the other, youngest first, so that whoever was started with the help of an elder sibling still has it while
//! it ends. After the kill there is no more time limit: a kill cannot be delayed (G27).

use super::{
    error::Status,
    machine::{AfterStops, Halt, Supervisor, Work},
    protocol::{Action, Done, Happening, Life, Timer},
    spec::{Restart, Shutdown, Treatment},
};
use crate::exit_reason::ExitReason;
use std::sync::Arc;

impl<S: Clone> Supervisor<S> {
    /// Goes on with stopping: waits for the one that is being stopped, asks the next, or does what comes after.
    pub(super) fn stop_on(&mut self) {
        loop {
            let Work::Stopping { left, halt, .. } = &mut self.work else { return };
            if halt.is_some() {
                return;
            }
            let Some(key) = left.pop() else {
                let is_end = matches!(self.work, Work::Stopping { then: AfterStops::End(_), .. });
                let Some((life, spec)) = is_end.then(|| self.children.pop_stray()).flatten() else { break };
                self.halt(life, spec.id, spec.treatment);
                continue;
            };
            self.void(key);
            let Some(child) = self.children.get_mut(key) else { continue };
            child.status = Status::Stopped;
            let Some(alive) = child.alive else { continue };
            let (id, treatment) = (child.spec.id.clone(), child.spec.treatment);
            self.children.went(alive.life);
            self.halt(alive.life, id, treatment);
        }
        let Work::Stopping { then, .. } = core::mem::replace(&mut self.work, Work::Idle) else { return };
        match then {
            AfterStops::Group { group, cause } => self.group_stopped(group, cause),
            AfterStops::Terminated(token, key) => {
                self.rest(key);
                self.out.answer(token, Ok(Done::Done));
            }
            AfterStops::Fail(error) => self.over(Action::Fail(error)),
            AfterStops::End(reason) => self.over(Action::End(reason)),
        }
    }

    fn halt(&mut self, life: Life, id: Arc<str>, treatment: Treatment) {
        let timer = self.out.halt(life, treatment.shutdown);
        if let Work::Stopping { halt, .. } = &mut self.work {
            *halt = Some(Halt { life, id, timer, treatment });
        }
    }

    /// `true`: it was the one that is being stopped.
    pub(super) fn halted(&mut self, life: Life, reason: &ExitReason) -> bool {
        let Work::Stopping { halt, .. } = &mut self.work else { return false };
        let Some(Halt { id, timer, treatment, .. }) = halt.take_if(|halt| halt.life == life) else { return false };
        if let Some(timer) = timer {
            self.out.push(Action::Disarm(timer));
        }
        self.out.emit(&id, ending(reason, &treatment));
        self.stop_on();
        true
    }

    pub(super) fn took_too_long(&mut self, timer: Timer) {
        if let Work::Stopping { halt: Some(halt), .. } = &mut self.work
            && halt.timer == Some(timer)
        {
            halt.timer = None;
            self.out.push(Action::Kill(halt.life));
        }
    }
}

/// How the end of a child that was stopped is told: as a crash, when it ended otherwise than it was asked to (`shutdown`
/// of OTP's `supervisor`).
pub(super) fn ending(reason: &ExitReason, treatment: &Treatment) -> Happening {
    let is_orderly = match reason {
        ExitReason::Shutdown { .. } => true,
        ExitReason::Killed => treatment.shutdown == Shutdown::Brutal,
        ExitReason::Normal => treatment.restart != Restart::Permanent,
        _ => false,
    };
    if is_orderly { Happening::Stopped(reason.clone()) } else { Happening::Crashed(reason.clone()) }
}
