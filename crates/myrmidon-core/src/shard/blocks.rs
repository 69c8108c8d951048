//! Bytes on their way into and out of the isolate: blocks in arenas, and blocks by handle (`record.rs`).
//!
//! Inside the core the SLOT of a record with `flag::BYTES` is the number of a payload in the pool: [`Shard::adopt`] makes
//! it so when a record comes in, `stage` writes it as a block when one goes out. A payload is freed when its message has
//! been handled, or, of a posted record, at the next batch.

use super::Shard;
use crate::{
    bundle::bytes_of,
    payload::{Bytes, Payload, Value},
    record::{BLOCK, COPIED, Record, flag, word},
};

const BYTES: u32 = flag::BYTES << 8;

impl Shard {
    /// What the isolate wrote into its outgoing arena for the records that are ingested next.
    pub fn write_outgoing(&mut self, words: &[u32]) {
        self.outgoing.clear();
        self.outgoing.extend_from_slice(words);
    }

    /// Words that the incoming arena may have; 0, the beginning: all blocks come by handle.
    pub fn reserve_incoming(&mut self, words: usize) {
        self.incoming_room = words;
    }

    /// The incoming arena, as of the last tick that delivers.
    pub fn incoming(&self) -> &[u32] {
        &self.incoming
    }

    /// Keeps a payload for one record; its SLOT. The record takes it over.
    pub fn put_block(&mut self, payload: Payload) -> u32 {
        self.last_put = (self.last_put + 1) & !BLOCK;
        self.put.insert(self.last_put, payload);
        self.last_put | BLOCK
    }

    /// The bytes of a SLOT of the batch; `None`: it names none.
    pub fn block(&self, slot: u32) -> Option<Vec<u8>> {
        if slot >= BLOCK { self.payloads.get(slot & !BLOCK).map(Bytes::to_vec) } else { read(&self.incoming, slot) }
    }

    /// Takes the value of a SLOT of the batch, once; `None`: it names bytes, or nothing.
    pub fn take_value(&mut self, slot: u32) -> Option<Value> {
        if slot >= BLOCK { self.payloads.take_value(slot & !BLOCK) } else { None }
    }

    /// Takes the payload of a submitted record into the pool. What names no block is an empty payload.
    pub(super) fn adopt(&mut self, record: &Record) -> Record {
        let mut record = *record;
        if record[word::HEAD] & BYTES == 0 {
            return record;
        }
        let payload =
            if record[word::HEAD] >> 8 & flag::INLINE == 0 { self.take_block(record[word::SLOT]) } else { None };
        if let Some(payload) = payload {
            record[word::SLOT] = self.payloads.insert(payload);
        } else {
            record[word::HEAD] &= !BYTES;
            record[word::SLOT] = 0;
        }
        record
    }

    /// The payload that a submitted SLOT names.
    pub(super) fn take_block(&mut self, slot: u32) -> Option<Payload> {
        if slot >= BLOCK { self.put.remove(&(slot & !BLOCK)) } else { read(&self.outgoing, slot).map(Payload::bytes) }
    }

    /// Makes the payload of a record that goes out a block. The payload stays in the pool.
    #[inline]
    pub(super) fn stage(&mut self, record: &mut Record) {
        if record[word::HEAD] & BYTES != 0 {
            self.stage_bytes(record);
        }
    }

    fn stage_bytes(&mut self, record: &mut Record) {
        let id = record[word::SLOT];
        record[word::SLOT] = BLOCK | id;
        let Some(bytes) = self.payloads.get(id) else { return };
        let at = self.incoming.len();
        if bytes.len() > COPIED || at + 1 + bytes.len().div_ceil(4) > self.incoming_room {
            return;
        }
        bytes.write(&mut self.incoming);
        record[word::SLOT] = at as u32;
    }

    /// The same for a posted record, whose payload nothing else knows.
    pub(super) fn stage_last(&mut self, record: &mut Record) {
        self.read_blocks.push(record[word::SLOT]);
        let flags = record[word::HEAD];
        record[word::HEAD] |= BYTES;
        self.stage(record);
        record[word::HEAD] = flags;
    }

    /// The isolate has left its batch, which had blocks.
    #[cold]
    pub(super) fn forget_blocks(&mut self) {
        self.incoming.clear();
        for id in core::mem::take(&mut self.read_blocks) {
            self.payloads.free(id);
        }
    }
}

/// The block at a position of an arena, behind its length.
fn find(arena: &[u32], slot: u32) -> Option<(usize, &[u32])> {
    let at = slot as usize;
    let length = *arena.get(at)? as usize;
    Some((length, arena.get(at + 1..(at + 1).checked_add(length.div_ceil(4))?)?))
}

/// The same with its length, where that is little enough to be copied as it is.
pub(super) fn copied(arena: &[u32], slot: u32) -> Option<&[u32]> {
    let (length, words) = find(arena, slot)?;
    if length > COPIED { None } else { arena.get(slot as usize..=slot as usize + words.len()) }
}

fn read(arena: &[u32], slot: u32) -> Option<Vec<u8>> {
    find(arena, slot).map(|(length, words)| bytes_of(words, length))
}
