//! A stream of another language's actor, as a thread or a future reads it that is no actor.
//!
//! An actor of Rust reads it for them (`reading`), and hands what comes to a shelf: its handler waits while the shelf is
//! full, so that the producer waits, too. It ends when the reader is dropped; dropped itself, however that comes, it leaves
//! the end on the shelf.

use super::Read;
use crate::{
    ActorRef, AskError, AsyncActor, Context, ExitReason, ForeignRef, Question, Spawn, SpawnError,
    asynchronous::spawn_of, place,
};
use core::{
    error::Error,
    fmt,
    future::poll_fn,
    task::{Poll, Waker},
};
use parking_lot::{Condvar, Mutex};
use std::{collections::VecDeque, sync::Arc};

/// Why a stream was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The protocol's own error, behind the items.
    Failed(E),
    /// There is no more of it, for another reason.
    Ended(AskError),
}

impl<E: fmt::Debug> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the stream failed: {error:?}"),
            Self::Ended(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug> Error for ReadError<E> {}

type Item<Q> = Result<<Q as Question>::Answer, ReadError<<Q as Question>::Error>>;

/// What has come and was not taken.
struct State<Q: Question> {
    items: VecDeque<Q::Answer>,
    /// `Ok`: it is over.
    end: Option<Result<(), ReadError<Q::Error>>>,
    is_dropped: bool,
    reader: Option<Waker>,
    actor: Option<Waker>,
}

struct Shelf<Q: Question> {
    state: Mutex<State<Q>>,
    came: Condvar,
    /// Items that may lie here before more are put to them.
    most: usize,
}

impl<Q: Question> Shelf<Q> {
    fn put(&self, change: impl FnOnce(&mut State<Q>)) {
        let waker = {
            let mut state = self.state.lock();
            change(&mut state);
            state.reader.take()
        };
        self.came.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn end(&self, end: Result<(), ReadError<Q::Error>>) {
        self.put(|state| {
            state.end.get_or_insert(end);
        });
    }

    /// The next item, or the end; an error is one once.
    fn take(&self, state: &mut State<Q>) -> Poll<Option<Item<Q>>> {
        if let Some(item) = state.items.pop_front() {
            if state.items.len() < self.most
                && let Some(waker) = state.actor.take()
            {
                waker.wake();
            }
            return Poll::Ready(Some(Ok(item)));
        }
        match &mut state.end {
            None => Poll::Pending,
            Some(end) => Poll::Ready(core::mem::replace(end, Ok(())).err().map(Err)),
        }
    }
}

enum Message<Q: Question> {
    Came(Read<Q>),
    Dropped,
}

/// Reads for somebody who is no actor.
struct Proxy<Q: Question> {
    shelf: Arc<Shelf<Q>>,
    of: ForeignRef,
    question: Option<Q>,
    buffer: u32,
}

impl<Q: Question + Send + 'static> AsyncActor for Proxy<Q> {
    type Message = Message<Q>;

    fn started(&mut self, context: &mut Context<Message<Q>>) {
        if let Some(question) = self.question.take() {
            context.read_foreign(self.of, &question, self.buffer, Message::Came);
        }
    }

    async fn handle(&mut self, message: Message<Q>, context: &mut Context<Message<Q>>) {
        match message {
            Message::Came(Read::Items(items)) => {
                let room = poll_fn(|context| {
                    let mut state = self.shelf.state.lock();
                    if state.is_dropped || state.items.len() < self.shelf.most {
                        return Poll::Ready(());
                    }
                    state.actor = Some(context.waker().clone());
                    Poll::Pending
                });
                room.await;
                self.shelf.put(|state| state.items.extend(items));
            }
            Message::Came(Read::End(end)) => {
                self.shelf.end(match end {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(ReadError::Failed(error)),
                    Err(error) => Err(ReadError::Ended(error)),
                });
                context.stop();
            }
            Message::Dropped => context.stop(),
        }
    }
}

impl<Q: Question> Drop for Proxy<Q> {
    fn drop(&mut self) {
        // With its runtime, or by a panic in an item's `Deserialize`: whoever reads does not wait for ever.
        let gone = AskError::ActorExited(ExitReason::NoProc { ever_existed: true });
        self.shelf.end(Err(ReadError::Ended(gone)));
    }
}

/// A stream that is read by a thread, or a future, that is no actor (G290): an iterator, whose `next` waits and blocks the
/// thread, or [`ForeignStream::next_item`] in a future. An error comes once, behind the items, and then nothing. Dropped, it
/// ends the producer.
pub struct ForeignStream<Q: Question + Send + 'static> {
    shelf: Arc<Shelf<Q>>,
    actor: Option<ActorRef<Message<Q>>>,
}

