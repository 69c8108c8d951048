//! What comes from other shards. Each packet takes effect as the same record of this shard's isolate would.
//!
//! A message that finds a full mailbox: `drop-newest` and `drop-oldest` as locally (G15). `reject` makes it a dead letter
//! `MailboxFull` *here*, because its sender went on long ago; an ask among them fails with `MailboxFull` (G111).
//! `suspend` accepts it and tells its sender's shard to hold the sender until low water, or until `sendTimeout` is over:
//! then it is a dead letter `MailboxFull` here. What that sender had sent before it was told is taken too, up to as many
//! messages again as the mailbox has; what is beyond is a dead letter `MailboxFull`. Whoever sends from outside of any
//! actor cannot be held: its message is a dead letter `MailboxFull`.

use super::Shard;
use crate::{
    bundle::{Bundle, Parts, bytes_at, is_message, message},
    call::Asker,
    exit_reason::ExitReason,
    held_blocks::Reading,
    link::Half,
    mailbox::{Node, STOP},
    monitor::Watch,
    packet::Packet,
    payload::Payload,
    peer::outside_of,
    pid::{INDEX_BITS, MAX_INDEX, Pid},
    record::{Record, call_end, completion, flag, submission, why, word},
    signal::Signal,
};
use core::hint::black_box;

/// Flags of a message that is more than a node at the end of the normal lane.
const SPECIAL: u32 = (flag::PRIORITY | flag::REENTRANT) << 8;

impl Shard {
    /// Takes a packet of the shard `by`, in the order in which that shard made them. To be called between two ticks,
    /// after one that ingested what the isolate submitted (`max = 0`): a sender elsewhere may have a PID from a spawn that
    /// waits there.
    pub fn receive(&mut self, by: u8, packet: Packet) {
        self.receive_packet(by, packet);
        // One that has ended has no moment between two messages left.
        while self.closed && !self.signals.is_empty() {
            self.control_pass();
        }
    }

    /// The same for all that is in a bundle.
    pub fn receive_bundle(&mut self, by: u8, bundle: Bundle) {
        let Parts { records, words, mut packets } = bundle.into_parts();
        // Their cache misses overlap here, as when records are ingested.
        let touched = records.iter().fold(0, |sum, record| sum ^ self.slab.touch(record[word::TO] & MAX_INDEX));
        black_box(touched);
        // Its bytes wait where they are, if they may.
        let (reading, words) = if words.is_empty() {
            (None, words)
        } else {
            match self.payloads.enter(words) {
                Ok(reading) => (Some(reading), Vec::new()),
                Err(words) => (None, words),
            }
        };
        for record in &records {
            if is_message(record) {
                if !self.receive_record(record, reading, &words) {
                    let words = reading.map_or(&*words, |reading| self.payloads.words(reading));
                    let packet = message(record, bytes_at(record, words));
                    self.receive(by, packet);
                }
            } else if let Some(packet) = packets.pop_front() {
                self.receive(by, packet);
            }
        }
        if let Some(reading) = reading {
            self.payloads.leave(reading);
        }
    }

    /// A message that finds its receiver, and room. Its bytes stand in the block that is being read, or in `words`. `false`:
    /// it needs a closer look.
    #[inline]
    fn receive_record(&mut self, record: &Record, reading: Option<Reading>, words: &[u32]) -> bool {
        let index = record[word::TO] & MAX_INDEX;
        let (number, margin) = (self.number, self.margin);
        let bytes = bytes_at(record, reading.map_or(words, |reading| self.payloads.words(reading)));
        let length = bytes.map_or(0, |(length, _)| length);
        let has_room = bytes.is_none() || self.payloads.has_room(length);
        let Some(hot) = self.slab.get_mut(index) else { return false };
        if hot.generation != record[word::TO_GENERATION]
            || record[word::TO] >> INDEX_BITS != u32::from(number)
            || !hot.is_alive()
            || hot.count >= hot.capacity
            || record[word::HEAD] & SPECIAL != 0
            || !has_room
            || self.lost
        {
            return false;
        }
        let mut node = Node::message(record);
        if node.has(flag::BYTES) {
            node.slot = match reading {
                Some(reading) => self.payloads.keep(reading, record[word::SLOT], length),
                None => bytes_at(record, words).map_or(0, |(length, words)| self.payloads.copy(length, words)),
            };
        }
        self.nodes.push(&mut hot.normal, node);
        hot.count += 1;
        if hot.capacity - hot.count == margin {
            self.mark_congested(index);
        }
        self.wake(index);
        true
    }

