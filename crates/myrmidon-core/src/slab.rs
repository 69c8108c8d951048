//! The slab: actors by index, one cache line each, and the PIDs that name them.
//!
//! Promises: G1, G2. Index 0 is never given out; fresh indexes come in increasing order and only while no slot is free;
//! freed slots are reused in the order in which they were freed; a slot that has lived its last generation retires.
//! What only some actors have is in a [`Side`] record, made on first need.

use crate::{
    call::CallsOf,
    link::LinksOf,
    mailbox::Lane,
    monitor::{WatchedBy, Watching},
    pid::{MAX_GENERATION, MAX_INDEX, Pid},
    pool::Pool,
    room::{HeldBy, Holding},
    timer::TimersOf,
};
use core::ops::Range;
use std::collections::VecDeque;

/// The state of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// No actor has it; or its actor has ended, and signals of that end are still on their way.
    #[default]
    Free,
    /// Its PID is given out, and its mailbox is not open yet.
    Reserved,
    /// Its `init` runs: messages are queued, and none is delivered.
    Starting,
    /// The actor lives.
    Live,
    /// Others see the actor as ended; its cleanup still runs.
    Terminating,
}

/// Where the scheduler has an actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// Nowhere.
    #[default]
    None,
    /// In the run queue.
    Run,
    /// In the queue of those in debt.
    Debt,
    /// In the batch that is under way.
    Batch,
}

/// Flags of an actor, in one byte with `spawn::TRAP_EXIT` and `spawn::CLEANUP`.
pub mod mark {
    /// A message that may re-enter could be in its lanes; cleared when a search finds none.
    pub const MAY_ENTER: u8 = 1;
    /// It is suspended: no messages are delivered.
    pub const SUSPENDED: u8 = 8;
    /// It sent to a full mailbox with the policy `suspend`, and waits for room there.
    pub const HELD: u8 = 16;
    /// Its `next` or priority lane is not empty.
    pub const URGENT: u8 = 32;
    /// Somebody waits for room in its mailbox.
    pub const AWAITED: u8 = 64;
    /// Its last slice took too long: it waits in the queue of those in debt.
    pub const DEBT: u8 = 128;
}

/// What every actor has: one cache line.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct Hot {
    /// The generation of the slot's actor, or of the next one.
    pub generation: u32,
    /// The state of the slot.
    pub state: State,
    /// `spawn::TRAP_EXIT`, `spawn::CLEANUP` and `mark`.
    pub flags: u8,
    /// What happens when the mailbox is full: a number of `policy`.
    pub policy: u8,
    /// In which queue of the scheduler it is.
    pub place: Place,
    /// The normal lane.
    pub normal: Lane,
    /// Messages that count against the bound, in all lanes and in the batch.
    pub count: u32,
    /// The bound of the mailbox.
    pub capacity: u32,
    /// Its side record; 0: none.
    pub side: u32,
    /// Its position in the queue, or its slice in the batch.
    pub at: u32,
    /// The pending calls of which it is the callee.
    pub calls: CallsOf,
    /// Handlers that were begun and are not done, because they wait for something.
    pub busy: u16,
    /// How many messages its next slice may have.
    pub quota: u8,
    /// How many messages any of its slices may have: the `budget` of its spawn.
    pub budget: u8,
    _spare: [u8; 4],
    /// Messages handled, over its life.
    pub reductions: u64,
    /// Microseconds that its handlers took, over its life.
    pub micros: u64,
}

const _: () = assert!(size_of::<Hot>() == 64);

impl Hot {
    /// Whether it has this flag.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether there may be something in its mailbox.
    #[inline]
    pub const fn has_more(&self) -> bool {
        !self.normal.is_empty() || self.has(mark::URGENT)
    }

    /// Whether others see it as alive.
    pub const fn is_alive(&self) -> bool {
        matches!(self.state, State::Starting | State::Live)
    }

    /// Whether its mailbox is empty enough for senders that wait for room.
    pub const fn at_low_water(&self) -> bool {
        self.count <= self.capacity / 2
    }
}