impl<Q: Question + Send + 'static> fmt::Debug for ForeignStream<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignStream")
    }
}

impl<Q: Question + Send + 'static> ForeignStream<Q> {
    /// The next item, in a future; `None`: it is over. Given up, no item is lost.
    pub async fn next_item(&mut self) -> Option<Result<Q::Answer, ReadError<Q::Error>>> {
        poll_fn(|context| {
            let mut state = self.shelf.state.lock();
            let taken = self.shelf.take(&mut state);
            if taken.is_ready() {
                return taken;
            }
            state.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl<Q: Question + Send + 'static> Iterator for ForeignStream<Q> {
    type Item = Result<Q::Answer, ReadError<Q::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut state = self.shelf.state.lock();
        loop {
            if let Poll::Ready(taken) = self.shelf.take(&mut state) {
                return taken;
            }
            if place::is_shard() {
                return Some(Err(ReadError::Ended(AskError::WouldBlock)));
            }
            self.shelf.came.wait(&mut state);
        }
    }
}

impl<Q: Question + Send + 'static> Drop for ForeignStream<Q> {
    fn drop(&mut self) {
        let (waker, items) = {
            let mut state = self.shelf.state.lock();
            state.is_dropped = true;
            (state.actor.take(), core::mem::take(&mut state.items))
        };
        // Theirs is the program's own code.
        drop(items);
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(actor) = self.actor.take()
            && actor.tell(Message::Dropped).is_err()
        {
            actor.kill();
        }
    }
}

impl ForeignRef {
    /// Reads a stream on a thread, or in a future, that is no actor (G290); a handler on a shard has
    /// [`Context::read_foreign`]. The producer waits for the reader: about `buffer` items, 1 to 4,096, and what one pull of the
    /// stream brought, wait on either side.
    ///
    /// ```
    /// use myrmidon_actor::{ForeignRef, NoError, Question};
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
    /// fn highest(market: ForeignRef) -> Option<f64> {
    ///     market.read(Prices, 16).map_while(Result::ok).take(1_000).reduce(f64::max)
    /// }
    /// ```
    pub fn read<Q: Question + Send + 'static>(self, question: Q, buffer: u32) -> ForeignStream<Q> {
        let buffer = buffer.clamp(1, 4096);
        let state = State { items: VecDeque::new(), end: None, is_dropped: false, reader: None, actor: None };
        let most = buffer as usize;
        let kept = Arc::new(Shelf { state: Mutex::new(state), came: Condvar::new(), most });
        let proxy = Proxy { shelf: Arc::clone(&kept), of: self, question: Some(question), buffer };
        // Who did not become an actor has left the end.
        let actor: Result<ActorRef<Message<Q>>, SpawnError> = spawn_of(self.system, &Spawn::new(), proxy);
        if matches!(actor, Err(SpawnError::TooManyActors)) {
            kept.put(|state| state.end = Some(Err(ReadError::Ended(AskError::NodeBusy))));
        }
        ForeignStream { shelf: kept, actor: actor.ok() }
    }
}
