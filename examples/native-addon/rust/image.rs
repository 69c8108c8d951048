//! Pixels that are never copied: a `SharedBuffer` comes, is worked on in place, and goes back.

use myrmidon_node::myrmidon_actor::{Actor, Context, Lend, ReplyTo, SharedBuffer, Wire};

pub enum Message {
    Invert(SharedBuffer, ReplyTo<SharedBuffer>),
}

/// It has no state.
pub struct Image;

impl Actor for Image {
    type Message = Message;
    const PROTOCOL: &'static str = "Image";
    /// A large image takes a while: the shard goes on meanwhile.
    const LEND: Lend = Lend::Always;

    fn from_wire(mut wire: Wire) -> Option<Message> {
        match wire.tag() {
            "Invert" => {
                let pixels = wire.buffers().pop()?;
                // The answer is the buffer: the place of the first, and only, one that goes along.
                Some(Message::Invert(pixels, wire.reply_with(|pixels| (vec![0], vec![pixels]))?))
            }
            _ => None,
        }
    }

    fn handle(&mut self, message: Message, _: &mut Context<Message>) {
        let Message::Invert(mut pixels, reply) = message;
        for pixel in pixels.iter_mut() {
            *pixel = !*pixel;
        }
        reply.send(pixels);
    }
}
