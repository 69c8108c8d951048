use super::{Inbox, Refusal, Refused, allowance};
use std::{sync::Arc, thread};

fn record(number: u32) -> [u32; 8] {
    [number; 8]
}

#[test]
fn a_push_says_how_many_records_it_placed() {
    let inbox = Inbox::new(2);
    assert_eq!(inbox.push(&[record(1)]), Ok(()));
    let refused = Refused { accepted: 1, why: Refusal::Full };
    assert_eq!(inbox.push(&[record(2), record(3)]), Err(refused));
    let mut out = Vec::new();
    assert_eq!(inbox.drain(&mut out, 10), 2);
    assert_eq!(out, [record(1), record(2)]);
}

#[test]
fn a_drain_takes_no_more_than_its_limit_and_keeps_the_order() {
    let inbox = Inbox::new(8);
    inbox.push(&[record(1), record(2), record(3)]).unwrap();
    let mut out = Vec::new();
    assert_eq!(inbox.drain(&mut out, 2), 2);
    assert!(!inbox.is_empty());
    assert_eq!(inbox.drain(&mut out, 2), 1);
    assert_eq!(out, [record(1), record(2), record(3)]);
}

#[test]
fn a_closed_inbox_refuses_and_still_gives_what_it_holds() {
    let inbox = Inbox::new(8);
    inbox.push(&[record(1)]).unwrap();
    inbox.close();
    inbox.close();
    assert_eq!(inbox.push(&[record(2)]), Err(Refused { accepted: 0, why: Refusal::Closed }));
    let mut out = Vec::new();
    assert_eq!(inbox.drain(&mut out, 8), 1);
}

#[test]
fn every_accepted_record_is_drained_when_senders_race_the_close() {
    let inbox = Arc::new(Inbox::new(1024));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                let mut accepted = 0;
                loop {
                    match inbox.push(&[record(sender)]) {
                        Ok(()) => accepted += 1,
                        Err(Refused { why: Refusal::Full, .. }) => thread::yield_now(),
                        Err(Refused { why: Refusal::Closed, .. }) => return accepted,
                    }
                }
            })
        })
        .collect();
    let mut out = Vec::new();
    while out.len() < 20_000 {
        inbox.drain(&mut out, 256);
    }
    inbox.close();
    inbox.drain(&mut out, usize::MAX);
    let accepted: usize = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
    assert_eq!(out.len(), accepted);
    assert!(inbox.is_empty());
}

#[test]
fn a_busy_owner_lets_little_in_and_never_nothing() {
    assert_eq!(allowance(0, 512), 512);
    assert_eq!(allowance(1023, 512), 512);
    assert_eq!(allowance(1024, 512), 64);
    assert_eq!(allowance(u32::MAX, 1), 1);
}
