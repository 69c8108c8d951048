//! Restart intensity: at most so many restarts within a period that slides (G92; `add_restart` of OTP's `supervisor`).
//!
//! Every attempt counts, also one whose start fails. The window never holds more than `intensity + 1` times: what comes
//! after that has ended the supervisor.

use super::spec::Options;
use crate::exit_reason::ExitReason;
use std::collections::VecDeque;

/// The attempts that still count, oldest first.
#[derive(Default)]
pub struct Intensity {
    attempts: VecDeque<f64>,
}

impl Intensity {
    /// Counts an attempt at `now`. `false`: it is one too many.
    #[must_use]
    pub fn add(&mut self, now: f64, options: &Options) -> bool {
        let since = now - options.period;
        while self.attempts.front().is_some_and(|at| *at < since) {
            self.attempts.pop_front();
        }
        // Options can change to a lower intensity while more attempts are remembered; then this one is too many anyhow.
        self.attempts.push_back(now);
        self.attempts.len() <= options.intensity as usize
    }

    /// How long to wait before the attempt that was just counted (G98).
    pub fn wait(&self, options: &Options) -> Option<f64> {
        let backoff = options.backoff?;
        // Beyond 2^1023 the product is infinite, and `max` it is.
        let doublings = i32::try_from(self.attempts.len().saturating_sub(1)).unwrap_or(i32::MAX);
        Some((backoff.min * 2f64.powi(doublings)).min(backoff.max))
    }
}

/// The end of a supervisor whose children were restarted too often.
pub fn escalation(place: &str) -> ExitReason {
    ExitReason::Shutdown { detail: Some(format!("restart intensity of {place}").into()) }
}

#[cfg(test)]
mod tests;
