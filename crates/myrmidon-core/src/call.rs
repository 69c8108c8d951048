//! Calls: linear tokens, listed under their callee so that its end ends them.
//!
//! Promises: G18 a call is answered or ended, never both: whoever ends it takes it out first. G19, G20.
//! A call whose question still waits knows its node, and the node its call, so that neither outlives the other unseen.

use crate::pool::{List, Listed, Neighbours, Pool};
use rustc_hash::FxHashMap;

/// The calls of one callee, oldest first.
pub type CallsOf = List<0>;

/// A call's deadlines are multiples of this many ms: the sweep is coarse (G20).
pub const SWEEP: f64 = 16.0;

/// A question without an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    /// The caller's isolate's name for it.
    pub token: u32,
    /// The slot of its callee.
    pub callee: u32,
    /// The node of its question; 0: it was handled.
    pub node: u32,
    /// Its entry in the wheel; 0: no timeout.
    pub alarm: u32,
    place: Neighbours,
}

impl Call {
    /// A call in no list, without a node or a timeout.
    pub fn new(token: u32, callee: u32) -> Self {
        Self { token, callee, ..Self::default() }
    }
}

impl Listed<0> for Call {
    fn place(&self) -> Neighbours {
        self.place
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.place
    }
}

/// All pending calls of a shard.
pub struct Calls {
    pub(crate) all: Pool<Call>,
    by_token: FxHashMap<u32, u32>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { all: Pool::new(), by_token: FxHashMap::default() }
    }
}

impl Calls {
    /// Makes a call.
    pub fn make(&mut self, of: &mut CallsOf, call: Call) -> u32 {
        let token = call.token;
        let id = self.all.insert(call);
        of.push(&mut self.all, id);
        self.by_token.insert(token, id);
        id
    }

    /// The pending call with this token.
    pub fn find(&self, token: u32) -> Option<u32> {
        self.by_token.get(&token).copied()
    }

    /// Takes a call out.
    pub fn take(&mut self, of: &mut CallsOf, id: u32) -> Call {
        of.unlist(&mut self.all, id);
        let call = self.all.remove(id);
        self.by_token.remove(&call.token);
        call
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            *self = Self::default();
        }
    }

    /// Pending calls.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

/// The monotonic ms at which a call that may take `timeout` ms ends: never early, less than [`SWEEP`] late.
pub fn deadline(now: f64, timeout: u32) -> f64 {
    ((now + f64::from(timeout)) / SWEEP).ceil() * SWEEP
}
