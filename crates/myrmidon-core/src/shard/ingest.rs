//! What an isolate submits, record by record, in order.

use super::{Alarm, Shard};
use crate::{
    call::{self, Asker, Call},
    mailbox::{Node, STOP},
    packet::Packet,
    pid::{INDEX_BITS, MAX_INDEX, Pid},
    reason,
    record::{Record, call_end, exit_self, flag, spawn, submission, why, word},
    scheduler::{FIRST_QUOTA, MAX_QUOTA},
    signal::Signal,
    slab::{Place, State, mark},
    timer::Timer,
};
use core::hint::black_box;

/// Records whose receivers are touched together, so that their cache misses overlap.
const TOUCHED: usize = 32;

pub(super) const fn to(record: &Record) -> Pid {
    Pid::from_words(record[word::TO], record[word::TO_GENERATION])
}

pub(super) const fn from(record: &Record) -> Pid {
    Pid::from_words(record[word::FROM], record[word::FROM_GENERATION])
}

/// Flags of a message that is more than a node at the end of the normal lane.
const SPECIAL: u32 = flag::CALL | flag::NEXT | flag::PRIORITY | flag::REENTRANT | flag::BYTES;

impl Shard {
    pub(super) fn ingest(&mut self, submissions: &[Record]) {
        for chunk in submissions.chunks(TOUCHED) {
            if chunk.len() > 4 {
                let touched = chunk.iter().fold(0, |sum, record| sum ^ self.slab.touch(record[word::TO] & MAX_INDEX));
                black_box(touched);
            }
            for record in chunk {
                match record[word::HEAD] & 0xff {
                    submission::SEND => self.send(record),
                    submission::HANDLED => self.count_handled(record),
                    _ => self.submission(record),
                }
            }
        }
    }

    #[inline]
    fn send(&mut self, record: &Record) {
        let index = record[word::TO] & MAX_INDEX;
        let number = self.number;
        let margin = self.margin;
        let head = record[word::HEAD];
        let Some(hot) = self.slab.get_mut(index) else {
            return self.undeliverable(record);
        };
        if hot.generation != record[word::TO_GENERATION]
            || record[word::TO] >> INDEX_BITS != u32::from(number)
            || !hot.is_alive()
        {
            return self.undeliverable(record);
        }
        if head >> 8 & SPECIAL != 0 || hot.count >= hot.capacity {
            let record = self.adopt(record);
            return self.send_special(index, &record, None);
        }
        self.nodes.push(&mut hot.normal, Node::message(record));
        hot.count += 1;
        if hot.capacity - hot.count == margin {
            self.mark_congested(index);
        }
        self.wake(index);
    }

    /// Messages that the isolate delivered by itself: nothing of them was queued here.
    #[inline]
    fn count_handled(&mut self, record: &Record) {
        let count = u64::from(record[word::A]);
        self.reductions += count;
        if let Some(index) = self.slab.alive(to(record)) {
            self.slab[index].reductions += count;
            self.charge(index, record[word::B]);
        }
    }

    /// A call, a message of another lane or one that may re-enter, or one that finds the mailbox full.
    /// `asker`: who calls from another shard.
    pub(super) fn send_special(&mut self, index: u32, record: &Record, asker: Option<Asker>) {
        let flags = record[word::HEAD] >> 8;
        let is_call = flags & flag::CALL != 0;
        if is_call && asker.is_none() && to(record) == from(record) {
            self.dead_letter(*record, why::DROPPED);
            return self.post_call_ended(record[word::A], call_end::SELF, 0);
        }
        let held = if flags & flag::NEXT != 0 || self.slab[index].count < self.slab[index].capacity {
            false
        } else {
            match self.overflow(index, record, asker) {
                super::pressure::Overflow::Gone => return,
                super::pressure::Overflow::Room => false,
                super::pressure::Overflow::Held => true,
            }
        };
        let mut node = Node::message(record);
        if let Some(asker) = asker {
            node.b = self.calls.make_asked(&mut self.slab[index].calls, index, asker);
            node.a = self.calls.all[node.b].token;
            node.head |= flag::REMOTE << 8;
        } else if is_call {
            node.b = self.make_call(index, record);
        }
        let id = self.enqueue(index, node);
        if is_call {
            let call = self.nodes.get(id).b;
            self.calls.all[call].node = id;
        }
        if held {
            self.hold(index, from(record), id);
        }
    }

