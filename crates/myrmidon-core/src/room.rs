//! Holds: senders that wait because they overflowed a mailbox whose policy is `suspend` (G16).
//!
//! The overflowing message is accepted; its sender gets no slice until the receiver is at low water, or the hold's time
//! is over. There is at most one hold for a pair of actors.

use crate::{
    pid::Pid,
    pool::{List, Listed, Neighbours, Pool},
};

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
    /// The overflowing message; 0: it was handled.
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

/// All holds of a shard.
pub type Holds = Pool<Hold>;
