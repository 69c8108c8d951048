//! Who the other shards are, and what their ends mean here (G114).

use super::Shard;
use crate::{
    call::Asker,
    exit_reason::ExitReason,
    name::{NameTable, Names},
    packet::Packet,
    peer::PeerLimits,
    pid::Pid,
    record::{Record, call_end, completion, why, word},
};
use std::sync::Arc;

impl Shard {
    /// Makes this shard, which has no actor yet, an isolate of a system: its names are the system's.
    pub fn join(&mut self, isolate: u8, names: Arc<dyn NameTable>, limits: PeerLimits) {
        self.isolate = isolate;
        self.names = Names::Shared(names);
        self.peers.limit(limits, self.margin as usize);
    }

    /// Another shard is there and takes packets.
    pub fn connect(&mut self, shard: u8, isolate: u8) {
        if shard == self.number || self.closed {
            return;
        }
        self.disconnect(shard);
        self.peers.connect(shard, isolate);
        self.post(completion::ISOLATE_UP, Pid::NONE, Pid::NONE, 0, u32::from(isolate), u32::from(shard));
        self.write_control();
    }

    /// Another shard has ended, in order or not, and all packets of it were received: whatever was tied to its actors ends
    /// with `IsolateDown`. One pass over what this shard holds; nothing if it was not there.
    pub fn disconnect(&mut self, shard: u8) {
        let Some(peer) = self.peers.get_mut(shard).filter(|peer| peer.up) else { return };
        let isolate = peer.isolate;
        let waiters = core::mem::take(&mut peer.waiters);
        // Nothing below is told to a shard that is not there.
        let unsent = self.peers.end_of(shard);
        let down = ExitReason::IsolateDown { isolate };
        let unsent = unsent.into_iter().flat_map(|mut bundle| core::iter::from_fn(move || bundle.pop()));
        for packet in unsent {
            if let Packet::Message { to, from, head, payload } | Packet::Call { to, from, head, payload, .. } = packet {
                let record = self.record_of(to, from, head, payload);
                self.dead_letter(record, why::NOT_ALIVE);
            }
        }
        for id in self.away.to(shard) {
            let (token, ..) = self.take_away_call(id);
            let word = self.reasons.intern(down.clone());
            self.post_call_ended(token, call_end::EXITED, word);
        }
        for id in self.calls.of_shard(shard) {
            let Asker { .. } = self.take_asked(id);
        }
        for half in self.links.with(shard) {
            self.peer_of_half_ended(half, down.clone());
        }
        for id in self.monitors.with(shard) {
            let monitor = self.monitors.all[id];
            if !monitor.watcher.is_none() && monitor.watcher.shard() == shard {
                self.unlist_target(id);
                self.drop_monitor(id);
            } else {
                self.target_ended(id, down.clone());
            }
        }
        for id in self.holds.with(shard) {
            self.release_hold(id);
        }
        for waiter in waiters {
            self.post(completion::ROOM, Pid::NONE, Pid::NONE, waiter, 0, 0);
        }
        self.post(completion::ISOLATE_DOWN, Pid::NONE, Pid::NONE, 0, u32::from(isolate), u32::from(shard));
        self.write_control();
    }

    /// This shard ends, and its actors have: what those outside of any actor began with other shards ends, too.
    pub(super) fn end_own_affairs(&mut self) {
        let down = ExitReason::IsolateDown { isolate: self.isolate };
        for id in self.away.everywhere() {
            let (token, ..) = self.take_away_call(id);
            let word = self.reasons.intern(down.clone());
            self.post_call_ended(token, call_end::EXITED, word);
        }
        for shard in 0..self.peers.count() {
            let shard = shard as u8;
            for id in self.monitors.with(shard) {
                self.target_ended(id, down.clone());
            }
            if let Some(peer) = self.peers.get_mut(shard) {
                for waiter in core::mem::take(&mut peer.waiters) {
                    self.post(completion::ROOM, Pid::NONE, Pid::NONE, waiter, 0, 0);
                }
            }
        }
    }

    /// The isolate is gone and can be told nothing: all actors end. What they did not handle goes back to the shards that
    /// it came from; the message that was in a handler, if any, as `Interrupted`. `completions` is the ring as the isolate
    /// left it. What is left to do is to hand over the packets.
    pub fn lose(&mut self, completions: &[Record]) {
        self.lost = true;
        self.interrupt(completions);
        self.close_batch();
        self.end_all();
        while let Some(record) = self.outbox.pop() {
            self.forget_posted(&record);
        }
        for id in core::mem::take(&mut self.read_blocks) {
            self.payloads.free(id);
        }
        self.write_control();
    }

    /// Settles what the isolate has handled but for the last message that it began.
    fn interrupt(&mut self, completions: &[Record]) {
        let mut ring = completions.to_vec();
        let last = self.batch.slices.iter().enumerate().rev().find_map(|(at, slice)| {
            let begun = ring.get(slice.header as usize)?[word::B].min(slice.count);
            (begun > slice.settled).then_some((at, begun))
        });
        let Some((at, begun)) = last else { return };
        let slice = self.batch.slices[at];
        ring[slice.header as usize][word::B] = begun - 1;
        self.settle(&ring);
        let slice = self.batch.slices[at];
        let node = *self.nodes.get(slice.nodes.head);
        if slice.nodes.is_empty() || !node.is_message() {
            return;
        }
        ring[slice.header as usize][word::B] = begun;
        let mut record = node.record(self.slab.low(slice.index), slice.generation);
        if node.has(crate::record::flag::BYTES) {
            let copy = self.payloads.get(node.slot).map(crate::payload::Bytes::to_vec).unwrap_or_default();
            record[word::SLOT] = self.payloads.insert(crate::payload::Payload::bytes(copy));
        }
        self.settle(&ring);
        self.dead_letter(record, why::INTERRUPTED);
    }

    /// A posted record that nobody will read.
    fn forget_posted(&mut self, record: &Record) {
        match record[word::HEAD] & 0xff {
            completion::DEAD_LETTER_BYTES | completion::DEAD_LETTER => {
                let why = (record[word::HEAD] >> 8 & 0xff) >> crate::record::flag::WHY_SHIFT;
                let mut sent = *record;
                let flags = if record[word::HEAD] & 0xff == completion::DEAD_LETTER_BYTES {
                    crate::record::flag::BYTES
                } else {
                    record[word::HEAD] >> 8 & crate::record::flag::INLINE
                };
                sent[word::HEAD] = record[word::HEAD] & 0xffff_0000 | flags << 8;
                self.send_back(&sent, why);
            }
            completion::REPLIED if record[word::HEAD] >> 8 & crate::record::flag::BYTES != 0 => {
                self.payloads.free(record[word::SLOT]);
            }
            completion::OUTSIDE_DOWN => {
                self.outside_down_is_read(record[word::SLOT]);
                self.reasons.release(record[word::A]);
            }
            completion::TERMINATE | completion::DEAD => self.reasons.release(record[word::A]),
            completion::CALL_ENDED if record[word::B] == call_end::EXITED => self.reasons.release(record[word::SLOT]),
            _ => {}
        }
    }
}
