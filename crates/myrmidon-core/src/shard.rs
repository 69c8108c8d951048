//! A shard: everything that happens between the actors of one thread.
//!
//! Owner: the thread that ticks it, and only while it ticks. No atomics, no locks, no clock, no I/O: time comes in with
//! each tick, and what has to happen outside goes out as records (`record.rs`).
//!
//! One tick: `settle` what the isolate has handled, `ingest` what it submitted, and, when it may deliver (`max > 0`),
//! close the last batch, fire timers, handle signals (`control`), write what is posted, then slices (`emit`). Ends are
//! in `death`, full mailboxes in `pressure`, questions of the binding in `inspect`.
//!
//! Between shards: what this one wants of another one is a packet (`packet.rs`), made in `away` and handed over with
//! [`Shard::hand_over`]; what another one wants of this one comes in through [`Shard::receive`], between two ticks.
//! Who the others are is in `membership`, bytes in `blocks`. A shard alone has none of it, and pays for none of it: a
//! record's receiver is looked up here first.

mod accounts;
mod away;
mod behind;
mod blocks;
mod control;
mod death;
mod direct;
mod ebb;
mod emit;
mod ingest;
mod inspect;
mod membership;
mod pressure;
mod receive;
mod settle;
mod watch;

pub use accounts::{Measure, Usage};
pub use direct::is_plain;
pub use inspect::{ActorInfo, ShardStats, Status};

use crate::{
    away::AwayCalls,
    batch::Batch,
    call::Calls,
    link::Links,
    mailbox::Nodes,
    monitor::Monitors,
    name::Names,
    outbox::Outbox,
    payload::{Payload, Payloads},
    peer::Peers,
    pid::Pid,
    reason::{self, Reasons},
    record::{Record, call_end, completion, control as words, flag, word},
    room::Holds,
    scheduler::{MAX_QUOTA, Scheduler},
    signal::Signals,
    slab::{Place, Slab, mark},
    tide::Tide,
    timer::Timers,
    wheel::{Ring, Wheel},
};
use rustc_hash::FxHashMap;

/// A mailbox with room for fewer messages than this is marked as congested, unless the binding gives another number.
pub const DEFAULT_MARGIN: u32 = 1024;

/// The largest budget of a spawn, in messages a slice, and that of a spawn which has none (G105).
pub const MAX_BUDGET: u32 = MAX_QUOTA as u32;

/// Sizes and choices of a shard.
#[derive(Clone, Copy, Debug)]
pub struct ShardConfig {
    /// Its number.
    pub shard: u8,
    /// How many PIDs may be in use at the same time.
    pub max_actors: u32,
    /// The bound of a mailbox whose spawn has none.
    pub default_capacity: u32,
    /// Lockstep, for tests: one message a slice, in an order drawn from this seed.
    pub seed: Option<u64>,
    /// How long a slice may take, in microseconds; an actor that takes longer is in debt.
    pub long_slice_us: u32,
}

/// What an alarm of the timer wheel is for.
#[derive(Clone, Copy, Debug, Default)]
enum Alarm {
    #[default]
    Nothing,
    Timer(u32),
    Call(u32),
    Away(u32),
    Hold(u32),
}

/// Everything that one thread owns. See the module.
pub struct Shard {
    slab: Slab,
    nodes: Nodes,
    scheduler: Scheduler,
    batch: Batch,
    signals: Signals,
    links: Links,
    monitors: Monitors,
    calls: Calls,
    holds: Holds,
    names: Names,
    timers: Timers,
    wheel: Wheel<Alarm>,
    reasons: Reasons,
    outbox: Outbox,
    /// Exit reasons in the last batch, which the isolate may still be reading: their counts are given back with the
    /// next one.
    read: Vec<u32>,
    due: Vec<Ring<Alarm>>,
    tide: Tide,
    congested: Vec<u32>,
    congested_count: u32,
    /// Words of `congested` that changed since the binding last looked.
    congested_changed: Vec<u32>,
    margin: u32,
    control: [i32; words::WORDS],
    result: f64,
    now: f64,
    number: u8,
    default_capacity: u32,
    budget: u32,
    letters: [u64; 8],
    /// How many messages in all mailboxes may enter while a handler waits (`Reentrant`).
    entering: u32,
    /// Answers that waited in the mailbox of the actor that is ending now.
    unreached: Vec<u32>,
    /// Messages handled by all actors since the shard began.
    reductions: u64,
    /// Microseconds that the handlers of all actors took since the shard began.
    micros: u64,
    closed: bool,
    peers: Peers,
    away: AwayCalls,
    payloads: Payloads,
    /// Payloads that the isolate may still be reading: freed at the next batch.
    read_blocks: Vec<u32>,
    /// What the isolate wrote for the records that are ingested next, and what it reads with its batch (`blocks`).
    outgoing: Vec<u32>,
    incoming: Vec<u32>,
    incoming_room: usize,
    /// Blocks of bytes that the isolate has put, each for one record to come.
    put: FxHashMap<u32, Payload>,
    last_put: u32,
    /// The number of the isolate in its system.
    isolate: u8,
    /// The isolate is gone, and the shard is closed without it: what it still has goes back to the senders' shards.
    lost: bool,
}

