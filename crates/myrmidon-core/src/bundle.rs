//! What one shard hands to another at a time: packets in order, most of them as the records that they were.
//!
//! A message that carries nothing, a number, or bytes up to [`COPIED`] is one record, and its bytes stand with those of
//! the others in one block: a bundle is allocated and freed as a whole, and what threads share to pass it on is paid once
//! for all that is in it. Everything else is a [`Packet`] with a record of kind 0 in its place.
//!
//! Promises: G110 what is taken out comes in the order in which it was put in. Bounded: whoever fills it asks
//! [`Bundle::has_room`] and begins another one.

use crate::{
    packet::Packet,
    payload::Payload,
    pid::Pid,
    record::{COPIED, Record, flag, submission, word},
};
use std::collections::VecDeque;

/// Packets that a bundle holds at most.
pub const MOST: usize = 256;
/// Words of payloads from which on it takes no more.
pub(crate) const MOST_WORDS: usize = 1 << 14;
/// Kind of the record that stands for a packet.
const PACKET: u32 = 0;
const BYTES: u32 = flag::BYTES << 8;
const INLINE: u32 = flag::INLINE << 8;

/// See the module.
#[derive(Debug, Default)]
pub struct Bundle {
    records: Vec<Record>,
    /// Records that were taken out.
    taken: usize,
    /// Payloads as in an arena: the length in bytes, then the bytes. SLOT of a record says where.
    words: Vec<u32>,
    packets: VecDeque<Packet>,
    bytes: usize,
}

/// What a bundle is made of, for whoever takes it apart.
pub(crate) struct Parts {
    /// In their order.
    pub records: Vec<Record>,
    /// Payloads as in an arena.
    pub words: Vec<u32>,
    /// What the records stand for that are no messages.
    pub packets: VecDeque<Packet>,
}

/// Whether a record of a bundle is a message; else it stands for the next packet.
#[inline]
pub(crate) const fn is_message(record: &Record) -> bool {
    record[word::HEAD] & 0xff != PACKET
}

/// The words of a message's bytes and how many these are, where it has some.
#[inline]
pub(crate) fn bytes_at<'a>(record: &Record, words: &'a [u32]) -> Option<(usize, &'a [u32])> {
    if record[word::HEAD] & BYTES == 0 {
        return None;
    }
    let at = record[word::SLOT] as usize;
    let length = words[at] as usize;
    Some((length, &words[at + 1..at + 1 + length.div_ceil(4)]))
}

/// What a bundle has taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    records: usize,
    words: usize,
}

impl Bundle {
    /// An empty one in which as much fits as another one has taken, before it moves.
    pub(crate) fn like(size: Size) -> Self {
        let Size { records, words } = size;
        Self { records: Vec::with_capacity(records), words: Vec::with_capacity(words), ..Self::default() }
    }

    pub(crate) fn size(&self) -> Size {
        Size { records: self.records.len(), words: self.words.len() }
    }

