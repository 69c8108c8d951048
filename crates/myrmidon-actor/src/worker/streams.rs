//! Streams that actors of this shard produce for readers of other isolates: what is sent, and when.
//!
//! Items go to the agent of the reader's isolate, as a question that it answers when the reader has taken them; what did not
//! fit on the way is asked again a little later. A reader that has gone says so out of the order of messages, so that
//! one may be heard of before its question is: the latest of these are kept.

use super::{Then, Worker};
use crate::{
    AskError, Payload,
    actor_ref::timeout_ms,
    clock,
    foreign::{Query, Said},
    letter::{Outcome, Parcel},
    reply::{Route, Ticket},
    stream::{Flow, Key, Next, Reader},
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, record::reply};
use myrmidon_runtime::System;
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

/// Ms until a way that was full is tried again, as `isolate/asking.ts` has it.
const PAUSE: f64 = 10.0;
/// Readers that had gone before their questions came.
const GONE: usize = 1024;
const ITEMS: &str = "myrmidon/Items";

/// See the module.
#[derive(Default)]
pub(super) struct Streams {
    flows: FxHashMap<Key, Arc<Flow>>,
    stalled: VecDeque<(f64, Key)>,
    gone: VecDeque<Key>,
}

impl Streams {
    /// Ms until something is due.
    pub fn due_in(&self) -> f64 {
        self.stalled.front().map_or(f64::INFINITY, |(at, _)| (at - clock::now()).max(0.0))
    }
}

/// The end of a shard, also of one whose thread was left in the middle of something: nobody waits for it.
impl Drop for Streams {
    fn drop(&mut self) {
        for (_, flow) in self.flows.drain() {
            flow.close();
        }
    }
}

impl Worker {
    /// A question for a stream is delivered.
    pub(super) fn stream_asked(&mut self, reader: Reader, actor: Pid, route: Route, ticket: &Arc<Ticket>) -> Arc<Flow> {
        let flow = Flow::new(reader, actor, route, Arc::clone(ticket));
        if self.streams.gone.contains(&reader.key()) {
            flow.close();
        } else {
            self.streams.flows.insert(reader.key(), Arc::clone(&flow));
        }
        flow
    }

    /// Sends what there is to be sent.
    pub fn pump_stream(&mut self, key: Key) {
        let Some(flow) = self.streams.flows.get(&key) else { return };
        match flow.next() {
            Next::Nothing => {}
            Next::Items(chunk) => {
                let flow = Arc::clone(flow);
                self.send_items(&flow, &chunk);
            }
            Next::Over => {
                if let Some(flow) = self.streams.flows.remove(&key) {
                    // Its answer comes by the same way as any, and with nothing borrowed.
                    self.soon_after(move || flow.conclude());
                }
            }
        }
    }

    fn send_items(&mut self, flow: &Arc<Flow>, chunk: &[u8]) {
        let key = flow.reader.key();
        let agent = flow.reader.actor.or_else(|| self.agent_of(flow.reader.isolate));
        let (Some(agent), Some(op)) = (agent, Self::wire_op(ITEMS)) else { return self.stop_stream(key) };
        let payload = Payload::Bytes(flow.message(chunk));
        let query = Query { op, payload, buffers: None, gets_buffers: false, timeout: timeout_ms(None) };
        self.call_wire(Pid::NONE, agent, query, Then::Items(key));
    }

    /// What answers for an isolate of another language.
    pub(super) fn agent_of(&self, isolate: u32) -> Option<Pid> {
        System::find(self.system)?.whereis(&format!("myrmidon/agent/{isolate}"))
    }

    /// What has become of items that were sent.
    pub(super) fn items_answered(&mut self, key: Key, outcome: Outcome) {
        let Some(flow) = self.streams.flows.get(&key) else { return };
        let is_yes = |said: &Said| said.status == reply::SUCCESS && said.payload == Payload::Bytes(vec![0xc3]);
        match outcome {
            Ok(parcel) if parcel.downcast_ref::<Said>().is_some_and(is_yes) => {
                flow.taken();
                self.pump_stream(key);
            }
            Err(AskError::MailboxFull) => self.streams.stalled.push_back((clock::now() + PAUSE, key)),
            _ => self.stop_stream(key),
        }
    }

    /// Tries again what did not fit.
    pub(super) fn retry_streams(&mut self) {
        while self.streams.due_in() <= 0.0 {
            let Some((_, key)) = self.streams.stalled.pop_front() else { return };
            let again = self.streams.flows.get(&key).map(|flow| (Arc::clone(flow), flow.again()));
            if let Some((flow, Next::Items(chunk))) = again {
                self.send_items(&flow, &chunk);
            }
        }
    }

    fn stop_stream(&mut self, key: Key) {
        if let Some(flow) = self.streams.flows.remove(&key) {
            self.soon_after(move || flow.close());
        }
    }

    /// A reader has gone, perhaps before its question came.
    pub fn reader_gone(&mut self, key: Key) {
        if self.streams.flows.contains_key(&key) {
            return self.stop_stream(key);
        }
        if self.streams.gone.len() == GONE {
            self.streams.gone.pop_front();
        }
        self.streams.gone.push_back(key);
    }

    fn stop_streams(&mut self, ends: impl Fn(&Flow) -> bool) {
        let ended: Vec<Key> = self.streams.flows.iter().filter(|(_, flow)| ends(flow)).map(|(key, _)| *key).collect();
        for key in ended {
            self.stop_stream(key);
        }
    }

    /// Its actor has ended.
    pub(super) fn streams_forget(&mut self, actor: Pid) {
        if !self.streams.flows.is_empty() {
            self.stop_streams(|flow| flow.actor == actor);
        }
    }

    /// An isolate has ended, and with it its readers.
    pub(super) fn readers_down(&mut self, isolate: u32) {
        self.stop_streams(|flow| flow.reader.isolate == isolate);
        self.streams.gone.retain(|(of, _)| *of != isolate);
    }

    /// The version that was asked is taken back: so are its streams (G232).
    pub(super) fn streams_interrupted(&mut self, callee: Pid, routes: &[Route], reason: &ExitReason) {
        for route in routes {
            if self.streams.flows.values().any(|flow| flow.route == *route) {
                self.stop_streams(|flow| flow.route == *route);
                self.settle(callee, *route, Err(AskError::ActorExited(reason.clone())));
            }
        }
    }

    /// An actor tells itself something that is never refused.
    pub fn remind(&mut self, me: Pid, make: Box<dyn FnOnce() -> Parcel + Send>) {
        let then = Box::new(move |_| make());
        self.resolve(Then::Message { asker: me, callee: me, then }, Err(AskError::NoReply));
    }

    // Whoever is woken may be the user's code.
    fn soon_after(&mut self, run: impl FnOnce() + Send + 'static) {
        struct Run<F: FnOnce()>(Option<F>);
        impl<F: FnOnce()> Drop for Run<F> {
            fn drop(&mut self) {
                if let Some(run) = self.0.take() {
                    run();
                }
            }
        }
        self.dropped.push(Box::new(Run(Some(run))));
    }
}
