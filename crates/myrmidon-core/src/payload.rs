//! What a message carries between shards, and the side pool in which bytes wait.
//!
//! Bytes up to [`COPIED`] are copied, larger ones are a block that is passed on by reference and never copied again.
//! A mailbox node keeps its 32 bytes: it holds the number of its payload in this pool, as a record's SLOT does while it is
//! inside the core. Whoever takes a node or a posted record out for good takes its payload out with it.
//!
//! Between two shards of Rust it is a [`Value`] itself, which is moved and never encoded. Its size is not known, so it
//! counts as none: what bounds it is the number of messages (G113).
//!
//! Bytes that come in a bundle stay in its block (`held_blocks.rs`), or, where too many of those are kept already, are copied into
//! a piece of this pool's own memory (`chunks.rs`).
//!
//! Bytes may be [`Loaded`]: something is dropped with them, wherever that happens.
//!
//! The pool counts its bytes; [`Payloads::has_room`] is the bound that messages from other shards are held against.

use crate::{
    bundle::{bytes_of, extend_words},
    chunks::{Chunks, Piece},
    held_blocks::{HeldBlocks, Place, Reading},
    pool::Pool,
    record::COPIED,
};
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

/// Bytes that speak of something which is not in them. Whoever drops them drops that, too: its `Drop` is to know whether
/// somebody has taken it out meanwhile.
#[derive(Debug, PartialEq)]
pub struct Loaded {
    bytes: Box<[u8]>,
    load: Value,
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
    /// Bytes with what is dropped with them.
    Loaded(Box<Loaded>),
}

impl Payload {
    /// Bytes, and what is to be dropped with them.
    pub fn loaded(bytes: Vec<u8>, load: Value) -> Self {
        Self::Loaded(Box::new(Loaded { bytes: bytes.into_boxed_slice(), load }))
    }

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
            Self::Loaded(loaded) => Some(&loaded.bytes),
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

/// The bit of a payload's number that says that it is a piece, whose number is the rest.
const PIECE: u32 = 1 << 30;
/// The bit that says that it is a place in a bundle's block. Without either it is one of its own.
const PLACE: u32 = 1 << 29;

/// What a payload's number names.
enum Id {
    Owned,
    Piece(Piece),
    Place(Place),
}

impl Id {
    #[inline]
    const fn of(id: u32) -> Self {
        if id & PIECE != 0 {
            Self::Piece(Piece::from_number(id & !PIECE))
        } else if id & PLACE != 0 {
            Self::Place(Place::from_number(id & !PLACE))
        } else {
            Self::Owned
        }
    }
}

/// The bytes of a payload in the pool.
#[derive(Clone, Copy, Debug)]
pub enum Bytes<'a> {
    /// As they are.
    Plain(&'a [u8]),
    /// So many bytes, in the order of memory.
    Words(usize, &'a [u32]),
    /// The same behind their number.
    Block(&'a [u32]),
}

impl Bytes<'_> {
    /// How many there are.
    pub const fn len(self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Words(length, _) => length,
            Self::Block(block) => block[0] as usize,
        }
    }

    /// There are none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// A copy.
    pub fn to_vec(self) -> Vec<u8> {
        match self {
            Self::Plain(bytes) => bytes.to_vec(),
            Self::Words(length, words) => bytes_of(words, length),
            Self::Block(block) => bytes_of(&block[1..], block[0] as usize),
        }
    }

    /// Adds them to an arena, behind their length.
    #[inline]
    pub fn write(self, arena: &mut Vec<u32>) {
        match self {
            Self::Plain(bytes) => {
                arena.push(bytes.len() as u32);
                extend_words(arena, bytes);
            }
            Self::Words(length, words) => {
                arena.push(length as u32);
                arena.extend_from_slice(words);
            }
            Self::Block(block) => arena.extend_from_slice(block),
        }
    }
}

/// The payloads of a shard's mailboxes and posted records. See the module.
pub struct Payloads {
    owned: Pool<Payload>,
    chunks: Chunks,
    held_blocks: HeldBlocks,
    /// Of all payloads.
    bytes: usize,
    /// Of those that are not owned.
    lodged: usize,
}

/// Bytes that may wait in a shard's mailboxes before messages from other shards are refused.
const MOST_BYTES: usize = 1 << 30;

impl Default for Payloads {
    fn default() -> Self {
        Self { owned: Pool::new(), chunks: Chunks::default(), held_blocks: HeldBlocks::default(), bytes: 0, lodged: 0 }
    }
}

impl Payloads {
    /// Keeps a payload; its number.
    ///
    /// # Panics
    /// When 2^29 wait, which is more than the memory of their records allows.
    pub fn insert(&mut self, payload: Payload) -> u32 {
        self.bytes += payload.len();
        let id = self.owned.insert(payload);
        assert!(id < PLACE, "more payloads wait than a shard can have");
        id
    }