/// What only some actors have.
#[derive(Debug, Default)]
pub struct Side {
    /// The lane of `self.next`.
    pub next: Lane,
    /// The priority lane.
    pub priority: Lane,
    /// Its halves of links.
    pub links: LinksOf,
    /// Monitors of which it is the target.
    pub watched_by: WatchedBy,
    /// Monitors that it owns.
    pub watching: Watching,
    /// Its timers.
    pub timers: TimersOf,
    /// Overflows for which it is held.
    pub holding: Holding,
    /// Overflows of its mailbox.
    pub held_by: HeldBy,
    /// Waiters for room in its mailbox.
    pub waiters: Vec<u32>,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Nodes that do not count against the bound.
    pub uncounted: u32,
    /// Answers among them.
    pub behind: u32,
    /// ms that a sender is held for its mailbox.
    pub send_timeout: u32,
    /// The word of the reason that it ends with.
    pub reason: u32,
}

/// Bytes of a slot: what an actor costs that has nothing.
pub const SLOT_BYTES: usize = size_of::<Hot>() + size_of::<u64>();

/// Slots for which there is room from the beginning, where there may be so many actors: 288 MiB of addresses.
const ROOM: u32 = 1 << 22;

/// Actors by index.
pub struct Slab {
    hot: Vec<Hot>,
    /// When each was opened, for the order of spawns.
    opened: Vec<u64>,
    sides: Pool<Side>,
    free: VecDeque<u32>,
    shard: u8,
    limit: u32,
    first_generation: u32,
    highest_generation: u32,
    /// Actors that live.
    pub live: u32,
    /// Slots whose generations are spent.
    pub retired: u32,
    order: u64,
}

impl Slab {
    /// An empty slab; the first life of a slot has `first_generation`.
    pub fn new(shard: u8, max_actors: u32, first_generation: u32) -> Self {
        let limit = max_actors.min(MAX_INDEX);
        Self {
            hot: roomy(Hot::default(), limit),
            opened: roomy(0, limit),
            sides: Pool::new(),
            free: VecDeque::new(),
            shard,
            limit,
            first_generation,
            highest_generation: first_generation,
            live: 0,
            retired: 0,
            order: 0,
        }
    }

    /// Takes the next PID; `None`: all slots are taken or spent.
    pub fn reserve(&mut self) -> Option<Pid> {
        let index = if let Some(index) = self.free.pop_front() {
            index
        } else {
            let index = self.hot.len() as u32;
            if index > self.limit || self.first_generation > MAX_GENERATION {
                return None;
            }
            self.hot.push(Hot { generation: self.first_generation, ..Hot::default() });
            self.opened.push(0);
            index
        };
        let hot = &mut self.hot[index as usize];
        hot.state = State::Reserved;
        self.highest_generation = self.highest_generation.max(hot.generation);
        Pid::new(self.shard, index, hot.generation)
    }

    /// Notes that the reserved slot is an actor from now on.
    pub fn open(&mut self, index: u32) {
        self.order += 1;
        self.opened[index as usize] = self.order;
        self.live += 1;
    }

    /// Ends the life of a slot: its PID names nobody from now on. The slot is free only after [`Slab::free`].
    pub fn end(&mut self, index: u32) {
        let hot = &mut self.hot[index as usize];
        let (generation, side) = (hot.generation + 1, hot.side);
        *hot = Hot { generation, ..Hot::default() };
        if side != 0 {
            drop(self.sides.remove(side));
        }
    }

    /// Gives the slot of an ended life to whoever comes next, unless its generations are spent.
    pub fn free(&mut self, index: u32) {
        if self.hot[index as usize].generation > MAX_GENERATION {
            self.retired += 1;
        } else {
            self.free.push_back(index);
        }
    }

    /// The slot of a PID that was given out and has not ended, whatever its state.
    #[inline]
    pub fn find(&self, pid: Pid) -> Option<u32> {
        let index = pid.index();
        let hot = self.hot.get(index as usize)?;
        (hot.generation == pid.generation() && pid.shard() == self.shard && hot.state != State::Free).then_some(index)
    }

    /// The slot of an actor that others see.
    pub fn alive(&self, pid: Pid) -> Option<u32> {
        self.find(pid).filter(|index| self[*index].is_alive())
    }

    /// Whether this PID was ever an actor (G4).
    pub fn ever_existed(&self, pid: Pid) -> bool {
        if pid.shard() != self.shard || pid.index() == 0 {
            return false;
        }
        match self.hot.get(pid.index() as usize) {
            None => pid.generation() < self.first_generation,
            Some(hot) if pid.generation() == hot.generation => !matches!(hot.state, State::Free | State::Reserved),
            Some(hot) => pid.generation() < hot.generation,
        }
    }

