//! Full mailboxes: what their policies do, and who waits for room (G13 to G16).

use super::{Alarm, Shard};
use crate::{
    call::Asker,
    mailbox::HELD,
    packet::Packet,
    pid::Pid,
    record::{Record, call_end, completion, flag, policy, why, word},
    room::Hold,
    send_error::SendError,
    slab::mark,
};

/// What becomes of a message that finds the mailbox full.
pub(super) enum Overflow {
    /// It is a dead letter.
    Gone,
    /// Room was made.
    Room,
    /// It is accepted, and its sender is held.
    Held,
}

impl Shard {
    /// For a sender that ticked first: whether this send would be accepted now. One to nobody is (G12).
    ///
    /// # Errors
    /// `MailboxFull`, when the receiver's policy does not take it.
    pub fn admit(&self, to: Pid, from: Pid) -> Result<(), SendError> {
        let Some(index) = self.slab.alive(to) else {
            let refused = self.is_away(to) && !self.may_send_away(to, from);
            return if refused { Err(SendError::MailboxFull) } else { Ok(()) };
        };
        let hot = &self.slab[index];
        let accepted = hot.count < hot.capacity
            || match u32::from(hot.policy) {
                policy::DROP_NEWEST | policy::DROP_OLDEST => true,
                policy::SUSPEND => self.may_hold(to, from),
                _ => false,
            };
        if accepted { Ok(()) } else { Err(SendError::MailboxFull) }
    }

    /// How many messages of up to `COPIED` bytes the way to another shard takes for sure; 0 for one of this shard.
    pub fn credit(&self, to: Pid, from: Pid) -> u32 {
        if to.shard() == self.number || self.holds.has(from, to) { 0 } else { self.peers.room(to.shard()) }
    }

    /// Whether an overflow of `sender` may wait: an actor that is not itself the receiver, and not held for it already.
    fn may_hold(&self, receiver: Pid, sender: Pid) -> bool {
        if sender == receiver {
            return false;
        }
        (self.slab.alive(sender).is_some() || self.is_away(sender)) && !self.holds.has(sender, receiver)
    }

    /// Whether `sender` cannot hear in time that it is to wait: it lives on another shard, or its handler runs elsewhere.
    fn tells_blindly(&self, sender: Pid) -> bool {
        self.is_away(sender) || self.slab.alive(sender).is_some_and(|index| self.slab[index].busy > 0)
    }

    pub(super) fn overflow(&mut self, index: u32, record: &Record, asker: Option<Asker>) -> Overflow {
        match u32::from(self.slab[index].policy) {
            policy::DROP_NEWEST => self.refuse(index, record, why::DROPPED, asker),
            policy::DROP_OLDEST => {
                if self.drop_oldest(index) {
                    return Overflow::Room;
                }
                self.refuse(index, record, why::DROPPED, asker);
            }
            policy::SUSPEND => {
                let sender = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
                if self.may_hold(self.slab.pid(index), sender) {
                    return Overflow::Held;
                }
                // It was on its way when its sender was told to wait: as many again as the bound are taken.
                let hot = &self.slab[index];
                if self.tells_blindly(sender) && hot.count < hot.capacity.saturating_mul(2) {
                    return Overflow::Room;
                }
                self.refuse(index, record, why::MAILBOX_FULL, asker);
            }
            _ => self.refuse(index, record, why::MAILBOX_FULL, asker),
        }
        Overflow::Gone
    }

    pub(super) fn refuse(&mut self, index: u32, record: &Record, why: u32, asker: Option<Asker>) {
        self.dead_letter(*record, why);
        let capacity = self.slab[index].capacity;
        if let Some(asker) = asker {
            self.tell_call_ended(asker, call_end::MAILBOX_FULL, capacity);
        } else if record[word::HEAD] >> 8 & flag::CALL != 0 {
            self.post_call_ended(record[word::A], call_end::MAILBOX_FULL, capacity);
        }
    }

