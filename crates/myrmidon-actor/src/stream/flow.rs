//! What a stream has produced and its reader has not taken.
//!
//! Shared by the `StreamTo` and its actor's shard. One lock, held for a push or a look, never over a wake. Promises:
//! - items are sent in order, and one message of them is on its way at a time; the end comes behind all of them;
//! - at most as many items as the reader buffers are in here, and new ones only below [`BATCH`] bytes;
//! - closed, it holds nothing, and whoever waits for it is woken.

use super::StreamError;
use crate::{
    door::{self, Errand},
    letter::Outcome,
    place,
    reply::{Route, Ticket},
    worker::Worker,
};
use core::task::{Poll, Waker};
use myrmidon_core::pid::Pid;
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

/// The first byte of a question for a stream (`isolate/streams.ts`): no msgpack begins with it.
const MARK: u8 = 0xc1;
/// The mark, the isolate, the reader's number, what it buffers.
const HEAD: usize = 1 + 4 + 8 + 4;
/// In what it buffers: behind it stands the PID that items go to, of a reader without an agent.
const BY_ITSELF: u32 = 1 << 31;
/// Items that are sent together, as there.
const MOST: usize = 4096;
/// Bytes that are sent together, unless one item alone is larger.
const BATCH: usize = 1 << 22;
/// Bytes that a message may have; the agent's own words need some.
pub(super) const LARGEST: usize = (1 << 26) - 1024;

/// The isolate of a reader, and the bits of the number that it has there.
pub(crate) type Key = (u32, u64);

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reader {
    pub isolate: u32,
    pub number: f64,
    pub buffers: u32,
    /// The actor that reads, where items go to it and not to an agent.
    pub actor: Option<Pid>,
}

