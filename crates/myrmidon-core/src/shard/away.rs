//! What goes to other shards (G110 to G113): messages and calls, and the packets of links, watches and ends.
//!
//! A message that finds the way there full: an actor's is accepted and the actor held, once. Of whoever cannot be held, or
//! is held for it already, `admit` tells that there is no room; what is submitted all the same is taken, because whoever
//! submitted it was near no bound when it last looked: it may have grown with what stood before it in the same batch (G205).
//! All other packets are never refused.

use super::{
    Alarm, Shard,
    blocks::copied,
    ingest::{from, to},
};
use crate::{
    call::{self, Asker},
    exit_reason::ExitReason,
    monitor::Monitor,
    packet::Packet,
    payload::Payload,
    peer::{Departures, outside_of, way_to},
    pid::Pid,
    reason,
    record::{BLOCK, Record, WIRE, call_end, completion, flag, submission, why, word},
    room::Hold,
};

/// What of a message's head travels.
const TRAVELS: u32 = 0xffff_0000 | (flag::PRIORITY | flag::REENTRANT) << 8;

impl Shard {
    /// Gives the packets that wait for other shards to whoever carries them, which takes what it has room for.
    pub fn hand_over(&mut self, mut carry: impl FnMut(Departures<'_>)) {
        for shard in 0..self.peers.count() {
            let shard = shard as u8;
            if let Some(departures) = self.peers.departures(shard) {
                carry(departures);
                if self.peers.drained(shard) {
                    self.way_is_free(shard);
                }
            }
        }
        self.write_control();
    }

    /// Whether a PID is of another shard that takes packets.
    pub(super) fn is_away(&self, pid: Pid) -> bool {
        pid.shard() != self.number && !pid.is_none() && self.peers.is_up(pid.shard())
    }

    /// Sends a packet to the shard of a PID. A shard that has ended, or is about to, says nothing any more but what it
    /// gives back: its end is the answer to all the rest (G114).
    pub(super) fn post_to(&mut self, pid: Pid, packet: Packet) {
        if pid.shard() == self.number {
            // A call that was passed on came back to its caller's own shard.
            self.receive_packet(self.number, packet);
        } else if !self.closed || matches!(packet, Packet::Undelivered { .. }) {
            self.peers.send(pid.shard(), packet);
        }
    }

    /// Whether a message to another shard would be accepted now.
    pub(super) fn may_send_away(&self, to: Pid, from: Pid) -> bool {
        if self.holds.has(from, to) {
            return false;
        }
        !self.peers.is_full(to.shard()) || self.slab.alive(from).is_some() && !self.holds.has(from, way_to(to.shard()))
    }

    /// A submitted message that nobody is held for, as the record that it is. `false`: it needs a closer look.
    pub(super) fn send_record_away(&mut self, record: &Record) -> bool {
        let head = record[word::HEAD];
        let flags = head >> 8;
        let to = to(record);
        if flags & flag::CALL != 0 || to.is_none() || self.closed {
            return false;
        }
        let bytes = match flags & (flag::BYTES | flag::INLINE) {
            0 if record[word::SLOT] == 0 => &[],
            flag::INLINE => &[],
            flag::BYTES if record[word::SLOT] < BLOCK => match copied(&self.outgoing, record[word::SLOT]) {
                Some(words) => words,
                None => return false,
            },
            _ => return false,
        };
        let mut sent = *record;
        // What it does not carry means nothing there.
        if flags & flag::BYTES == 0 {
            sent[word::SLOT] = 0;
        }
        if flags & flag::INLINE == 0 {
            (sent[word::A], sent[word::B]) = (0, 0);
        }
        sent[word::HEAD] = submission::SEND | head & (TRAVELS | (flag::BYTES | flag::INLINE) << 8);
        self.peers.send_record(to.shard(), &sent, bytes)
    }

    /// A message to another shard. Its bytes are in the pool.
    pub(super) fn send_away(&mut self, record: &Record) {
        let (to, from) = (to(record), from(record));
        let flags = record[word::HEAD] >> 8;
        if flags & (flag::BYTES | flag::INLINE) == 0 && record[word::SLOT] != 0 {
            // A payload that is the isolate's own cannot leave it.
            self.dead_letter(*record, why::NOT_ALIVE);
            if flags & flag::CALL != 0 {
                self.post_call_ended(record[word::A], call_end::EXITED, reason::no_proc(false));
            }
            return;
        }
        let holds = self.peers.is_full(to.shard());
        let payload = self.take_payload(record);
        let head = record[word::HEAD] & TRAVELS;
        if flags & flag::CALL == 0 {
            self.post_to(to, Packet::Message { to, from, head, payload });
        } else {
            let (token, timeout) = (record[word::A], record[word::B]);
            let id = self.away.make(token, to);
            if timeout != u32::MAX {
                self.away.all[id].alarm = self.wheel.set(self.now, call::deadline(self.now, timeout), Alarm::Away(id));
            }
            let question = self.away.all[id].question;
            self.post_to(to, Packet::Call { question, asker: self.number, to, from, head, payload });
        }
        if holds {
            self.hold_away(from, way_to(to.shard()));
        }
    }

    /// The payload of a record whose bytes are in the pool.
    pub(super) fn take_payload(&mut self, record: &Record) -> Payload {
        let flags = record[word::HEAD] >> 8;
        if flags & flag::BYTES != 0 {
            self.payloads.take(record[word::SLOT])
        } else if flags & (flag::INLINE | flag::CALL) == flag::INLINE {
            Payload::Number(u64::from(record[word::A]) | u64::from(record[word::B]) << 32)
        } else {
            Payload::None
        }
    }

    /// Holds an actor for something on another shard, unless it is already.
    pub(super) fn hold_away(&mut self, sender: Pid, receiver: Pid) {
        let Some(held) = self.slab.alive(sender).filter(|_| !self.holds.has(sender, receiver)) else { return };
        let id = self.holds.make(Hold::new(sender, receiver, 0));
        if let Some(peer) = self.peers.get_mut(receiver.shard()) {
            peer.held_by.push(&mut self.holds.all, id);
        }
        self.wait(held, id);
    }

    /// There is room on the way to a shard again.
    fn way_is_free(&mut self, shard: u8) {
        let way = way_to(shard);
        let Some(peer) = self.peers.get_mut(shard) else { return };
        let waiters = core::mem::take(&mut peer.waiters);
        let held: Vec<u32> =
            peer.held_by.iter(&self.holds.all).filter(|id| self.holds.all[*id].receiver == way).collect();
        for id in held {
            self.release_hold(id);
        }
        for waiter in waiters {
            self.post(completion::ROOM, way, Pid::NONE, waiter, 0, 0);
        }
    }

    // -- calls ------------------------------------------------------------------------------------------------------------

    /// Ends a call to another shard: its entry is gone, and no alarm of it rings.
    pub(super) fn take_away_call(&mut self, id: u32) -> (u32, Pid, u64) {
        let call = self.away.take(id);
        if call.alarm != 0 {
            self.wheel.cancel(call.alarm);
        }
        (call.token, call.callee, call.question)
    }

    pub(super) fn away_call_times_out(&mut self, id: u32) {
        let (token, callee, question) = self.take_away_call(id);
        self.post_to(callee, Packet::CallDropped { question });
        self.post_call_ended(token, call_end::TIMEOUT, 0);
    }

    /// The isolate does not wait for the call any more, wherever it is: on another shard, or ended and not read yet.
    pub(super) fn drop_away_call(&mut self, token: u32) {
        if let Some(id) = self.away.find(token) {
            let (_, callee, question) = self.take_away_call(id);
            return self.post_to(callee, Packet::CallDropped { question });
        }
        let Some(record) = self.outbox.take_call_end(token) else { return };
        if record[word::HEAD] & 0xff == completion::REPLIED {
            if record[word::HEAD] >> 8 & flag::BYTES != 0 {
                self.payloads.free(record[word::SLOT]);
            }
        } else if record[word::B] == call_end::EXITED {
            self.reasons.release(record[word::SLOT]);
        }
    }

    /// The isolate answers a call of another shard.
    pub(super) fn reply(&mut self, record: &Record) {
        let flags = record[word::HEAD] >> 8;
        let payload = if flags & flag::INLINE != 0 {
            Payload::Number(u64::from(record[word::TO]) | u64::from(record[word::TO_GENERATION]) << 32)
        } else if flags & flag::BYTES != 0 {
            self.take_block(record[word::SLOT]).unwrap_or_default()
        } else {
            Payload::None
        };
        let Some(id) = self.calls.find_answered_by(record[word::A]) else { return };
        let asker = self.take_asked(id);
        let packet = Packet::Reply { question: asker.question, status: record[word::B], payload };
        self.post_to(outside_of(asker.shard), packet);
    }

    /// The isolate passes a call of another shard on. Its caller's shard learns of it before any answer of the new callee
    /// that it does not get from there.
    pub(super) fn forward(&mut self, record: &Record) {
        let mut record = self.adopt(record);
        let Some(id) = self.calls.find_answered_by(record[word::A]) else {
            return drop(self.take_payload(&record));
        };
        let asker = self.take_asked(id);
        let (to, from) = (to(&record), from(&record));
        record[word::HEAD] |= flag::CALL << 8;
        if let Some(index) = self.slab.alive(to) {
            self.post_to(outside_of(asker.shard), Packet::Forwarded { question: asker.question, callee: to });
            self.send_special(index, &record, Some(asker));
        } else if self.is_away(to) {
            let Asker { shard: asker, question } = asker;
            self.post_to(outside_of(asker), Packet::Forwarded { question, callee: to });
            let head = record[word::HEAD] & TRAVELS;
            let payload = self.take_payload(&record);
            self.post_to(to, Packet::Call { question, asker, to, from, head, payload });
        } else {
            self.dead_letter(record, why::NOT_ALIVE);
            let reason = self.no_proc(to);
            self.tell_call_ended(asker, call_end::EXITED, reason);
        }
    }

    /// Takes a call of another shard out.
    pub(super) fn take_asked(&mut self, id: u32) -> Asker {
        let callee = self.calls.all[id].callee;
        let call = self.calls.take(&mut self.slab[callee].calls, id);
        if call.node != 0 {
            self.nodes.get_mut(call.node).b = 0;
        }
        self.calls.take_asker(&call)
    }

    /// Tells another shard that a call of it ended without an answer. `detail` as in `post_call_ended`.
    pub(super) fn tell_call_ended(&mut self, asker: Asker, end: u32, detail: u32) {
        let reason = (end == call_end::EXITED).then(|| self.owned_reason(detail));
        let capacity = if end == call_end::MAILBOX_FULL { detail } else { 0 };
        self.post_to(outside_of(asker.shard), Packet::CallEnded { question: asker.question, end, reason, capacity });
    }

    // -- ends -------------------------------------------------------------------------------------------------------------

    /// Tells a watcher on another shard. `reason` is the caller's to keep.
    pub(super) fn tell_down(&mut self, monitor: &Monitor, reason: u32) {
        let Monitor { watcher, reference, target, .. } = *monitor;
        let reason = self.owned_reason(reason);
        let named = if watcher.index() == 0 { Pid::NONE } else { watcher };
        self.post_to(watcher, Packet::Down { watcher: named, reference, target, reason });
    }

    /// The reason of a word that somebody holds, as a value.
    pub(super) fn owned_reason(&self, word: u32) -> ExitReason {
        self.reasons.get(word).unwrap_or(ExitReason::Normal)
    }

    /// The same, and the word is given back.
    pub(super) fn spent_reason(&mut self, word: u32) -> ExitReason {
        let reason = self.owned_reason(word);
        self.reasons.release(word);
        reason
    }

    /// A dead letter of a shard that is lost: it goes back to the shard of its sender, where somebody can read it. One of
    /// nobody that came from another isolate goes to the first: that is where a system's letters are heard. One that was
    /// sent on this shard is counted.
    pub(super) fn send_back(&mut self, record: &Record, why: u32) {
        let from = from(record);
        let payload = self.take_payload(record);
        let is_legible = record[word::HEAD] & u32::from(WIRE) << 16 != 0;
        let reader = if self.is_away(from) {
            from
        } else if let (true, true, Some(first)) = (from.is_none(), is_legible, self.peers.first()) {
            outside_of(first)
        } else {
            return;
        };
        let head = record[word::HEAD] & TRAVELS;
        self.post_to(reader, Packet::Undelivered { to: to(record), from, head, payload, why });
    }
}
