//! Mailboxes: three FIFO lanes of nodes from one pool.
//!
//! A node is in exactly one place: a lane, the slice of a batch that is under way, or the free chain. Lanes are served
//! next, priority, normal; the normal lane stands in the actor's hot record, the others in its side record.
//! Only messages count against the bound. DOWN, trapped exit signals, ticks of timers and ordered stops do not: what
//! bounds them is the monitor, link or timer that each of them uses up, and they are never refused.

use crate::{
    pid::Pid,
    record::{Record, completion, flag, submission, word},
    tide,
};

/// A node's kind besides those of `completion`: an ordered stop.
pub const STOP: u32 = submission::STOP;
/// A node's flag of our own: it overflowed, and its sender is held for it.
pub const HELD: u32 = 128;
/// The bits of a node's head that its receiver sees.
const VISIBLE: u32 = !(HELD << 8);

/// One entry of a mailbox: half a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Node {
    next: u32,
    previous: u32,
    /// Sender: shard and index.
    pub from: u32,
    /// Sender: generation.
    pub from_generation: u32,
    /// As in a record; the kind is one of `completion`, or [`STOP`].
    pub head: u32,
    /// The payload's slot; of bytes their number in the shard's pool; of a DOWN and a tick the isolate's reference.
    pub slot: u32,
    /// As in a record.
    pub a: u32,
    /// As in a record; of a call the number of its entry, 0 once it has ended; of a DOWN, an exit signal and a tick the
    /// number of the monitor, link half or timer.
    pub b: u32,
}

const _: () = assert!(size_of::<Node>() == 32);

impl Node {
    /// A node that is in no lane.
    pub const fn new(head: u32, from: Pid, slot: u32, a: u32, b: u32) -> Self {
        Self { next: 0, previous: 0, from: from.low(), from_generation: from.generation(), head, slot, a, b }
    }

    /// A submitted message.
    #[inline]
    pub const fn message(record: &Record) -> Self {
        const FLAGS: u32 = flag::PRIORITY | flag::CALL | flag::INLINE | flag::NEXT | flag::REENTRANT | flag::BYTES;
        Self {
            next: 0,
            previous: 0,
            from: record[word::FROM],
            from_generation: record[word::FROM_GENERATION],
            head: completion::MESSAGE | record[word::HEAD] & (0xffff_0000 | FLAGS << 8),
            slot: record[word::SLOT],
            a: record[word::A],
            b: record[word::B],
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> u32 {
        self.head & 0xff
    }

    /// Whether it has this flag.
    pub const fn has(&self, flag: u32) -> bool {
        self.head >> 8 & flag != 0
    }

    /// Whether it carries a payload of the isolate.
    pub const fn is_message(&self) -> bool {
        self.kind() == completion::MESSAGE
    }

    /// Whether it counts against the bound: a message, unless its actor sent it to itself as the next one.
    pub const fn is_counted(&self) -> bool {
        self.is_message() && !self.has(flag::NEXT)
    }

    /// A message that nothing else knows of: its end is a decrement.
    pub const fn is_plain(&self) -> bool {
        const SPECIAL: u32 = flag::CALL | flag::NEXT | flag::BYTES | flag::REENTRANT | HELD;
        self.head & (0xff | SPECIAL << 8) == completion::MESSAGE
    }

    /// The same, but that its payload may be in the shard's pool, and that it may be one that may enter.
    pub const fn is_light(&self) -> bool {
        self.head & (0xff | (flag::CALL | flag::NEXT | HELD) << 8) == completion::MESSAGE
    }

    /// A message that may enter while a handler waits.
    pub const fn may_enter(&self) -> bool {
        self.is_message() && self.has(flag::REENTRANT)
    }

    /// As its receiver sees it.
    pub const fn record(&self, low: u32, generation: u32) -> Record {
        let mut record =
            [low, generation, self.from, self.from_generation, self.head & VISIBLE, self.slot, self.a, self.b];
        if self.has(flag::CALL) {
            // The caller has gone: the token may be another call's by now.
            if self.b == 0 {
                record[word::A] = 0;
            }
            record[word::B] = 0;
        } else if !self.is_message() {
            record[word::B] = 0;
        }
        record
    }
}

/// The lanes of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// What an actor sent to itself ahead of everything.
    Next,
    /// What the receiver's protocol marks as urgent.
    Priority,
    /// Everything else.
    Normal,
}

/// The ends of a lane; `Default` is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// The first node; 0: it is empty.
    pub head: u32,
    /// The last one.
    pub tail: u32,
}

impl Lane {
    /// Nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.head == 0
    }
}

/// All nodes of a shard.
pub struct Nodes {
    all: Vec<Node>,
    /// The free chain, last in, first out: what was read last is still in the cache.
    free: u32,
    live: u32,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { all: vec![Node::default()], free: 0, live: 0 }
    }
}