impl Shard {
    /// Makes a shard without actors.
    pub fn new(config: ShardConfig) -> Self {
        Self::with_generation(config, 0, DEFAULT_MARGIN)
    }

    /// Makes a shard whose PIDs begin at a generation, because another shard had its number before. A mailbox with room
    /// for at most `margin` messages is [`Shard::congested`].
    pub fn with_generation(config: ShardConfig, first_generation: u32, margin: u32) -> Self {
        let ShardConfig { shard, max_actors, default_capacity, seed, long_slice_us } = config;
        let mut control = [0; words::WORDS];
        control[words::NEXT_DEADLINE] = -1;
        Self {
            slab: Slab::new(shard, max_actors, first_generation),
            nodes: Nodes::default(),
            scheduler: Scheduler::new(seed),
            batch: Batch::default(),
            signals: Signals::default(),
            links: Links::default(),
            monitors: Monitors::default(),
            calls: Calls::default(),
            holds: Holds::default(),
            names: Names::default(),
            timers: Timers::default(),
            wheel: if seed.is_some() { Wheel::exact() } else { Wheel::new() },
            reasons: Reasons::default(),
            outbox: Outbox::default(),
            read: Vec::new(),
            due: Vec::new(),
            tide: Tide::default(),
            congested: vec![0; (max_actors as usize + 1).div_ceil(32)],
            congested_count: 0,
            congested_changed: Vec::new(),
            margin,
            control,
            result: 0.0,
            now: 0.0,
            number: shard,
            default_capacity: default_capacity.max(1),
            budget: long_slice_us.max(1),
            letters: [0; 8],
            entering: 0,
            unreached: Vec::new(),
            reductions: 0,
            micros: 0,
            closed: false,
            peers: Peers::default(),
            away: AwayCalls::default(),
            payloads: Payloads::default(),
            read_blocks: Vec::new(),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            incoming_room: 0,
            put: FxHashMap::default(),
            last_put: 0,
            isolate: 0,
            lost: false,
        }
    }

    /// The two ranges of addresses that hold actors, or will; each is filled from its beginning. They stay the same
    /// while the shard lives, except for one with more than 2^22 actors, or where there was no room: these move as they
    /// grow.
    pub fn room(&self) -> [core::ops::Range<*const u8>; 2] {
        self.slab.room()
    }

    /// Reserves up to `out.len()` PIDs, and returns how many. Unused ones are given back by `submission::RELEASE`.
    pub fn reserve(&mut self, out: &mut [Pid]) -> usize {
        if self.closed {
            return 0;
        }
        let mut count = 0;
        for place in out {
            let Some(pid) = self.slab.reserve() else { break };
            *place = pid;
            count += 1;
        }
        count
    }

    /// Ingests submissions in order. `now` is monotonic ms. `completions` is the ring of the previous batch: how far
    /// the isolate has got is read from its headers.
    ///
    /// `max = 0`: settles and ingests, and writes nothing. Signals wait, since a handler may be running (see
    /// [`Shard::handle_signals`]). `max > 0`: takes back what was not handled of the previous batch, fires timers,
    /// handles signals, and writes slices until there are `max` messages or the ring is full. Returns how many records
    /// were written.
    pub fn tick(&mut self, now: f64, submissions: &[Record], completions: &mut [Record], max: u32) -> usize {
        self.now = now;
        self.settle(completions);
        self.ingest(submissions);
        if self.calls.ages() {
            self.keep_fresh_call();
        }
        let mut written = 0;
        if max > 0 {
            self.close_batch();
            self.ring();
            self.control_pass();
            written = self.emit(completions, max);
        }
        self.write_control();
        if max > 0 && written == 0 && self.control[words::RUNNABLE] == 0 {
            self.keep_fresh_call();
            self.write_deadline();
            self.idle_moment();
        } else if max > 0 && self.scheduler.is_seeded() {
            // The isolate may sleep after this tick, and in virtual time somebody else moves the clock meanwhile.
            self.write_deadline();
        }
        written
    }

