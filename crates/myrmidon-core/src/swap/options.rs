//! How a swap is to be done, and the bounds of that.

use super::Version;

/// Versions that an actor can keep beside the one that it runs.
pub const MAX_KEPT: usize = 16;
/// Messages that a canary can be asked to handle, and that its journal holds.
pub const MAX_JOURNAL: usize = 65_536;

/// From one version to another. What it does to a state is the binding's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The binding's number for it.
    pub id: u32,
    /// What the actor must run.
    pub from: Version,
    /// What it will run.
    pub to: Version,
    /// It can make the old state of the new one.
    pub has_way_back: bool,
}

/// How long a new version is on probation: whichever is first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanaryOptions {
    /// So many messages handled; from 1 to [`MAX_JOURNAL`].
    pub messages: u32,
    /// So many ms since the swap; infinite: however long it takes.
    pub within: f64,
}

/// An option that is out of range: nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOption(
    /// Its name, as all languages write it.
    pub &'static str,
);

/// How one actor is swapped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwapOptions {
    pub(super) timeout: f64,
    pub(super) keep: usize,
    pub(super) canary: Option<CanaryOptions>,
}

impl SwapOptions {
    /// `timeout`: ms for the end of the message in hand and the migration together. `keep`: versions that the actor
    /// keeps for [`super::Swap::roll_back`].
    ///
    /// # Errors
    /// The first option that is out of range.
    pub fn new(timeout: f64, keep: usize, canary: Option<CanaryOptions>) -> Result<Self, InvalidOption> {
        if timeout.is_nan() || timeout < 0.0 {
            return Err(InvalidOption("timeout"));
        }
        if keep > MAX_KEPT {
            return Err(InvalidOption("keep"));
        }
        if let Some(CanaryOptions { messages, within }) = canary {
            if messages == 0 || messages as usize > MAX_JOURNAL {
                return Err(InvalidOption("canary.messages"));
            }
            if within.is_nan() || within < 0.0 {
                return Err(InvalidOption("canary.within"));
            }
        }
        Ok(Self { timeout, keep, canary })
    }
}

impl Default for SwapOptions {
    /// 5 seconds, two versions, no canary.
    fn default() -> Self {
        Self { timeout: 5000.0, keep: 2, canary: None }
    }
}
