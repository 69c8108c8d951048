//! Links: pairs of actors that share their fate, as two halves that know each other.
//!
//! Promises: G30 at most one between two actors; G33 after an unlink nothing of the link is handled, because the half
//! stays known while its exit signal is on its way and while it waits in the mailbox, and can be taken back there.

use crate::{
    pid::Pid,
    pool::{List, Listed, Neighbours, Pool},
};
use rustc_hash::FxHashMap;

/// The halves of one actor.
pub type LinksOf = List<0>;

/// What became of a half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// Both ends live.
    #[default]
    Active,
    /// The other end is gone; the signal is in the control lane.
    Signalled,
    /// The signal waits in the owner's mailbox, in this node.
    Queued(u32),
    /// Taken back while its signal was in the control lane.
    Void,
    /// The other end lives on another shard and has still to say that it knows of the unlink with this number: until then
    /// no exit signal of it is handled, and no link of its making (G112).
    Unlinking(u32),
}

/// One actor's half of a link.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkHalf {
    /// Whose half it is.
    pub owner: Pid,
    /// The other end.
    pub peer: Pid,
    /// The other half; 0: gone.
    pub twin: u32,
    /// What became of it.
    pub state: Half,
    place: Neighbours,
}

impl Listed<0> for LinkHalf {
    fn place(&self) -> Neighbours {
        self.place
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.place
    }
}

/// All halves of a shard.
pub struct Links {
    pub(crate) halves: Pool<LinkHalf>,
    by_ends: FxHashMap<(Pid, Pid), u32>,
    unlinks: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { halves: Pool::new(), by_ends: FxHashMap::default(), unlinks: 0 }
    }
}

impl Links {
    /// The half that `owner` has of its link with `peer`.
    pub fn find(&self, owner: Pid, peer: Pid) -> Option<u32> {
        self.by_ends.get(&(owner, peer)).copied()
    }

    /// Makes a half, at the end of its owner's list.
    pub fn make(&mut self, of: &mut LinksOf, owner: Pid, peer: Pid, state: Half) -> u32 {
        let id = self.halves.insert(LinkHalf { owner, peer, state, ..LinkHalf::default() });
        of.push(&mut self.halves, id);
        self.by_ends.insert((owner, peer), id);
        id
    }

    /// The number of the next unlink.
    pub fn unlink(&mut self) -> u32 {
        self.unlinks = self.unlinks.wrapping_add(1);
        self.unlinks
    }

    /// The halves whose other end is on a shard, in the order of their making as far as numbers tell.
    pub fn with(&self, shard: u8) -> Vec<u32> {
        let mut found: Vec<u32> =
            self.by_ends.iter().filter(|((_, peer), _)| peer.shard() == shard).map(|(_, id)| *id).collect();
        found.sort_unstable();
        found
    }

    /// Makes two halves one link.
    pub fn join(&mut self, one: u32, other: u32) {
        self.halves[one].twin = other;
        self.halves[other].twin = one;
    }

    /// Makes a half unknown to its owner; it is [`Half::Void`] until [`Links::free`].
    pub fn forget(&mut self, of: &mut LinksOf, id: u32) {
        let LinkHalf { owner, peer, .. } = self.halves[id];
        of.unlist(&mut self.halves, id);
        self.by_ends.remove(&(owner, peer));
        self.halves[id].state = Half::Void;
    }

    /// Frees a forgotten half.
    pub fn free(&mut self, id: u32) {
        debug_assert_eq!(self.halves[id].state, Half::Void);
        self.halves.remove(id);
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.halves.is_spent() {
            let unlinks = self.unlinks;
            *self = Self { unlinks, ..Self::default() };
        }
    }

    /// Halves there are.
    pub fn len(&self) -> usize {
        self.halves.len()
    }
}
