//! Links and monitors, as actors make and end them.

use super::Shard;
use crate::{
    link::Half,
    monitor::{Monitor, Watch},
    packet::Packet,
    pid::Pid,
    record::word,
    signal::Signal,
};

impl Shard {
    /// Links `owner`, who asks for it, with `peer` (G30, G32).
    pub(super) fn link(&mut self, owner: Pid, peer: Pid) {
        let Some(index) = self.slab.alive(owner) else { return };
        if let Some(half) = self.links.find(owner, peer) {
            if let Half::Unlinking(_) = self.links.halves[half].state {
                self.links.halves[half].state = Half::Active;
                self.post_to(peer, Packet::Link { from: owner, to: peer });
            }
            return;
        }
        if owner == peer {
            return;
        }
        if self.is_away(peer) {
            self.links.make(&mut self.slab.side_mut(index).links, owner, peer, Half::Active);
            return self.post_to(peer, Packet::Link { from: owner, to: peer });
        }
        if let Some(other) = self.slab.alive(peer) {
            let one = self.links.make(&mut self.slab.side_mut(index).links, owner, peer, Half::Active);
            let two = self.links.make(&mut self.slab.side_mut(other).links, peer, owner, Half::Active);
            self.links.join(one, two);
        } else {
            let reason = self.no_proc(peer);
            let half = self.links.make(&mut self.slab.side_mut(index).links, owner, peer, Half::Signalled);
            self.signals.send(Signal::LinkExit { half, reason });
        }
    }

    /// Ends the link of the two; no exit signal of it is handled afterwards (G33).
    pub(super) fn unlink(&mut self, owner: Pid, peer: Pid) {
        let Some(index) = self.slab.alive(owner) else { return };
        let Some(id) = self.links.find(owner, peer) else { return };
        let half = self.links.halves[id];
        match half.state {
            Half::Active if self.is_away(peer) => {
                let number = self.links.unlink();
                self.links.halves[id].state = Half::Unlinking(number);
                self.post_to(peer, Packet::Unlink { from: owner, to: peer, id: number });
            }
            Half::Active => {
                self.links.forget(&mut self.slab.side_mut(index).links, id);
                self.links.free(id);
                if let Some(other) = self.slab.find(peer) {
                    self.links.forget(&mut self.slab.side_mut(other).links, half.twin);
                    self.links.free(half.twin);
                }
            }
            Half::Signalled => self.links.forget(&mut self.slab.side_mut(index).links, id),
            Half::Queued(node) => {
                let node = self.remove_node(index, node);
                self.forget_node(index, node);
            }
            Half::Void | Half::Unlinking(_) => {}
        }
    }

    /// Begins a watch (G37, G39).
    pub(super) fn monitor(&mut self, watcher: Pid, reference: u32, target: Pid) {
        if self.monitors.find(watcher, reference).is_some() {
            return;
        }
        if !watcher.is_none() && self.slab.alive(watcher).is_none() {
            return;
        }
        let alive = self.slab.alive(target);
        let away = self.is_away(target);
        let state = if alive.is_some() || away { Watch::Active } else { Watch::Signalled };
        let id = self.monitors.make(watcher, reference, target, state);
        if let Some(index) = self.slab.alive(watcher) {
            self.slab.side_mut(index).watching.push(&mut self.monitors.all, id);
        }
        match alive {
            // Nobody learns of one's own end.
            Some(_) if watcher == target => {}
            Some(index) => self.slab.side_mut(index).watched_by.push(&mut self.monitors.all, id),
            None if away => self.post_to(target, Packet::Monitor { watcher, reference, target }),
            None => {
                let reason = self.no_proc(target);
                self.signals.send(Signal::Down { monitor: id, reason });
            }
        }
    }

    /// Ends a watch. Whether no DOWN of it was or will be handled (G38).
    pub(super) fn demonitor(&mut self, watcher: Pid, reference: u32) -> bool {
        let Some(id) = self.monitors.find(watcher, reference) else {
            return false;
        };
        match self.monitors.all[id].state {
            Watch::Active => self.end_watch(id),
            Watch::Signalled => {
                self.forget_monitor(id);
                self.monitors.all[id].state = Watch::Void;
            }
            Watch::Queued(node) => {
                let Some(index) = self.slab.alive(watcher) else {
                    return false;
                };
                let node = self.remove_node(index, node);
                self.forget_node(index, node);
            }
            Watch::Posted => {
                if let Some(record) = self.outbox.take_outside_down(reference) {
                    self.reasons.release(record[word::A]);
                }
                self.drop_monitor(id);
            }
            Watch::Void => return false,
        }
        true
    }

    /// Ends an active monitor of one's own.
    pub(super) fn end_watch(&mut self, id: u32) {
        let Monitor { watcher, reference, target, .. } = self.monitors.all[id];
        self.unlist_target(id);
        if self.is_away(target) {
            self.post_to(target, Packet::Demonitor { watcher, reference });
        }
        self.drop_monitor(id);
    }

    /// Takes an active monitor out of its target's list.
    pub(super) fn unlist_target(&mut self, id: u32) {
        let monitor = self.monitors.all[id];
        if monitor.watcher == monitor.target {
            return;
        }
        if let Some((_, side)) = self.slab.find(monitor.target).and_then(|index| self.slab.existing_side(index)) {
            side.watched_by.unlist(&mut self.monitors.all, id);
        }
    }

    /// Makes a monitor unknown to its watcher.
    pub(super) fn forget_monitor(&mut self, id: u32) {
        let watcher = self.monitors.all[id].watcher;
        if let Some((_, side)) = self.slab.find(watcher).and_then(|index| self.slab.existing_side(index)) {
            side.watching.unlist(&mut self.monitors.all, id);
        }
        self.monitors.forget(id);
    }

    /// Ends a monitor that is in no target's list any more.
    pub(super) fn drop_monitor(&mut self, id: u32) {
        self.forget_monitor(id);
        self.monitors.free(id);
    }

    /// The isolate gets the DOWN of an outside watch: nobody can end that any more.
    pub(super) fn outside_down_is_read(&mut self, reference: u32) {
        if let Some(id) = self.monitors.find(Pid::NONE, reference) {
            self.drop_monitor(id);
        }
    }
}
