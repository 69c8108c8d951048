//! The ownership of blocks. The races are in `loom_tests.rs`.

use super::{Account, Blocks, Flight, Handle, Refusal, SharedBuffer, Stale, load, parcel};
use proptest::prelude::*;
use std::{sync::Arc, thread};

fn both(limit: usize) -> (Blocks, Arc<Account>) {
    (Blocks::default(), Account::new(limit))
}

/// The lease of a block that is held; of one that is not, no lease at all.
fn lease(blocks: &Blocks, handle: Handle) -> u64 {
    blocks.view(handle).map_or(u64::MAX, |view| view.lease)
}

fn depart(blocks: &Blocks, handle: Handle) -> Result<(), Stale> {
    blocks.depart(handle, lease(blocks, handle))
}

fn release(blocks: &Blocks, handle: Handle) -> Result<(), Stale> {
    blocks.release(handle, lease(blocks, handle))
}

fn write(blocks: &Blocks, handle: Handle, value: u8) {
    let view = blocks.view(handle).unwrap();
    // SAFETY: this test holds the block, and nobody else looks.
    unsafe { core::slice::from_raw_parts_mut(view.data, view.len) }.fill(value);
}

fn read(blocks: &Blocks, handle: Handle) -> Vec<u8> {
    let view = blocks.view(handle).unwrap();
    // SAFETY: as above.
    unsafe { core::slice::from_raw_parts(view.data, view.len) }.to_vec()
}