    /// Packets in it.
    pub fn len(&self) -> usize {
        self.records.len() - self.taken
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of payloads in it.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it takes one more.
    pub fn has_room(&self) -> bool {
        self.records.len() < MOST && self.words.len() < MOST_WORDS
    }

    /// Adds a message: a record whose payload is nothing, a number, or `bytes`, an arena's block of at most [`COPIED`].
    pub(crate) fn push_message(&mut self, record: &Record, bytes: &[u32]) {
        let mut record = *record;
        if let Some(length) = bytes.first() {
            record[word::SLOT] = self.words.len() as u32;
            self.words.extend_from_slice(bytes);
            self.bytes += *length as usize;
        }
        self.records.push(record);
    }

    /// Adds a packet.
    pub fn push(&mut self, packet: Packet) {
        let (to, from, head, payload) = match packet {
            Packet::Message { to, from, head, payload: payload @ (Payload::None | Payload::Number(_)) } => {
                (to, from, head, payload)
            }
            Packet::Message { to, from, head, payload: Payload::Copied(bytes) } if bytes.len() <= COPIED => {
                (to, from, head, Payload::Copied(bytes))
            }
            packet => {
                self.bytes += packet.bytes();
                self.packets.push_back(packet);
                return self.records.push(Record::default());
            }
        };
        let mut record = Record::default();
        record[word::TO] = to.low();
        record[word::TO_GENERATION] = to.generation();
        record[word::FROM] = from.low();
        record[word::FROM_GENERATION] = from.generation();
        record[word::HEAD] = submission::SEND | head;
        match payload {
            Payload::Number(bits) => {
                record[word::HEAD] |= INLINE;
                record[word::A] = bits as u32;
                record[word::B] = (bits >> 32) as u32;
                self.push_message(&record, &[]);
            }
            Payload::Copied(bytes) => {
                record[word::HEAD] |= BYTES;
                let mut words = vec![bytes.len() as u32];
                extend_words(&mut words, &bytes);
                self.push_message(&record, &words);
            }
            _ => self.push_message(&record, &[]),
        }
    }

    /// What is left in it.
    pub(crate) fn into_parts(mut self) -> Parts {
        self.records.drain(..self.taken);
        Parts { records: self.records, words: self.words, packets: self.packets }
    }

    /// Takes the oldest one out.
    pub fn pop(&mut self) -> Option<Packet> {
        let record = self.records.get(self.taken)?;
        self.taken += 1;
        let packet = if is_message(record) {
            message(record, bytes_at(record, &self.words))
        } else {
            self.packets.pop_front()?
        };
        self.bytes -= packet.bytes();
        Some(packet)
    }
}

/// A message as a packet.
pub(crate) fn message(record: &Record, bytes: Option<(usize, &[u32])>) -> Packet {
    let head = record[word::HEAD];
    let payload = match bytes {
        Some((length, words)) => Payload::Copied(bytes_of(words, length).into()),
        None if head & INLINE != 0 => Payload::Number(u64::from(record[word::A]) | u64::from(record[word::B]) << 32),
        None => Payload::None,
    };
    Packet::Message {
        to: Pid::from_words(record[word::TO], record[word::TO_GENERATION]),
        from: Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]),
        head: head & !(0xff | BYTES | INLINE),
        payload,
    }
}

/// The bytes of words, in the order of memory.
pub fn bytes_of(words: &[u32], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let (whole, rest) = words.split_at((length / 4).min(words.len()));
    for word in whole {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    if let Some(last) = rest.first() {
        bytes.extend_from_slice(&last.to_ne_bytes()[..length % 4]);
    }
    bytes
}

/// The reverse: the last word is filled up with zeros.
pub(crate) fn extend_words(words: &mut Vec<u32>, bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<4>();
    words.extend(whole.iter().map(|word| u32::from_ne_bytes(*word)));
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        words.push(u32::from_ne_bytes(last));
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, MOST};
    use crate::{packet::Packet, payload::Payload, pid::Pid, record::COPIED};

    fn message(at: u32, payload: Payload) -> Packet {
        let (to, from) = (Pid::from_words(at + 1, 7), Pid::from_words(1 << 24 | at, 0));
        Packet::Message { to, from, head: at << 16, payload }
    }

    fn payloads() -> Vec<Payload> {
        let bytes = |length: usize| Payload::bytes((0..length).map(|at| at as u8).collect());
        vec![
            Payload::None,
            Payload::Number(f64::to_bits(-0.0)),
            bytes(0),
            bytes(1),
            bytes(64),
            bytes(COPIED),
            bytes(COPIED + 1),
            Payload::Number(u64::MAX),
        ]
    }

    #[test]
    fn g110_packets_come_out_as_they_were_and_in_their_order() {
        let mut bundle = Bundle::default();
        let all: Vec<Payload> = payloads();
        let lengths: usize = all.iter().map(Payload::len).sum();
        for (at, payload) in payloads().into_iter().enumerate() {
            bundle.push(message(at as u32, payload));
            bundle.push(Packet::CallDropped { question: at as u64 });
        }
        assert_eq!((bundle.len(), bundle.bytes()), (2 * all.len(), lengths));
        for (at, payload) in all.into_iter().enumerate() {
            assert_eq!(bundle.pop(), Some(message(at as u32, payload)));
            assert_eq!(bundle.pop(), Some(Packet::CallDropped { question: at as u64 }));
        }
        assert_eq!((bundle.pop(), bundle.len(), bundle.bytes()), (None, 0, 0));
    }

    #[test]
    fn g113_it_is_full_by_packets_or_by_bytes() {
        let mut bundle = Bundle::default();
        while bundle.has_room() {
            bundle.push(message(0, Payload::None));
        }
        assert_eq!(bundle.len(), MOST);
        let mut bundle = Bundle::default();
        while bundle.has_room() {
            bundle.push(message(0, Payload::bytes(vec![1; COPIED])));
        }
        assert_eq!(bundle.len(), 16);
    }
}
