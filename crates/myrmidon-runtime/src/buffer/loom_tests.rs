//! Races over one block. `RUSTFLAGS="--cfg loom" cargo test -p myrmidon-runtime --lib --release --target-dir target/loom`

use super::block::{Block, Memory, Only};
use loom::{cell::UnsafeCell, sync::Arc, thread};

/// A block beside something that loom watches in the place of its memory.
struct Watched {
    block: Block,
    bytes: UnsafeCell<u32>,
}

// SAFETY: the cell is touched by the block's holder alone, which is what the models are about.
unsafe impl Send for Watched {}
// SAFETY: as above.
unsafe impl Sync for Watched {}

fn held() -> (Arc<Watched>, u32) {
    let watched = Watched { block: Block::new(), bytes: UnsafeCell::new(0) };
    let generation = watched.block.open(Memory::zeroed(8).unwrap());
    (Arc::new(watched), generation)
}

impl Watched {
    fn lease(&self, generation: u32) -> u64 {
        self.block.view(generation).unwrap().lease
    }

    fn write(&self, value: u32) {
        // SAFETY: the caller holds the block.
        self.bytes.with_mut(|bytes| unsafe { *bytes = value });
    }

    fn read(&self) -> u32 {
        // SAFETY: as above.
        self.bytes.with(|bytes| unsafe { *bytes })
    }
}

/// What the sender wrote is what the receiver reads, with nothing between them but the block's own word.
#[test]
fn g136_a_flight_carries_what_was_written() {
    loom::model(|| {
        let (watched, generation) = held();
        let receiver = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                if watched.block.arrive(generation).is_ok() {
                    assert_eq!(watched.read(), 7);
                    watched.write(8);
                    watched.block.close(generation, Only::Held(watched.lease(generation))).unwrap();
                }
            })
        };
        watched.write(7);
        watched.block.depart(generation, watched.lease(generation)).unwrap();
        receiver.join().unwrap();
        // Whoever did not get it in time gets it now.
        if watched.block.arrive(generation).is_ok() {
            assert_eq!(watched.read(), 7);
        }
    });
}

/// Two that take it in: one holds it.
#[test]
fn g136_one_of_two_receivers_holds_it() {
    loom::model(|| {
        let (watched, generation) = held();
        watched.block.depart(generation, watched.lease(generation)).unwrap();
        let other = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || watched.block.arrive(generation).is_ok())
        };
        let mine = watched.block.arrive(generation).is_ok();
        assert!(mine != other.join().unwrap());
    });
}

/// Two that drop it, while one takes the flight over from the other: its memory is freed once.
#[test]
fn g137_of_two_that_release_it_one_does() {
    loom::model(|| {
        let (watched, generation) = held();
        let lease = watched.lease(generation);
        watched.block.depart(generation, lease).unwrap();
        let other = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                let boarded = watched.block.board(generation);
                boarded.is_ok_and(|lease| watched.block.close(generation, Only::Flight(lease)).is_ok())
            })
        };
        let mine = watched.block.close(generation, Only::Flight(lease)).is_ok();
        assert!(mine != other.join().unwrap());
        assert!(watched.block.view(generation).is_err());
    });
}

/// A view is collected while its holder sends the block: it is sent, or it is gone, and nobody frees what is in flight.
#[test]
fn g137_a_collected_view_does_not_free_what_is_in_flight() {
    loom::model(|| {
        let (watched, generation) = held();
        let lease = watched.block.view(generation).unwrap().lease;
        let collector = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || watched.block.close(generation, Only::Held(lease)).is_ok())
        };
        let sent = watched.block.depart(generation, lease).is_ok();
        let arrived = watched.block.arrive(generation).is_ok();
        let collected = collector.join().unwrap();
        assert!(sent != collected);
        assert_eq!(sent, arrived);
        assert_eq!(watched.block.view(generation).is_ok(), sent);
    });
}

/// A payload is dropped while its receiver takes the block and sends it on: that flight is another one.
#[test]
fn g200_a_payload_that_is_dropped_ends_no_other_flight() {
    loom::model(|| {
        let (watched, generation) = held();
        watched.block.depart(generation, watched.lease(generation)).unwrap();
        let lease = watched.block.board(generation).unwrap();
        let receiver = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                let has_it = watched.block.arrive(generation).is_ok();
                if has_it {
                    watched.write(7);
                    watched.block.depart(generation, watched.lease(generation)).unwrap();
                }
                has_it
            })
        };
        let is_freed = watched.block.close(generation, Only::Flight(lease)).is_ok();
        let has_it = receiver.join().unwrap();
        assert!(is_freed != has_it);
        assert_eq!(watched.block.arrive(generation).is_ok(), has_it);
    });
}