    fn make_call(&mut self, index: u32, record: &Record) -> u32 {
        let (token, timeout) = (record[word::A], record[word::B]);
        self.keep_fresh_call();
        let deadline = if timeout == u32::MAX { f64::INFINITY } else { call::deadline(self.now, timeout) };
        let id = self.calls.make(&mut self.slab[index].calls, Call::new(token, index), deadline);
        if self.scheduler.is_seeded() {
            // In lockstep alarms that are due together ring in the order in which they were asked for.
            self.keep_fresh_call();
        }
        id
    }

    /// A call whose question was delivered without a way through here: from now on it ends with its callee, or in time.
    fn asked(&mut self, record: &Record) {
        if let Some(index) = self.slab.alive(to(record)) {
            self.make_call(index, record);
        } else {
            let reason = self.no_proc(to(record));
            self.post_call_ended(record[word::A], call_end::EXITED, reason);
        }
    }

    /// Puts a node into its lane and makes its receiver runnable; its number.
    pub(super) fn enqueue(&mut self, index: u32, node: Node) -> u32 {
        let margin = self.margin;
        let urgent = node.has(flag::NEXT | flag::PRIORITY);
        if urgent {
            // What the isolate holds of this actor would be handled before it.
            self.take_back(index);
        }
        if node.has(flag::REENTRANT) {
            self.slab[index].flags |= mark::MAY_ENTER;
            self.entering += u32::from(node.is_message());
        }
        let is_counted = node.is_counted();
        let id = if urgent {
            let (hot, side) = self.slab.with_side(index);
            hot.flags |= mark::URGENT;
            let lane = if node.has(flag::NEXT) { &mut side.next } else { &mut side.priority };
            self.nodes.push(lane, node)
        } else {
            let hot = &mut self.slab[index];
            self.nodes.push(&mut hot.normal, node)
        };
        if is_counted {
            let hot = &mut self.slab[index];
            hot.count += 1;
            if hot.capacity.checked_sub(hot.count) == Some(margin) {
                self.mark_congested(index);
            }
        } else {
            self.slab.side_mut(index).uncounted += 1;
        }
        // What is urgent may stand before a message that could have entered beside a waiting handler.
        if urgent {
            self.reschedule(index);
        } else {
            self.wake(index);
        }
        id
    }

    /// A message to nobody on this shard: it goes to another one, or is a dead letter (G12).
    #[inline(never)]
    fn undeliverable(&mut self, record: &Record) {
        if to(record).shard() != self.number && self.send_record_away(record) {
            return;
        }
        let record = self.adopt(record);
        if self.is_away(to(&record)) {
            return self.send_away(&record);
        }
        self.dead_letter(record, why::NOT_ALIVE);
        if record[word::HEAD] >> 8 & flag::CALL != 0 {
            let reason = self.no_proc(to(&record));
            self.post_call_ended(record[word::A], call_end::EXITED, reason);
        }
    }

