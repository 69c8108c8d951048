//! `RUSTFLAGS="--cfg loom" cargo test -p myrmidon-runtime --lib --release --target-dir target/loom`

use crate::{
    doorbell::Doorbell,
    inbox::{Inbox, Refusal, Refused},
};
use loom::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The owner sleeps only when somebody will ring: either it sees the record, or the sender sees the armed bell.
#[test]
fn no_wake_up_is_lost() {
    loom::model(|| {
        let inbox = Arc::new(Inbox::new(4));
        let door = Arc::new(Doorbell::new());
        let rung = Arc::new(AtomicBool::new(false));
        let sender = {
            let (inbox, door, rung) = (Arc::clone(&inbox), Arc::clone(&door), Arc::clone(&rung));
            thread::spawn(move || {
                inbox.push(&[[1; 8]]).unwrap();
                if door.claim() {
                    rung.store(true, Ordering::SeqCst);
                }
            })
        };
        door.arm();
        let asleep = inbox.is_empty();
        sender.join().unwrap();
        assert!(!asleep || rung.load(Ordering::SeqCst), "asleep with a record and no ring");
    });
}

/// The same with flags alone in place of the queue, whose mutex would hide a missing fence.
#[test]
fn the_fences_of_the_doorbell_suffice_by_themselves() {
    loom::model(|| {
        let full = Arc::new(AtomicBool::new(false));
        let door = Arc::new(Doorbell::new());
        let sender = {
            let (full, door) = (Arc::clone(&full), Arc::clone(&door));
            thread::spawn(move || {
                full.store(true, Ordering::Relaxed);
                door.claim()
            })
        };
        door.arm();
        let asleep = !full.load(Ordering::Relaxed);
        let rung = sender.join().unwrap();
        assert!(!asleep || rung);
    });
}

/// Two senders, one sleep: one ring.
#[test]
fn only_one_sender_rings() {
    loom::model(|| {
        let door = Arc::new(Doorbell::new());
        door.arm();
        let other = {
            let door = Arc::clone(&door);
            thread::spawn(move || door.claim())
        };
        let mine = door.claim();
        let theirs = other.join().unwrap();
        assert!(mine != theirs);
    });
}

/// A record is drained or refused, never both and never neither, when a push races the close.
#[test]
fn a_push_that_races_the_close_is_drained_or_refused() {
    loom::model(|| {
        let inbox = Arc::new(Inbox::new(4));
        let sender = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || inbox.push(&[[1; 8]]))
        };
        inbox.close();
        let mut out = Vec::new();
        inbox.drain(&mut out, usize::MAX);
        match sender.join().unwrap() {
            Ok(()) => assert_eq!(out.len(), 1),
            Err(refused) => {
                assert_eq!(refused, Refused { accepted: 0, why: Refusal::Closed });
                assert!(out.is_empty());
            }
        }
    });
}

/// Two shards with inboxes of one slot that flood each other finish: a full inbox is a refusal, never a wait.
#[test]
fn two_shards_that_flood_each_other_finish() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let left = Arc::new(Inbox::new(1));
        let right = Arc::new(Inbox::new(1));
        let run = |mine: Arc<Inbox>, theirs: Arc<Inbox>| {
            move || {
                let (mut sent, mut got, mut out) = (0, 0, Vec::new());
                while sent < 2 || got < 2 {
                    let before = (sent, got);
                    if sent < 2 && theirs.push(&[[sent; 8]]).is_ok() {
                        sent += 1;
                    }
                    got += mine.drain(&mut out, 1);
                    if before == (sent, got) {
                        thread::yield_now();
                    }
                }
                assert_eq!(out, [[0; 8], [1; 8]]);
            }
        };
        let other = thread::spawn(run(Arc::clone(&right), Arc::clone(&left)));
        run(left, right)();
        other.join().unwrap();
    });
}
