//! Pixels that are never copied: a `SharedBuffer` comes, is worked on in place, or handed on to an actor of TypeScript, and
//! goes back.

use myrmidon_node::myrmidon_actor::{
    Actor, AnsweredWith, Context, Lend, NoError, Question, ReplyTo, SharedBuffer, Wire,
};
use serde::Serialize;

/// What a filter is asked, an actor of TypeScript: in the payload and in the answer a buffer stands as its place among those
/// that go along.
#[derive(Serialize)]
pub struct Apply {
    pixels: usize,
}

impl Question for Apply {
    const TAG: &'static str = "Apply";
    type Answer = usize;
    type Error = NoError;
    const SENDS_BUFFERS: bool = true;
    const GETS_BUFFERS: bool = true;
}

pub enum Message {
    Invert(SharedBuffer, ReplyTo<SharedBuffer>),
    Filter(SharedBuffer, ReplyTo<SharedBuffer>),
    /// What the filter said, for whoever waits for it.
    Filtered(AnsweredWith<Apply>, ReplyTo<SharedBuffer>),
}

/// It has no state.
pub struct Image;

impl Actor for Image {
    type Message = Message;
    const PROTOCOL: &'static str = "Image";
    /// A large image takes a while: the shard goes on meanwhile.
    const LEND: Lend = Lend::Always;

    fn from_wire(mut wire: Wire) -> Option<Message> {
        let read = match wire.tag() {
            "Invert" => Message::Invert,
            "Filter" => Message::Filter,
            _ => return None,
        };
        let pixels = wire.buffers().pop()?;
        // The answer is the buffer: the place of the first, and only, one that goes along.
        Some(read(pixels, wire.reply_with(|pixels| (vec![0], vec![pixels]))?))
    }

    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Invert(mut pixels, reply) => {
                for pixel in pixels.iter_mut() {
                    *pixel = !*pixel;
                }
                reply.send(pixels);
            }
            Message::Filter(pixels, reply) => {
                let Some(filter) = context.foreign("filter") else { return };
                context.ask_foreign_with(None, filter, &Apply { pixels: 0 }, vec![pixels], |answered| {
                    Message::Filtered(answered, reply)
                });
            }
            // Whoever waits is told that the question was dropped where there is no such filter, or none that answers.
            Message::Filtered(answered, reply) => {
                if let Ok(Ok((0, mut buffers))) = answered
                    && let Some(pixels) = buffers.pop()
                {
                    reply.send(pixels);
                }
            }
        }
    }
}