    fn submission(&mut self, record: &Record) {
        let (to, from) = (to(record), from(record));
        match record[word::HEAD] & 0xff {
            submission::SPAWN => self.open(record),
            submission::STARTED => {
                if let Some(index) = self.slab.alive(to) {
                    self.slab[index].state = State::Live;
                    self.wake(index);
                }
            }
            submission::ABANDON => {
                if let Some(index) = self.slab.alive(to) {
                    self.abandon(index);
                }
            }
            submission::EXIT_SELF => self.exit_self(record),
            submission::FINISHED => {
                if let Some(index) = self.slab.find(to).filter(|index| self.slab[*index].state == State::Terminating) {
                    self.bury(index);
                }
            }
            submission::STOP => match self.slab.alive(to) {
                Some(index) => {
                    self.enqueue(index, Node::new(STOP, from, 0, record[word::A], 0));
                }
                None if self.is_away(to) => {
                    let reason = self.spent_reason(record[word::A]);
                    self.post_to(to, Packet::Stop { to, from, reason });
                }
                None => self.reasons.release(record[word::A]),
            },
            submission::EXIT if self.is_away(to) => {
                let reason = self.spent_reason(record[word::A]);
                self.post_to(to, Packet::Exit { to, from, reason });
            }
            submission::EXIT => self.signals.send(Signal::Exit { to, from, reason: record[word::A] }),
            submission::LINK => self.link(from, to),
            submission::UNLINK => self.unlink(from, to),
            submission::MONITOR => self.monitor(from, record[word::SLOT], to),
            submission::DEMONITOR => self.result = f64::from(u8::from(self.demonitor(from, record[word::SLOT]))),
            submission::ANSWERED => self.answered(record[word::A]),
            submission::ASKED => self.asked(record),
            submission::BUSY => {
                if let Some(index) = self.slab.alive(to) {
                    let hot = &mut self.slab[index];
                    hot.busy = hot.busy.saturating_add(1);
                    self.reschedule(index);
                }
            }
            submission::READY => {
                if let Some(index) = self.slab.alive(to) {
                    let hot = &mut self.slab[index];
                    hot.busy = hot.busy.saturating_sub(1);
                    self.charge(index, record[word::A]);
                    self.wake(index);
                }
            }
            submission::CHARGE => {
                if let Some(index) = self.slab.alive(to) {
                    self.charge(index, record[word::A]);
                }
            }
            submission::TIMER => self.start_timer(record),
            submission::CANCEL => self.result = self.cancel_timer(to, record[word::SLOT]),
            submission::FLAGS => {
                if let Some(index) = self.slab.alive(to) {
                    const MASK: u8 = (spawn::TRAP_EXIT | spawn::CLEANUP) as u8;
                    let hot = &mut self.slab[index];
                    hot.flags = hot.flags & !MASK | record[word::B] as u8 & MASK;
                }
            }
            submission::SUSPEND => {
                if let Some(index) = self.slab.alive(to) {
                    self.slab[index].flags |= mark::SUSPENDED;
                    self.take_back(index);
                    self.let_answers_go(index);
                    self.unschedule(index);
                }
            }
            submission::RESUME => {
                if let Some(index) = self.slab.alive(to) {
                    self.slab[index].flags &= !mark::SUSPENDED;
                    self.wake(index);
                }
            }
            submission::RELEASE => {
                if let Some(index) = self.reserved(to) {
                    self.slab.end(index);
                    self.slab.free(index);
                }
            }
            submission::REPLY => self.reply(record),
            submission::FORWARD => self.forward(record),
            submission::AWAIT_ROOM => self.await_room(to, record[word::SLOT]),
            submission::BEHIND => self.wait_behind(to, record[word::SLOT]),
            _ => {}
        }
    }

    /// An actor has ended by itself: with a reason word of its own, or one that the sender keeps.
    fn exit_self(&mut self, record: &Record) {
        let reason = record[word::A];
        if record[word::HEAD] >> 8 & exit_self::KEPT != 0 {
            self.reasons.retain(reason);
        }
        match self.slab.alive(to(record)) {
            Some(index) => self.exit(index, reason),
            None => self.reasons.release(reason),
        }
    }

    fn reserved(&self, pid: Pid) -> Option<u32> {
        self.slab.find(pid).filter(|index| self.slab[*index].state == State::Reserved)
    }

    /// Opens a reserved PID; link, watch and mailbox are there in the same step (G35).
    fn open(&mut self, record: &Record) {
        let pid = to(record);
        let Some(index) = self.reserved(pid) else { return };
        let flags = record[word::HEAD] >> 8 & 0xff;
        let (asked, policy) = (record[word::A], record[word::B]);
        let capacity = if asked == 0 { self.default_capacity } else { asked };
        let budget = match record[word::HEAD] >> 16 {
            0 => MAX_QUOTA,
            messages => messages.min(u32::from(MAX_QUOTA)) as u8,
        };
        let hot = &mut self.slab[index];
        hot.state = if flags & spawn::STARTING == 0 { State::Live } else { State::Starting };
        hot.flags = (flags & (spawn::TRAP_EXIT | spawn::CLEANUP)) as u8;
        hot.policy = policy as u8;
        hot.capacity = capacity;
        hot.budget = budget;
        hot.quota = FIRST_QUOTA.min(budget);
        if u32::from(hot.policy) == crate::record::policy::SUSPEND {
            self.slab.side_mut(index).send_timeout = policy >> 8;
        }
        self.slab.open(index);
        if capacity <= self.margin {
            self.mark_congested(index);
        }
        let owner = from(record);
        if flags & spawn::LINK != 0 && !owner.is_none() {
            // The child is the one that is told when its parent has died meanwhile.
            self.link(pid, owner);
        }
        if flags & spawn::MONITOR != 0 && self.is_away(owner) {
            self.watched_from_afar(owner, record[word::SLOT], index);
        } else if flags & spawn::MONITOR != 0 {
            self.monitor(owner, record[word::SLOT], pid);
        }
    }

