//! Timers: each belongs to its actor, fires as a message to it, and ends with it (G43 to G45).
//!
//! A timer is known until its last tick was handled, so that `cancel` can take the tick back out of the mailbox. A
//! mailbox holds at most one tick of a timer; a beat that finds one there is skipped, and the beat stays.

use crate::{
    pid::Pid,
    pool::{List, Listed, Neighbours, Pool},
};
use rustc_hash::FxHashMap;

/// The timers of one actor.
pub type TimersOf = List<0>;

/// A timer of an actor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer {
    /// Whose it is.
    pub owner: Pid,
    /// The isolate's name for it.
    pub reference: u32,
    /// ms between two beats; 0: it fires once.
    pub period: f64,
    /// Its entry in the wheel; 0: none.
    pub alarm: u32,
    /// The node of its tick; 0: none waits.
    pub node: u32,
    /// Flags of its tick: `flag::PRIORITY`, `flag::REENTRANT`.
    pub flags: u32,
    place: Neighbours,
}

impl Listed<0> for Timer {
    fn place(&self) -> Neighbours {
        self.place
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.place
    }
}

impl Timer {
    /// A timer that is not set yet.
    pub fn new(owner: Pid, reference: u32, period: f64, flags: u32) -> Self {
        Self { owner, reference, period, flags, ..Self::default() }
    }

    /// The first beat after `now`, counted from one that was due.
    pub fn next_beat(&self, due: f64, now: f64) -> f64 {
        let beats = ((now - due) / self.period).floor().max(0.0) + 1.0;
        due + beats * self.period
    }
}

/// All timers of a shard.
pub struct Timers {
    pub(crate) all: Pool<Timer>,
    by_reference: FxHashMap<(Pid, u32), u32>,
}

impl Default for Timers {
    fn default() -> Self {
        Self { all: Pool::new(), by_reference: FxHashMap::default() }
    }
}

impl Timers {
    /// The timer that `owner` calls `reference`, unless it is over.
    pub fn find(&self, owner: Pid, reference: u32) -> Option<u32> {
        self.by_reference.get(&(owner, reference)).copied()
    }

    /// Makes a timer.
    pub fn make(&mut self, of: &mut TimersOf, timer: Timer) -> u32 {
        let id = self.all.insert(timer);
        of.push(&mut self.all, id);
        self.by_reference.insert((timer.owner, timer.reference), id);
        id
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            *self = Self::default();
        }
    }

    /// Takes a timer out.
    pub fn take(&mut self, of: &mut TimersOf, id: u32) -> Timer {
        of.unlist(&mut self.all, id);
        let timer = self.all.remove(id);
        self.by_reference.remove(&(timer.owner, timer.reference));
        timer
    }
}

#[cfg(test)]
mod tests;
