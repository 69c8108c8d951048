//! Answers that are streams, no faster than their readers: a handler sends while there is room, and goes on by a message. And
//! the other way round: a stream of an actor of TypeScript, whose items are messages.

use myrmidon_node::myrmidon_actor::{Actor, Context, Question, Read, ReadRef, ReplyTo, StreamError, StreamTo, Wire};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The payload of `Count`, wherever that is asked.
#[derive(Serialize, Deserialize)]
pub struct Count {
    to: u32,
}

/// What a source is asked, an actor of TypeScript: an answer is an item of the stream.
impl Question for Count {
    const TAG: &'static str = "Count";
    type Answer = u32;
    type Error = Failed;
}

/// The error of `Count` in TypeScript.
#[derive(Serialize, Deserialize)]
#[serde(tag = "_tag")]
pub enum Failed {
    TooMuch { limit: u32 },
}

const LIMIT: u32 = 10_000;

pub enum Message {
    /// From here.
    Count {
        next: u32,
        to: u32,
        stream: StreamTo<u32, Failed>,
    },
    /// Waits until it is told something.
    Watch(StreamTo<u32>),
    /// A reader of those has gone.
    Left,
    Tell {
        number: u32,
    },
    Watching(ReplyTo<usize>),
    /// Adds up what the source counts, as far as so many numbers.
    Sum {
        count: Count,
        most: usize,
        reply: ReplyTo<Result<u32, Failed>>,
    },
    /// What came of it.
    Came(u32, Read<Count>),
    Fail,
}

/// A sum that is not done.
struct Sum {
    stream: ReadRef,
    so_far: u32,
    left: usize,
    reply: ReplyTo<Result<u32, Failed>>,
}

/// The state: who watches, and who waits for a sum.
#[derive(Default)]
pub struct Numbers {
    watching: Vec<StreamTo<u32>>,
    sums: HashMap<u32, Sum>,
    last: u32,
}

impl Actor for Numbers {
    type Message = Message;
    const PROTOCOL: &'static str = "Numbers";
    const FINGERPRINT: &'static str = "";

    fn from_wire(mut wire: Wire) -> Option<Message> {
        match wire.tag() {
            "Count" => {
                let Count { to } = wire.read()?;
                Some(Message::Count { next: 1, to, stream: wire.streams()? })
            }
            "Watch" => Some(Message::Watch(wire.streams()?)),
            "Tell" => Some(Message::Tell { number: wire.read()? }),
            "Watching" => Some(Message::Watching(wire.answers()?)),
            "Sum" => {
                let Summed { to, most } = wire.read()?;
                Some(Message::Sum { count: Count { to }, most, reply: wire.answers_or()? })
            }
            "Fail" => Some(Message::Fail),
            _ => None,
        }
    }

    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Count { mut next, to, mut stream } => {
                while next <= to {
                    if next > LIMIT {
                        return stream.fail(&Failed::TooMuch { limit: LIMIT });
                    }
                    match stream.try_send(&next) {
                        Ok(()) => next += 1,
                        // Others are served until the reader has caught up.
                        Err(StreamError::Full) => {
                            return context.when_room(stream, move |stream| Message::Count { next, to, stream });
                        }
                        Err(_) => return,
                    }
                }
                stream.end();
            }
            Message::Watch(stream) => {
                context.when_closed(&stream, Message::Left);
                self.watching.push(stream);
            }
            Message::Left => self.watching.retain(|stream| !stream.is_closed()),
            Message::Tell { number } => {
                for stream in &mut self.watching {
                    // Whoever is slow misses numbers on purpose: the actor keeps none for it.
                    drop(stream.try_send(&number));
                }
            }
            Message::Watching(reply) => reply.send(self.watching.len()),
            Message::Sum { count, most, reply } => {
                // Whoever waits is told that the question was dropped where there is no source.
                let Some(source) = context.foreign("source") else { return };
                self.last += 1;
                let id = self.last;
                let stream = context.read_foreign(source, &count, 16, move |read| Message::Came(id, read));
                self.sums.insert(id, Sum { stream, so_far: 0, left: most, reply });
            }
            Message::Came(id, read) => self.came(id, read, context),
            Message::Fail => panic!("out of numbers"),
        }
    }
}

impl Numbers {
    fn came(&mut self, id: u32, read: Read<Count>, context: &mut Context<Message>) {
        let Some(mut sum) = self.sums.remove(&id) else { return };
        match read {
            Read::Items(items) => {
                for item in items.into_iter().take(sum.left) {
                    sum.so_far += item;
                    sum.left -= 1;
                }
                if sum.left == 0 {
                    context.stop_reading(sum.stream);
                    sum.reply.send(Ok(sum.so_far));
                } else {
                    self.sums.insert(id, sum);
                }
            }
            Read::End(Ok(Ok(()))) => sum.reply.send(Ok(sum.so_far)),
            Read::End(Ok(Err(failed))) => sum.reply.send(Err(failed)),
            // Dropped: whoever waits is told so.
            Read::End(Err(_)) => {}
        }
    }
}

#[derive(Deserialize)]
struct Summed {
    to: u32,
    most: usize,
}
