//! Ends (G24 to G28): first an actor becomes invisible, then it cleans up if it has to, and only then its signals go out.

use super::Shard;
use crate::{
    link::Half,
    mailbox::{HELD, Lane},
    monitor::Watch,
    packet::Packet,
    pid::Pid,
    pool::Listed as _,
    reason,
    record::{call_end, completion, flag, spawn, why},
    signal::Signal,
    slab::{Place, State, mark},
};

impl Shard {
    /// Ends a living actor in order: with work to do, TERMINATE comes first. Takes over a count of the reason word.
    pub(super) fn exit(&mut self, index: u32, word: u32) {
        let hot = &self.slab[index];
        let cleans_up = hot.state == State::Live && hot.has(spawn::CLEANUP as u8);
        self.withdraw(index, word);
        if cleans_up {
            self.slab[index].state = State::Terminating;
            self.slab.side_mut(index).reason = word;
            let word = self.reasons.retain(word);
            let pid = self.slab.pid(index);
            self.post(completion::TERMINATE, pid, Pid::NONE, 0, word, 0);
            self.let_answers_of_dead_go(pid);
        } else {
            self.slab.side_mut(index).reason = word;
            self.bury(index);
        }
    }

    /// Ends an actor at once, also one that cleans up (G27).
    pub(super) fn kill(&mut self, index: u32) {
        if self.slab[index].state == State::Terminating {
            let side = self.slab.side_mut(index);
            let before = core::mem::replace(&mut side.reason, reason::KILLED);
            self.reasons.release(before);
        } else {
            self.withdraw(index, reason::KILLED);
            self.slab.side_mut(index).reason = reason::KILLED;
        }
        self.bury(index);
    }

    /// The actor never was: nothing of it makes a signal (G36).
    pub(super) fn abandon(&mut self, index: u32) {
        let pid = self.slab.pid(index);
        self.withdraw(index, Self::never_started());
        self.let_answers_of_dead_go(pid);
        while let Some(id) = self.first_link(index) {
            let half = self.links.halves[id];
            self.forget_link(index, id);
            if half.state == Half::Active && self.is_away(half.peer) {
                let id = self.links.unlink();
                self.post_to(half.peer, Packet::Unlink { from: half.owner, to: half.peer, id });
            } else if half.state == Half::Active {
                if let Some(other) = self.slab.find(half.peer) {
                    self.forget_link(other, half.twin);
                }
                self.links.free(half.twin);
            }
            if !matches!(half.state, Half::Signalled) {
                self.links.free(id);
            }
        }
        while let Some(id) = self.first_watch(index) {
            self.unlist_target(id);
            let monitor = self.monitors.all[id];
            if self.is_away(monitor.watcher) {
                self.tell_down(&monitor, Self::never_started());
            }
            self.drop_monitor(id);
        }
        self.slab.end(index);
        self.slab.free(index);
    }

    /// Makes an actor invisible: no name, no timer, no message, no call, no watch of its own (G25, G26).
    fn withdraw(&mut self, index: u32, word: u32) {
        self.take_back(index);
        self.unschedule(index);
        let pid = self.slab.pid(index);
        self.slab.live -= 1;
        // Nothing that follows can wake it or find it alive.
        let hot = &mut self.slab[index];
        hot.state = State::Terminating;
        hot.place = Place::None;
        if let Some((_, side)) = self.slab.existing_side(index) {
            if let Some(name) = side.name.take() {
                self.names.release(&name, pid);
            }
            self.empty_side(index);
        }
        self.clear_congested(index);
        self.release_waiters(index);
        let mut lanes = [Lane::default(); 3];
        lanes[2] = core::mem::take(&mut self.slab[index].normal);
        if let Some((hot, side)) = self.slab.existing_side(index) {
            hot.flags &= !mark::URGENT;
            lanes[0] = core::mem::take(&mut side.next);
            lanes[1] = core::mem::take(&mut side.priority);
        }
        for mut lane in lanes {
            self.bury_lane(index, pid, &mut lane);
        }
        self.slab[index].count = 0;
        while let Some(id) = Some(self.slab[index].calls.head).filter(|id| *id != 0) {
            self.end_call(id, call_end::EXITED, word);
        }
    }

