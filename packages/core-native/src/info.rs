//! What is known of an actor and of a shard, as data.

use myrmidon_core::{
    pid::Pid,
    shard::{ActorInfo, ShardStats, Usage},
};
use myrmidon_runtime::system::IsolateLoad;
use napi_derive::napi;

/// A PID as JavaScript has it.
pub fn to_js(pid: Pid) -> f64 {
    pid.to_u64() as f64
}

/// An actor.
#[napi(object)]
pub struct InfoData {
    /// Its PID.
    pub pid: f64,
    /// `idle`, `runnable`, `busy` or `suspended`.
    pub status: String,
    /// Entries of its mailbox, all lanes.
    pub mailbox: u32,
    /// Actors that are held until there is room in it.
    pub held: u32,
    /// Messages handled.
    pub reductions: f64,
    /// Microseconds of its handlers.
    pub micros: f64,
    /// Bytes that the shard holds for it.
    pub memory: f64,
    /// Whom it is linked to.
    pub links: Vec<f64>,
    /// Its name.
    pub name: Option<String>,
}
impl From<(Pid, ActorInfo)> for InfoData {
    fn from((pid, info): (Pid, ActorInfo)) -> Self {
        Self {
            pid: to_js(pid),
            status: info.status.name().to_owned(),
            mailbox: info.mailbox,
            held: info.held,
            reductions: info.reductions as f64,
            micros: info.micros as f64,
            memory: info.memory as f64,
            links: info.links.into_iter().map(to_js).collect(),
            name: info.name.map(String::from),
        }
    }
}

/// Numbers of a [`Usage`] as [`words_of`] writes them.
const USAGE_WORDS: usize = 5;

/// An account as five numbers in a row: objects would cost more than the walk that finds them.
pub fn words_of(usage: Usage) -> [f64; USAGE_WORDS] {
    let Usage { pid, reductions, micros, mailbox, memory } = usage;
    [to_js(pid), reductions as f64, micros as f64, f64::from(mailbox), memory as f64]
}

/// An isolate of a system, as of its last tick.
#[napi(object)]
pub struct IsolateData {
    /// Its number in its system.
    pub isolate: u32,
    /// Its shard.
    pub shard: u32,
    /// Messages that it has handled, ever.
    pub reductions: f64,
    /// Microseconds that its handlers took, ever.
    pub micros: f64,
    /// Actors that wait for their turn.
    pub runnable: f64,
    /// Actors that live.
    pub live: f64,
    /// A worker shard of Rust, which no isolate of JavaScript has.
    pub is_rust: bool,
    /// Of such a one: something is to be done there, now or later.
    pub is_busy: bool,
}
impl From<IsolateLoad> for IsolateData {
    fn from(load: IsolateLoad) -> Self {
        Self {
            isolate: u32::from(load.isolate),
            shard: u32::from(load.shard),
            reductions: load.reductions as f64,
            micros: load.micros as f64,
            runnable: load.runnable as f64,
            live: load.live as f64,
            is_rust: myrmidon_actor::is_worker(load.shard),
            is_busy: myrmidon_actor::is_busy(load.shard),
        }
    }
}

/// A shard's counters.
#[napi(object)]
pub struct StatsData {
    /// Actors that live.
    pub actors: u32,
    /// Entries of all mailboxes.
    pub queued: u32,
    /// Bytes held by slots, mailboxes and side records.
    pub bytes: f64,
    /// Pending calls.
    pub calls: u32,
    /// Alarms set: timers, timeouts of calls, holds.
    pub alarms: u32,
    /// Halves of links.
    pub links: u32,
    /// Monitors.
    pub monitors: u32,
    /// Signals on their way.
    pub signals: u32,
    /// Reasons in the table.
    pub reasons: u32,
    /// Slots whose generations are spent.
    pub retired: u32,
    /// Dead letters so far, by `why`.
    pub dead_letters: Vec<f64>,
    /// Calls of other shards that are not answered yet.
    pub asked: u32,
    /// Calls to other shards that are not answered yet.
    pub away: u32,
    /// Payloads of bytes in mailboxes and posted records.
    pub payloads: u32,
    /// Packets that wait for room on the way to other shards.
    pub packets: u32,
}
impl From<&ShardStats> for StatsData {
    fn from(stats: &ShardStats) -> Self {
        Self {
            actors: stats.actors,
            queued: stats.queued,
            bytes: stats.bytes as f64,
            calls: stats.calls,
            alarms: stats.alarms,
            links: stats.links,
            monitors: stats.monitors,
            signals: stats.signals,
            reasons: stats.reasons,
            retired: stats.retired,
            dead_letters: stats.dead_letters.iter().map(|count| *count as f64).collect(),
            asked: stats.asked,
            away: stats.away,
            payloads: stats.payloads,
            packets: stats.packets,
        }
    }
}
