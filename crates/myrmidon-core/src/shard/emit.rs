//! What goes out: posted records first, then slices.

use super::Shard;
use crate::{
    batch::Slice,
    mailbox::{Lane, Lanes, STOP},
    pid::Pid,
    record::{Record, call_end, completion, flag, word},
    scheduler::Turn,
    slab::{Place, State, mark},
};
use core::hint::black_box;

/// Actors whose records and first nodes are touched together, so that their cache misses overlap.
const TOUCHED: usize = 16;
/// Runnable actors for which that is not worth a look.
const FEW: u32 = 4;

/// Posted records that one tick writes at most before it looks at mailboxes: so many callers may fail with one callee
/// that a batch of nothing else would starve everybody (G51).
pub(super) const NOTICES: usize = 1024;

/// What of a mailbox becomes the deliveries of a slice.
#[derive(Default)]
struct Part {
    count: usize,
    /// Some node is more than a plain message.
    special: bool,
    /// An ordered stop is behind them.
    stops: bool,
    nodes: Lane,
}

impl Shard {
    /// Writes what is posted, as far as it fits.
    #[inline]
    pub(super) fn write_outbox(&mut self, completions: &mut [Record]) -> usize {
        if self.outbox.is_empty() { 0 } else { self.write_posted(completions) }
    }

    fn write_posted(&mut self, completions: &mut [Record]) -> usize {
        let mut written = 0;
        while written < completions.len()
            && let Some(mut record) = self.outbox.pop()
        {
            match record[word::HEAD] & 0xff {
                // A kill came before it could be told: then there is nothing to clean up (G28).
                completion::TERMINATE if !self.is_terminating(&record) => {
                    self.read.push(record[word::A]);
                    continue;
                }
                completion::TERMINATE | completion::DEAD => self.read.push(record[word::A]),
                completion::OUTSIDE_DOWN => {
                    self.outside_down_is_read(record[word::SLOT]);
                    self.read.push(record[word::A]);
                }
                completion::CALL_ENDED if record[word::B] == call_end::EXITED => self.read.push(record[word::SLOT]),
                completion::DEAD_LETTER_BYTES => self.stage_last(&mut record),
                completion::REPLIED if record[word::HEAD] >> 8 & flag::BYTES != 0 => self.stage_last(&mut record),
                _ => {}
            }
            completions[written] = record;
            written += 1;
        }
        written
    }

    fn is_terminating(&self, record: &Record) -> bool {
        let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        self.slab.find(pid).is_some_and(|index| self.slab[index].state == State::Terminating)
    }

    pub(super) fn emit(&mut self, completions: &mut [Record], max: u32) -> usize {
        let share = completions.len().min(NOTICES);
        let mut at = self.write_outbox(&mut completions[..share]);
        let max = match (self.scheduler.is_seeded(), at) {
            // In lockstep nobody is chosen before the isolate has heard what happened: what it does then may come first.
            (true, 1..) => return at,
            (true, 0) => 1,
            (false, _) => max as usize,
        };
        let mut delivered = 0;
        let mut untouched = 0;
        self.scheduler.begin();
        while delivered < max && at + 1 < completions.len() {
            if untouched == 0 {
                if self.scheduler.len() >= FEW {
                    self.touch_upcoming();
                }
                untouched = TOUCHED;
            }
            untouched -= 1;
            let (index, in_debt) = match self.scheduler.turn() {
                Turn::Idle => break,
                Turn::Run(index) => (index, false),
                Turn::Debt(index) => (index, true),
            };
            let limit = (completions.len() - at - 1).min(max - delivered);
            let count = self.slice(index, completions, at, limit);
            if count == 0 {
                // It has stopped: its signals go out before the next message, unless they could end somebody whose slice
                // is written already.
                if !self.batch.is_open() {
                    self.control_pass();
                }
            } else {
                at += 1 + count;
                delivered += count;
            }
            if in_debt {
                break;
            }
        }
        at
    }

    /// Writes the next slice of an actor; its deliveries. 0: an ordered stop was first, and the actor has ended.
    fn slice(&mut self, index: u32, completions: &mut [Record], header: usize, limit: usize) -> usize {
        let low = self.slab.low(index);
        let seeded = self.scheduler.is_seeded();
        let hot = &mut self.slab[index];
        debug_assert_eq!(hot.state, State::Live);
        hot.place = Place::None;
        let generation = hot.generation;
        let limit = limit.min(if seeded { 1 } else { usize::from(hot.quota) });
        let Part { mut count, mut special, mut stops, nodes: before } = if hot.busy == 0 && !hot.has(mark::URGENT) {
            Part::default()
        } else {
            self.take_urgent(index, &mut completions[header + 1..][..limit])
        };
        let mut taken = before;
        if count < limit && !stops && self.slab[index].busy == 0 && !self.slab[index].has(mark::URGENT) {
            let records = &mut completions[header + 1..][count..limit];
            let first = self.slab[index].normal.head;
            let mut last = 0;
            let mut id = first;
            for place in records {
                if id == 0 {
                    break;
                }
                let node = self.nodes.get(id);
                if node.kind() == STOP {
                    stops = true;
                    break;
                }
                *place = node.record(low, generation);
                if !node.is_plain() {
                    special = true;
                    self.stage(place);
                }
                count += 1;
                last = id;
                id = self.nodes.next(id);
            }
            if last != 0 {
                // They stay linked, and leave in one step.
                self.nodes.cut(&mut self.slab[index].normal, last);
                taken = if before.is_empty() {
                    Lane { head: first, tail: last }
                } else {
                    self.nodes.join(before, Lane { head: first, tail: last })
                };
            }
        }
        if count == 0 {
            if stops {
                self.stop(index);
            }
            return 0;
        }
        completions[header] = [low, generation, 0, 0, completion::SLICE, 0, count as u32, 0];
        let hot = &mut self.slab[index];
        hot.place = Place::Batch;
        hot.at = self.batch.slices.len() as u32;
        self.batch.goes_on |= !hot.normal.is_empty() || hot.has(mark::URGENT | mark::AWAITED);
        self.batch.slices.push(Slice {
            index,
            generation,
            header: header as u32,
            count: count as u32,
            settled: 0,
            charged: 0,
            nodes: taken,
            special,
        });
        count
    }

