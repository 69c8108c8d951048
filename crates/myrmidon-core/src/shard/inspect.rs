//! Questions of the binding: they change nothing but the table of reasons.

use super::Shard;
use crate::{
    exit_reason::ExitReason,
    link::Half,
    pid::Pid,
    slab::{Place, Side, mark},
};

/// What an actor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has nothing to handle.
    Idle,
    /// It waits for its turn, or is in the batch.
    Runnable,
    /// A handler of it waits.
    Busy,
    /// Delivery is stopped, or it is held for a full mailbox.
    Suspended,
}

impl Status {
    /// The name that every language uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Runnable => "runnable",
            Self::Busy => "busy",
            Self::Suspended => "suspended",
        }
    }
}

/// What is known of a living actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorInfo {
    /// What it is doing.
    pub status: Status,
    /// Entries of its mailbox, all lanes.
    pub mailbox: u32,
    /// Messages handled.
    pub reductions: u64,
    /// Microseconds of its handlers.
    pub micros: u64,
    /// Whom it is linked to, in the order of linking.
    pub links: Vec<Pid>,
    /// Its name.
    pub name: Option<Box<str>>,
}

/// Counters of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardStats {
    /// Actors that live.
    pub actors: u32,
    /// Entries of all mailboxes.
    pub queued: u32,
    /// Bytes held by slots, mailboxes, side records and what is on its way.
    pub bytes: usize,
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
    pub dead_letters: [u64; 8],
    /// Calls of other shards that are not answered yet.
    pub asked: u32,
    /// Calls to other shards that are not answered yet.
    pub away: u32,
    /// Payloads of bytes in mailboxes and posted records.
    pub payloads: u32,
    /// Packets that wait to be carried to other shards.
    pub packets: u32,
}

impl Shard {
    /// Who has a name.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.names.holder(name)
    }

    /// The word of a reason. The record that carries it (`EXIT_SELF`, `EXIT`, `STOP`) takes it over: one word, one record.
    pub fn intern_reason(&mut self, reason: ExitReason) -> u32 {
        self.reasons.intern(reason)
    }

    /// The reason of a word, at least until the tick after the batch in which the word came.
    pub fn reason(&self, word: u32) -> Option<ExitReason> {
        self.reasons.get(word)
    }

    /// Whether it lives; `false` as soon as an exit was accepted (G26).
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.slab.alive(pid).is_some()
    }

    /// Whether this PID was ever an actor (G4).
    pub fn ever_existed(&self, pid: Pid) -> bool {
        self.slab.ever_existed(pid)
    }

    /// What is known of a living actor.
    pub fn info(&self, pid: Pid) -> Option<ActorInfo> {
        let index = self.slab.alive(pid)?;
        let hot = &self.slab[index];
        let side = self.slab.side(index);
        let status = if hot.has(mark::SUSPENDED | mark::HELD) {
            Status::Suspended
        } else if hot.busy > 0 {
            Status::Busy
        } else if hot.place == Place::None {
            Status::Idle
        } else {
            Status::Runnable
        };
        let active = |id: &u32| self.links.halves[*id].state == Half::Active;
        let peer = |id: u32| self.links.halves[id].peer;
        Some(ActorInfo {
            status,
            mailbox: hot.count + side.map_or(0, |side| side.uncounted),
            reductions: hot.reductions,
            micros: hot.micros,
            links: side.map_or_else(Vec::new, |side: &Side| {
                side.links.iter(&self.links.halves).filter(active).map(peer).collect()
            }),
            name: side.and_then(|side| side.name.clone()),
        })
    }

    /// All living actors, in the order in which they were spawned.
    pub fn live(&self) -> impl Iterator<Item = Pid> + '_ {
        self.slab.in_order().into_iter().map(|index| self.slab.pid(index))
    }

    /// The highest generation given out: a successor of this shard's number begins above it.
    pub const fn highest_generation(&self) -> u32 {
        self.slab.highest_generation()
    }

    /// Messages that its actors have handled, ever.
    pub const fn reductions(&self) -> u64 {
        self.reductions
    }

    /// Packets that wait to be carried to other shards.
    pub fn packets(&self) -> usize {
        self.peers.waiting()
    }

    /// Actors that wait for their turn.
    pub fn runnable(&self) -> u32 {
        self.scheduler.len()
    }

    /// Actors that live.
    pub const fn actors(&self) -> u32 {
        self.slab.live
    }

    /// The shard's counters.
    pub fn stats(&self) -> ShardStats {
        ShardStats {
            actors: self.slab.live,
            queued: self.nodes.live(),
            bytes: self.bytes(),
            calls: (self.calls.len() - self.calls.asked()) as u32,
            asked: self.calls.asked() as u32,
            away: self.away.len() as u32,
            payloads: self.payloads.count() as u32,
            packets: self.peers.waiting() as u32,
            alarms: self.wheel.len() as u32,
            links: self.links.len() as u32,
            monitors: self.monitors.len() as u32,
            signals: self.signals.len() as u32,
            reasons: self.reasons.len() as u32,
            retired: self.slab.retired,
            dead_letters: self.letters,
        }
    }
}
