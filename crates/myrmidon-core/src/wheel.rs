//! A hierarchical timing wheel: to set and to cancel an alarm is O(1), whatever there are.
//!
//! Eleven levels of 64 slots over ticks of 1/8 ms. An alarm stands on the level of the highest digit (base 64) in which
//! its tick differs from the wheel's, and moves down as that digit is reached. Its exact deadline is kept beside it: none
//! rings early, and those that are due together ring in the order of (deadline, order of setting).

use crate::pool::{List, Listed, Neighbours, Pool};
use std::collections::BTreeSet;

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 11;
/// Ticks of a ms.
const RESOLUTION: f64 = 8.0;
/// ms further than which nothing is set: some 35,000 years, and exact in a double.
const FAR: f64 = 1_125_899_906_842_624.0;

/// An alarm that rings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring<T> {
    /// Monotonic ms.
    pub deadline: f64,
    order: u64,
    /// What it is for.
    pub what: T,
}

#[derive(Clone, Copy, Debug, Default)]
struct Alarm<T> {
    deadline: f64,
    tick: u64,
    order: u64,
    what: T,
    slot: u16,
    place: Neighbours,
}

/// Bytes of an alarm that is set.
pub const fn alarm_bytes<T>() -> usize {
    size_of::<Alarm<T>>()
}

impl<T> Listed<0> for Alarm<T> {
    fn place(&self) -> Neighbours {
        self.place
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.place
    }
}

/// Alarms, each with what it is for.
pub struct Wheel<T> {
    alarms: Pool<Alarm<T>>,
    slots: Vec<List<0>>,
    occupied: [u64; LEVELS],
    /// All alarms of earlier ticks have rung.
    tick: u64,
    order: u64,
    /// What is set, by (deadline, order), where `next` has to be exact.
    sorted: Option<BTreeSet<(u64, u64)>>,
}

// Rounded by casts: `f64::ceil` and `f64::floor` are calls on machines without SSE 4.1.
#[expect(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "clamped to 0 and more, and below 2^53")]
fn tick_of(ms: f64) -> u64 {
    let exact = ms.clamp(0.0, FAR) * RESOLUTION;
    let whole = exact as u64;
    whole + u64::from((whole as f64) < exact)
}

impl<T: Copy + Default> Wheel<T> {
    /// An empty one, at 0 ms.
    pub fn new() -> Self {
        Self {
            alarms: Pool::new(),
            slots: vec![List::default(); SLOTS * LEVELS],
            occupied: [0; LEVELS],
            tick: 0,
            order: 0,
            sorted: None,
        }
    }

    /// An empty one whose `next` is the next deadline itself, at O(log n) an alarm: for lockstep, where a look in between
    /// would be seen (G258).
    pub fn exact() -> Self {
        Self { sorted: Some(BTreeSet::new()), ..Self::new() }
    }

    /// Sets an alarm at `now`; its number.
    pub fn set(&mut self, now: f64, deadline: f64, what: T) -> u32 {
        // An empty wheel does not turn: it is put right when there is something on it again.
        if self.alarms.len() == 0 {
            self.tick = self.tick.max(floor_tick(now));
        }
        self.order += 1;
        let alarm =
            Alarm { deadline, tick: tick_of(deadline), order: self.order, what, slot: 0, place: Neighbours::default() };
        if let Some(sorted) = &mut self.sorted {
            sorted.insert((deadline.to_bits(), self.order));
        }
        let id = self.alarms.insert(alarm);
        self.list(id);
        id
    }

    /// Takes an alarm back; its deadline.
    pub fn cancel(&mut self, id: u32) -> f64 {
        let slot = usize::from(self.alarms[id].slot);
        self.slots[slot].unlist(&mut self.alarms, id);
        if self.slots[slot].is_empty() {
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        }
        let Alarm { deadline, order, .. } = self.alarms.remove(id);
        self.forget(deadline, order);
        deadline
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.alarms.is_spent() {
            self.alarms = Pool::new();
        }
    }

    /// Bytes held by alarms.
    pub fn bytes(&self) -> usize {
        self.alarms.bytes()
    }

    /// Alarms that are set.
    pub fn len(&self) -> usize {
        self.alarms.len()
    }

    /// Takes out all alarms that are due, in the order in which they ring.
    pub fn ring(&mut self, now: f64, due: &mut Vec<Ring<T>>) {
        if self.alarms.len() == 0 {
            return;
        }
        let end = floor_tick(now);
        let from = due.len();
        while let Some((level, slot, start)) = self.next_slot() {
            if start > end {
                break;
            }
            self.tick = self.tick.max(start);
            self.occupied[level] &= !(1 << slot);
            let list = core::mem::take(&mut self.slots[level * SLOTS + slot]);
            let mut id = list.head;
            while id != 0 {
                let next = self.alarms[id].place.after();
                if self.alarms[id].tick <= self.tick {
                    let Alarm { deadline, order, what, .. } = self.alarms.remove(id);
                    self.forget(deadline, order);
                    due.push(Ring { deadline, order, what });
                } else {
                    self.list(id);
                }
                id = next;
            }
        }
        self.tick = self.tick.max(end);
        due[from..]
            .sort_unstable_by(|one, other| one.deadline.total_cmp(&other.deadline).then(one.order.cmp(&other.order)));
    }

    /// Monotonic ms at which to look again; not after the next deadline. `None`: nothing is set.
    #[expect(clippy::cast_precision_loss, reason = "ticks are below 2^53")]
    pub fn next(&self) -> Option<f64> {
        if let Some(sorted) = &self.sorted {
            return sorted.first().map(|(deadline, _)| f64::from_bits(*deadline));
        }
        self.next_slot().map(|(.., start)| start as f64 / RESOLUTION)
    }

    fn forget(&mut self, deadline: f64, order: u64) {
        if let Some(sorted) = &mut self.sorted {
            sorted.remove(&(deadline.to_bits(), order));
        }
    }

    /// The occupied slot that begins first: level, slot, first tick.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        // Slots of a level begin before those of any higher one, because an alarm is on the lowest level that it can be.
        let level = (0..LEVELS).find(|level| self.occupied[*level] != 0)?;
        let bits = SLOT_BITS * level as u32;
        let here = (self.tick >> bits) % SLOTS as u64;
        let ahead = self.occupied[level].rotate_right(here as u32).trailing_zeros();
        let slot = (here as usize + ahead as usize) % SLOTS;
        let begin = self.tick >> bits >> SLOT_BITS << SLOT_BITS;
        Some((level, slot, (begin + slot as u64) << bits))
    }

    fn list(&mut self, id: u32) {
        let tick = self.alarms[id].tick.max(self.tick);
        let differing = tick ^ self.tick;
        let level = differing.checked_ilog2().map_or(0, |bit| bit / SLOT_BITS);
        let slot = level as usize * SLOTS + (tick >> (SLOT_BITS * level)) as usize % SLOTS;
        self.alarms[id].slot = slot as u16;
        self.slots[slot].push(&mut self.alarms, id);
        self.occupied[level as usize] |= 1 << (slot % SLOTS);
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped to 0 and more")]
fn floor_tick(ms: f64) -> u64 {
    (ms.clamp(0.0, FAR) * RESOLUTION) as u64
}

#[cfg(test)]
mod tests;
