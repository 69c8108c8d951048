//! Back to a version that was kept, by hand.

use super::{Action, Event, Swap, SwapError, Task, Version, version::Kept};
use crate::exit_reason::ExitReason;

impl<S: Copy, M> Swap<S, M> {
    /// Back to the version before, or to `to`, over those between; each with its state. A canary ends by it at once, and
    /// what is older than the version before it is a rollback of its own. `is_quiet`: once the handlers of a canary are
    /// interrupted.
    ///
    /// # Errors
    /// Why it cannot begin; nothing was done, and there is no `Answer`.
    pub fn roll_back(
        &mut self,
        request: u32,
        to: Option<Version>,
        timeout: f64,
        is_quiet: bool,
        now: f64,
        out: &mut Vec<Action<S, M>>,
    ) -> Result<(), SwapError<M>> {
        self.check_alive()?;
        if self.canary.is_none() {
            self.check_free()?;
        }
        let mut steps = self.versions.steps_to(to).ok_or(SwapError::WrongVersion { running: self.running })?;
        if self.canary.is_some() {
            // It does not wait: what runs of it is interrupted.
            self.end_canary(by_hand(), out);
            steps -= 1;
            if steps == 0 {
                out.push(Action::Answer { request, result: Ok(()) });
                return Ok(());
            }
        }
        if is_quiet {
            self.step_back(steps, out);
            out.push(Action::Answer { request, result: Ok(()) });
        } else {
            self.stand(Task::RollBack { request, steps }, now + timeout, out);
        }
        Ok(())
    }

    /// By hand, while it is quiet.
    pub(super) fn step_back(&mut self, steps: usize, out: &mut Vec<Action<S, M>>) {
        let version = self.running;
        for _ in 0..steps {
            self.restore_latest(out);
        }
        self.settle(out);
        out.push(Action::Event(Event::RolledBack { version, reason: by_hand() }));
    }

    pub(super) fn restore_latest(&mut self, out: &mut Vec<Action<S, M>>) {
        if let Some(Kept { version, state, back }) = self.versions.pop() {
            self.running = version;
            out.push(Action::Restore { version, state, back });
        }
    }
}

fn by_hand() -> ExitReason {
    ExitReason::Shutdown { detail: Some("rolled back by hand".into()) }
}