#[test]
fn g137_a_block_is_zeros_aligned_and_of_its_length() {
    let (blocks, account) = both(1 << 30);
    for len in [0, 1, 63, 64, 4096, 1 << 20, (1 << 26) + 1] {
        let handle = blocks.allocate(&account, len).unwrap();
        let view = blocks.view(handle).unwrap();
        assert_eq!(view.len, len);
        assert!(!view.data.is_null() && view.data.addr().is_multiple_of(64));
        assert!(read(&blocks, handle).iter().all(|byte| *byte == 0));
        release(&blocks, handle).unwrap();
    }
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g136_in_flight_nobody_holds_it() {
    let (blocks, account) = both(100);
    let handle = blocks.allocate(&account, 10).unwrap();
    write(&blocks, handle, 7);
    assert_eq!(blocks.arrive(handle), Err(Stale));
    depart(&blocks, handle).unwrap();
    assert!(blocks.view(handle).is_err());
    assert_eq!(depart(&blocks, handle), Err(Stale));
    assert_eq!(account.bytes(), 10);
    blocks.arrive(handle).unwrap();
    assert_eq!(read(&blocks, handle), [7; 10]);
    release(&blocks, handle).unwrap();
}

#[test]
fn g137_a_stale_handle_names_no_other_block() {
    let (blocks, account) = both(100);
    let old = blocks.allocate(&account, 10).unwrap();
    release(&blocks, old).unwrap();
    let new = blocks.allocate(&account, 10).unwrap();
    assert_eq!(old.slot, new.slot);
    assert_ne!(old, new);
    assert_eq!(release(&blocks, old), Err(Stale));
    assert!(blocks.view(old).is_err());
    assert!(blocks.view(new).is_ok());
    assert_eq!(account.bytes(), 10);
    release(&blocks, new).unwrap();
}

#[test]
fn g137_a_slot_whose_generations_are_spent_retires() {
    let (blocks, account) = both(100);
    let first = blocks.allocate(&account, 1).unwrap();
    release(&blocks, first).unwrap();
    blocks.slot(first.slot).unwrap().block.age((1 << super::GENERATION_BITS) - 2);
    let last = blocks.allocate(&account, 1).unwrap();
    assert_eq!(last.slot, first.slot);
    release(&blocks, last).unwrap();
    let after = blocks.allocate(&account, 1).unwrap();
    assert_ne!(after.slot, first.slot);
    assert_eq!((release(&blocks, first), release(&blocks, last)), (Err(Stale), Err(Stale)));
    release(&blocks, after).unwrap();
}

#[test]
fn g137_a_collected_view_releases_only_what_it_was_made_of() {
    let (blocks, account) = both(100);
    let handle = blocks.allocate(&account, 10).unwrap();
    let before = lease(&blocks, handle);
    depart(&blocks, handle).unwrap();
    assert_eq!(blocks.release(handle, before), Err(Stale));
    blocks.arrive(handle).unwrap();
    assert_eq!((blocks.release(handle, before), blocks.depart(handle, before)), (Err(Stale), Err(Stale)));
    let now = lease(&blocks, handle);
    assert_eq!(blocks.release(handle, now), Ok(()));
    assert_eq!(blocks.release(handle, now), Err(Stale));
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g202_a_handle_frees_no_block_that_somebody_holds() {
    let account = Account::new(100);
    let mut buffer = SharedBuffer::allocate(&account, 10).unwrap();
    let flight = buffer.depart();
    let kept = flight.handle();
    buffer = SharedBuffer::arrive(kept).unwrap();
    buffer.fill(7);
    // Whoever had it before, whoever has its number, and a parcel that names it although it is held.
    drop(flight);
    assert!(SharedBuffer::arrive(kept).is_none());
    drop(load([&parcel::number(kept.to_u64())[..], &parcel::number(10), &1u32.to_le_bytes()].concat()));
    assert!(Flight::board(kept).is_none());
    // Read where it is: valgrind and the sanitizers would see it freed.
    assert_eq!(buffer[..], [7; 10]);
    assert_eq!((account.bytes(), buffer.handle()), (10, kept));
    drop(buffer);
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g200_a_flight_that_a_payload_took_over_is_not_freed_by_whoever_had_it() {
    let account = Account::new(100);
    let flight = SharedBuffer::allocate(&account, 10).unwrap().depart();
    assert!(flight.lasts());
    let boarded = Flight::board(flight.handle()).unwrap();
    assert!(!flight.lasts() && boarded.lasts());
    drop(flight);
    assert_eq!(account.bytes(), 10);
    let lost = SharedBuffer::allocate(&account, 20).unwrap().depart();
    drop(lost);
    assert_eq!(account.bytes(), 10);
    drop(boarded);
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g138_an_account_has_a_limit() {
    let (blocks, account) = both(100);
    let held = blocks.allocate(&account, 60).unwrap();
    assert_eq!(blocks.allocate(&account, 41), Err(Refusal::Limit));
    let error: Box<dyn core::error::Error> = Refusal::Limit.into();
    assert_eq!(error.to_string(), "no buffer: the limit of bytes outstanding would be exceeded");
    assert_eq!(blocks.allocate(&account, usize::MAX), Err(Refusal::Limit));
    let rest = blocks.allocate(&account, 40).unwrap();
    depart(&blocks, rest).unwrap();
    assert_eq!(blocks.allocate(&account, 1), Err(Refusal::Limit));
    let flight = blocks.board(rest).unwrap();
    blocks.lose(rest, flight).unwrap();
    release(&blocks, held).unwrap();
    let huge = Account::new(usize::MAX);
    assert_eq!(blocks.allocate(&huge, usize::MAX), Err(Refusal::Memory));
    assert_eq!(blocks.allocate(&huge, isize::MAX as usize), Err(Refusal::Memory));
    assert_eq!((account.bytes(), huge.bytes()), (0, 0));
}

#[test]
fn handles_are_numbers_of_53_bits() {
    let handle = Handle { slot: u32::MAX, generation: (1 << super::GENERATION_BITS) - 1 };
    assert_eq!(handle.to_u64(), (1 << 53) - 1);
    assert_eq!(Handle::from_u64(handle.to_u64()), Some(handle));
    assert_eq!(Handle::from_u64(0), None);
    assert_eq!(Handle::from_u64(1 << 53), None);
}

#[test]
fn g136_what_was_written_before_a_flight_is_there_after_it() {
    let blocks = Arc::new(Blocks::default());
    let account = Account::new(1 << 20);
    let (to, from) = std::sync::mpsc::channel();
    let theirs = Arc::clone(&blocks);
    let reader = thread::spawn(move || {
        for (handle, value) in from {
            theirs.arrive(handle).unwrap();
            assert!(read(&theirs, handle).iter().all(|byte| *byte == value));
            release(&theirs, handle).unwrap();
        }
    });
    for value in 0..200 {
        let handle = blocks.allocate(&account, 1000).unwrap();
        write(&blocks, handle, value);
        depart(&blocks, handle).unwrap();
        to.send((handle, value)).unwrap();
    }
    drop(to);
    reader.join().unwrap();
    assert_eq!(account.bytes(), 0);
}

proptest! {
    /// Any calls in any order, on any handle that ever was: the account is the sum of what lives, and each call answers
    /// as the model does.
    #[test]
    fn g137_any_calls_keep_the_account(calls in prop::collection::vec((0..6u8, any::<prop::sample::Index>(), 0..50usize), 1..200)) {
        #[derive(Clone, Copy, PartialEq)]
        enum State { Held, Flight, Gone }
        let (blocks, account) = both(400);
        let mut all: Vec<(Handle, usize, State)> = Vec::new();
        for (call, which, len) in calls {
            if call == 0 || all.is_empty() {
                let live: usize = all.iter().filter(|each| each.2 != State::Gone).map(|each| each.1).sum();
                match blocks.allocate(&account, len) {
                    Ok(handle) => {
                        prop_assert!(live + len <= 400);
                        all.push((handle, len, State::Held));
                    }
                    Err(refusal) => prop_assert!(refusal == Refusal::Limit && live + len > 400),
                }
                continue;
            }
            let at = which.index(all.len());
            let (handle, len, state) = all[at];
            let (expected, done) = match call {
                1 => (state == State::Held, depart(&blocks, handle).is_ok()),
                2 => (state == State::Flight, blocks.arrive(handle).is_ok()),
                3 if state == State::Flight => {
                    let flight = blocks.board(handle).unwrap();
                    (true, blocks.lose(handle, flight).is_ok())
                }
                3 => (state == State::Held, release(&blocks, handle).is_ok()),
                _ => (state == State::Held, blocks.view(handle).is_ok_and(|view| view.len == len)),
            };
            prop_assert_eq!(expected, done);
            if done {
                all[at].2 = match call { 1 => State::Flight, 2 => State::Held, 3 => State::Gone, _ => state };
            }
            let live: usize = all.iter().filter(|each| each.2 != State::Gone).map(|each| each.1).sum();
            prop_assert_eq!(account.bytes(), live);
        }
    }
}
