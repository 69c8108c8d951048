//! How a swap is to be done.

use super::SwapError;
use core::time::Duration;
use myrmidon_core::swap::{self, CanaryOptions, InvalidOption};

/// A new version on probation: when it crashes before it has handled so many messages, or before so much time is over, the
/// version before is back (G74, G75). A thousand messages and five seconds, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// From 1 to 65,536.
    pub messages: u32,
    /// Since the swap.
    pub within: Duration,
    /// Of a group: after so many have gone back, all do (G79). 1 at least.
    pub max_rollbacks: usize,
}

impl Default for Canary {
    fn default() -> Self {
        Self { messages: 1000, within: Duration::from_secs(5), max_rollbacks: 1 }
    }
}

impl Canary {
    /// One for so many messages.
    pub fn messages(messages: u32) -> Self {
        Self { messages, ..Self::default() }
    }

    /// At most so long.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Of a group: so many may go back alone.
    #[must_use]
    pub fn max_rollbacks(mut self, most: usize) -> Self {
        self.max_rollbacks = most;
        self
    }
}

/// How one actor or a group is swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapOptions {
    timeout: Duration,
    keep: usize,
    pub(crate) canary: Option<Canary>,
    pub(crate) together: bool,
    pub(crate) concurrency: usize,
}

impl Default for SwapOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), keep: 2, canary: None, together: false, concurrency: 1 }
    }
}

impl SwapOptions {
    /// Five seconds, two versions kept, no canary, one by one.
    pub fn new() -> Self {
        Self::default()
    }

    /// For the message in hand and the migration together; of a group that changes together, for all of it.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Versions that the actor keeps, with their states, for [`crate::ActorRef::roll_back`]: at most 16.
    #[must_use]
    pub fn keep(mut self, versions: usize) -> Self {
        self.keep = versions;
        self
    }

    /// On probation.
    #[must_use]
    pub fn canary(mut self, canary: Canary) -> Self {
        self.canary = Some(canary);
        self
    }

    /// Of a group: all are held, all change or nobody does (G80). Else one by one (G79).
    #[must_use]
    pub fn together(mut self) -> Self {
        self.together = true;
        self
    }

    /// One by one: so many may be waited for at once; 1 unless said otherwise.
    #[must_use]
    pub fn concurrency(mut self, most: usize) -> Self {
        self.concurrency = most;
        self
    }

    pub(crate) fn timeout_ms(&self) -> f64 {
        self.timeout.as_secs_f64() * 1000.0
    }

    pub(crate) fn check<N>(&self) -> Result<swap::SwapOptions, SwapError<N>> {
        if self.concurrency == 0 {
            return Err(SwapError::InvalidOption("concurrency"));
        }
        let canary = match self.canary {
            Some(Canary { max_rollbacks: 0, .. }) => return Err(SwapError::InvalidOption("canary.max_rollbacks")),
            Some(Canary { messages, within, .. }) => {
                Some(CanaryOptions { messages, within: within.as_secs_f64() * 1000.0 })
            }
            None => None,
        };
        let checked = swap::SwapOptions::new(self.timeout_ms(), self.keep, canary);
        checked.map_err(|InvalidOption(name)| SwapError::InvalidOption(name))
    }
}
