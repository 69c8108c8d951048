//! The other shards of a system, as one of them sees them: who is there, what waits to be carried there, who is held.
//!
//! Owner: the shard's own thread. The packets of a peer are one queue of bundles, oldest first; whoever carries them takes
//! from its front as much as there is room for, and never anything else (G110).
//! Bounded: a peer with [`PeerLimits`] packets or bytes waiting is full. Then the actors that send there are held, one
//! message each, and whoever cannot be held is refused; what is no message goes on entering (`packet.rs`).

use crate::{
    bundle::{Bundle, Size},
    packet::Packet,
    pid::Pid,
    record::{COPIED, Record},
    room::HeldBy,
};
use std::collections::VecDeque;

/// How much may wait for one peer.
#[derive(Clone, Copy, Debug)]
pub struct PeerLimits {
    /// Packets.
    pub packets: usize,
    /// Bytes of their payloads.
    pub bytes: usize,
}

impl Default for PeerLimits {
    fn default() -> Self {
        Self { packets: 1 << 14, bytes: 64 << 20 }
    }
}

/// Another shard.
#[derive(Default)]
pub struct Peer {
    /// Its number in the system.
    pub isolate: u8,
    /// Whether it takes packets; one that does not has ended.
    pub up: bool,
    /// What waits to be carried there; no bundle is empty.
    out: VecDeque<Bundle>,
    /// What the last bundle has taken: what is sent comes in rows, and the next one is most often as large.
    usual: Size,
    packets: usize,
    bytes: usize,
    /// It is full, and has not been at low water since.
    pub full: bool,
    /// What one isolate may have submitted before it looks could fill it.
    near: bool,
    /// Actors that wait: for the way there, or for a mailbox there.
    pub held_by: HeldBy,
    /// Waiters for room on the way there.
    pub waiters: Vec<u32>,
}

impl Peer {
    fn is_near(&self, limits: PeerLimits, margin: usize) -> bool {
        self.full || self.packets + margin >= limits.packets || self.bytes >= limits.bytes - limits.bytes / 16
    }

    /// Notes whether it is full, or may soon be; whether that is new.
    #[inline]
    fn note(&mut self, limits: PeerLimits, margin: usize) -> bool {
        if self.packets >= limits.packets || self.bytes >= limits.bytes {
            self.full = true;
        }
        let is_new = !self.near && self.is_near(limits, margin);
        self.near |= is_new;
        is_new
    }

    /// Adds one packet of so many bytes.
    #[inline]
    fn push(&mut self, bytes: usize, put: impl FnOnce(&mut Bundle)) {
        self.packets += 1;
        self.bytes += bytes;
        match self.out.back_mut() {
            Some(last) if last.has_room() => put(last),
            last => {
                if let Some(last) = last {
                    self.usual = last.size();
                }
                let mut bundle = Bundle::like(self.usual);
                put(&mut bundle);
                self.out.push_back(bundle);
            }
        }
    }
}

/// What waits to be carried to one shard. Whoever carries takes from its front.
pub struct Departures<'a> {
    peer: &'a mut Peer,
    shard: u8,
}

impl Departures<'_> {
    /// Where they go.
    pub fn shard(&self) -> u8 {
        self.shard
    }

    /// How many packets wait.
    pub fn len(&self) -> usize {
        self.peer.packets
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.peer.out.is_empty()
    }

    /// Takes the oldest ones, as many as were put together.
    pub fn take(&mut self) -> Option<Bundle> {
        let bundle = self.peer.out.pop_front()?;
        self.peer.usual = bundle.size();
        self.peer.packets -= bundle.len();
        self.peer.bytes -= bundle.bytes();
        Some(bundle)
    }

    /// Gives back what was just taken: there was no room for it.
    pub fn put_back(&mut self, bundle: Bundle) {
        self.peer.packets += bundle.len();
        self.peer.bytes += bundle.bytes();
        self.peer.out.push_front(bundle);
    }

    /// Takes the oldest one.
    pub fn take_packet(&mut self) -> Option<Packet> {
        let bundle = self.peer.out.front_mut()?;
        let before = bundle.bytes();
        let packet = bundle.pop();
        self.peer.packets -= 1;
        self.peer.bytes -= before - bundle.bytes();
        if bundle.is_empty() {
            self.peer.out.pop_front();
        }
        packet
    }
}

/// The other shards of a system, by number.
#[derive(Default)]
pub struct Peers {
    all: Vec<Option<Box<Peer>>>,
    limits: PeerLimits,
    /// Records that an isolate may submit before it looks.
    margin: usize,
    /// How many take no message now, or might not take all of so many.
    pub near: u32,
}

impl Peers {
    /// Sets what may wait for each peer, and how many records an isolate may submit before it looks.
    pub fn limit(&mut self, limits: PeerLimits, margin: usize) {
        self.limits = limits;
        self.margin = margin;
    }