    pub(super) fn receive_packet(&mut self, by: u8, packet: Packet) {
        match packet {
            Packet::Message { to, from, head, payload } => self.receive_message(by, to, from, head, payload, None),
            Packet::Call { question, asker, to, from, head, payload } => {
                let asker = Asker { shard: asker, question };
                self.receive_message(by, to, from, head | flag::CALL << 8, payload, Some(asker));
            }
            Packet::Forwarded { question, callee } => self.receive_forwarded(question, callee),
            Packet::CallDropped { question } => {
                if let Some(id) = self.calls.find_asked(Asker { shard: by, question }) {
                    let _ = self.take_asked(id);
                }
            }
            Packet::Reply { question, status, payload } => {
                if let Some(id) = self.away.asked(question) {
                    let (token, callee, _) = self.take_away_call(id);
                    self.post_reply(token, callee, status, payload);
                }
            }
            Packet::CallEnded { question, end, reason, capacity } => {
                if let Some(id) = self.away.asked(question) {
                    let (token, ..) = self.take_away_call(id);
                    match reason {
                        None => self.post_call_ended(token, end, capacity),
                        Some(reason) => {
                            let word = self.reasons.intern(reason);
                            self.post_call_ended(token, end, word);
                            self.reasons.release(word);
                        }
                    }
                }
            }
            Packet::Undelivered { to, from, head, payload, why } => {
                let record = self.record_of(to, from, head, payload);
                self.dead_letter(record, why);
            }
            Packet::Link { from, to } => self.receive_link(from, to),
            Packet::Unlink { from, to, id } => {
                if let Some(half) = self.links.find(to, from)
                    && self.links.halves[half].state == Half::Active
                {
                    self.end_half(half);
                }
                self.post_to(from, Packet::UnlinkAck { from: to, to: from, id });
            }
            Packet::UnlinkAck { from, to, id } => {
                if let Some(half) = self.links.find(to, from)
                    && self.links.halves[half].state == Half::Unlinking(id)
                {
                    self.end_half(half);
                }
            }
            Packet::LinkExit { from, to, reason } => {
                if let Some(half) = self.links.find(to, from) {
                    self.peer_of_half_ended(half, reason);
                }
            }
            Packet::Exit { to, from, reason } => {
                let reason = self.reasons.intern(reason);
                self.signals.send(Signal::Exit { to, from, reason });
            }
            Packet::Stop { to, from, reason } => {
                if let Some(index) = self.slab.alive(to) {
                    let word = self.reasons.intern(reason);
                    self.enqueue(index, Node::new(STOP, from, 0, word, 0));
                }
            }
            Packet::Monitor { watcher, reference, target } => self.receive_monitor(by, watcher, reference, target),
            Packet::Watched { watcher, reference, target } => match self.slab.alive(watcher) {
                Some(index) if self.monitors.find(watcher, reference).is_none() => {
                    let id = self.monitors.make(watcher, reference, target, Watch::Active);
                    self.slab.side_mut(index).watching.push(&mut self.monitors.all, id);
                }
                Some(_) => {}
                None => self.post_to(target, Packet::Demonitor { watcher, reference }),
            },
            Packet::Demonitor { watcher, reference } => {
                let watcher = if watcher.is_none() { outside_of(by) } else { watcher };
                if let Some(id) = self.monitors.find(watcher, reference) {
                    self.unlist_target(id);
                    self.drop_monitor(id);
                }
            }
            Packet::Down { watcher, reference, target, reason } => {
                let found = self.monitors.find(watcher, reference);
                if let Some(id) = found.filter(|id| self.monitors.all[*id].target == target) {
                    self.target_ended(id, reason);
                }
            }
            Packet::Hold { sender, receiver } => self.hold_away(sender, receiver),
            Packet::Release { sender, receiver } => {
                if let Some(id) = self.holds.of_pair(sender, receiver) {
                    self.release_hold(id);
                }
            }
        }
    }

    fn receive_message(&mut self, by: u8, to: Pid, from: Pid, head: u32, payload: Payload, asker: Option<Asker>) {
        if self.lost {
            let why = why::NOT_ALIVE;
            return self.post_to(outside_of(by), Packet::Undelivered { to, from, head, payload, why });
        }
        // A call's words are its token's: no number stands there.
        let payload = if asker.is_some() && matches!(payload, Payload::Number(_)) { Payload::None } else { payload };
        let has_room = self.payloads.has_room(payload.len());
        let record = self.record_of(to, from, head, payload);
        let Some(index) = self.slab.alive(to) else {
            self.dead_letter(record, why::NOT_ALIVE);
            if let Some(asker) = asker {
                let reason = self.no_proc(to);
                self.tell_call_ended(asker, call_end::EXITED, reason);
            }
            return;
        };
        if !has_room {
            return self.refuse(index, &record, why::MAILBOX_FULL, asker);
        }
        self.send_special(index, &record, asker);
        // A call that was passed on: its caller may have ended it before it came here, and told somebody else.
        if let Some(Asker { shard, question }) = asker.filter(|asker| asker.shard != by) {
            self.post_to(outside_of(shard), Packet::Forwarded { question, callee: to });
        }
    }

