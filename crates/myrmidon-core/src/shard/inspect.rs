//! Questions of the binding: they change nothing but the table of reasons.

use super::{Alarm, Shard};
use crate::{
    call::Call,
    exit_reason::{CrashError, ExitReason},
    link::{Half, LinkHalf},
    mailbox::{Lane, Node},
    monitor::Monitor,
    payload::Payload,
    pid::Pid,
    record::flag,
    room::Hold,
    slab::{Place, SLOT_BYTES, Side, mark},
    timer::Timer,
    wheel::alarm_bytes,
};

/// Bytes of an entry of a hash table: key, value and its byte of control.
const fn entry<K, V>() -> usize {
    size_of::<(K, V)>() + 1
}

// What each thing of an actor takes, with the entries that find it.
const ALARM: usize = alarm_bytes::<Alarm>();
const LINK: usize = size_of::<LinkHalf>() + entry::<(Pid, Pid), u32>();
const MONITOR: usize = size_of::<Monitor>() + entry::<(Pid, u32), u32>();
const TIMER: usize = size_of::<Timer>() + entry::<(Pid, u32), u32>();
const CALL: usize = size_of::<Call>() + entry::<u32, u32>();
const HOLD: usize = size_of::<Hold>() + entry::<(Pid, Pid), u32>() + entry::<u32, u32>() + ALARM;
const NAME: usize = entry::<Box<str>, Pid>();

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
    /// Actors that are held until there is room in it (G16).
    pub held: u32,
    /// Messages handled.
    pub reductions: u64,
    /// Microseconds of its handlers.
    pub micros: u64,
    /// Bytes that the shard holds for it: see [`Shard::memory`].
    pub memory: usize,
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

    /// The word of a failure that the isolate may name until it lets it go, in records `EXIT_SELF` that say
    /// `exit_self::KEPT`. A shard that never joins others need not be told what it says.
    pub fn hold_reason(&mut self, failure: Option<CrashError>) -> u32 {
        self.reasons.hold(failure)
    }

    /// Whether a word that the isolate holds is on its way, too. If not, one that says nothing here may stand for another
    /// failure.
    pub fn is_reason_shared(&self, word: u32) -> bool {
        self.reasons.is_shared(word)
    }

    /// The isolate holds a word no longer that says what it is, or that nobody else has.
    pub fn let_go_of_reason(&mut self, word: u32) {
        self.reasons.let_go(word);
    }

    /// What a word says that said nothing here and is on its way; the isolate holds it no longer.
    pub fn tell_reason(&mut self, word: u32, failure: CrashError) {
        self.reasons.tell(word, failure);
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
        self.slab.alive(pid).map(|index| self.info_of(index))
    }

    /// What is known of the living actor of a slot.
    pub(super) fn info_of(&self, index: u32) -> ActorInfo {
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
        ActorInfo {
            status,
            mailbox: self.entries(index),
            held: side.map_or(0, |side| side.held_by.iter(&self.holds.all).count() as u32),
            reductions: hot.reductions,
            micros: hot.micros,
            memory: self.memory(index),
            links: side.map_or_else(Vec::new, |side: &Side| {
                side.links.iter(&self.links.halves).filter(active).map(peer).collect()
            }),
            name: side.and_then(|side| side.name.clone()),
        }
    }

    /// Entries of an actor's mailbox, all lanes.
    pub(super) fn entries(&self, index: u32) -> u32 {
        self.slab[index].count + self.slab.side(index).map_or(0, |side| side.uncounted)
    }

    /// Bytes that the shard holds for a living actor: its slot, the nodes of its mailbox with the bytes that wait in
    /// it, its side record with links, monitors, timers, holds and name, and the calls that it has to answer. What a table
    /// has in reserve is nobody's; other payloads and states are the isolate's. A monitor counts for who watches; one from
    /// outside or from another shard for who is watched.
    pub(super) fn memory(&self, index: u32) -> usize {
        let hot = &self.slab[index];
        let alarm = |id: u32| if id == 0 { 0 } else { ALARM };
        let calls: usize = hot.calls.iter(&self.calls.all).map(|id| CALL + alarm(self.calls.all[id].alarm)).sum();
        let queued = self.entries(index) as usize * size_of::<Node>();
        let side = self.slab.side(index).map_or(0, |side| self.side_memory(side));
        SLOT_BYTES + queued + calls + side + if self.payloads.count() == 0 { 0 } else { self.waiting_bytes(index) }
    }

    /// Bytes of the payloads that wait in an actor's mailbox. Linear in its entries, where this shard has bytes at all.
    fn waiting_bytes(&self, index: u32) -> usize {
        let hot = &self.slab[index];
        let batch = if hot.place == Place::Batch { self.batch.slices[hot.at as usize].nodes } else { Lane::default() };
        let [next, priority] = self.slab.side(index).map_or_else(Default::default, |side| [side.next, side.priority]);
        let mut bytes = 0;
        for lane in [batch, next, priority, hot.normal] {
            let mut id = lane.head;
            while id != 0 {
                let node = self.nodes.get(id);
                if node.is_message() && node.has(flag::BYTES) {
                    bytes += size_of::<Payload>() + self.payloads.length(node.slot);
                }
                id = self.nodes.next(id);
            }
        }
        bytes
    }

    /// It watches from outside, or from another shard: the watched one's shard alone holds what stands for that here.
    fn is_elsewhere(&self, watcher: Pid) -> bool {
        watcher.is_none() || self.is_away(watcher)
    }

    fn side_memory(&self, side: &Side) -> usize {
        let monitors = &self.monitors.all;
        let outside = side.watched_by.iter(monitors).filter(|id| self.is_elsewhere(monitors[*id].watcher)).count();
        let timer = |id: u32| TIMER + if self.timers.all[id].alarm == 0 { 0 } else { ALARM };
        size_of::<Side>()
            + side.links.iter(&self.links.halves).count() * LINK
            + (side.watching.iter(monitors).count() + outside) * MONITOR
            + side.timers.iter(&self.timers.all).map(timer).sum::<usize>()
            + side.holding.iter(&self.holds.all).count() * HOLD
            + side.waiters.capacity() * size_of::<u32>()
            // The text stands in the record and in the table of names.
            + side.name.as_ref().map_or(0, |name| NAME + 2 * name.len())
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

    /// Microseconds that its actors' handlers took, ever: as each was charged, those included that have ended (G225).
    pub const fn micros(&self) -> u64 {
        self.micros
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