    /// Takes from the lanes before the normal one; while a handler waits, what may enter, from all of them.
    #[inline(never)]
    fn take_urgent(&mut self, index: u32, records: &mut [Record]) -> Part {
        let (low, generation) = (self.slab.low(index), self.slab[index].generation);
        let mut part = Part::default();
        let only_reentrant = self.slab[index].busy > 0;
        while part.count < records.len() {
            let (lane, id) = if only_reentrant {
                match self.entering(index) {
                    Some(found) => found,
                    None => break,
                }
            } else if self.slab[index].has(mark::URGENT) {
                (Lanes::Next, self.first_node(index))
            } else {
                break;
            };
            if id == 0 {
                break;
            }
            let node = self.nodes.get(id);
            if !only_reentrant && node.kind() == STOP {
                part.stops = true;
                break;
            }
            records[part.count] = node.record(low, generation);
            if !node.is_plain() {
                part.special = true;
                self.stage(&mut records[part.count]);
            }
            if only_reentrant {
                self.pick(index, lane, id, &mut part.nodes);
            } else {
                self.shift(index, &mut part.nodes);
            }
            part.count += 1;
        }
        part
    }

    /// The first node that may enter while a handler waits (G7), and its lane. Linear in what stands before it; an actor
    /// that has none is asked once.
    pub(super) fn entering(&mut self, index: u32) -> Option<(Lanes, u32)> {
        if !self.slab[index].has(mark::MAY_ENTER) {
            return None;
        }
        let (lanes, behind) =
            self.slab.side(index).map_or(([0, 0], 0), |side| ([side.next.head, side.priority.head], side.behind));
        for (lane, head) in
            [(Lanes::Next, lanes[0]), (Lanes::Priority, lanes[1]), (Lanes::Normal, self.slab[index].normal.head)]
        {
            let mut id = head;
            let mut stops = false;
            while id != 0 {
                let node = self.nodes.get(id);
                if node.has(flag::REENTRANT) && (!stops || !node.is_message()) {
                    return Some((lane, id));
                }
                // What was sent after an ordered stop is never handled; an answer comes to the handler that waits for it.
                stops |= node.kind() == STOP;
                id = if stops && behind == 0 { 0 } else { self.nodes.next(id) };
            }
        }
        self.slab[index].flags &= !mark::MAY_ENTER;
        None
    }

    /// Moves a node that may enter into its actor's slice.
    fn pick(&mut self, index: u32, lane: Lanes, id: u32, taken: &mut Lane) {
        if lane == Lanes::Normal {
            return self.nodes.pick(&mut self.slab[index].normal, id, taken);
        }
        let (hot, side) = self.slab.with_side(index);
        let from = if lane == Lanes::Next { &mut side.next } else { &mut side.priority };
        self.nodes.pick(from, id, taken);
        if side.next.is_empty() && side.priority.is_empty() {
            hot.flags &= !mark::URGENT;
        }
    }

    /// Moves an actor's first node into its slice.
    #[inline]
    fn shift(&mut self, index: u32, taken: &mut Lane) {
        if self.slab[index].has(mark::URGENT) {
            let (hot, side) = self.slab.with_side(index);
            if !side.next.is_empty() {
                self.nodes.shift(&mut side.next, taken);
            } else if !side.priority.is_empty() {
                self.nodes.shift(&mut side.priority, taken);
            } else {
                self.nodes.shift(&mut hot.normal, taken);
            }
            if side.next.is_empty() && side.priority.is_empty() {
                hot.flags &= !mark::URGENT;
            }
        } else {
            self.nodes.shift(&mut self.slab[index].normal, taken);
        }
    }

    /// The ordered stop at the head of an actor's mailbox.
    fn stop(&mut self, index: u32) {
        let id = self.first_node(index);
        let node = self.remove_node(index, id);
        self.exit(index, node.a);
    }

    fn touch_upcoming(&self) {
        let heads = self.scheduler.upcoming(TOUCHED).fold(0, |sum, index| sum ^ self.slab[index].normal.head);
        black_box(heads);
        let nodes = self
            .scheduler
            .upcoming(TOUCHED)
            .fold(0, |sum, index| sum ^ self.nodes.get(self.slab[index].normal.head).slot);
        black_box(nodes);
    }
}