    fn receive_forwarded(&mut self, question: u64, callee: Pid) {
        match self.away.asked(question) {
            None => self.post_to(callee, Packet::CallDropped { question }),
            Some(id) if callee.shard() == self.number || self.peers.is_up(callee.shard()) => {
                self.away.all[id].callee = callee;
            }
            Some(id) => {
                let (token, ..) = self.take_away_call(id);
                let reason = self.no_proc(callee);
                self.post_call_ended(token, call_end::EXITED, reason);
            }
        }
    }

    /// A message from another shard as a record, its bytes in the pool.
    pub(super) fn record_of(&mut self, to: Pid, from: Pid, head: u32, payload: Payload) -> Record {
        let mut record = Record::default();
        record[word::TO] = to.low();
        record[word::TO_GENERATION] = to.generation();
        record[word::FROM] = from.low();
        record[word::FROM_GENERATION] = from.generation();
        record[word::HEAD] = submission::SEND | head & !0xff;
        match payload {
            Payload::None => {}
            Payload::Number(bits) => {
                record[word::HEAD] |= flag::INLINE << 8;
                record[word::A] = bits as u32;
                record[word::B] = (bits >> 32) as u32;
            }
            bytes => {
                record[word::HEAD] |= flag::BYTES << 8;
                record[word::SLOT] = self.payloads.insert(bytes);
            }
        }
        record
    }

    fn post_reply(&mut self, token: u32, callee: Pid, status: u32, payload: Payload) {
        let mut record = Record::default();
        record[word::FROM] = callee.low();
        record[word::FROM_GENERATION] = callee.generation();
        record[word::HEAD] = completion::REPLIED;
        record[word::A] = token;
        record[word::B] = status;
        match payload {
            Payload::None => {}
            Payload::Number(bits) => {
                record[word::HEAD] |= flag::INLINE << 8;
                record[word::TO] = bits as u32;
                record[word::TO_GENERATION] = (bits >> 32) as u32;
            }
            bytes => {
                record[word::HEAD] |= flag::BYTES << 8;
                record[word::SLOT] = self.payloads.insert(bytes);
            }
        }
        self.outbox.push(record);
    }

    /// The other end asks for a link. One that is being taken back here is not made again by it: the other end asked
    /// before it knew, and its half goes with the unlink that is on its way (G112).
    fn receive_link(&mut self, from: Pid, to: Pid) {
        let Some(index) = self.slab.alive(to) else {
            let reason = self.owned_reason(self.no_proc(to));
            return self.post_to(from, Packet::LinkExit { from: to, to: from, reason });
        };
        if self.links.find(to, from).is_none() {
            self.links.make(&mut self.slab.side_mut(index).links, to, from, Half::Active);
        }
    }

    /// Takes a half out that no signal is on its way for.
    pub(super) fn end_half(&mut self, half: u32) {
        let owner = self.links.halves[half].owner;
        if let Some(index) = self.slab.find(owner) {
            self.links.forget(&mut self.slab.side_mut(index).links, half);
            self.links.free(half);
        }
    }

    /// The other end of a link, on another shard, has ended.
    pub(super) fn peer_of_half_ended(&mut self, half: u32, reason: ExitReason) {
        match self.links.halves[half].state {
            Half::Active => {
                self.links.halves[half].state = Half::Signalled;
                let reason = self.reasons.intern(reason);
                self.signals.send(Signal::LinkExit { half, reason });
            }
            Half::Unlinking(_) => self.end_half(half),
            _ => {}
        }
    }

    fn receive_monitor(&mut self, by: u8, watcher: Pid, reference: u32, target: Pid) {
        let Some(index) = self.slab.alive(target) else {
            let reason = self.owned_reason(self.no_proc(target));
            let to = if watcher.is_none() { outside_of(by) } else { watcher };
            return self.post_to(to, Packet::Down { watcher, reference, target, reason });
        };
        let watcher = if watcher.is_none() { outside_of(by) } else { watcher };
        if self.monitors.find(watcher, reference).is_none() {
            let id = self.monitors.make(watcher, reference, target, Watch::Active);
            self.slab.side_mut(index).watched_by.push(&mut self.monitors.all, id);
        }
    }

    /// A watch that an actor of another shard spawned this one with (G35): its shard learns of it before any end.
    pub(super) fn watched_from_afar(&mut self, watcher: Pid, reference: u32, index: u32) {
        let target = self.slab.pid(index);
        if self.monitors.find(watcher, reference).is_none() {
            let id = self.monitors.make(watcher, reference, target, Watch::Active);
            self.slab.side_mut(index).watched_by.push(&mut self.monitors.all, id);
            self.post_to(watcher, Packet::Watched { watcher, reference, target });
        }
    }

    /// The target of a watch, on another shard, has ended.
    pub(super) fn target_ended(&mut self, id: u32, reason: ExitReason) {
        if self.monitors.all[id].state == Watch::Active {
            self.monitors.all[id].state = Watch::Signalled;
            let reason = self.reasons.intern(reason);
            self.signals.send(Signal::Down { monitor: id, reason });
        }
    }
}
