//! Messages with bytes from another shard, in bundles: what is delivered, what is left and what is kept of them.

use super::{Shard, ShardConfig};
use crate::{
    bundle::Bundle,
    pid::Pid,
    record::{COPIED, Record, completion, flag, policy, submission, why, word},
};

const ROOM: usize = 1 << 16;

/// A sender, a receiver of its messages, and the receiver's ring.
struct Two {
    sender: Shard,
    receiver: Shard,
    ring: Vec<Record>,
    pid: Pid,
}

/// `length` bytes that tell which message they are of.
fn bytes(number: u32, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u32 ^ number) as u8).collect()
}

impl Two {
    fn new(capacity: u32) -> Self {
        let [sender, mut receiver] = [0, 1].map(|number: u8| {
            let config =
                ShardConfig { shard: number, max_actors: 10, default_capacity: 64, seed: None, long_slice_us: 1000 };
            let mut shard = Shard::with_generation(config, 0, 0);
            shard.isolate = number;
            shard.connect(1 - number, 1 - number);
            shard.reserve_incoming(ROOM);
            shard
        });
        let mut pids = [Pid::NONE];
        assert_eq!(receiver.reserve(&mut pids), 1);
        let [pid] = pids;
        let spawn = [pid.low(), pid.generation(), 0, 0, submission::SPAWN, 0, capacity, policy::REJECT];
        let mut ring = vec![[0; 8]; 600];
        let _ = receiver.tick(0.0, &[spawn], &mut ring, 1);
        let mut two = Self { sender, receiver, ring, pid };
        assert_eq!(two.deliver(), []);
        two
    }

    /// Sends one message of each length, with its number from `first` on; the bundles.
    fn bundles(&mut self, first: u32, lengths: &[usize]) -> Vec<Bundle> {
        let mut arena = Vec::new();
        let mut records = Vec::new();
        for (number, length) in (first..).zip(lengths) {
            let head = submission::SEND | flag::BYTES << 8 | number << 16;
            records.push([self.pid.low(), self.pid.generation(), 0, 0, head, arena.len() as u32, 0, 0]);
            arena.push(*length as u32);
            crate::bundle::extend_words(&mut arena, &bytes(number, *length));
        }
        self.sender.write_outgoing(&arena);
        let _ = self.sender.tick(0.0, &records, &mut [], 0);
        let mut bundles = Vec::new();
        self.sender.hand_over(|mut departures| bundles.extend(core::iter::from_fn(|| departures.take())));
        bundles
    }

    fn send(&mut self, first: u32, lengths: &[usize]) {
        for bundle in self.bundles(first, lengths) {
            self.receiver.receive_bundle(0, bundle);
        }
    }

    /// The next batch: numbers and bytes of its messages. Nothing of it is handled yet.
    fn deliver(&mut self) -> Vec<(u32, Vec<u8>)> {
        let written = self.receiver.tick(0.0, &[], &mut self.ring, 500);
        let messages = self.ring[..written].iter().filter(|record| record[word::HEAD] & 0xff == completion::MESSAGE);
        messages.map(|record| (record[word::HEAD] >> 16, self.receiver.block(record[word::SLOT]).unwrap())).collect()
    }

    /// So many messages of the only slice of the batch are handled.
    fn handle(&mut self, count: u32) {
        assert_eq!(self.ring[0][word::HEAD], completion::SLICE);
        self.ring[0][word::B] = count;
    }
}

fn sent(first: u32, lengths: &[usize]) -> Vec<(u32, Vec<u8>)> {
    (first..).zip(lengths).map(|(number, length)| (number, bytes(number, *length))).collect()
}

#[test]
fn g59_bytes_that_came_in_a_bundle_are_there_again_when_their_slice_was_left_in_the_middle() {
    let mut two = Two::new(64);
    let lengths = [0, 1, 64, 65, COPIED, 3];
    two.send(0, &lengths);
    assert_eq!(two.deliver(), sent(0, &lengths));
    two.handle(2);
    assert_eq!(two.deliver(), sent(2, &lengths[2..]));
    two.handle(4);
    assert_eq!(two.deliver(), []);
    assert_eq!(two.receiver.stats().payloads, 0);
    assert_eq!(two.receiver.payloads.count(), 0);
}

