//! Who runs next: a run queue, a queue of those in debt, and passes.
//!
//! A pass serves everybody who was runnable when it began, once, and then at most one actor that is in debt: so a light
//! actor waits for at most one heavy handler (G47). With a seed there is one list and no debt: the next one is picked by
//! splitmix64, one message at a time (G58).

use core::num::Wrapping;
use std::collections::VecDeque;

/// Messages of a slice at most (G46).
pub const MAX_QUOTA: u8 = 64;
/// Messages of an actor's first slice: nothing is known of its handlers yet.
pub const FIRST_QUOTA: u8 = 8;

/// How many messages the next slice may have, after one of `handled` messages that took `micros`.
pub fn next_quota(quota: u8, handled: u32, micros: u32, budget: u32) -> u8 {
    if micros > budget {
        let fits = u64::from(handled) * u64::from(budget) / u64::from(micros);
        fits.clamp(1, u64::from(MAX_QUOTA)) as u8
    } else if micros <= budget / 2 {
        quota.saturating_mul(2).clamp(1, MAX_QUOTA)
    } else {
        quota
    }
}

/// A FIFO of actors from which any can be taken out in O(1): it leaves a hole.
#[derive(Default)]
struct Fifo {
    /// Slots; 0: a hole. Neither end is one.
    entries: VecDeque<u32>,
    /// The position of the first entry.
    first: Wrapping<u32>,
    len: u32,
}

impl Fifo {
    fn push_back(&mut self, index: u32) -> u32 {
        let at = self.first + Wrapping(self.entries.len() as u32);
        self.entries.push_back(index);
        self.len += 1;
        at.0
    }

    fn push_front(&mut self, index: u32) -> u32 {
        self.first -= 1;
        self.entries.push_front(index);
        self.len += 1;
        self.first.0
    }

    fn pop(&mut self) -> Option<u32> {
        let index = self.entries.pop_front()?;
        self.first += 1;
        self.len -= 1;
        self.trim();
        Some(index)
    }

    fn remove(&mut self, at: u32) {
        let place = (Wrapping(at) - self.first).0 as usize;
        self.entries[place] = 0;
        self.len -= 1;
        self.trim();
    }

    fn trim(&mut self) {
        while self.entries.front() == Some(&0) {
            self.entries.pop_front();
            self.first += 1;
        }
        while self.entries.back() == Some(&0) {
            self.entries.pop_back();
        }
    }

    /// The next ones, for warming the cache; holes are 0.
    fn peek(&self, count: usize) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().take(count).copied()
    }
}

/// What the scheduler says to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Serve this one.
    Run(u32),
    /// Serve this one, which is in debt, and look at timers and inbox afterwards.
    Debt(u32),
    /// Nobody is runnable.
    Idle,
}

/// Runnable actors. It knows slots only; the caller notes in the actor's record where it put it.
pub struct Scheduler {
    run: Fifo,
    debt: Fifo,
    /// Actors that this pass has still to serve.
    pass: u32,
    /// The turn of one in debt that ends the pass is still to come; it may be that of a later tick.
    open: bool,
    /// With a seed: the runnable ones in the order in which they became so.
    list: Vec<u32>,
    random: Option<u64>,
}

impl Scheduler {
    /// Nobody is runnable.
    pub fn new(seed: Option<u64>) -> Self {
        Self { run: Fifo::default(), debt: Fifo::default(), pass: 0, open: false, list: Vec::new(), random: seed }
    }

    /// One message a slice, in an order made from the seed.
    pub const fn is_seeded(&self) -> bool {
        self.random.is_some()
    }

    /// Runnable actors.
    pub fn len(&self) -> u32 {
        self.run.len + self.debt.len + self.list.len() as u32
    }

    /// Nobody is runnable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts an actor behind all others of its kind; its position.
    #[inline]
    pub fn add(&mut self, index: u32, in_debt: bool) -> u32 {
        if self.random.is_some() {
            self.list.push(index);
            0
        } else if in_debt {
            self.debt.push_back(index)
        } else {
            self.run.push_back(index)
        }
    }

    /// Puts an actor before all others of its kind, and into this pass; its position.
    pub fn add_first(&mut self, index: u32, in_debt: bool) -> u32 {
        if self.random.is_some() {
            self.list.insert(0, index);
            0
        } else if in_debt {
            self.debt.push_front(index)
        } else {
            self.pass += 1;
            self.run.push_front(index)
        }
    }

    /// Takes an actor out that is no longer runnable.
    pub fn remove(&mut self, index: u32, at: u32, in_debt: bool) {
        if self.random.is_some() {
            self.list.retain(|held| *held != index);
        } else if in_debt {
            self.debt.remove(at);
        } else {
            self.run.remove(at);
        }
    }

    /// Begins a pass if the last one is over. To be called once a tick, before [`Scheduler::turn`].
    pub fn begin(&mut self) {
        if !self.open {
            self.open = true;
            self.pass = self.run.len;
        }
    }

    /// Takes the next one out.
    pub fn turn(&mut self) -> Turn {
        if let Some(random) = &mut self.random {
            if self.list.is_empty() {
                return Turn::Idle;
            }
            let draw = split_mix(random);
            let at = (draw % self.list.len() as u64) as usize;
            return Turn::Run(self.list.remove(at));
        }
        self.pass = self.pass.min(self.run.len);
        if self.pass == 0 {
            self.open = false;
            if let Some(index) = self.debt.pop() {
                return Turn::Debt(index);
            }
            self.begin();
        }
        match self.run.pop() {
            None => {
                self.open = false;
                Turn::Idle
            }
            Some(index) => {
                self.pass -= 1;
                Turn::Run(index)
            }
        }
    }

    /// The next ones, for warming the cache; 0 is nobody.
    pub fn upcoming(&self, count: usize) -> impl Iterator<Item = u32> + '_ {
        self.run.peek(count)
    }
}

/// The next number of a splitmix64 sequence.
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
