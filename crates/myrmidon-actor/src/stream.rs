//! Answers that are streams: items for a reader of another language, no faster than it takes them (G239).
//!
//! What the reader has not taken waits in the `Flow` of its question (`flow`), bounded; what is sent, and when, is the
//! shard's to decide (`worker/streams.rs`).

mod flow;
#[cfg(feature = "tokio")]
mod outside;
mod reading;

pub(crate) use flow::{Flow, Key, Next, Reader};
#[cfg(feature = "tokio")]
pub use outside::{ForeignStream, ReadError};
pub(crate) use reading::{Came, Items, Reading, for_reader};
pub use reading::{Read, ReadRef};

use crate::{
    AskError, Context,
    actor_ref::steer,
    door::{self, Errand},
    letter::{Outcome, Parcel},
    place,
    wire::Encoded,
};
use core::{
    error::Error,
    fmt,
    future::poll_fn,
    marker::PhantomData,
    task::{Poll, Waker},
};
use myrmidon_core::record::reply;
use parking_lot::Mutex;
use serde::Serialize;
use std::{
    sync::Arc,
    task::Wake,
    thread::{self, Thread},
};

/// Why an item was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The reader has not taken what was sent before.
    Full,
    /// Nobody reads it any more: the reader has enough, or has ended, or the actor has.
    Closed,
    /// The item has no form in the codec, or is too large; why.
    BadItem(Box<str>),
    /// The thread of a shard was to wait.
    WouldBlock,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the reader has not taken what was sent before"),
            Self::Closed => f.write_str("nobody reads the stream any more"),
            Self::BadItem(issue) => write!(f, "the item cannot be sent: {issue}"),
            Self::WouldBlock => f.write_str("the thread of a shard must not wait: use Context::when_room"),
        }
    }
}

impl Error for StreamError {}

/// The right to answer one question with a stream: any number of items, and then an end or the protocol's own error, now or
/// later, from anywhere. Dropped, it ends the stream with `BadMessage`: the actor dropped the question.
///
/// A handler on a shard never waits: it sends while there is room, and goes on with a message of its own
/// ([`Context::when_room`]). Elsewhere [`StreamTo::send`] waits in a future, and [`StreamTo::send_blocking`] on a thread.
///
/// ```
/// use myrmidon_actor::{Actor, Context, StreamError, StreamTo, Wire};
///
/// // Rpc.make("Count", { payload: { to: Schema.Int }, success: Schema.Int, stream: true })
/// enum Message { Count { next: u32, to: u32, stream: StreamTo<u32> } }
/// #[derive(serde::Deserialize)]
/// struct Count { to: u32 }
///
/// struct Counter;
/// impl Actor for Counter {
///     type Message = Message;
///     const PROTOCOL: &'static str = "Counter";
///     fn from_wire(mut wire: Wire) -> Option<Message> {
///         match wire.tag() {
///             "Count" => {
///                 let Count { to } = wire.read()?;
///                 Some(Message::Count { next: 1, to, stream: wire.streams()? })
///             }
///             _ => None,
///         }
///     }
///     fn handle(&mut self, Message::Count { mut next, to, mut stream }: Message, context: &mut Context<Message>) {
///         while next <= to {
///             match stream.try_send(&next) {
///                 Ok(()) => next += 1,
///                 // Other messages are handled until the reader has caught up.
///                 Err(StreamError::Full) => {
///                     return context.when_room(stream, move |stream| Message::Count { next, to, stream });
///                 }
///                 Err(_) => return,
///             }
///         }
///         stream.end();
///     }
/// }
/// ```
#[must_use = "dropped, it ends the stream with an error"]
pub struct StreamTo<T, E = crate::NoError> {
    /// `None`: it is over.
    flow: Option<Arc<Flow>>,
    types: PhantomData<fn(T, E)>,
}

impl<T, E> fmt::Debug for StreamTo<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamTo")
    }
}

impl<T, E> StreamTo<T, E> {
    pub(crate) fn new(flow: Arc<Flow>) -> Self {
        Self { flow: Some(flow), types: PhantomData }
    }

    /// Whether nobody reads it any more.
    pub fn is_closed(&self) -> bool {
        self.flow.as_ref().is_none_or(|flow| flow.is_closed())
    }

    /// Done when nobody reads it any more. For a producer that has nothing to say for long.
    pub async fn closed(&self) {
        let Some(flow) = &self.flow else { return };
        poll_fn(|context| flow.poll_closed(context.waker())).await;
    }

    fn finish(&mut self, end: Option<Outcome>) {
        if let Some(flow) = self.flow.take() {
            flow.finish(end);
        }
    }
}

impl<T: Serialize, E: Serialize> StreamTo<T, E> {
    /// Sends an item, if there is room: as many items as the reader buffers may be on their way, and 4 MiB.
    ///
    /// # Errors
    /// [`StreamError`]; nothing was sent.
    pub fn try_send(&mut self, item: &T) -> Result<(), StreamError> {
        self.open()?.push(encoded(item)?)
    }

