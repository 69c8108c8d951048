//! Buffers beside the bytes of a message: their numbers stand behind them, as `buffer/parcel.ts` writes and reads them.
//!
//! ```text
//! bytes | number f64, length f64 | ... | count u32      all little-endian
//! ```
//!
//! From `pack` to `unpack` the blocks are nobody's but the payload's that the bytes are, and go with it.

use super::{Flight, Handle, SharedBuffer};
use myrmidon_core::payload::{Payload, Value};

/// A block: its number and its length.
const ENTRY: usize = 16;
/// How many there are.
const COUNT: usize = 4;

/// A message with the numbers of its buffers behind its bytes. The buffers are the payload's from now on: when it is
/// dropped, those that nobody has taken are free.
pub fn pack(mut bytes: Vec<u8>, buffers: Vec<SharedBuffer>) -> Payload {
    let count = buffers.len() as u32;
    let mut flights = Vec::with_capacity(buffers.len());
    for buffer in buffers {
        bytes.extend_from_slice(&number(buffer.handle().to_u64()));
        bytes.extend_from_slice(&number(buffer.len() as u64));
        flights.push(buffer.depart());
    }
    bytes.extend_from_slice(&count.to_le_bytes());
    with_flights(bytes, flights)
}

/// Takes the buffers from behind the bytes of a message whose tag may carry some. Bytes that carry none stay as they are,
/// with four zeros at their end, which no reader of msgpack sees: another protocol may have a message of the same name.
pub fn unpack(bytes: &mut Vec<u8>) -> Vec<SharedBuffer> {
    let Some((length, entries)) = entries(bytes) else { return Vec::new() };
    let count = entries.len();
    let arrive = |entry: &[u8; ENTRY]| handle_of(entry).and_then(SharedBuffer::arrive);
    let buffers: Vec<SharedBuffer> = entries.iter().map_while(arrive).collect();
    if buffers.len() < count {
        return Vec::new();
    }
    if count > 0 {
        bytes.truncate(length);
    }
    buffers
}

/// The same of bytes that were packed elsewhere, whose blocks are in flight: the payload takes these flights over.
pub fn load(bytes: Vec<u8>) -> Payload {
    let entries = entries(&bytes).map_or(&[][..], |(_, entries)| entries);
    let mut flights = entries.iter().filter_map(handle_of).filter_map(Flight::board);
    match (flights.next(), flights.next()) {
        // What nearly all of them are.
        (Some(only), None) => Payload::loaded(bytes, Value(Box::new(only))),
        (first, second) => {
            let flights = first.into_iter().chain(second).chain(flights).collect();
            with_flights(bytes, flights)
        }
    }
}

fn with_flights(bytes: Vec<u8>, flights: Vec<Flight>) -> Payload {
    if flights.is_empty() { Payload::bytes(bytes) } else { Payload::loaded(bytes, Value(Box::new(flights))) }
}

/// Where the blocks stand, behind how many bytes. `None`: these are no such bytes.
fn entries(bytes: &[u8]) -> Option<(usize, &[[u8; ENTRY]])> {
    let (rest, count) = bytes.split_last_chunk::<COUNT>()?;
    let entries = (u32::from_le_bytes(*count) as usize).checked_mul(ENTRY)?;
    let length = rest.len().checked_sub(entries)?;
    Some((length, rest[length..].as_chunks::<ENTRY>().0))
}

/// A number of at most 53 bits, as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "a handle has 53 bits, and no block is longer than 2^53 bytes")]
pub(super) fn number(number: u64) -> [u8; 8] {
    (number as f64).to_le_bytes()
}

#[expect(clippy::cast_sign_loss, reason = "what is negative saturates, and is another number then")]
fn handle_of(entry: &[u8; ENTRY]) -> Option<Handle> {
    let number = f64::from_le_bytes(*entry.first_chunk()?);
    Handle::from_u64(number as u64).filter(|_| number.fract() == 0.0 && number > 0.0)
}

#[cfg(all(test, not(loom)))]
mod tests;
