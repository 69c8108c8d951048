//! The shards of the isolate, and what passes between them: time, records, packets, names.

use super::{Isolate, Node};
use myrmidon_core::{
    NameTable,
    packet::Packet,
    pid::Pid,
    record::{Record, submission, word},
};
use std::{collections::HashMap, sync::Mutex};

#[derive(Default)]
pub(super) struct Table(Mutex<HashMap<String, Pid>>);

impl NameTable for Table {
    fn claim(&self, name: &str, pid: Pid) -> Result<(), Pid> {
        let mut names = self.0.lock().expect("no panic");
        if let Some(holder) = names.get(name) {
            return Err(*holder);
        }
        names.insert(name.into(), pid);
        Ok(())
    }
    fn holder(&self, name: &str) -> Option<Pid> {
        self.0.lock().expect("no panic").get(name).copied()
    }
    fn release(&self, name: &str, _: Pid) {
        self.0.lock().expect("no panic").remove(name);
    }
}

impl Isolate {
    /// A record goes to the shard of whoever acts.
    pub(super) fn submit(&mut self, kind: u32, to: Pid, from: Pid, rest: impl FnOnce(&mut Record)) {
        let acts = match kind {
            submission::SEND
            | submission::LINK
            | submission::UNLINK
            | submission::MONITOR
            | submission::DEMONITOR
            | submission::EXIT
            | submission::STOP => from,
            _ => to,
        };
        self.submit_at(self.of(acts), kind, to, from, rest);
    }

    pub(super) fn submit_at(&mut self, at: usize, kind: u32, to: Pid, from: Pid, rest: impl FnOnce(&mut Record)) {
        let mut record = Record::default();
        record[word::TO] = to.low();
        record[word::TO_GENERATION] = to.generation();
        record[word::FROM] = from.low();
        record[word::FROM_GENERATION] = from.generation();
        record[word::HEAD] = kind;
        rest(&mut record);
        self.nodes[at].submissions.push(record);
    }

    /// Ingests what was submitted, and delivers nothing.
    pub fn flush(&mut self) {
        for node in &mut self.nodes {
            let submitted = std::mem::take(&mut node.submissions);
            let _ = node.shard.tick(self.now, &submitted, &mut node.ring, 0);
        }
        self.exchange();
    }

    /// Packets arrive, and signals act where they do, until there are none.
    fn exchange(&mut self) {
        while self.nodes.iter().any(|node| node.shard.packets() > 0) {
            for at in 0..self.nodes.len() {
                let mut packets: Vec<(u8, Packet)> = Vec::new();
                self.nodes[at].shard.hand_over(|mut departures| {
                    while let Some(packet) = departures.take_packet() {
                        packets.push((departures.shard(), packet));
                    }
                });
                for (to, packet) in packets {
                    let shard = &mut self.nodes[usize::from(to)].shard;
                    shard.receive(at as u8, packet);
                    shard.handle_signals();
                }
            }
        }
    }

    /// What a binding does between two messages: signals act (G8).
    pub(super) fn between(&mut self) {
        self.flush();
        self.nodes.iter_mut().for_each(|node| node.shard.handle_signals());
        self.exchange();
    }

    /// Runs until nothing is runnable.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut idle = true;
            for at in 0..self.nodes.len() {
                let node = &mut self.nodes[at];
                let submitted = std::mem::take(&mut node.submissions);
                let written = node.shard.tick(self.now, &submitted, &mut node.ring, 64);
                self.handle(at, written);
                self.exchange();
                idle &= written == 0;
            }
            let rests = |node: &Node| node.submissions.is_empty() && node.shard.control()[1] == 0;
            if idle && self.nodes.iter().all(rests) {
                return;
            }
        }
        panic!("never settles");
    }

    pub fn advance(&mut self, ms: f64) {
        let until = self.now + ms;
        loop {
            self.settle();
            let next = self.nodes.iter().map(|node| node.shard.control()[2]).filter(|next| *next >= 0).min();
            let Some(next) = next.filter(|next| self.now + f64::from(*next) <= until) else { break };
            self.now += f64::from(next.max(1));
        }
        self.now = until;
        self.settle();
    }
}