impl Nodes {
    /// Nodes in mailboxes and slices.
    pub const fn live(&self) -> u32 {
        self.live
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<Node>()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if tide::is_spent(self.live as usize, self.all.capacity()) {
            *self = Self::default();
        }
    }

    /// A node.
    pub fn get(&self, id: u32) -> &Node {
        &self.all[id as usize]
    }

    /// A node.
    pub fn get_mut(&mut self, id: u32) -> &mut Node {
        &mut self.all[id as usize]
    }

    /// The one behind it in its lane; 0: none.
    pub fn next(&self, id: u32) -> u32 {
        self.all[id as usize].next
    }

    /// Adds a node to the end of a lane; its number.
    #[inline]
    pub fn push(&mut self, lane: &mut Lane, mut node: Node) -> u32 {
        node.previous = lane.tail;
        node.next = 0;
        let id = self.free;
        let id = if id == 0 {
            self.all.push(node);
            self.all.len() as u32 - 1
        } else {
            let place = &mut self.all[id as usize];
            self.free = place.next;
            *place = node;
            id
        };
        self.live += 1;
        if lane.tail == 0 {
            lane.head = id;
        } else {
            self.all[lane.tail as usize].next = id;
        }
        lane.tail = id;
        id
    }

    /// Moves the first node of a lane to the end of another one.
    #[inline]
    pub fn shift(&mut self, from: &mut Lane, to: &mut Lane) {
        let id = from.head;
        let node = &mut self.all[id as usize];
        let rest = node.next;
        node.next = 0;
        node.previous = to.tail;
        from.head = rest;
        if rest == 0 {
            from.tail = 0;
        } else {
            self.all[rest as usize].previous = 0;
        }
        if to.tail == 0 {
            to.head = id;
        } else {
            self.all[to.tail as usize].next = id;
        }
        to.tail = id;
    }

    /// Takes the nodes of a lane up to `last` out of it; they stay linked to each other.
    #[inline]
    pub fn cut(&mut self, lane: &mut Lane, last: u32) {
        let rest = core::mem::take(&mut self.all[last as usize].next);
        lane.head = rest;
        if rest == 0 {
            lane.tail = 0;
        } else {
            self.all[rest as usize].previous = 0;
        }
    }

    /// One lane of two that are not empty.
    pub fn join(&mut self, one: Lane, other: Lane) -> Lane {
        self.all[one.tail as usize].next = other.head;
        self.all[other.head as usize].previous = one.tail;
        Lane { head: one.head, tail: other.tail }
    }

    /// Moves a node of a lane, wherever it stands, to the end of another one.
    pub fn pick(&mut self, from: &mut Lane, id: u32, to: &mut Lane) {
        self.detach(from, id);
        self.all[id as usize].previous = to.tail;
        if to.tail == 0 {
            to.head = id;
        } else {
            self.all[to.tail as usize].next = id;
        }
        to.tail = id;
    }

    /// Moves the last node of a lane to the front of another one.
    pub fn unshift(&mut self, from: &mut Lane, to: &mut Lane) {
        let id = from.tail;
        self.detach(from, id);
        self.all[id as usize].next = to.head;
        if to.head == 0 {
            to.tail = id;
        } else {
            self.all[to.head as usize].previous = id;
        }
        to.head = id;
    }

    /// Takes a node out of its lane; it is the caller's to free.
    fn detach(&mut self, lane: &mut Lane, id: u32) {
        let Node { next, previous, .. } = self.all[id as usize];
        if previous == 0 {
            lane.head = next;
        } else {
            self.all[previous as usize].next = next;
        }
        if next == 0 {
            lane.tail = previous;
        } else {
            self.all[next as usize].previous = previous;
        }
        let node = &mut self.all[id as usize];
        node.next = 0;
        node.previous = 0;
    }

    /// Takes a node out of its lane and frees it.
    pub fn remove(&mut self, lane: &mut Lane, id: u32) -> Node {
        self.detach(lane, id);
        let node = self.all[id as usize];
        self.all[id as usize].next = self.free;
        self.free = id;
        self.live -= 1;
        node
    }

    /// Frees the first `count` nodes of a lane in one step, without looking at them.
    pub fn free_front(&mut self, lane: &mut Lane, count: u32, all: bool) {
        let first = lane.head;
        let last = if all {
            lane.tail
        } else {
            let mut last = first;
            for _ in 1..count {
                last = self.all[last as usize].next;
            }
            last
        };
        let rest = self.all[last as usize].next;
        self.all[last as usize].next = self.free;
        self.free = first;
        self.live -= count;
        lane.head = rest;
        if rest == 0 {
            lane.tail = 0;
        } else {
            self.all[rest as usize].previous = 0;
        }
    }
}

#[cfg(test)]
mod tests;