    /// Makes room in the normal lane. `false`: there is no message in it.
    fn drop_oldest(&mut self, index: u32) -> bool {
        self.take_back(index);
        let mut id = self.slab[index].normal.head;
        while id != 0 && !self.nodes.get(id).is_message() {
            id = self.nodes.next(id);
        }
        if id == 0 {
            return false;
        }
        self.drop_message(index, id, why::DROPPED);
        true
    }

    /// Turns a queued message into a dead letter; a call among them fails.
    fn drop_message(&mut self, index: u32, id: u32, why: u32) {
        let (low, generation) = (self.slab.low(index), self.slab[index].generation);
        let node = self.remove_node(index, id);
        self.dead_letter(node.record(low, generation), why);
        if node.has(flag::CALL) && node.b != 0 {
            self.calls.all[node.b].node = 0;
            self.end_call(node.b, call_end::MAILBOX_FULL, self.slab[index].capacity);
        }
    }

    /// Holds a sender for the message that it overflowed `index` with.
    pub(super) fn hold(&mut self, index: u32, sender: Pid, node: u32) {
        let held = self.slab.alive(sender);
        if held.is_none() && !self.is_away(sender) {
            return;
        }
        self.nodes.get_mut(node).head |= HELD << 8;
        let receiver = self.slab.pid(index);
        let (hot, side) = self.slab.with_side(index);
        hot.flags |= mark::AWAITED;
        self.batch.goes_on = true;
        let id = self.holds.make(Hold::new(sender, receiver, node));
        self.holds.all[id].alarm = self.wheel.set(self.now, self.now + f64::from(side.send_timeout), Alarm::Hold(id));
        side.held_by.push(&mut self.holds.all, id);
        match held {
            Some(held) => self.wait(held, id),
            None => self.post_to(sender, Packet::Hold { sender, receiver }),
        }
    }

    /// Puts a hold on its sender, which gets no slice until it is released.
    pub(super) fn wait(&mut self, sender: u32, id: u32) {
        let (hot, side) = self.slab.with_side(sender);
        hot.flags |= mark::HELD;
        side.holding.push(&mut self.holds.all, id);
        // Also what it has not handled of a slice that is under way.
        self.take_back(sender);
        self.let_answers_go(sender);
        self.unschedule(sender);
    }

    /// The message that somebody is held for was handled, or will never be.
    pub(super) fn held_message_is_gone(&mut self, node: u32) {
        if let Some(id) = self.holds.of_node(node) {
            self.holds.forget_node(id);
        }
    }

    /// Lets a sender go on.
    pub(super) fn release_hold(&mut self, id: u32) {
        let Hold { sender, receiver, alarm, node, .. } = self.holds.all[id];
        if node != 0 {
            self.nodes.get_mut(node).head &= !(HELD << 8);
        }
        if alarm != 0 {
            self.wheel.cancel(alarm);
        }
        if let Some((_, side)) = self.slab.find(receiver).and_then(|index| self.slab.existing_side(index)) {
            side.held_by.unlist(&mut self.holds.all, id);
        } else if receiver.shard() != self.number
            && let Some(peer) = self.peers.get_mut(receiver.shard())
        {
            peer.held_by.unlist(&mut self.holds.all, id);
        }
        if self.is_away(sender) {
            self.post_to(sender, Packet::Release { sender, receiver });
        }
        let held = self.slab.find(sender);
        if let Some((hot, side)) = held.and_then(|index| self.slab.existing_side(index)) {
            side.holding.unlist(&mut self.holds.all, id);
            if side.holding.is_empty() {
                hot.flags &= !mark::HELD;
            }
        }
        self.holds.free(id);
        if let Some(index) = held {
            self.wake(index);
        }
    }