    /// The PID of the slot's life.
    pub fn pid(&self, index: u32) -> Pid {
        Pid::from_words(self.low(index), self[index].generation)
    }

    /// The low word of the slot's PIDs.
    pub fn low(&self, index: u32) -> u32 {
        u32::from(self.shard) << crate::pid::INDEX_BITS | index
    }

    /// The side record of an actor that has one.
    pub fn side(&self, index: u32) -> Option<&Side> {
        let side = self[index].side;
        (side != 0).then(|| &self.sides[side])
    }

    /// The side record, made if there is none.
    pub fn side_mut(&mut self, index: u32) -> &mut Side {
        self.with_side(index).1
    }

    /// Both records, the side one made if there is none.
    pub fn with_side(&mut self, index: u32) -> (&mut Hot, &mut Side) {
        let hot = &mut self.hot[index as usize];
        if hot.side == 0 {
            hot.side = self.sides.insert(Side::default());
        }
        let side = &mut self.sides[hot.side];
        (hot, side)
    }

    /// Both records, where there is a side one.
    pub fn existing_side(&mut self, index: u32) -> Option<(&mut Hot, &mut Side)> {
        let hot = &mut self.hot[index as usize];
        if hot.side == 0 {
            return None;
        }
        let side = &mut self.sides[hot.side];
        Some((hot, side))
    }

    /// The generation of a slot, for warming the cache; 0 for what is no slot.
    #[inline]
    pub fn touch(&self, index: u32) -> u32 {
        self.hot.get(index as usize).map_or(0, |hot| hot.generation)
    }

    /// A slot, where there is one.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&Hot> {
        self.hot.get(index as usize)
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut Hot> {
        self.hot.get_mut(index as usize)
    }

    /// All actors that others see, by slot.
    pub fn visible(&self) -> impl Iterator<Item = u32> + '_ {
        (1..self.hot.len() as u32).filter(|index| self[*index].is_alive())
    }

    /// All actors that others see, in the order in which they were opened.
    pub fn in_order(&self) -> Vec<u32> {
        let mut found: Vec<u32> = self.visible().collect();
        found.sort_unstable_by_key(|index| self.opened[*index as usize]);
        found
    }

    /// All actors that have not ended.
    pub fn not_ended(&self) -> Vec<u32> {
        let lives = |index: &u32| !matches!(self[*index].state, State::Free | State::Reserved);
        let mut found: Vec<u32> = (1..self.hot.len() as u32).filter(lives).collect();
        found.sort_unstable_by_key(|index| self.opened[*index as usize]);
        found
    }

    /// The highest generation that was given out.
    pub const fn highest_generation(&self) -> u32 {
        self.highest_generation
    }

    /// Gives back what a burst left of side records. Slots stay: their generations must never come again (G2).
    pub fn give_back(&mut self) {
        if self.sides.is_spent() {
            self.sides = Pool::new();
        }
    }

    /// The addresses of the slots, given out or not.
    pub fn room(&self) -> [Range<*const u8>; 2] {
        [addresses(&self.hot), addresses(&self.opened)]
    }

    /// Bytes held. Room for slots that were never given out is addresses alone.
    pub fn bytes(&self) -> usize {
        self.hot.len() * size_of::<Hot>() + self.opened.len() * size_of::<u64>() + self.sides.bytes()
    }
}

/// A vector of one, with room for `limit` more: memory that is not written to is not there yet, and growing by copies
/// (memory that is aligned to cache lines is not moved by its pages) would write all of it twice, in one pause. Where
/// the room is not to be had, it grows.
fn roomy<T>(first: T, limit: u32) -> Vec<T> {
    let mut slots = Vec::new();
    let _ = slots.try_reserve_exact(limit.min(ROOM) as usize + 1);
    slots.push(first);
    slots
}

fn addresses<T>(slots: &Vec<T>) -> Range<*const u8> {
    let start = slots.as_ptr().cast::<u8>();
    start..start.wrapping_add(slots.capacity() * size_of::<T>())
}

impl core::ops::Index<u32> for Slab {
    type Output = Hot;
    #[inline]
    fn index(&self, index: u32) -> &Hot {
        &self.hot[index as usize]
    }
}

impl core::ops::IndexMut<u32> for Slab {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Hot {
        &mut self.hot[index as usize]
    }
}

#[cfg(test)]
mod tests;
