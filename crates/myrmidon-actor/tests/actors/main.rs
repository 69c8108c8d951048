//! The API, rule by rule, on real threads: every wait is for an answer or an end, never for time.

mod asks;
#[cfg(feature = "tokio")]
mod asynchronous;
mod budgets;
mod direct;
mod lending;
mod life;
mod mailbox;
mod messages;
mod names;
mod options;
mod signals;
mod subject;
mod timers;