    /// A peer that is or was there.
    pub fn get_mut(&mut self, shard: u8) -> Option<&mut Peer> {
        self.all.get_mut(usize::from(shard))?.as_deref_mut()
    }

    /// A peer that is or was there.
    pub fn get(&self, shard: u8) -> Option<&Peer> {
        self.all.get(usize::from(shard))?.as_deref()
    }

    /// Whether a shard takes packets.
    pub fn is_up(&self, shard: u8) -> bool {
        self.get(shard).is_some_and(|peer| peer.up)
    }

    /// A shard is there. Whatever a shard of the same number was before is forgotten.
    pub fn connect(&mut self, shard: u8, isolate: u8) {
        let at = usize::from(shard);
        if self.all.len() <= at {
            self.all.resize_with(at + 1, || None);
        }
        self.all[at] = Some(Box::new(Peer { isolate, up: true, ..Peer::default() }));
    }

    /// The shard that takes packets of the isolate with the lowest number.
    pub fn first(&self) -> Option<u8> {
        let ups = self.all.iter().enumerate().filter_map(|(shard, peer)| {
            let peer = peer.as_deref().filter(|peer| peer.up)?;
            Some((peer.isolate, shard as u8))
        });
        ups.min().map(|(_, shard)| shard)
    }

    /// Puts a packet behind the others. It vanishes when the shard has ended.
    pub fn send(&mut self, shard: u8, packet: Packet) {
        let (limits, margin) = (self.limits, self.margin);
        let Some(peer) = self.get_mut(shard).filter(|peer| peer.up) else { return };
        peer.push(packet.bytes(), |bundle| bundle.push(packet));
        let is_near = peer.note(limits, margin);
        self.near += u32::from(is_near);
    }

    /// The same of a message that is no more than its record and the words of its bytes. `false`: the shard is not there,
    /// or full.
    pub fn send_record(&mut self, shard: u8, record: &Record, bytes: &[u32]) -> bool {
        let (limits, margin) = (self.limits, self.margin);
        let Some(peer) = self.all.get_mut(usize::from(shard)).and_then(Option::as_deref_mut) else { return false };
        if !peer.up || peer.full {
            return false;
        }
        let length = bytes.first().map_or(0, |length| *length as usize);
        peer.push(length, |bundle| bundle.push_message(record, bytes));
        let is_near = peer.note(limits, margin);
        self.near += u32::from(is_near);
        true
    }

    /// Whether a peer takes no message now.
    pub fn is_full(&self, shard: u8) -> bool {
        self.get(shard).is_some_and(|peer| peer.full)
    }

    /// How many messages of up to [`COPIED`] bytes a peer takes before it is full.
    pub fn room(&self, shard: u8) -> u32 {
        let Some(peer) = self.get(shard).filter(|peer| peer.up && !peer.full) else { return 0 };
        let packets = self.limits.packets.saturating_sub(peer.packets);
        let bytes = self.limits.bytes.saturating_sub(peer.bytes) / COPIED;
        u32::try_from(packets.min(bytes)).unwrap_or(u32::MAX)
    }

    /// Notes what was taken from the queue of a peer. Whether it is at low water, and was not before.
    pub fn drained(&mut self, shard: u8) -> bool {
        let (limits, margin) = (self.limits, self.margin);
        let Some(peer) = self.get_mut(shard) else { return false };
        let low = peer.full && peer.packets <= limits.packets / 2 && peer.bytes <= limits.bytes / 2;
        if low {
            peer.full = false;
        }
        if peer.near && !peer.is_near(limits, margin) {
            peer.near = false;
            self.near -= 1;
        }
        low
    }

    /// What waits for a shard that takes packets.
    pub fn departures(&mut self, shard: u8) -> Option<Departures<'_>> {
        let peer = self.get_mut(shard).filter(|peer| peer.up && !peer.out.is_empty())?;
        Some(Departures { peer, shard })
    }

    /// One more than the highest number that ever was a peer's.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// A shard takes packets no more; what waited for it.
    pub fn end_of(&mut self, shard: u8) -> VecDeque<Bundle> {
        let Some(peer) = self.get_mut(shard) else { return VecDeque::new() };
        peer.up = false;
        peer.bytes = 0;
        peer.packets = 0;
        let unsent = core::mem::take(&mut peer.out);
        peer.full = false;
        if core::mem::take(&mut peer.near) {
            self.near -= 1;
        }
        unsent
    }

    /// Packets that wait to be carried.
    pub fn waiting(&self) -> usize {
        self.all.iter().flatten().map(|peer| peer.packets).sum()
    }
}

/// Stands for whoever on a shard is no actor, where `Pid::NONE` is one's own outside.
pub const fn outside_of(shard: u8) -> Pid {
    Pid::from_words((shard as u32) << crate::pid::INDEX_BITS, 1)
}

/// Stands for the way to a shard, as something that a sender waits for.
pub const fn way_to(shard: u8) -> Pid {
    Pid::from_words((shard as u32) << crate::pid::INDEX_BITS, 2)
}
