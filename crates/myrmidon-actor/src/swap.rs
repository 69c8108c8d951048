//! Hot swap: another type of actor for one that lives, with its state migrated, and the way back.
//!
//! What is decided is `myrmidon_core::swap`'s (docs/semantics.md, G65 to G81, and G177 to G180 for what is Rust's); what it
//! orders is done by `worker/swaps.rs`. Here is what a program says and gets.

mod error;
mod event;
mod group;
mod layer;
mod one;
mod options;
#[cfg(all(test, feature = "tokio"))]
mod rows;
mod upgrade;
mod verdict;

pub use error::{Handled, SwapError};
pub(crate) use error::{Noted, Refused};
pub(crate) use event::OnSwap;
pub use event::SwapEvent;
pub use group::{DryRun, GroupReport, Pauses, WentBack};
pub(crate) use layer::{After, Before, Layer, OnSignal};
pub use one::Running;
pub(crate) use one::on_shard_of;
pub(crate) use one::requests;
pub use options::{Canary, SwapOptions};
pub(crate) use upgrade::Plan;
pub use upgrade::Upgrade;
pub use verdict::{Unanswered, Verdict};
