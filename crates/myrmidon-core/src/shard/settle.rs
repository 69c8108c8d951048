//! What the isolate has handled of the batch, and what goes back (G59).

use super::Shard;
use crate::{
    batch::Slice,
    mailbox::{HELD, Node},
    record::{Record, completion, control, flag, word},
    scheduler::next_quota,
    slab::{Place, mark},
};

impl Shard {
    /// Reads how far the isolate has got. Idempotent, and safe in the middle of a batch.
    pub(super) fn settle(&mut self, completions: &[Record]) {
        let mut at = self.batch.cursor;
        while let Some(slice) = self.batch.slices.get_mut(at) {
            let Some(header) = completions.get(slice.header as usize) else {
                return;
            };
            let consumed = header[word::B].min(slice.count);
            let micros = header[word::FROM];
            if consumed == 0 && slice.count > 0 {
                return;
            }
            self.batch.cursor = at;
            if micros > slice.charged {
                self.micros += u64::from(micros - slice.charged);
                let hot = &mut self.slab[slice.index];
                if hot.generation == slice.generation && hot.place == Place::Batch {
                    hot.micros += u64::from(micros - slice.charged);
                }
                slice.charged = micros;
            }
            if consumed > slice.settled {
                self.settle_slice(at, consumed);
            }
            at += 1;
        }
    }

    fn lives(&self, slice: Slice) -> Option<u32> {
        let hot = &self.slab[slice.index];
        (hot.generation == slice.generation && hot.place == Place::Batch).then_some(slice.index)
    }

    fn settle_slice(&mut self, at: usize, consumed: u32) {
        let slice = &mut self.batch.slices[at];
        let count = consumed - slice.settled;
        let index = slice.index;
        slice.settled = consumed;
        self.reductions += u64::from(count);
        self.slab[index].reductions += u64::from(count);
        if !slice.special {
            if slice.bytes {
                let mut id = slice.nodes.head;
                for _ in 0..count {
                    let node = self.nodes.get(id);
                    self.entering -= u32::from(node.may_enter());
                    if node.has(flag::BYTES) {
                        self.payloads.free(node.slot);
                    }
                    id = self.nodes.next(id);
                }
            }
            let all = consumed == slice.count;
            self.nodes.free_front(&mut slice.nodes, count, all);
            return self.uncount(index, count);
        }
        for _ in 0..count {
            let lane = &mut self.batch.slices[at].nodes;
            let id = lane.head;
            let node = self.nodes.remove(lane, id);
            self.handled(index, id, node);
        }
    }

    /// A node was handled: whatever knew of it forgets it.
    fn handled(&mut self, index: u32, id: u32, node: Node) {
        if node.is_message() {
            self.entering -= u32::from(node.may_enter());
            if node.has(flag::CALL) && node.b != 0 {
                self.calls.all[node.b].node = 0;
            }
            if node.has(flag::BYTES) {
                self.payloads.free(node.slot);
            }
            if node.has(HELD) {
                self.held_message_is_gone(id);
            }
            if node.is_counted() {
                self.uncount(index, 1);
            } else {
                self.slab.side_mut(index).uncounted -= 1;
            }
            return;
        }
        self.slab.side_mut(index).uncounted -= 1;
        self.forget_node(index, node);
    }

    /// A DOWN, an exit signal, a tick, an answer or a stop has left its mailbox for good.
    pub(super) fn forget_node(&mut self, index: u32, node: Node) {
        match node.kind() {
            completion::TIMER => {
                let timer = &mut self.timers.all[node.b];
                timer.node = 0;
                if timer.alarm == 0 {
                    self.timers.take(&mut self.slab.side_mut(index).timers, node.b);
                }
            }
            completion::DOWN => {
                self.drop_monitor(node.b);
                self.read.push(node.a);
            }
            completion::EXIT_SIGNAL => {
                if node.b != 0 {
                    self.links.forget(&mut self.slab.side_mut(index).links, node.b);
                    self.links.free(node.b);
                }
                self.read.push(node.a);
            }
            // The message that it answers was handled elsewhere.
            completion::REACHED => {
                self.slab.side_mut(index).behind -= 1;
                self.slab[index].reductions -= 1;
                self.reductions -= 1;
            }
            _ => self.read.push(node.a),
        }
    }

