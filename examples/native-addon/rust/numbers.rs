//! Answers that are streams, no faster than their readers: a handler sends while there is room, and goes on by a message.

use myrmidon_node::myrmidon_actor::{Actor, Context, ReplyTo, StreamError, StreamTo, Wire};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Count {
    to: u32,
}

/// The error of `Count` in TypeScript.
#[derive(Serialize)]
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
    Fail,
}

/// The state: who watches.
#[derive(Default)]
pub struct Numbers {
    watching: Vec<StreamTo<u32>>,
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
            Message::Fail => panic!("out of numbers"),
        }
    }
}
