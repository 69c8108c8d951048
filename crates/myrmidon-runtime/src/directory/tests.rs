use super::{Directory, MAX_SHARDS};
use crate::{Refusal, Refused, ShardOwner};
use myrmidon_core::pid::MAX_GENERATION;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
    mpsc,
};

#[test]
fn unused_numbers_come_first_and_a_used_one_starts_above_its_past() {
    let directory = Directory::new();
    directory.lease().unwrap().give_back(7);
    let rest: Vec<_> = core::iter::from_fn(|| directory.lease()).collect();
    let shards: Vec<u8> = rest.iter().map(super::Lease::shard).collect();
    assert_eq!(shards[..3], [1, 2, 3]);
    assert_eq!(shards.len(), MAX_SHARDS);
    assert_eq!((rest[MAX_SHARDS - 1].shard(), rest[MAX_SHARDS - 1].first_generation()), (0, 8));
    assert!(rest[..MAX_SHARDS - 1].iter().all(|lease| lease.first_generation() == 0));
}

#[test]
fn a_number_with_spent_or_unknown_generations_is_never_used_again() {
    let directory = Directory::new();
    directory.lease().unwrap().give_back(MAX_GENERATION);
    drop(directory.lease());
    assert_eq!(core::iter::from_fn(|| directory.lease()).count(), MAX_SHARDS - 2);
}

#[test]
fn a_shard_is_found_while_it_lives_and_refuses_afterwards() {
    let directory = Directory::new();
    let lease = directory.lease().unwrap();
    let shard = lease.shard();
    assert!(directory.handle(shard).is_none());
    let owner = ShardOwner::open(lease, 4, || {});
    let handle = directory.handle(shard).unwrap();
    handle.send(&[[1; 8]]).unwrap();
    let mut left = Vec::new();
    owner.close(0, &mut left);
    assert_eq!(left, [[1; 8]]);
    assert!(directory.handle(shard).is_none());
    assert_eq!(handle.send(&[[2; 8]]), Err(Refused { accepted: 0, why: Refusal::Closed }));
}

#[test]
fn a_flood_of_a_sleeping_owner_rings_and_arrives_whole() {
    const SENDERS: u32 = 3;
    const EACH: u32 = 20_000;
    let directory = Directory::new();
    let rings = Arc::new(AtomicU32::new(0));
    let (bell, wake) = mpsc::channel();
    let counted = Arc::clone(&rings);
    let owner = ShardOwner::open(directory.lease().unwrap(), 256, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let _ = bell.send(());
    });
    let handle = directory.handle(0).unwrap();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let handle = handle.clone();
            std::thread::spawn(move || {
                for number in 0..EACH {
                    while handle.send(&[[sender, number, 0, 0, 0, 0, 0, 0]]).is_err() {
                        std::thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut next = [0; SENDERS as usize];
    let (mut got, mut out, mut armed) = (0, Vec::new(), 0);
    while got < SENDERS * EACH {
        out.clear();
        if owner.drain(&mut out, 64) == 0 {
            armed += 1;
            if owner.sleep() {
                wake.recv().unwrap();
            }
        }
        for record in &out {
            assert_eq!(record[1], next[record[0] as usize], "FIFO per sender");
            next[record[0] as usize] += 1;
            got += 1;
        }
    }
    for sender in senders {
        sender.join().unwrap();
    }
    assert!(rings.load(Ordering::Relaxed) <= armed, "at most one ring per time the bell was armed");
}
