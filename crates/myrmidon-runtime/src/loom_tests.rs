//! `RUSTFLAGS="--cfg loom" cargo test -p myrmidon-runtime --lib --release --target-dir target/loom`

use crate::{
    doorbell::Doorbell,
    inbox::{Inbox, Refusal, Refused},
    lane::Lane,
    path::{Load, Path},
};
use loom::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use std::collections::VecDeque;

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

impl Load for u32 {
    fn load(&self) -> usize {
        1
    }
}

/// What a sender has, as a shard would: oldest first.
fn push(path: &Path<u32>, queue: &mut VecDeque<u32>) -> usize {
    path.push(queue, VecDeque::pop_front, VecDeque::push_front)
}

/// A path with an end: what was placed, what was left, nothing twice, and all of it in order.
#[test]
fn a_finished_path_gives_all_that_was_sent_in_order_and_then_its_end() {
    loom::model(|| {
        let path = Arc::new(Path::new(2));
        let sender = {
            let path = Arc::clone(&path);
            thread::spawn(move || {
                let mut queue: VecDeque<u32> = (0..3).collect();
                push(&path, &mut queue);
                path.finish(queue);
            })
        };
        let mut got = Vec::new();
        loop {
            let finished = path.is_finished();
            got.extend(core::iter::from_fn(|| path.pop()));
            if finished {
                got.extend(path.will());
                break;
            }
            thread::yield_now();
        }
        sender.join().unwrap();
        assert_eq!(got, [0, 1, 2]);
    });
}

/// A receiver that closes while the other sends: each item is taken, or is still the sender's.
#[test]
fn a_push_that_races_the_close_of_its_path_is_taken_or_kept() {
    loom::model(|| {
        let path = Arc::new(Path::new(4));
        let sender = {
            let path = Arc::clone(&path);
            thread::spawn(move || {
                let mut queue: VecDeque<u32> = (0..2).collect();
                push(&path, &mut queue);
                queue
            })
        };
        path.close();
        let mut all: Vec<u32> = core::iter::from_fn(|| path.pop()).collect();
        all.extend(sender.join().unwrap());
        assert_eq!(all, [0, 1]);
        assert_eq!(push(&path, &mut VecDeque::from([7])), 0, "nothing enters any more");
    });
}

/// A sender sleeps with something left only when the receiver will ring.
#[test]
fn a_sender_without_room_is_rung_for_once_there_is_some() {
    loom::model(|| {
        let path = Arc::new(Path::new(1));
        let door = Arc::new(Doorbell::new());
        let mut queue: VecDeque<u32> = (0..2).collect();
        push(&path, &mut queue);
        let receiver = {
            let (path, door) = (Arc::clone(&path), Arc::clone(&door));
            thread::spawn(move || path.pop().is_some() && path.fed() && door.claim())
        };
        path.starve();
        door.arm();
        let asleep = path.is_full();
        let rung = receiver.join().unwrap();
        assert!(!asleep || rung, "asleep with room, and nobody rings");
    });
}

/// Two shards with paths of four slots that flood each other finish: none of them ever waits.
#[test]
fn two_shards_with_four_slots_that_flood_each_other_finish() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let [there, back] = [Arc::new(Path::new(4)), Arc::new(Path::new(4))];
        let run = |mine: Arc<Path<u32>>, theirs: Arc<Path<u32>>| {
            move || {
                let mut queue: VecDeque<u32> = (0..6).collect();
                let mut got = Vec::new();
                while !queue.is_empty() || got.len() < 6 {
                    let before = (queue.len(), got.len());
                    push(&theirs, &mut queue);
                    got.extend(core::iter::from_fn(|| mine.pop()));
                    if before == (queue.len(), got.len()) {
                        thread::yield_now();
                    }
                }
                assert_eq!(got, [0, 1, 2, 3, 4, 5]);
            }
        };
        let other = thread::spawn(run(Arc::clone(&back), Arc::clone(&there)));
        run(there, back)();
        other.join().unwrap();
    });
}

/// An actor that is lent, as a value that counts its handlers; dropping it says so.
struct Lent {
    handled: u32,
    dropped: Arc<loom::sync::atomic::AtomicUsize>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

fn lent() -> (Lent, Arc<loom::sync::atomic::AtomicUsize>) {
    let dropped = Arc::new(loom::sync::atomic::AtomicUsize::new(0));
    (Lent { handled: 0, dropped: Arc::clone(&dropped) }, dropped)
}

/// The lending of an actor: its shard moves it to a borrower, goes on, and sleeps only when it is rung for; it comes home
/// once, with what its handler did, and behind what its handler sent.
#[test]
fn a_lent_actor_comes_home_once_and_wakes_its_shard() {
    loom::model(|| {
        let (mut actor, dropped) = lent();
        let lane = Arc::new(Lane::default());
        let bell = Arc::new(Doorbell::new());
        let rung = Arc::new(AtomicBool::new(false));
        let borrower = {
            let (lane, bell, rung) = (Arc::clone(&lane), Arc::clone(&bell), Arc::clone(&rung));
            thread::spawn(move || {
                actor.handled += 1;
                let ring = || {
                    if bell.claim() {
                        rung.store(true, Ordering::SeqCst);
                    }
                };
                // What it sends is `None`, itself the other one.
                assert!(lane.push(None, usize::MAX).is_ok());
                ring();
                assert!(lane.push(Some(actor), usize::MAX).is_ok());
                ring();
            })
        };
        let mut home = VecDeque::new();
        lane.take(&mut home);
        let before = home.len();
        bell.arm();
        let asleep = lane.is_empty();
        borrower.join().unwrap();
        assert!(!asleep || before == 2 || rung.load(Ordering::SeqCst), "asleep, and nobody rings");
        let mut rest = VecDeque::new();
        lane.take(&mut rest);
        home.extend(rest);
        assert!(home.pop_front().is_some_and(|sent| sent.is_none()), "what it sent comes first");
        let actor = home.pop_front().flatten().expect("it is home");
        assert_eq!(actor.handled, 1);
        assert!(home.is_empty());
        drop(actor);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    });
}

/// A shard that ends while an actor of it is lent: it is dropped once, by its shard or by its borrower.
#[test]
fn a_lent_actor_whose_shard_ends_is_dropped_once() {
    loom::model(|| {
        let (actor, dropped) = lent();
        let lane = Arc::new(Lane::default());
        let borrower = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || drop(lane.push(actor, usize::MAX)))
        };
        let home = lane.close();
        let taken = home.len();
        drop(home);
        borrower.join().unwrap();
        assert!(taken <= 1 && lane.is_empty());
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    });
}
