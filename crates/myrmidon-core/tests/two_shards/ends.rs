//! When nothing is on its way any more, and when a shard ends: what must hold then.

use super::{Isolate, NUMBERS, World};
use myrmidon_core::{
    pid::Pid,
    record::{control, submission},
    shard::Status,
};
use std::collections::VecDeque;

impl World {
    /// Until no packet is on its way and nobody has anything to do. Time passes: holds and timeouts end.
    pub fn quiesce(&mut self) {
        for pid in self.pids.clone() {
            self.submit(self.of(pid), submission::STARTED, pid, Pid::NONE, 0, 0, 0);
        }
        for round in 0..2000 {
            for at in [0, 1] {
                self.run(at, 12, 12);
                self.carry(at, 8);
            }
            let idle = |isolate: &Isolate| {
                isolate.shard.control()[control::RUNNABLE] == 0
                    && isolate.shard.stats().packets == 0
                    && isolate.pending.is_empty()
            };
            if self.ways.iter().all(VecDeque::is_empty) && self.isolates.iter().all(idle) {
                if self.isolates.iter().all(|isolate| isolate.shard.stats().alarms == 0) {
                    return;
                }
                self.now += 10.0;
            }
            assert!(round < 1999, "it never ends");
        }
    }

    /// Nothing is on its way: the two sides must agree.
    pub fn check_quiet(&self) {
        let links = |pid: Pid| self.isolates[self.of(pid)].shard.info(pid).map_or_else(Vec::new, |info| info.links);
        for pid in &self.pids {
            for peer in links(*pid) {
                assert!(links(peer).contains(pid), "{pid} has half a link with {peer} (G112)");
            }
            if let Some(info) = self.isolates[self.of(*pid)].shard.info(*pid) {
                assert_ne!(info.status, Status::Suspended, "{pid} is held for nothing (G111)");
            }
        }
        for (reference, watch) in &self.watches {
            let watcher_lives = watch.watcher.is_none() || self.is_alive(watch.watcher);
            let told = watch.ended || watch.downs == 1 || !watcher_lives || self.is_alive(watch.target);
            // An outside watch of an actor that never was is not told on its own shard.
            assert!(told, "watch {reference} of {} ended in silence (G37)", watch.target);
        }
        let [one, other] = [0, 1].map(|at| self.isolates[at].shard.stats());
        // A call that was passed on may be back on its caller's own shard.
        assert!(one.asked + other.asked <= one.away + other.away, "whoever is asked is waited for");
    }

    fn close(&mut self, at: usize) {
        loop {
            let isolate = &mut self.isolates[at];
            let written = isolate.shard.close(&mut isolate.ring);
            if written == 0 {
                return;
            }
            for index in 0..written {
                let record = self.isolates[at].ring[index];
                self.posted(at, record);
            }
        }
    }

    /// The end of a shard, in order or without a word; the other one learns of it after all packets.
    pub fn end(&mut self, at: usize, lost: bool) {
        self.flush(at);
        self.closing = Some(at);
        let packets = std::mem::take(&mut self.ways[1 - at]);
        if lost {
            let isolate = &mut self.isolates[at];
            let ring = isolate.ring.clone();
            isolate.shard.lose(&ring);
            for packet in packets {
                isolate.shard.receive(NUMBERS[1 - at], packet);
            }
        } else {
            self.close(at);
            let isolate = &mut self.isolates[at];
            for packet in packets {
                isolate.shard.receive(NUMBERS[1 - at], packet);
            }
            self.close(at);
        }
        let way = &mut self.ways[at];
        self.isolates[at].shard.hand_over(|mut departures| way.extend(std::iter::from_fn(|| departures.take_packet())));
        self.check_left(at, lost);
        self.isolates[at].ended = true;
        if !self.isolates[1 - at].ended {
            let rest = self.ways[at].len();
            self.carry(at, rest);
            self.isolates[1 - at].shard.disconnect(NUMBERS[at]);
        }
        // Nobody is left to be told what is the business of the shard that is gone.
        self.calls.retain(|_, (by, _)| *by != at);
        for watch in self.watches.values_mut().filter(|watch| watch.by == at) {
            watch.ended = true;
        }
        if lost {
            // They may be on the other shard, or have gone with this one. What nobody sent from elsewhere is counted only.
            for sent in self.slots.values_mut() {
                sent.may_vanish |=
                    sent.by == at || sent.from.is_none() && usize::from(sent.to.shard() == NUMBERS[1]) == at;
            }
            let gone: Vec<Pid> = self.opened.iter().copied().filter(|pid| self.of(*pid) == at).collect();
            self.dead.extend(gone);
            self.waiters.retain(|_, by| *by != at);
        }
    }

    fn check_left(&mut self, at: usize, lost: bool) {
        let isolate = &mut self.isolates[at];
        if !lost {
            let _ = isolate.shard.tick(self.now, &[], &mut isolate.ring, 1);
        }
        let stats = isolate.shard.stats();
        let left = [stats.actors, stats.queued, stats.calls, stats.asked, stats.away, stats.alarms, stats.links];
        assert_eq!(left, [0; 7], "nothing is left");
        assert_eq!([stats.monitors, stats.signals, stats.payloads], [0; 3], "nothing is left");
    }

    /// Both shards have ended.
    pub fn check_ended(&self) {
        assert!(self.slots.values().all(|sent| sent.may_vanish), "each payload leaves (G5)");
        assert_eq!(self.calls.len(), 0, "each call ends (G18)");
        assert!(self.table.0.lock().unwrap().is_empty(), "each name is free");
        for pid in &self.opened {
            assert!(self.dead.contains(pid) || self.abandoned.contains(pid), "{pid} has ended");
        }
    }
}