    /// Sends an item once there is room.
    ///
    /// # Errors
    /// [`StreamError`], but for `Full`; nothing was sent.
    pub async fn send(&mut self, item: T) -> Result<(), StreamError> {
        let flow = Arc::clone(self.open()?);
        let bytes = encoded(&item)?;
        drop(item);
        poll_fn(|context| flow.poll_room(context.waker())).await?;
        flow.push(bytes)
    }

    /// The same on a thread of one's own, or in a lent handler: it blocks meanwhile.
    ///
    /// # Errors
    /// As [`StreamTo::send`]; on the thread of a worker shard `WouldBlock`, if there is no room.
    pub fn send_blocking(&mut self, item: &T) -> Result<(), StreamError> {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let flow = self.open()?;
        let bytes = encoded(item)?;
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match flow.poll_room(&waker) {
                Poll::Ready(ready) => {
                    ready?;
                    return flow.push(bytes);
                }
                Poll::Pending if place::is_shard() => return Err(StreamError::WouldBlock),
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Ends the stream, behind its items.
    pub fn end(mut self) {
        self.finish(Some(Ok(Box::new(Encoded { status: reply::SUCCESS, bytes: vec![NIL], buffers: None }))));
    }

    /// Ends it with the protocol's own error, behind its items.
    pub fn fail(mut self, error: &E) {
        let end: Outcome = match rmp_serde::to_vec_named(error) {
            Ok(bytes) => Ok(Box::new(Encoded { status: reply::FAILURE, bytes, buffers: None })),
            Err(issue) => Err(AskError::BadMessage(format!("the error has no form: {issue}").into())),
        };
        self.finish(Some(end));
    }

    fn open(&self) -> Result<&Arc<Flow>, StreamError> {
        self.flow.as_ref().ok_or(StreamError::Closed)
    }
}

const NIL: u8 = 0xc0;

impl<T, E> Drop for StreamTo<T, E> {
    fn drop(&mut self) {
        // A crash is the callee's end, and says so itself; a thread that is no actor's says nothing.
        let crashes = thread::panicking() && (place::is_shard() || place::away().is_some());
        self.finish(if crashes { None } else { Some(Err(AskError::NoReply)) });
    }
}

fn encoded<T: Serialize>(item: &T) -> Result<Vec<u8>, StreamError> {
    let bytes = rmp_serde::to_vec_named(item).map_err(|issue| StreamError::BadItem(issue.to_string().into()))?;
    if bytes.len() > flow::LARGEST {
        let issue = format!("it has {} bytes, and {} may cross at a time", bytes.len(), flow::LARGEST);
        return Err(StreamError::BadItem(issue.into()));
    }
    Ok(bytes)
}

/// The isolate that carries messages of another language says that the reader of a stream has gone: one of an actor of this
/// shard, by the number that it has in its isolate. For whoever binds such a language.
pub fn reader_gone(shard: u8, isolate: u32, number: f64) {
    if let Some(door) = door::find(shard) {
        let key = (isolate, number.to_bits());
        door.urge(Errand::Run(Box::new(move |worker| worker.reader_gone(key))));
    }
}

/// Runs something once, for whoever waits with a waker.
struct Once(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for Once {
    fn wake(self: Arc<Self>) {
        let run = self.0.lock().take();
        if let Some(run) = run {
            run();
        }
    }
}

impl<M: Send + 'static> Context<M> {
    /// Goes on with a stream, once its reader has room again or is gone: by a message that `then` makes of it.
    pub fn when_room<T: 'static, E: 'static>(
        &mut self,
        stream: StreamTo<T, E>,
        then: impl FnOnce(StreamTo<T, E>) -> M + Send + 'static,
    ) {
        let Some(flow) = stream.flow.clone() else { return drop(stream) };
        let me = self.me().pid();
        let remind = move || {
            steer(me, move |worker| worker.remind(me, Box::new(move || Box::new(then(stream)) as Parcel)));
        };
        let waker = Waker::from(Arc::new(Once(Mutex::new(Some(Box::new(remind))))));
        if flow.poll_room(&waker).is_ready() {
            waker.wake();
        }
    }

    /// Tells itself something once nobody reads a stream any more.
    pub fn when_closed<T, E>(&mut self, stream: &StreamTo<T, E>, message: M) {
        let me = self.me().pid();
        let remind = move || {
            steer(me, move |worker| worker.remind(me, Box::new(move || Box::new(message) as Parcel)));
        };
        let waker = Waker::from(Arc::new(Once(Mutex::new(Some(Box::new(remind))))));
        if stream.flow.as_ref().is_none_or(|flow| flow.poll_closed(&waker).is_ready()) {
            waker.wake();
        }
    }
}
