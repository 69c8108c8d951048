//! Messages that are delivered where they wait, before they are ingested (G206, G315).
//!
//! While nothing is runnable every mailbox that may be delivered to is empty: what was submitted and not ingested yet is
//! the only queue, in the order of the sends. An owner that runs on this thread delivers from there, and asks about each
//! message; what it does not deliver it submits, and all that is behind it.

use super::Shard;
use crate::{
    pid::{INDEX_BITS, MAX_INDEX, Pid},
    prefetch::prefetch,
    record::{Record, flag, submission, word},
    scheduler::MAX_QUOTA,
    slab::{Place, State, mark},
};

/// Flags of an actor that is served in its turn alone.
const HELD_UP: u8 = mark::SUSPENDED | mark::HELD | mark::URGENT | mark::AWAITED | mark::DEBT;

/// Whether a record is a message of which nothing but its receiver knows, whose payload stays where it is.
#[inline]
pub const fn is_plain(record: &Record) -> bool {
    const FLAGS: u32 = flag::PRIORITY | flag::CALL | flag::INLINE | flag::NEXT | flag::REENTRANT | flag::BYTES;
    record[word::HEAD] & (FLAGS << 8 | 0xff) == submission::SEND
}

impl Shard {
    /// Nobody is runnable, also once the batch is over, and nothing waits to be said.
    pub fn is_at_rest(&self) -> bool {
        self.scheduler.is_empty()
            && !self.scheduler.is_seeded()
            && !self.batch.goes_on()
            && self.outbox.is_empty()
            && self.signals.is_empty()
    }

    /// Whether the next tick may be the time of a timer, a call or a hold.
    pub fn may_ring(&self, now: f64) -> bool {
        self.wheel.next().is_some_and(|next| next <= now)
    }

    /// Whether a plain message (`is_plain`) may be handled now: its receiver has nothing queued, is not held up, and has a
    /// whole budget. Then it counts as handled.
    #[inline]
    pub fn take_directly(&mut self, record: &Record) -> bool {
        let number = self.number;
        let Some(hot) = self.slab.get_mut(record[word::TO] & MAX_INDEX) else { return false };
        let takes = hot.generation == record[word::TO_GENERATION]
            && record[word::TO] >> INDEX_BITS == u32::from(number)
            && hot.state == State::Live
            && hot.place == Place::None
            && hot.count == 0
            && hot.normal.is_empty()
            && hot.flags & HELD_UP == 0
            && hot.busy == 0
            && hot.budget == MAX_QUOTA;
        if takes {
            hot.reductions += 1;
            self.reductions += 1;
        }
        takes
    }

    /// Charges an actor for a message that was taken directly.
    pub fn charge_directly(&mut self, pid: Pid, micros: u32) {
        if micros > 0
            && let Some(index) = self.slab.alive(pid)
        {
            self.charge(index, micros);
        }
    }

    /// Asks for the slot that a record is for.
    #[inline]
    pub fn expect(&self, record: &Record) {
        if let Some(hot) = self.slab.get(record[word::TO] & MAX_INDEX) {
            prefetch(hot);
        }
    }
}
