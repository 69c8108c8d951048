//! The ownership of blocks. The races are in `loom_tests.rs`.

use super::{Account, Blocks, Handle, Refusal, Stale};
use proptest::prelude::*;
use std::{sync::Arc, thread};

fn both(limit: usize) -> (Blocks, Arc<Account>) {
    (Blocks::new(), Account::new(limit))
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
        blocks.release(handle).unwrap();
    }
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g136_in_flight_nobody_holds_it() {
    let (blocks, account) = both(100);
    let handle = blocks.allocate(&account, 10).unwrap();
    write(&blocks, handle, 7);
    assert_eq!(blocks.arrive(handle), Err(Stale));
    blocks.depart(handle).unwrap();
    assert!(blocks.view(handle).is_err());
    assert_eq!(blocks.depart(handle), Err(Stale));
    assert_eq!(account.bytes(), 10);
    blocks.arrive(handle).unwrap();
    assert_eq!(read(&blocks, handle), [7; 10]);
    blocks.release(handle).unwrap();
}

#[test]
fn g137_a_stale_handle_names_no_other_block() {
    let (blocks, account) = both(100);
    let old = blocks.allocate(&account, 10).unwrap();
    blocks.release(old).unwrap();
    let new = blocks.allocate(&account, 10).unwrap();
    assert_eq!(old.slot, new.slot);
    assert_ne!(old, new);
    assert_eq!(blocks.release(old), Err(Stale));
    assert!(blocks.view(old).is_err());
    assert!(blocks.view(new).is_ok());
    assert_eq!(account.bytes(), 10);
    blocks.release(new).unwrap();
}

#[test]
fn g137_a_slot_whose_generations_are_spent_retires() {
    let (blocks, account) = both(100);
    let first = blocks.allocate(&account, 1).unwrap();
    blocks.release(first).unwrap();
    blocks.slot(first.slot).unwrap().block.age((1 << super::GENERATION_BITS) - 2);
    let last = blocks.allocate(&account, 1).unwrap();
    assert_eq!(last.slot, first.slot);
    blocks.release(last).unwrap();
    let after = blocks.allocate(&account, 1).unwrap();
    assert_ne!(after.slot, first.slot);
    assert_eq!((blocks.release(first), blocks.release(last)), (Err(Stale), Err(Stale)));
    blocks.release(after).unwrap();
}

#[test]
fn g137_a_collected_view_releases_only_what_it_was_made_of() {
    let (blocks, account) = both(100);
    let handle = blocks.allocate(&account, 10).unwrap();
    let view = blocks.view(handle).unwrap();
    blocks.depart(handle).unwrap();
    assert!(!blocks.abandon(handle, &view));
    blocks.arrive(handle).unwrap();
    assert!(!blocks.abandon(handle, &view));
    let view = blocks.view(handle).unwrap();
    assert!(blocks.abandon(handle, &view));
    assert!(!blocks.abandon(handle, &view));
    assert_eq!(account.bytes(), 0);
}

#[test]
fn g138_an_account_has_a_limit() {
    let (blocks, account) = both(100);
    let held = blocks.allocate(&account, 60).unwrap();
    assert_eq!(blocks.allocate(&account, 41), Err(Refusal::Limit));
    assert_eq!(blocks.allocate(&account, usize::MAX), Err(Refusal::Limit));
    let rest = blocks.allocate(&account, 40).unwrap();
    blocks.depart(rest).unwrap();
    assert_eq!(blocks.allocate(&account, 1), Err(Refusal::Limit));
    blocks.release(rest).unwrap();
    blocks.release(held).unwrap();
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
    let blocks = Arc::new(Blocks::new());
    let account = Account::new(1 << 20);
    let (to, from) = std::sync::mpsc::channel();
    let theirs = Arc::clone(&blocks);
    let reader = thread::spawn(move || {
        for (handle, value) in from {
            theirs.arrive(handle).unwrap();
            assert!(read(&theirs, handle).iter().all(|byte| *byte == value));
            theirs.release(handle).unwrap();
        }
    });
    for value in 0..200 {
        let handle = blocks.allocate(&account, 1000).unwrap();
        write(&blocks, handle, value);
        blocks.depart(handle).unwrap();
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
                1 => (state == State::Held, blocks.depart(handle).is_ok()),
                2 => (state == State::Flight, blocks.arrive(handle).is_ok()),
                3 => (state != State::Gone, blocks.release(handle).is_ok()),
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
