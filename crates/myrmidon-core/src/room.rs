//! Holds: senders that wait because they overflowed a mailbox whose policy is `suspend` (G16).
//!
//! The overflowing message is accepted; its sender gets no slice until the receiver is at low water, or the hold's time
//! is over. There is at most one hold for a pair of actors.

use crate::{
    pid::Pid,
    pool::{List, Listed, Neighbours, Pool},
};
use rustc_hash::FxHashMap;

/// The holds of one sender.
pub type Holding = List<0>;
/// The holds on one receiver, oldest first.
pub type HeldBy = List<1>;

/// A sender that waits for one receiver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hold {
    /// Who waits.
    pub sender: Pid,
    /// For whom.
    pub receiver: Pid,
    /// The overflowing message; 0: it was handled, or is on another shard.
    pub node: u32,
    /// The hold's entry in the wheel.
    pub alarm: u32,
    by_sender: Neighbours,
    by_receiver: Neighbours,
}

impl Hold {
    /// A hold in no list, without an alarm.
    pub fn new(sender: Pid, receiver: Pid, node: u32) -> Self {
        Self { sender, receiver, node, ..Self::default() }
    }
}

impl Listed<0> for Hold {
    fn place(&self) -> Neighbours {
        self.by_sender
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.by_sender
    }
}

impl Listed<1> for Hold {
    fn place(&self) -> Neighbours {
        self.by_receiver
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.by_receiver
    }
}

/// All holds of a shard: by pair and by message, so that none is searched for however many there are.
pub struct Holds {
    pub(crate) all: Pool<Hold>,
    by_pair: FxHashMap<(Pid, Pid), u32>,
    by_node: FxHashMap<u32, u32>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { all: Pool::new(), by_pair: FxHashMap::default(), by_node: FxHashMap::default() }
    }
}

impl Holds {
    /// Makes a hold that is in no list yet. There is none of its pair.
    pub fn make(&mut self, hold: Hold) -> u32 {
        let id = self.all.insert(hold);
        self.by_pair.insert((hold.sender, hold.receiver), id);
        if hold.node != 0 {
            self.by_node.insert(hold.node, id);
        }
        id
    }

    /// Whether a sender is held for a receiver.
    pub fn has(&self, sender: Pid, receiver: Pid) -> bool {
        self.by_pair.contains_key(&(sender, receiver))
    }

    /// The hold of a pair.
    pub fn of_pair(&self, sender: Pid, receiver: Pid) -> Option<u32> {
        self.by_pair.get(&(sender, receiver)).copied()
    }

    /// The holds with one end on a shard.
    pub fn with(&self, shard: u8) -> Vec<u32> {
        let mut found: Vec<u32> = self
            .by_pair
            .iter()
            .filter(|((sender, receiver), _)| sender.shard() == shard || receiver.shard() == shard)
            .map(|(_, id)| *id)
            .collect();
        found.sort_unstable();
        found
    }

    /// The hold of a message that waits.
    pub fn of_node(&self, node: u32) -> Option<u32> {
        self.by_node.get(&node).copied()
    }

    /// Its message is gone.
    pub fn forget_node(&mut self, id: u32) {
        let node = core::mem::take(&mut self.all[id].node);
        if node != 0 {
            self.by_node.remove(&node);
        }
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            *self = Self::default();
        }
    }

    /// Frees a hold that is in no list.
    pub fn free(&mut self, id: u32) {
        self.forget_node(id);
        let Hold { sender, receiver, .. } = self.all.remove(id);
        self.by_pair.remove(&(sender, receiver));
    }
}