    /// Keeps a copy of `length` bytes, at most [`COPIED`], which are `words`; its number.
    #[inline]
    pub fn copy(&mut self, length: usize, words: &[u32]) -> u32 {
        self.bytes += length;
        self.lodged += length;
        PIECE | self.chunks.insert(length, words).number()
    }

    /// Keeps the block of a bundle, to be read.
    ///
    /// # Errors
    /// The block: there is no room for it, and what is in it is to be copied.
    pub fn enter(&mut self, words: Vec<u32>) -> Result<Reading, Vec<u32>> {
        self.held_blocks.enter(words)
    }

    /// What is in a block that is being read.
    pub fn words(&self, reading: Reading) -> &[u32] {
        self.held_blocks.words(reading)
    }

    /// Keeps the payload of `length` bytes that begins at a word of a block that is being read; its number.
    #[inline]
    pub fn keep(&mut self, reading: Reading, at: u32, length: usize) -> u32 {
        self.bytes += length;
        self.lodged += length;
        PLACE | self.held_blocks.keep(reading, at).number()
    }

    /// The block has been read.
    pub fn leave(&mut self, reading: Reading) {
        self.held_blocks.leave(reading);
    }

    /// Takes a payload out.
    pub fn take(&mut self, id: u32) -> Payload {
        if let Id::Owned = Id::of(id) {
            let payload = self.owned.remove(id);
            self.bytes -= payload.len();
            return payload;
        }
        let bytes = self.get(id).map(Bytes::to_vec).unwrap_or_default();
        self.free(id);
        Payload::bytes(bytes)
    }

    /// Lets a payload go that nobody needs.
    #[inline]
    pub fn free(&mut self, id: u32) {
        let length = match Id::of(id) {
            Id::Owned => {
                self.bytes -= self.owned.remove(id).len();
                return;
            }
            Id::Piece(piece) => {
                let length = self.chunks.length(piece);
                self.chunks.remove(piece);
                length
            }
            Id::Place(place) => {
                let length = self.held_blocks.length(place);
                self.held_blocks.remove(place);
                length
            }
        };
        self.bytes -= length;
        self.lodged -= length;
    }

    /// A payload that is kept; `None` for a number that names none, or no bytes.
    #[inline]
    pub fn get(&self, id: u32) -> Option<Bytes<'_>> {
        match Id::of(id) {
            Id::Owned => self.owned.get(id)?.as_bytes().map(Bytes::Plain),
            Id::Piece(piece) => self.chunks.get(piece).map(|(length, words)| Bytes::Words(length, words)),
            Id::Place(place) => self.held_blocks.get(place).map(Bytes::Block),
        }
    }

    /// How many bytes a payload has.
    pub fn length(&self, id: u32) -> usize {
        match Id::of(id) {
            Id::Owned => self.owned.get(id).map_or(0, Payload::len),
            Id::Piece(piece) => self.chunks.length(piece),
            Id::Place(place) => self.held_blocks.length(place),
        }
    }

    /// Takes a value out of its payload, which stays, empty; `None` for a number that names none.
    pub fn take_value(&mut self, id: u32) -> Option<Value> {
        let payload = self.owned.get_mut(id)?;
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
        self.owned.len() + self.chunks.count() + self.held_blocks.count()
    }

    /// Bytes held: theirs, and the pool's.
    pub fn bytes(&self) -> usize {
        self.bytes - self.lodged + self.chunks.held() + self.held_blocks.held() + self.owned.bytes()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        self.chunks.give_back();
        self.held_blocks.give_back();
        if self.owned.is_spent() {
            self.owned = Pool::new();
        }
    }
}
