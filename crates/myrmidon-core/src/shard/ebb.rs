//! Gives back what a burst made the shard's stores hold (`tide.rs`).

use super::Shard;
use crate::tide;

impl Shard {
    /// A tick found nothing to do.
    pub(super) fn idle_moment(&mut self) {
        if !self.tide.moment() {
            return;
        }
        let held = self.bytes();
        if !self.tide.is_quiet(held) {
            return;
        }
        self.nodes.give_back();
        self.slab.give_back();
        self.outbox.give_back();
        self.signals.give_back();
        self.links.give_back();
        self.monitors.give_back();
        self.calls.give_back();
        self.timers.give_back();
        self.holds.give_back();
        self.wheel.give_back();
        self.reasons.give_back();
        self.names.give_back();
        self.away.give_back();
        self.payloads.give_back();
        if tide::is_spent(self.due.len(), self.due.capacity()) {
            self.due = Vec::new();
        }
        let held = self.bytes();
        self.tide.is_quiet(held);
    }

    /// Bytes held by slots and by what grows with messages, signals, links, monitors, calls and timers. Tables by name
    /// and reference are not counted.
    pub(super) fn bytes(&self) -> usize {
        self.slab.bytes()
            + self.nodes.bytes()
            + self.outbox.bytes()
            + self.signals.bytes()
            + self.links.halves.bytes()
            + self.monitors.all.bytes()
            + self.calls.all.bytes()
            + self.timers.all.bytes()
            + self.holds.all.bytes()
            + self.wheel.bytes()
            + self.away.all.bytes()
            + self.payloads.bytes()
    }
}
