//! The outbox: records for the isolate that are no deliveries, oldest first.
//!
//! Promises: G18 and G38: the end of a call and the DOWN of an outside watch can be taken back while they wait here, in
//! O(1): one taken back leaves a hole, because what stands behind it keeps its position. Never bounded: each record was
//! paid for by the message, call, watch or actor that it tells of.

use crate::{
    record::{Record, completion, word},
    tide,
};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// What may be taken back: by the isolate's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Call(u32),
    Watch(u32),
}

/// No record is of kind 0.
const HOLE: Record = [0; 8];

/// Records that wait for room in the completion ring.
#[derive(Default)]
pub struct Outbox {
    /// [`HOLE`] stands where one was taken back; the first one is none.
    records: VecDeque<Record>,
    /// The position of the first record; positions count up and are never reused.
    first: u64,
    positions: FxHashMap<Key, u64>,
}

fn key(record: &Record) -> Option<Key> {
    match record[word::HEAD] & 0xff {
        completion::CALL_ENDED | completion::REPLIED => Some(Key::Call(record[word::A])),
        completion::OUTSIDE_DOWN => Some(Key::Watch(record[word::SLOT])),
        _ => None,
    }
}

impl Outbox {
    /// Adds a record.
    pub fn push(&mut self, record: Record) {
        if let Some(key) = key(&record) {
            self.positions.insert(key, self.first + self.records.len() as u64);
        }
        self.records.push_back(record);
    }

    /// Takes the oldest one out.
    pub fn pop(&mut self) -> Option<Record> {
        let record = self.records.pop_front()?;
        self.first += 1;
        if let Some(key) = key(&record)
            && self.positions.get(&key).is_some_and(|at| *at < self.first)
        {
            self.positions.remove(&key);
        }
        self.trim();
        Some(record)
    }

    /// Takes the end of a call back; `None`: none waits here.
    pub fn take_call_end(&mut self, token: u32) -> Option<Record> {
        self.take(Key::Call(token))
    }

    /// Takes the DOWN of an outside watch back; `None`: none waits here.
    pub fn take_outside_down(&mut self, reference: u32) -> Option<Record> {
        self.take(Key::Watch(reference))
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes held by records.
    pub fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if tide::is_spent(self.records.len(), self.records.capacity()) {
            *self = Self::default();
        }
    }

    fn take(&mut self, key: Key) -> Option<Record> {
        let at = self.positions.remove(&key)? - self.first;
        let place = self.records.get_mut(usize::try_from(at).ok()?)?;
        let record = core::mem::replace(place, HOLE);
        self.trim();
        Some(record)
    }

    fn trim(&mut self) {
        while self.records.front() == Some(&HOLE) {
            self.records.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests;