#[test]
fn g110_bytes_among_other_messages_are_those_of_their_own() {
    let mut two = Two::new(1000);
    let lengths: Vec<usize> = (0..600).map(|at| at % 70).collect();
    let mut found = Vec::new();
    two.send(0, &lengths);
    loop {
        let some = two.deliver();
        if some.is_empty() {
            break;
        }
        two.handle(some.len() as u32);
        found.extend(some);
    }
    assert_eq!(found, sent(0, &lengths));
    assert_eq!(two.receiver.payloads.count(), 0);
}

#[test]
fn g12_bytes_that_find_no_room_or_nobody_are_dead_letters_with_their_own() {
    let mut two = Two::new(2);
    two.send(0, &[8, 9, 10]);
    let letters = |two: &mut Two, written: usize| -> Vec<(u32, u32, Vec<u8>)> {
        let letters = two.ring[..written].iter();
        let letters = letters.filter(|record| record[word::HEAD] & 0xff == completion::DEAD_LETTER_BYTES);
        letters
            .map(|record| {
                let why = (record[word::HEAD] >> 8 & 0xff) >> flag::WHY_SHIFT;
                (record[word::HEAD] >> 16, why, two.receiver.block(record[word::SLOT]).unwrap())
            })
            .collect()
    };
    let written = two.receiver.tick(0.0, &[], &mut two.ring, 500);
    assert_eq!(letters(&mut two, written), [(2, why::MAILBOX_FULL, bytes(2, 10))]);
    // Neither of the two was handled when the actor is killed.
    let reason = two.receiver.intern_reason(crate::exit_reason::ExitReason::Killed);
    let exit = [two.pid.low(), two.pid.generation(), 0, 0, submission::EXIT, 0, reason, 0];
    let _ = two.receiver.tick(0.0, &[exit], &mut two.ring, 0);
    two.receiver.end_batch();
    let written = two.receiver.tick(0.0, &[], &mut two.ring, 500);
    let expected = [(0, why::STOPPED, bytes(0, 8)), (1, why::STOPPED, bytes(1, 9))];
    assert_eq!(letters(&mut two, written), expected);
    two.send(7, &[5]);
    let written = two.receiver.tick(0.0, &[], &mut two.ring, 500);
    assert_eq!(letters(&mut two, written), [(7, why::NOT_ALIVE, bytes(7, 5))]);
    let _ = two.receiver.tick(0.0, &[], &mut two.ring, 500);
    assert_eq!(two.receiver.payloads.count(), 0);
}

#[test]
fn g277_what_waits_keeps_a_bounded_amount_of_memory_besides_itself() {
    let mut two = Two::new(1 << 20);
    // Of each bundle one message waits for long; it is the only one that has a receiver.
    let gone = Pid::from_words(two.pid.low() + 1, two.pid.generation());
    let here = two.pid;
    let mut waiting = 0;
    for _ in 0..150 {
        two.pid = gone;
        let mut bundle = two.bundles(1, &[COPIED; 15]).pop().unwrap();
        two.pid = here;
        bundle.push(two.bundles(0, &[4]).pop().unwrap().pop().unwrap());
        two.receiver.receive_bundle(0, bundle);
        waiting += 1;
        // The dead letters are read, and the only message that may be delivered is not handled.
        while two.receiver.tick(0.0, &[], &mut two.ring, 1) > 2 {}
    }
    assert_eq!(two.receiver.payloads.count(), waiting);
    let held = two.receiver.payloads.bytes();
    assert!(held < 5 << 20, "{held} bytes for {waiting} messages of 4");
    assert_eq!(two.deliver()[0], (0, bytes(0, 4)));
}