    /// Handles a bounded number of signals: between two messages of a batch (G8), and before a question that they may
    /// answer, such as whether an actor lives (G26).
    pub fn handle_signals(&mut self) {
        self.control_pass();
        self.write_control();
    }

    /// Treats what is left (messages, calls, signals) as if all actors had ended, and fills the ring with what that
    /// leads to. To be called until it returns 0. Afterwards nothing can be spawned, and what is sent is a dead letter.
    pub fn close(&mut self, completions: &mut [Record]) -> usize {
        self.settle(completions);
        self.close_batch();
        self.end_all();
        let written = self.write_outbox(completions);
        self.write_control();
        written
    }

    fn end_all(&mut self) {
        self.closed = true;
        for index in self.slab.not_ended().into_iter().rev() {
            self.kill(index);
        }
        self.end_own_affairs();
        while !self.signals.is_empty() {
            self.control_pass();
        }
    }

    /// Ends the present batch before the next tick: messages that the isolate has not handled are put back into the
    /// mailboxes.
    pub fn end_batch(&mut self) {
        self.close_batch();
        self.handle_signals();
    }

    /// The answer of the last DEMONITOR or CANCEL ingested.
    pub const fn result(&self) -> f64 {
        self.result
    }

    /// The control block, as of the last tick.
    pub const fn control(&self) -> &[i32; words::WORDS] {
        &self.control
    }

    /// Puts an actor into the run queue if it has something to handle and is allowed to.
    #[inline]
    fn wake(&mut self, index: u32) {
        let place = self.slab[index].place;
        if place == Place::Batch {
            self.batch.goes_on = true;
        } else if place == Place::None && self.is_runnable(index) {
            let in_debt = self.slab[index].has(mark::DEBT) && !self.scheduler.is_seeded();
            let at = self.scheduler.add(index, in_debt);
            let hot = &mut self.slab[index];
            hot.place = if in_debt { Place::Debt } else { Place::Run };
            hot.at = at;
        }
    }

    /// Takes an actor out of the run queue if it is there.
    fn unschedule(&mut self, index: u32) {
        let hot = &mut self.slab[index];
        if matches!(hot.place, Place::Run | Place::Debt) {
            self.scheduler.remove(index, hot.at, hot.place == Place::Debt);
            hot.place = Place::None;
        }
    }

    /// Puts an actor into the queue where it belongs, or out of all, after something about it has changed.
    fn reschedule(&mut self, index: u32) {
        if self.is_runnable(index) {
            self.wake(index);
        } else {
            self.unschedule(index);
        }
    }

    #[inline]
    fn is_runnable(&mut self, index: u32) -> bool {
        use crate::slab::State;
        let hot = &self.slab[index];
        if hot.state != State::Live || hot.has(mark::SUSPENDED | mark::HELD) {
            return false;
        }
        if hot.busy == 0 { self.first_node(index) != 0 } else { self.entering(index).is_some() }
    }

    /// The node of the mailbox that is to be handled first; 0 if there is none.
    #[inline]
    fn first_node(&self, index: u32) -> u32 {
        let hot = &self.slab[index];
        if hot.has(mark::URGENT)
            && let Some(side) = self.slab.side(index)
        {
            if !side.next.is_empty() {
                return side.next.head;
            }
            if !side.priority.is_empty() {
                return side.priority.head;
            }
        }
        hot.normal.head
    }

    /// Posts a record for the isolate.
    fn post(&mut self, kind: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) {
        self.outbox.push([to.low(), to.generation(), from.low(), from.generation(), kind, slot, a, b]);
    }

    /// Posts the end of an actor, with what it has used.
    fn post_dead(&mut self, pid: Pid, reason: u32, reductions: u64, micros: u64) {
        let [low, high] = halves(reductions);
        let [slot, b] = halves(micros);
        self.outbox.push([pid.low(), pid.generation(), low, high, completion::DEAD, slot, reason, b]);
    }