impl Reader {
    /// Takes it from before the payload of a question. `None`: that asks for no stream.
    #[expect(clippy::cast_sign_loss, reason = "what is negative saturates, and is nobody's PID then")]
    pub fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        let head = bytes.first_chunk::<HEAD>().filter(|head| head[0] == MARK)?;
        let isolate = u32::from_le_bytes(*head[1..].first_chunk()?);
        let number = f64::from_le_bytes(*head[5..].first_chunk()?);
        let buffers = u32::from_le_bytes(*head[13..].first_chunk()?);
        let mut actor = None;
        let mut length = HEAD;
        if buffers & BY_ITSELF != 0 {
            let pid = f64::from_le_bytes(*bytes.get(HEAD..)?.first_chunk()?);
            actor = Some(Pid::from_u64(pid as u64)?);
            length += size_of::<f64>();
        }
        bytes.drain(..length);
        Some(Self { isolate, number, buffers: buffers & !BY_ITSELF, actor })
    }

    /// The reverse: a question for a stream.
    #[expect(clippy::cast_precision_loss, reason = "a PID has 53 bits")]
    pub fn put(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + size_of::<f64>() + payload.len());
        bytes.push(MARK);
        bytes.extend_from_slice(&self.isolate.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        let mark = if self.actor.is_some() { BY_ITSELF } else { 0 };
        bytes.extend_from_slice(&(self.buffers | mark).to_le_bytes());
        if let Some(actor) = self.actor {
            bytes.extend_from_slice(&(actor.to_u64() as f64).to_le_bytes());
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    pub fn key(&self) -> Key {
        (self.isolate, self.number.to_bits())
    }
}

#[derive(Default)]
enum End {
    #[default]
    Open,
    /// How it ends once all is taken.
    Said(Outcome),
    /// It ends at once, and somebody else says how.
    Abandoned,
    Over,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    sending: Vec<Vec<u8>>,
    /// Of both.
    bytes: usize,
    end: End,
    is_closed: bool,
    /// The shard has been told to look.
    is_due: bool,
    room: Vec<Waker>,
    gone: Vec<Waker>,
}

/// See the module.
pub(crate) struct Flow {
    pub reader: Reader,
    pub actor: Pid,
    pub route: Route,
    ticket: Arc<Ticket>,
    state: Mutex<State>,
}

/// What the shard is to do.
pub(crate) enum Next {
    Nothing,
    /// An array of items, as one chunk.
    Items(Vec<u8>),
    Over,
}

fn await_with(wakers: &mut Vec<Waker>, waker: &Waker) {
    if !wakers.iter().any(|held| held.will_wake(waker)) {
        wakers.push(waker.clone());
    }
}

impl Flow {
    pub fn new(reader: Reader, actor: Pid, route: Route, ticket: Arc<Ticket>) -> Arc<Self> {
        Arc::new(Self { reader, actor, route, ticket, state: Mutex::default() })
    }

    // -- the producer's ---------------------------------------------------------------------------------------------------

    pub fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    pub fn push(self: &Arc<Self>, item: Vec<u8>) -> Result<(), StreamError> {
        let is_due = {
            let mut state = self.state.lock();
            if state.is_closed {
                return Err(StreamError::Closed);
            }
            if !self.has_room(&state) {
                return Err(StreamError::Full);
            }
            state.bytes += item.len();
            state.waiting.push_back(item);
            state.sending.is_empty() && !core::mem::replace(&mut state.is_due, true)
        };
        if is_due {
            self.look();
        }
        Ok(())
    }

    fn has_room(&self, state: &State) -> bool {
        let items = state.waiting.len() + state.sending.len();
        items < (self.reader.buffers as usize).clamp(1, MOST) && state.bytes < BATCH
    }

    pub fn poll_room(&self, waker: &Waker) -> Poll<Result<(), StreamError>> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Poll::Ready(Err(StreamError::Closed));
        }
        if self.has_room(&state) {
            return Poll::Ready(Ok(()));
        }
        await_with(&mut state.room, waker);
        Poll::Pending
    }

    pub fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Poll::Ready(());
        }
        await_with(&mut state.gone, waker);
        Poll::Pending
    }

    /// Nothing more is sent. `None`: how it ends is told by somebody else, at once.
    pub fn finish(self: &Arc<Self>, end: Option<Outcome>) {
        {
            let mut state = self.state.lock();
            if !matches!(state.end, End::Open) {
                return;
            }
            state.end = end.map_or(End::Abandoned, End::Said);
        }
        self.look();
    }

    /// Has the shard look.
    fn look(self: &Arc<Self>) {
        let key = self.reader.key();
        let Err(look) = place::on_shard(self.route.shard, move |worker: &mut Worker| worker.pump_stream(key)) else {
            return;
        };
        if let Some(door) = door::find(self.route.shard) {
            door.urge(Errand::Run(Box::new(look)));
        }
    }

    // -- the shard's ------------------------------------------------------------------------------------------------------

    pub fn next(&self) -> Next {
        let mut state = self.state.lock();
        state.is_due = false;
        let is_said = matches!(state.end, End::Said(_));
        if matches!(state.end, End::Abandoned) || state.is_closed && is_said {
            return Next::Over;
        }
        if state.is_closed || !state.sending.is_empty() {
            return Next::Nothing;
        }
        let mut bytes = 0;
        while let Some(item) = state.waiting.front()
            && (state.sending.is_empty() || bytes + item.len() <= BATCH)
        {
            bytes += item.len();
            let item = state.waiting.pop_front();
            state.sending.extend(item);
        }
        if !state.sending.is_empty() {
            return Next::Items(chunk(&state.sending));
        }
        if is_said { Next::Over } else { Next::Nothing }
    }

    /// What is on its way did not get there, and is sent again.
    pub fn again(&self) -> Next {
        let state = self.state.lock();
        if state.sending.is_empty() { Next::Nothing } else { Next::Items(chunk(&state.sending)) }
    }

    /// The reader has taken what was on its way.
    pub fn taken(&self) {
        let woken = {
            let mut state = self.state.lock();
            let bytes: usize = state.sending.iter().map(Vec::len).sum();
            state.bytes -= bytes;
            state.sending.clear();
            core::mem::take(&mut state.room)
        };
        woken.into_iter().for_each(Waker::wake);
    }

    /// Nobody reads it any more.
    pub fn close(&self) {
        let (room, gone) = {
            let mut state = self.state.lock();
            state.is_closed = true;
            state.waiting.clear();
            state.sending.clear();
            state.bytes = 0;
            (core::mem::take(&mut state.room), core::mem::take(&mut state.gone))
        };
        room.into_iter().chain(gone).for_each(Waker::wake);
    }

    /// Its end, for whoever asked.
    pub fn conclude(&self) {
        let end = core::mem::replace(&mut self.state.lock().end, End::Over);
        self.close();
        if let End::Said(outcome) = end {
            self.ticket.settle(outcome);
        }
    }

    /// `myrmidon/Items` of the reader's agent.
    pub fn message(&self, chunk: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(chunk.len() + 40);
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.push(0xa0 | text.len() as u8);
            bytes.extend_from_slice(text.as_bytes());
        };
        bytes.push(0x82);
        text(&mut bytes, "stream");
        bytes.extend_from_slice(&crate::codec::number(self.reader.number));
        text(&mut bytes, "chunks");
        bytes.extend_from_slice(&[0x91, 0xc6]);
        bytes.extend_from_slice(&(chunk.len() as u32).to_be_bytes());
        bytes.extend_from_slice(chunk);
        bytes
    }
}

/// An array of items.
fn chunk(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + items.iter().map(Vec::len).sum::<usize>());
    bytes.push(0xdd);
    bytes.extend_from_slice(&(items.len() as u32).to_be_bytes());
    for item in items {
        bytes.extend_from_slice(item);
    }
    bytes
}