    /// A SPAWN with a name, in one step (G35).
    ///
    /// # Errors
    /// Who has the name; nothing was done.
    pub fn open_named(&mut self, submission: &Record, name: &str) -> Result<(), Pid> {
        let pid = to(submission);
        let Some(index) = self.reserved(pid) else { return Ok(()) };
        self.names.claim(name, pid)?;
        self.slab.side_mut(index).name = Some(name.into());
        self.open(submission);
        self.write_control();
        Ok(())
    }

    fn start_timer(&mut self, record: &Record) {
        let owner = to(record);
        let reference = record[word::SLOT];
        let Some(index) = self.slab.alive(owner) else { return };
        if self.timers.find(owner, reference).is_some() {
            return;
        }
        let delay = f64::from_bits(u64::from(record[word::A]) | u64::from(record[word::B]) << 32);
        let delay = if delay.is_nan() { 0.0 } else { delay.max(0.0) };
        let repeats = record[word::FROM] != 0;
        // A beat below a ms would be a busy loop.
        let delay = if repeats { delay.max(1.0) } else { delay };
        let priority = record[word::HEAD] >> 8 & flag::PRIORITY != 0;
        let timer = Timer::new(owner, reference, if repeats { delay } else { 0.0 }, priority);
        let id = self.timers.make(&mut self.slab.side_mut(index).timers, timer);
        self.timers.all[id].alarm = self.wheel.set(self.now, self.now + delay, Alarm::Timer(id));
    }

    /// ms left, 0 when its tick was queued, -1 when it was delivered or never was (G44).
    fn cancel_timer(&mut self, owner: Pid, reference: u32) -> f64 {
        let Some(id) = self.timers.find(owner, reference) else {
            return -1.0;
        };
        let Some(index) = self.slab.alive(owner) else {
            return -1.0;
        };
        let timer = self.timers.take(&mut self.slab.side_mut(index).timers, id);
        let mut left = 0.0;
        if timer.alarm != 0 {
            left = (self.wheel.cancel(timer.alarm) - self.now).max(0.0);
        }
        if timer.node != 0 {
            left = 0.0;
            self.remove_node(index, timer.node);
        }
        left
    }

    /// The isolate has taken the answer: the call is over, without a word (G18). Its token may be used again at once, so
    /// an end that the isolate has not read yet is taken back.
    fn answered(&mut self, token: u32) {
        let Some(id) = self.calls.find(token) else {
            return self.drop_away_call(token);
        };
        let callee = self.calls.all[id].callee;
        let call = self.calls.take(&mut self.slab[callee].calls, id);
        if call.alarm != 0 {
            self.wheel.cancel(call.alarm);
        }
        if call.node != 0 {
            self.nodes.get_mut(call.node).b = 0;
        }
    }

    /// Takes a node out of a mailbox that must not be handled any more.
    pub(super) fn remove_node(&mut self, index: u32, id: u32) -> Node {
        self.take_back(index);
        let node = *self.nodes.get(id);
        if node.has(flag::NEXT | flag::PRIORITY) {
            let (hot, side) = self.slab.with_side(index);
            let lane = if node.has(flag::NEXT) { &mut side.next } else { &mut side.priority };
            self.nodes.remove(lane, id);
            if side.next.is_empty() && side.priority.is_empty() {
                hot.flags &= !mark::URGENT;
            }
        } else {
            let hot = &mut self.slab[index];
            self.nodes.remove(&mut hot.normal, id);
        }
        self.entering -= u32::from(node.may_enter());
        if node.is_counted() {
            self.uncount(index, 1);
        } else {
            self.slab.side_mut(index).uncounted -= 1;
        }
        if self.slab[index].place != Place::Batch {
            self.reschedule(index);
        }
        node
    }

    /// The word `Normal`: what an actor that was never started ends with.
    pub(super) const fn never_started() -> u32 {
        reason::no_proc(true)
    }
}
