//! An isolate of another language, as far as Rust actors see one: a shard that the test turns by hand.

use myrmidon_core::{
    PeerLimits,
    payload::Payload as Carried,
    pid::Pid,
    record::{Record, completion, flag, submission, word},
    shard::{Shard, ShardConfig},
};
use myrmidon_runtime::{
    Directory, Member, ShardOwner, System, clock,
    tags::{Tags, WIRE},
};
use std::sync::Arc;

/// An isolate of another language, on the test's own thread.
pub struct Isolate {
    shard: Shard,
    owner: ShardOwner,
    member: Member,
    ring: Vec<Record>,
}

impl Isolate {
    pub fn join(system: &Arc<System>) -> Self {
        let lease = Directory::global().lease().expect("a number");
        let config = ShardConfig {
            shard: lease.shard(),
            max_actors: 10,
            default_capacity: 100,
            seed: None,
            long_slice_us: 1000,
        };
        let mut shard = Shard::with_generation(config, lease.first_generation(), 0);
        let me = std::thread::current();
        let owner = ShardOwner::open(lease, 8, move || me.unpark());
        let door = owner.handle().expect("a handle");
        let member = Member::join(system, door, &mut shard, PeerLimits::default()).expect("there is room");
        Self { shard, owner, member, ring: vec![Record::default(); 64] }
    }

    pub fn send(&mut self, to: Pid, tag: &str, payload: Carried, token: u32) -> Record {
        let op = Tags::global().number(tag).expect("there is room") | WIRE;
        self.send_op(to, op, payload, token)
    }

    pub fn send_op(&mut self, to: Pid, op: u16, payload: Carried, token: u32) -> Record {
        let mut record = Record::default();
        record[word::TO] = to.low();
        record[word::TO_GENERATION] = to.generation();
        let mut flags = 0;
        if token != 0 {
            flags = flag::CALL;
            record[word::A] = token;
            record[word::B] = u32::MAX;
        }
        match payload {
            Carried::Number(bits) => {
                flags |= flag::INLINE;
                record[word::A] = bits as u32;
                record[word::B] = (bits >> 32) as u32;
            }
            Carried::None => {}
            bytes => {
                flags |= flag::BYTES;
                record[word::SLOT] = self.shard.put_block(bytes);
            }
        }
        record[word::HEAD] = submission::SEND | flags << 8 | u32::from(op) << 16;
        self.tick(&[record], 0);
        record
    }

    fn tick(&mut self, submissions: &[Record], max: u32) -> usize {
        self.member.look_around(&mut self.shard);
        self.shard.tick(clock::now(), submissions, &mut self.ring, 0);
        if max > 0 {
            self.member.collect(&mut self.shard, 64);
        }
        let written = self.shard.tick(clock::now(), &[], &mut self.ring, max);
        self.member.dispatch(&mut self.shard);
        written
    }

    /// Waits for what ends a call.
    pub fn end_of_call(&mut self) -> (Record, Option<Vec<u8>>) {
        loop {
            self.owner.drain(&mut Vec::new(), 8);
            let written = self.tick(&[], 8);
            for at in 0..written {
                let record = self.ring[at];
                if [completion::REPLIED, completion::CALL_ENDED].contains(&(record[word::HEAD] & 0xff)) {
                    return (record, self.shard.block(record[word::SLOT]));
                }
            }
            if self.owner.sleep_if(|| self.member.is_quiet()) {
                std::thread::park();
            }
        }
    }
}