    /// Takes back what the isolate has not handled of an actor's slice. It must leave the batch before the next one.
    pub(super) fn take_back(&mut self, index: u32) {
        let hot = &self.slab[index];
        if hot.place != Place::Batch {
            return;
        }
        let slice = &mut self.batch.slices[hot.at as usize];
        if slice.nodes.is_empty() {
            return;
        }
        slice.count = slice.settled;
        let mut nodes = core::mem::take(&mut slice.nodes);
        self.control[control::ABANDON_BATCH] = 1;
        self.batch.goes_on = true;
        while !nodes.is_empty() {
            let last = self.nodes.get(nodes.tail);
            if last.has(flag::REENTRANT) {
                self.slab[index].flags |= mark::MAY_ENTER;
            }
            if last.has(flag::NEXT | flag::PRIORITY) {
                let next = last.has(flag::NEXT);
                let (hot, side) = self.slab.with_side(index);
                hot.flags |= mark::URGENT;
                self.nodes.unshift(&mut nodes, if next { &mut side.next } else { &mut side.priority });
            } else {
                self.nodes.unshift(&mut nodes, &mut self.slab[index].normal);
            }
        }
    }

    /// The isolate has left the batch: what it did not handle goes back, and whoever has more to do is runnable again.
    /// An actor that was not reached keeps its turn; one that was, goes behind the others.
    pub(super) fn close_batch(&mut self) {
        for word in self.read.drain(..) {
            self.reasons.release(word);
        }
        if !self.read_blocks.is_empty() || !self.incoming.is_empty() {
            self.forget_blocks();
        }
        self.batch.goes_on = false;
        if self.batch.is_open() {
            self.leave_batch();
        }
    }

    fn leave_batch(&mut self) {
        let mut unreached = false;
        for at in 0..self.batch.slices.len() {
            let slice = self.batch.slices[at];
            let Some(index) = self.lives(slice) else { continue };
            if slice.settled == 0 {
                unreached = true;
            } else {
                if !slice.nodes.is_empty() {
                    self.take_back(index);
                }
                let hot = &mut self.slab[index];
                hot.place = Place::None;
                hot.quota = next_quota(hot.quota, slice.settled, slice.charged, self.budget).min(hot.budget);
                if slice.charged > self.budget {
                    hot.flags |= mark::DEBT;
                } else {
                    hot.flags &= !mark::DEBT;
                }
                if hot.has_more() {
                    self.wake(index);
                }
            }
        }
        let reached = if unreached { 0 } else { self.batch.slices.len() };
        for at in (reached..self.batch.slices.len()).rev() {
            let slice = self.batch.slices[at];
            let Some(index) = self.lives(slice) else { continue };
            if slice.settled > 0 || self.slab[index].at as usize != at {
                continue;
            }
            self.take_back(index);
            self.slab[index].place = Place::None;
            if self.is_runnable(index) {
                let in_debt = self.slab[index].has(mark::DEBT) && !self.scheduler.is_seeded();
                let place = self.scheduler.add_first(index, in_debt);
                let hot = &mut self.slab[index];
                hot.place = if in_debt { Place::Debt } else { Place::Run };
                hot.at = place;
            }
        }
        self.batch.slices.clear();
        self.batch.cursor = 0;
        self.batch.goes_on = false;
        self.control[control::ABANDON_BATCH] = 0;
    }

    /// Charges an actor for work outside of a slice.
    pub(super) fn charge(&mut self, index: u32, micros: u32) {
        self.micros += u64::from(micros);
        let hot = &mut self.slab[index];
        hot.micros += u64::from(micros);
        if micros > self.budget && hot.place == Place::None {
            hot.flags |= mark::DEBT;
        }
    }
}
