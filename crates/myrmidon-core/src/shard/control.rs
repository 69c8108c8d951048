//! What signals do, and what rings (actors.md 2.2; G27, G31 to G34, G43, G51).

use super::{Alarm, Shard};
use crate::{
    link::Half,
    mailbox::Node,
    monitor::Watch,
    pid::Pid,
    reason,
    record::{call_end, completion, spawn},
    signal::{PER_PASS, Signal},
    slab::State,
};

impl Shard {
    /// Handles signals, a bounded number of them.
    #[inline]
    pub(super) fn control_pass(&mut self) {
        if !self.signals.is_empty() {
            self.receive_signals();
        }
    }

    fn receive_signals(&mut self) {
        for _ in 0..PER_PASS {
            let Some(signal) = self.signals.receive() else { return };
            match signal {
                Signal::Exit { to, from, reason } => self.receive_exit(to, from, reason),
                Signal::LinkExit { half, reason } => self.receive_link_exit(half, reason),
                Signal::Down { monitor, reason } => self.receive_down(monitor, reason),
                Signal::Freed { index } => self.slab.free(index),
            }
        }
    }

    /// An explicit exit signal (G34).
    fn receive_exit(&mut self, to: Pid, from: Pid, word: u32) {
        let killed = word == reason::KILLED;
        let Some(index) = self.slab.find(to).filter(|index| self.slab[*index].state != State::Reserved) else {
            return self.reasons.release(word);
        };
        if killed {
            return self.kill(index);
        }
        if !self.slab[index].is_alive() {
            return self.reasons.release(word);
        }
        if self.slab[index].has(spawn::TRAP_EXIT as u8) {
            self.enqueue_signal(index, completion::EXIT_SIGNAL, from, 0, word, 0);
        } else if word == reason::NORMAL && from != to {
            self.reasons.release(word);
        } else {
            self.exit(index, word);
        }
    }

    /// The end of a linked actor (G31).
    fn receive_link_exit(&mut self, half: u32, word: u32) {
        let link = self.links.halves[half];
        if link.state == Half::Void {
            self.links.free(half);
            return self.reasons.release(word);
        }
        let alive = self.slab.alive(link.owner);
        if let Some(index) = alive.filter(|index| self.slab[*index].has(spawn::TRAP_EXIT as u8)) {
            let node = self.enqueue_signal(index, completion::EXIT_SIGNAL, link.peer, 0, word, half);
            self.links.halves[half].state = Half::Queued(node);
            return;
        }
        if let Some(index) = self.slab.find(link.owner) {
            self.links.forget(&mut self.slab.side_mut(index).links, half);
        }
        self.links.free(half);
        match alive.filter(|_| word != reason::NORMAL) {
            Some(index) => self.exit(index, word),
            None => self.reasons.release(word),
        }
    }

    /// The end of a watched actor (G37).
    fn receive_down(&mut self, id: u32, word: u32) {
        let monitor = self.monitors.all[id];
        if monitor.state == Watch::Void {
            self.monitors.free(id);
            return self.reasons.release(word);
        }
        if monitor.watcher.is_none() {
            self.monitors.all[id].state = Watch::Posted;
            return self.post(completion::OUTSIDE_DOWN, Pid::NONE, monitor.target, monitor.reference, word, 0);
        }
        if let Some(index) = self.slab.alive(monitor.watcher) {
            let node = self.enqueue_signal(index, completion::DOWN, monitor.target, monitor.reference, word, id);
            self.monitors.all[id].state = Watch::Queued(node);
        } else {
            self.drop_monitor(id);
            self.reasons.release(word);
        }
    }

    /// Puts a signal into a normal lane, behind what its sender sent before (G10).
    fn enqueue_signal(&mut self, index: u32, kind: u32, from: Pid, slot: u32, word: u32, known_by: u32) -> u32 {
        self.enqueue(index, Node::new(kind, from, slot, word, known_by))
    }

    /// Fires timers, ends calls and holds whose time is over.
    #[inline]
    pub(super) fn ring(&mut self) {
        if self.wheel.len() > 0 {
            self.ring_due();
        }
    }

    fn ring_due(&mut self) {
        let mut due = core::mem::take(&mut self.due);
        self.wheel.ring(self.now, &mut due);
        // None of them is in the wheel any more, and one may end another.
        for ring in &due {
            match ring.what {
                Alarm::Timer(id) => self.timers.all[id].alarm = 0,
                Alarm::Call(id) => self.calls.all[id].alarm = 0,
                Alarm::Away(id) => self.away.all[id].alarm = 0,
                Alarm::Hold(id) => self.holds.all[id].alarm = 0,
                Alarm::Nothing => {}
            }
        }
        for ring in due.drain(..) {
            match ring.what {
                Alarm::Timer(id) => self.fire(id, ring.deadline),
                Alarm::Call(id) if self.calls.all[id].callee != 0 => self.end_call(id, call_end::TIMEOUT, 0),
                Alarm::Away(id) if !self.away.all[id].callee.is_none() => self.away_call_times_out(id),
                Alarm::Hold(id) if !self.holds.all[id].sender.is_none() => self.hold_is_over(id),
                _ => {}
            }
        }
        self.due = due;
    }

    fn fire(&mut self, id: u32, deadline: f64) {
        let timer = self.timers.all[id];
        if timer.period > 0.0 {
            let alarm = self.wheel.set(self.now, timer.next_beat(deadline, self.now), Alarm::Timer(id));
            self.timers.all[id].alarm = alarm;
        }
        let Some(index) = self.slab.alive(timer.owner).filter(|_| timer.node == 0) else {
            return;
        };
        let node = Node::new(completion::TIMER | timer.flags << 8, timer.owner, timer.reference, 0, id);
        let node = self.enqueue(index, node);
        self.timers.all[id].node = node;
    }
}