    fn empty_side(&mut self, index: u32) {
        while let Some(id) = self.slab.side(index).map(|side| side.timers.head).filter(|id| *id != 0) {
            let timer = self.timers.take(&mut self.slab.side_mut(index).timers, id);
            if timer.alarm != 0 {
                self.wheel.cancel(timer.alarm);
            }
        }
        while let Some(id) = self.slab.side(index).map(|side| side.holding.head).filter(|id| *id != 0) {
            self.release_hold(id);
        }
        while let Some(id) = self.slab.side(index).map(|side| side.watching.head).filter(|id| *id != 0) {
            match self.monitors.all[id].state {
                Watch::Active => self.end_watch(id),
                Watch::Signalled => {
                    self.forget_monitor(id);
                    self.monitors.all[id].state = Watch::Void;
                }
                _ => self.drop_monitor(id),
            }
        }
        self.forget_queued_exits(index);
    }

    /// Frees the halves whose exit signals wait in the mailbox, in one walk: they may stand behind many that are active.
    fn forget_queued_exits(&mut self, index: u32) {
        let mut next = self.first_link(index);
        while let Some(id) = next {
            let half = self.links.halves[id];
            next = Some(half.place().after()).filter(|id| *id != 0);
            if matches!(half.state, Half::Queued(_)) {
                self.forget_link(index, id);
                self.links.free(id);
            }
        }
    }

    fn bury_lane(&mut self, index: u32, pid: Pid, lane: &mut Lane) {
        while !lane.is_empty() {
            let id = lane.head;
            let mut node = self.nodes.remove(lane, id);
            if !node.is_message() {
                // Timers, monitors and link halves of it are gone already.
                match node.kind() {
                    completion::DOWN | completion::EXIT_SIGNAL | crate::mailbox::STOP => self.reasons.release(node.a),
                    completion::REACHED => self.unreached.push(node.slot),
                    _ => {}
                }
                continue;
            }
            self.entering -= u32::from(node.may_enter());
            node.head &= !(HELD << 8);
            self.dead_letter(node.record(pid.low(), pid.generation()), why::STOPPED);
            if node.has(flag::CALL) && node.b != 0 {
                self.calls.all[node.b].node = 0;
            }
            if node.is_counted() {
                debug_assert!(self.slab[index].count > 0);
                self.slab[index].count -= 1;
            }
        }
    }

    /// The end itself: DEAD, then a signal to each link and each watcher, then the slot is free.
    pub(super) fn bury(&mut self, index: u32) {
        let pid = self.slab.pid(index);
        let word = self.slab.side(index).map_or(reason::NORMAL, |side| side.reason);
        let told = self.reasons.retain(word);
        self.post_dead(pid, told, self.slab[index].reductions, self.slab[index].micros);
        self.let_answers_of_dead_go(pid);
        while let Some(id) = self.first_link(index) {
            let half = self.links.halves[id];
            self.forget_link(index, id);
            match half.state {
                Half::Active if self.is_away(half.peer) => {
                    self.links.free(id);
                    let reason = self.owned_reason(word);
                    self.post_to(half.peer, Packet::LinkExit { from: pid, to: half.peer, reason });
                }
                Half::Active => {
                    self.links.free(id);
                    self.links.halves[half.twin].state = Half::Signalled;
                    self.links.halves[half.twin].twin = 0;
                    let reason = self.reasons.retain(word);
                    self.signals.send(Signal::LinkExit { half: half.twin, reason });
                }
                // Its own signal still comes by, and frees it.
                Half::Signalled => {}
                _ => self.links.free(id),
            }
        }
        while let Some(id) = self.first_watch(index) {
            self.slab.side_mut(index).watched_by.unlist(&mut self.monitors.all, id);
            let monitor = self.monitors.all[id];
            if self.is_away(monitor.watcher) {
                self.tell_down(&monitor, word);
                self.drop_monitor(id);
                continue;
            }
            self.monitors.all[id].state = Watch::Signalled;
            let reason = self.reasons.retain(word);
            self.signals.send(Signal::Down { monitor: id, reason });
        }
        self.reasons.release(word);
        self.slab.end(index);
        self.signals.send(Signal::Freed { index });
    }

    fn first_link(&self, index: u32) -> Option<u32> {
        self.slab.side(index).map(|side| side.links.head).filter(|id| *id != 0)
    }

    fn first_watch(&self, index: u32) -> Option<u32> {
        self.slab.side(index).map(|side| side.watched_by.head).filter(|id| *id != 0)
    }

    fn forget_link(&mut self, index: u32, id: u32) {
        self.links.forget(&mut self.slab.side_mut(index).links, id);
    }
}