    /// A hold's time is over: its message is a dead letter, its sender goes on.
    pub(super) fn hold_is_over(&mut self, id: u32) {
        self.holds.all[id].alarm = 0;
        let Hold { receiver, node, .. } = self.holds.all[id];
        if node != 0
            && let Some(index) = self.slab.alive(receiver)
        {
            self.holds.forget_node(id);
            self.nodes.get_mut(node).head &= !(HELD << 8);
            self.drop_message(index, node, why::MAILBOX_FULL);
            // Making room may have brought the mailbox to low water, and ended this hold with all others.
            if self.slab[index].at_low_water() {
                return;
            }
        }
        self.release_hold(id);
    }

    /// Posts ROOM once the mailbox is at low water, or its owner has ended.
    pub(super) fn await_room(&mut self, to: Pid, waiter: u32) {
        match self.slab.alive(to).filter(|index| !self.slab[*index].at_low_water()) {
            None if self.is_away(to) && self.peers.is_full(to.shard()) => {
                if let Some(peer) = self.peers.get_mut(to.shard()) {
                    peer.waiters.push(waiter);
                }
            }
            None => self.post(completion::ROOM, to, Pid::NONE, waiter, 0, 0),
            Some(index) => {
                let (hot, side) = self.slab.with_side(index);
                hot.flags |= mark::AWAITED;
                self.batch.goes_on = true;
                side.waiters.push(waiter);
            }
        }
    }

    /// Lets everybody go on who waits for room here.
    pub(super) fn release_waiters(&mut self, index: u32) {
        let pid = self.slab.pid(index);
        self.slab[index].flags &= !mark::AWAITED;
        while let Some(id) = self.slab.side(index).map(|side| side.held_by.head).filter(|id| *id != 0) {
            self.release_hold(id);
        }
        if let Some((_, side)) = self.slab.existing_side(index) {
            for waiter in core::mem::take(&mut side.waiters) {
                self.post(completion::ROOM, pid, Pid::NONE, waiter, 0, 0);
            }
        }
    }

    /// Notes that `count` messages left a mailbox.
    #[inline]
    pub(super) fn uncount(&mut self, index: u32, count: u32) {
        let margin = self.margin;
        let hot = &mut self.slab[index];
        let before = hot.capacity.saturating_sub(hot.count);
        hot.count -= count;
        let after = hot.capacity.saturating_sub(hot.count);
        let freed = hot.has(mark::AWAITED) && hot.at_low_water();
        if before <= margin && after > margin {
            self.clear_congested(index);
        }
        if freed {
            self.release_waiters(index);
        }
    }

    pub(super) fn mark_congested(&mut self, index: u32) {
        let held = &mut self.congested[index as usize / 32];
        self.congested_count += u32::from(*held & 1 << (index % 32) == 0);
        *held |= 1 << (index % 32);
        self.note_congested(index / 32);
    }

    fn note_congested(&mut self, at: u32) {
        if self.congested_changed.len() > self.congested.len() {
            self.congested_changed.sort_unstable();
            self.congested_changed.dedup();
        }
        self.congested_changed.push(at);
    }

    pub(super) fn clear_congested(&mut self, index: u32) {
        let held = &mut self.congested[index as usize / 32];
        if *held & 1 << (index % 32) != 0 {
            *held &= !(1 << (index % 32));
            self.congested_count -= 1;
            self.note_congested(index / 32);
        }
    }

    /// A bit for each slab index: a send to a marked one must tick first, so that its outcome is exact (G14).
    pub fn congested(&self) -> &[u32] {
        &self.congested
    }

    /// How many are marked.
    pub const fn congested_count(&self) -> u32 {
        self.congested_count
    }

    /// Copies the words of [`Shard::congested`] that changed since the last call.
    pub fn congested_changes(&mut self, out: &mut [u32]) {
        for at in self.congested_changed.drain(..) {
            if let Some(place) = out.get_mut(at as usize) {
                *place = self.congested[at as usize];
            }
        }
    }
}
