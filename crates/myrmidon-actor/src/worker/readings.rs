//! Streams of other languages that actors of this shard read.

use super::Worker;
use crate::{
    AskError, Payload, clock, describe,
    foreign::{Message, Query},
    letter::Letter,
    reply::{Route, Ticket},
    stream::{Came, Items, Reader, Reading, for_reader, reader_gone},
    wire::Encoded,
};
use myrmidon_core::{
    pid::Pid,
    record::{reply, submission},
};
use myrmidon_runtime::System;
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

/// Ms until a way that was full is tried again.
const PAUSE: f64 = 10.0;
const ITEMS: &str = "myrmidon/Items";
const STOP: &str = "myrmidon/StopStream";
/// `true`, as the codec has it.
const YES: u8 = 0xc3;

struct Read {
    actor: Pid,
    producer: Pid,
    /// Of the question.
    token: u32,
    reading: Arc<Reading>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Readings {
    all: FxHashMap<u64, Read>,
    /// Producers that are to be told that nobody reads them any more.
    ends: VecDeque<(f64, Pid, u64)>,
}

impl Readings {
    /// Ms until something is due.
    pub fn due_in(&self) -> f64 {
        self.ends.front().map_or(f64::INFINITY, |(at, ..)| (at - clock::now()).max(0.0))
    }
}

/// A number of at most 53 bits, as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "no process reads so many streams")]
fn number(id: u64) -> f64 {
    id as f64
}

impl Worker {
    fn isolate_of(&self, shard: u8) -> Option<u32> {
        let isolates = System::find(self.system)?.isolates();
        isolates.iter().find(|load| load.shard == shard).map(|load| u32::from(load.isolate))
    }

    /// An actor of this shard asks for a stream.
    pub fn read_foreign(
        &mut self,
        me: Pid,
        to: Pid,
        id: u64,
        buffers: u32,
        query: Result<Query, AskError>,
        reading: Arc<Reading>,
    ) {
        let end = Arc::clone(&reading);
        let then = Box::new(move |outcome| end.made(Came::End(outcome)));
        let query = query.and_then(|query| {
            let isolate = self.isolate_of(self.number).ok_or(AskError::NodeBusy)?;
            Ok(for_reader(query, &Reader { isolate, number: number(id), buffers, actor: Some(me) }))
        });
        match query {
            Ok(query) => {
                // Nothing is answered before the next tick.
                let token = self.call_wire_by(me, to, query, then);
                self.readings.all.insert(id, Read { actor: me, producer: to, token, reading });
            }
            Err(error) => self.answer_at_once(me, to, then, error),
        }
    }

    /// Items for an actor of this shard, which reads them. `None`: these are none such.
    pub(super) fn items_came(&mut self, tag: &str, payload: &Payload, route: Route) -> Option<Letter> {
        if tag != ITEMS || self.readings.all.is_empty() {
            return None;
        }
        let Items { stream, .. } = payload.read().ok()?;
        let read = self.readings.all.get(&stream).filter(|read| read.actor == self.running.pid)?;
        let (reading, payload) = (Arc::clone(&read.reading), payload.clone());
        let ticket = Ticket::new();
        ticket.deliver(route);
        Some(Letter::Made(Box::new(move || {
            ticket.settle(Ok(Box::new(Encoded { status: reply::SUCCESS, bytes: vec![YES], buffers: None })));
            reading.made(Came::Items(payload))
        })))
    }

    /// A stream is over.
    pub fn forget_reading(&mut self, id: u64) {
        if let Some(read) = self.readings.all.remove(&id) {
            self.dropped.push(Box::new(read.reading));
        }
    }

    /// An actor gives a stream up.
    pub fn stop_reading(&mut self, me: Pid, id: u64) {
        if self.readings.all.get(&id).is_none_or(|read| read.actor != me) {
            return;
        }
        if let Some(Read { producer, token, reading, .. }) = self.readings.all.remove(&id) {
            reading.give_up();
            self.dropped.push(Box::new(reading));
            if let Some(asking) = self.calls.remove(&token) {
                self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, 0, token, 0);
                self.dropped.push(Box::new(asking));
            }
            self.readings.ends.push_back((0.0, producer, id));
            self.tell_producers();
        }
    }

    /// Its actor has ended.
    pub(super) fn readings_forget(&mut self, actor: Pid) {
        if self.readings.all.is_empty() {
            return;
        }
        let ended: Vec<u64> =
            self.readings.all.iter().filter(|(_, read)| read.actor == actor).map(|(id, _)| *id).collect();
        for id in ended {
            self.stop_reading(actor, id);
        }
    }

    /// Tells producers that their readers have gone, and those again that there was no room for.
    pub(super) fn tell_producers(&mut self) {
        for _ in 0..self.readings.ends.len() {
            let Some((at, producer, id)) = self.readings.ends.pop_front() else { return };
            if at > clock::now() || !self.tell_producer(producer, id) {
                let again = if at > clock::now() { at } else { clock::now() + PAUSE };
                self.readings.ends.push_back((again, producer, id));
            }
        }
    }

    /// `false`: there was no room.
    fn tell_producer(&mut self, producer: Pid, id: u64) -> bool {
        // An isolate that has ended needs to be told nothing.
        let Some(own) = self.isolate_of(self.number) else { return true };
        if describe::is_worker(producer.shard()) {
            reader_gone(producer.shard(), own, number(id));
            return true;
        }
        let agent = self.isolate_of(producer.shard()).and_then(|isolate| self.agent_of(isolate));
        let (Some(agent), Some(op)) = (agent, Self::wire_op(STOP)) else { return true };
        let Ok(payload) = Payload::of(&Stop { isolate: own, stream: id }) else { return true };
        let mut message: Option<Message> = Some((payload, None));
        self.tell_wire(agent, Pid::NONE, op, &mut message).is_ok()
    }
}

#[derive(serde::Serialize)]
struct Stop {
    isolate: u32,
    stream: u64,
}
