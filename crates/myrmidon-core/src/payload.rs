//! What a message carries between shards, and the side pool in which bytes wait.
//!
//! Bytes up to [`COPIED`] are copied, larger ones are a block that is passed on by reference and never copied again.
//! A mailbox node keeps its 32 bytes: it holds the number of its payload in this pool, as a record's SLOT does while it is
//! inside the core. Whoever takes a node or a posted record out for good takes its payload out with it.
//!
//! Between two shards of Rust it is a [`Value`] itself, which is moved and never encoded. Its size is not known, so it
//! counts as none: what bounds it is the number of messages (G113).
//!
//! The pool counts its bytes; [`Payloads::has_room`] is the bound that messages from other shards are held against.

use crate::{pool::Pool, record::COPIED};
use core::{any::Any, fmt};
use std::sync::Arc;

/// A value of Rust on its way from one shard to another: moved by reference, owned by whoever holds it, and the same as
/// no other.
pub struct Value(pub Box<dyn Any + Send>);

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}

impl PartialEq for Value {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// A payload as an owned value.
#[derive(Debug, Default, PartialEq)]
pub enum Payload {
    /// Nothing.
    #[default]
    None,
    /// The bits of an `f64`.
    Number(u64),
    /// Bytes of its own.
    Copied(Box<[u8]>),
    /// A block by reference.
    Block(Arc<[u8]>),
    /// A value of Rust.
    Value(Value),
}

impl Payload {
    /// Bytes, copied or as a block, whichever their number asks for.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        if bytes.len() <= COPIED { Self::Copied(bytes.into_boxed_slice()) } else { Self::Block(bytes.into()) }
    }

    /// The bytes, where it is made of some.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::None | Self::Number(_) | Self::Value(_) => None,
            Self::Copied(bytes) => Some(bytes),
            Self::Block(bytes) => Some(bytes),
        }
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.as_bytes().map_or(0, <[u8]>::len)
    }

    /// Whether it holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The payloads of a shard's mailboxes and posted records. See the module.
pub struct Payloads {
    all: Pool<Payload>,
    bytes: usize,
}

/// Bytes that may wait in a shard's mailboxes before messages from other shards are refused.
const MOST_BYTES: usize = 1 << 30;

impl Default for Payloads {
    fn default() -> Self {
        Self { all: Pool::new(), bytes: 0 }
    }
}

impl Payloads {
    /// Keeps a payload; its number.
    pub fn insert(&mut self, payload: Payload) -> u32 {
        self.bytes += payload.len();
        self.all.insert(payload)
    }

    /// Takes a payload out.
    pub fn take(&mut self, id: u32) -> Payload {
        let payload = self.all.remove(id);
        self.bytes -= payload.len();
        payload
    }

    /// A payload that is kept; `None` for a number that names none.
    pub fn get(&self, id: u32) -> Option<&[u8]> {
        self.all.get(id).and_then(Payload::as_bytes)
    }

    /// Takes a value out of its payload, which stays, empty; `None` for a number that names none.
    pub fn take_value(&mut self, id: u32) -> Option<Value> {
        let payload = self.all.get_mut(id)?;
        match core::mem::take(payload) {
            Payload::Value(value) => Some(value),
            other => {
                *payload = other;
                None
            }
        }
    }

    /// Whether so many bytes more are within the bound.
    pub const fn has_room(&self, more: usize) -> bool {
        self.bytes + more <= MOST_BYTES
    }

    /// Payloads there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Bytes held: theirs, and the pool's.
    pub fn bytes(&self) -> usize {
        self.bytes + self.all.bytes()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            *self = Self::default();
        }
    }
}
