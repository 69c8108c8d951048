//! What is known of an actor and of a shard, as data.

use myrmidon_core::shard::{ActorInfo, ShardStats};
use napi_derive::napi;

/// An actor.
#[napi(object)]
pub struct InfoData {
    /// `idle`, `runnable`, `busy` or `suspended`.
    pub status: String,
    /// Messages in its mailbox, all lanes.
    pub mailbox: u32,
    /// What it was charged.
    pub reductions: f64,
    /// Microseconds of its handlers.
    pub micros: f64,
    /// PIDs that it is linked to.
    pub links: Vec<f64>,
    /// Its name.
    pub name: Option<String>,
}
