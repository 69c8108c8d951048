//! What a canary does to its actor: it passes, crashes, or goes back with its group.

use super::{
    Action, Event, Swap, SwapError, Task, Ticket,
    canary::{Canary, Terms},
    forget_journal,
};
use crate::exit_reason::ExitReason;

impl<S: Copy, M> Swap<S, M> {
    /// A message is given to a handler. `None`: there is no canary, and `message` is not wanted.
    #[must_use]
    pub fn begun(&mut self, message: M, is_asked: bool, out: &mut Vec<Action<S, M>>) -> Option<Ticket> {
        // Handlers that never end beside others that do (re-entrant ones) must not grow the journal for ever.
        if self.canary.as_ref().is_some_and(Canary::is_full) {
            self.pass(out);
        }
        Some(self.canary.as_mut()?.begun(message, is_asked))
    }

    /// Its handler is done, and did not crash.
    pub fn handled(&mut self, ticket: Ticket, out: &mut Vec<Action<S, M>>) {
        let Some(canary) = &mut self.canary else { return };
        canary.handled(ticket);
        if canary.has_passed() {
            self.pass(out);
        }
    }

    /// The same of one that has said that its actor crashes, so that `crashed` follows: nothing has passed by it.
    pub fn finished(&mut self, ticket: Ticket) {
        if let Some(canary) = &mut self.canary {
            canary.handled(ticket);
        }
    }

    /// Its asker has a reply or a domain error; before `handled`, or later.
    pub fn answered(&mut self, ticket: Ticket) {
        if let Some(canary) = &mut self.canary {
            canary.answered(ticket);
        }
    }

    /// A handler of the actor crashed. `true`: it was a canary, has gone back and lives on. `false`: the actor has to
    /// end, and nothing was done.
    #[must_use]
    pub fn crashed(&mut self, reason: &ExitReason, out: &mut Vec<Action<S, M>>) -> bool {
        let has_canary = self.canary.is_some();
        self.end_canary(reason.clone(), out);
        has_canary
    }

    /// The time of its canary is over: it has passed.
    pub fn pass(&mut self, out: &mut Vec<Action<S, M>>) {
        let Some(canary) = self.canary.take() else { return };
        let Terms { request, keep, in_group, .. } = canary.terms;
        self.disarm(out);
        self.keep = keep;
        self.passed = Some(canary);
        if !in_group {
            self.settle(out);
        }
        out.push(Action::Answer { request, result: Ok(()) });
    }

    /// Of a group that is spoilt. A canary goes back at once, and that is the `Answer` of its swap. One that has passed
    /// goes back once it is quiet; that is one more `Answer` to `request`, the one of its swap: `RolledBack`, or `Ok`
    /// when it runs something else by now.
    ///
    /// # Errors
    /// Why it cannot begin; nothing was done, and there is no `Answer`.
    pub fn recall(
        &mut self,
        request: u32,
        reason: ExitReason,
        timeout: f64,
        is_quiet: bool,
        now: f64,
        out: &mut Vec<Action<S, M>>,
    ) -> Result<(), SwapError<M>> {
        self.check_alive()?;
        if self.canary.as_ref().is_some_and(|canary| canary.terms.request == request) {
            self.end_canary(reason, out);
            return Ok(());
        }
        self.check_free()?;
        let terms = self.passed.as_ref().map(|passed| (passed.terms.request, passed.terms.version));
        let is_recallable = terms == Some((request, self.running));
        if is_quiet || !is_recallable {
            self.recall_now(request, reason, out);
        } else {
            self.stand(Task::Recall { request, reason }, now + timeout, out);
        }
        Ok(())
    }

    /// Its group is done and will not call it back any more.
    pub fn settle(&mut self, out: &mut Vec<Action<S, M>>) {
        if let Some(passed) = self.passed.take() {
            forget_journal(passed, out);
            self.versions.trim(self.keep, out);
        }
    }

    pub(super) fn recall_now(&mut self, request: u32, reason: ExitReason, out: &mut Vec<Action<S, M>>) {
        match self.passed.take_if(|passed| passed.terms.request == request) {
            Some(passed) if passed.terms.version == self.running => self.give_back(passed, reason, false, out),
            other => {
                out.push(Action::Answer { request, result: Ok(()) });
                if other.is_some() {
                    self.passed = other;
                    self.settle(out);
                }
            }
        }
    }

    pub(super) fn end_canary(&mut self, reason: ExitReason, out: &mut Vec<Action<S, M>>) {
        let Some(canary) = self.canary.take() else { return };
        self.disarm(out);
        self.give_back(canary, reason, true, out);
    }

    /// `is_open`: handlers of it may wait.
    fn give_back(&mut self, canary: Canary<M>, reason: ExitReason, is_open: bool, out: &mut Vec<Action<S, M>>) {
        let Terms { request, version, .. } = canary.terms;
        self.restore_latest(out);
        if is_open {
            out.push(Action::Interrupt { reason: reason.clone() });
        }
        let (handled, open) = canary.close();
        out.extend(open.into_iter().map(|message| Action::Letter { message }));
        out.push(Action::Event(Event::RolledBack { version, reason: reason.clone() }));
        out.push(Action::Answer { request, result: Err(SwapError::RolledBack { reason, handled }) });
    }
}
