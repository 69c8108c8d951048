//! A stream of another language's actor, as an actor of Rust reads it: each message of items becomes one of its own.
//!
//! The question names the reader, and the PID that items go to: an actor in Rust has no agent. Items are a question to it,
//! answered when its handler begins with them, so that what is on its way is one message for each stream. The end is the
//! answer to the question itself.

use super::Reader;
use crate::{
    AskError, Context, ForeignRef, Payload, Question,
    actor_ref::{steer, timeout_ms},
    foreign::{Query, Said},
    letter::{Outcome, Parcel},
    question::{read, written},
};
use core::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};
use myrmidon_core::record::reply;
use parking_lot::Mutex;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, Visitor},
};
use std::sync::Arc;

/// What comes of a stream. `Q`'s answer is an item of it.
#[derive(Debug)]
pub enum Read<Q: Question> {
    /// Some items, in order: at least one.
    Items(Vec<Q::Answer>),
    /// It is over; the protocol's own error, or why it was not read to its end.
    End(Result<Result<(), Q::Error>, AskError>),
}

/// A stream that an actor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReadRef(u64);

/// What a message of items, or the end, becomes.
type Makes = dyn FnMut(Came) -> Parcel + Send;

pub(crate) enum Came {
    Items(Payload),
    End(Outcome),
}

/// See the module. Shared with what is about to be handled; one message of its actor at a time, so that nobody waits.
pub(crate) struct Reading {
    is_given_up: AtomicBool,
    makes: Mutex<Box<Makes>>,
}

/// A message of no type, which nobody handles: that of a stream which was given up.
struct GivenUp;

impl Reading {
    fn new(makes: Box<Makes>) -> Arc<Self> {
        Arc::new(Self { is_given_up: AtomicBool::new(false), makes: Mutex::new(makes) })
    }

    pub fn made(&self, came: Came) -> Parcel {
        if self.is_given_up.load(Ordering::Relaxed) { Box::new(GivenUp) } else { (self.makes.lock())(came) }
    }

    /// Nothing is made of what comes from here on.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }
}

fn number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl<M: Send + 'static> Context<M> {
    /// Reads a stream of an actor of another language, or of one that is asked as such: `then` makes messages of what comes
    /// (G240). The producer waits for the reader: about `buffer` items, 1 to 4,096, and what one pull of the stream brought, are on
    /// their way. The stream ends with the actor, or by [`Context::stop_reading`].
    ///
    /// ```
    /// use myrmidon_actor::{Actor, Context, ForeignRef, NoError, Question, Read};
    /// use serde::Serialize;
    ///
    /// // Rpc.make("Prices", { success: Schema.Number, stream: true })
    /// #[derive(Serialize)]
    /// struct Prices;
    /// impl Question for Prices {
    ///     const TAG: &'static str = "Prices";
    ///     type Answer = f64;
    ///     type Error = NoError;
    /// }
    /// enum Message { Watch(ForeignRef), Came(Read<Prices>) }
    /// struct Average { sum: f64, count: usize }
    /// impl Actor for Average {
    ///     type Message = Message;
    ///     fn handle(&mut self, message: Message, context: &mut Context<Message>) {
    ///         match message {
    ///             Message::Watch(market) => drop(context.read_foreign(market, &Prices, 16, Message::Came)),
    ///             Message::Came(Read::Items(prices)) => {
    ///                 self.count += prices.len();
    ///                 self.sum += prices.iter().sum::<f64>();
    ///             }
    ///             Message::Came(Read::End(_)) => context.stop(),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn read_foreign<Q: Question>(
        &mut self,
        of: ForeignRef,
        question: &Q,
        buffer: u32,
        mut then: impl FnMut(Read<Q>) -> M + Send + 'static,
    ) -> ReadRef {
        let (me, to, id) = (self.me().pid(), of.pid(), number());
        let makes = move |came| {
            let read = match came {
                Came::Items(payload) => match items::<Q::Answer>(&payload) {
                    Ok(items) => Read::Items(items),
                    Err(issue) => {
                        steer(me, move |worker| worker.stop_reading(me, id));
                        Read::End(Err(AskError::BadMessage(format!("the items: {issue}").into())))
                    }
                },
                Came::End(outcome) => {
                    steer(me, move |worker| worker.forget_reading(id));
                    Read::End(end::<Q>(outcome))
                }
            };
            Box::new(then(read)) as Parcel
        };
        let reading = Reading::new(Box::new(makes));
        let query = written(question, Vec::new(), None);
        self.on_shard(move |worker| worker.read_foreign(me, to, id, buffer.clamp(1, 4096), query, reading));
        ReadRef(id)
    }

    /// Gives a stream up: its producer ends, and no message of it is made any more. One that is in the mailbox is dropped.
    pub fn stop_reading(&mut self, stream: ReadRef) {
        let me = self.me().pid();
        self.on_shard(move |worker| worker.stop_reading(me, stream.0));
    }
}

fn end<Q: Question>(outcome: Outcome) -> Result<Result<(), Q::Error>, AskError> {
    let said = outcome?.downcast::<Said>().map_err(|_| AskError::NoReply)?;
    if said.status == reply::SUCCESS {
        // That it is over is all that this says.
        return Ok(Ok(()));
    }
    match read::<Q>(Ok(said)) {
        Ok(Ok(_)) => Ok(Ok(())),
        Ok(Err(error)) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

/// A question for a stream, with who reads.
pub(crate) fn for_reader(query: Query, reader: &Reader) -> Query {
    let payload = match query.payload {
        Payload::Nothing => Vec::new(),
        payload => payload.into_bytes(),
    };
    Query { payload: Payload::Bytes(reader.put(&payload)), timeout: timeout_ms(None), ..query }
}

/// `myrmidon/Items`, as it comes.
#[derive(Deserialize)]
pub(crate) struct Items {
    pub stream: u64,
    chunks: Vec<Chunk>,
}

struct Chunk(Vec<u8>);

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Chunk;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Chunk, E> {
                Ok(Chunk(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

fn items<T: DeserializeOwned>(payload: &Payload) -> Result<Vec<T>, String> {
    let Items { chunks, .. } = payload.read()?;
    let mut all = Vec::new();
    for Chunk(bytes) in chunks {
        all.extend(Payload::Bytes(bytes).read::<Vec<T>>()?);
    }
    Ok(all)
}