    /// Posts a message that is not delivered. Its bytes are in the pool.
    fn dead_letter(&mut self, mut record: Record, why: u32) {
        self.letters[why as usize] += 1;
        if self.lost {
            return self.send_back(&record, why);
        }
        let kind = if record[word::HEAD] >> 8 & flag::BYTES == 0 {
            completion::DEAD_LETTER
        } else {
            completion::DEAD_LETTER_BYTES
        };
        let flags = record[word::HEAD] >> 8 & 0xf | why << flag::WHY_SHIFT;
        record[word::HEAD] = kind | flags << 8 | record[word::HEAD] & 0xffff_0000;
        if flags & flag::CALL != 0 {
            record[word::B] = 0;
        }
        self.outbox.push(record);
    }

    /// Sets the alarm of the latest call, and lists its token.
    fn keep_fresh_call(&mut self) {
        if let Some((id, deadline)) = self.calls.keep()
            && deadline < f64::INFINITY
        {
            self.calls.all[id].alarm = self.wheel.set(self.now, deadline, Alarm::Call(id));
        }
    }

    /// Ends a pending call without an answer. The caller keeps its count of the reason in `detail`.
    fn end_call(&mut self, id: u32, end: u32, detail: u32) {
        let callee = self.calls.all[id].callee;
        let call = self.calls.take(&mut self.slab[callee].calls, id);
        if call.alarm != 0 {
            self.wheel.cancel(call.alarm);
        }
        if call.node != 0 {
            self.nodes.get_mut(call.node).b = 0;
        }
        if call.asker == 0 {
            self.post_call_ended(call.token, end, detail);
        } else {
            let asker = self.calls.take_asker(&call);
            self.tell_call_ended(asker, end, detail);
        }
    }

    /// `detail`: of `EXITED` the word of the reason, of which the caller keeps its count; of `MAILBOX_FULL` the
    /// capacity.
    fn post_call_ended(&mut self, token: u32, end: u32, detail: u32) {
        let slot = if end == call_end::EXITED { self.reasons.retain(detail) } else { detail };
        self.post(completion::CALL_ENDED, Pid::NONE, Pid::NONE, slot, token, end);
    }

    /// The reason for a PID without an actor: `NoProc`, or the end of its shard.
    fn no_proc(&self, pid: Pid) -> u32 {
        match self.peers.get(pid.shard()) {
            Some(peer) if pid.shard() != self.number && !peer.up => reason::isolate_down(peer.isolate),
            _ => reason::no_proc(self.slab.ever_existed(pid)),
        }
    }

    #[cold]
    #[expect(clippy::cast_possible_wrap, reason = "counters far below 2^31")]
    fn write_control_of_peers(&mut self) {
        self.control[words::CALLS] += self.away.len() as i32 - self.calls.asked() as i32;
        self.control[words::FULL_PEERS] = self.peers.near as i32;
    }

    /// Writes when the isolate has to be awake again, for the case that it sleeps now.
    fn write_deadline(&mut self) {
        self.control[words::NEXT_DEADLINE] =
            self.wheel.next().map_or(-1, |at| (at - self.now).ceil().clamp(0.0, f64::from(i32::MAX)) as i32);
    }

    #[expect(clippy::cast_possible_wrap, reason = "counters far below 2^31")]
    fn write_control(&mut self) {
        let more =
            !self.outbox.is_empty() || !self.signals.is_empty() || !self.scheduler.is_empty() || self.batch.goes_on();
        self.control[words::RUNNABLE] = i32::from(more);
        self.control[words::LIVE] = self.slab.live as i32;
        self.control[words::QUEUED] = self.nodes.live() as i32;
        self.control[words::CALLS] = self.calls.len() as i32;
        self.control[words::HOLDS] = self.holds.all.len() as i32;
        self.control[words::ENTERING] = self.entering as i32;
        if self.peers.count() > 0 {
            self.write_control_of_peers();
        }
    }
}

/// The words of a `u64`, low first.
const fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

#[cfg(test)]
mod held_blocks_tests;
#[cfg(test)]
mod pair_tests;
#[cfg(test)]
mod storm_tests;
#[cfg(test)]
mod tests;
