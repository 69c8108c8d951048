//! Calls: linear tokens, listed under their callee so that its end ends them.
//!
//! Promises: G18 a call is answered or ended, never both: whoever ends it takes it out first. G19, G20.
//! A call whose question still waits knows its node, and the node its call, so that neither outlives the other unseen.
//! The latest call is fresh: most are answered before the next one, or the next tick, and need neither an alarm nor a
//! place in the table of tokens.

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
    /// Who asked on another shard, in `Calls::askers`; 0: somebody of this one. Its token is then what this shard's isolate
    /// answers with, and its time is counted there.
    pub asker: u32,
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

/// A call of another shard, as that shard knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker {
    /// Which shard.
    pub shard: u8,
    /// Its number for the call.
    pub question: u64,
}

/// All pending calls of a shard.
pub struct Calls {
    pub(crate) all: Pool<Call>,
    by_token: FxHashMap<u32, u32>,
    /// The latest call, while it is fresh, and when it ends; 0: none is.
    fresh: u32,
    deadline: f64,
    /// It was there when the last tick had been ingested.
    is_older: bool,
    pub(crate) askers: Pool<Asker>,
    by_asker: FxHashMap<Asker, u32>,
    /// Calls of other shards by the token that answers them.
    answered_by: FxHashMap<u32, u32>,
    last: u32,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            all: Pool::new(),
            by_token: FxHashMap::default(),
            askers: Pool::new(),
            by_asker: FxHashMap::default(),
            answered_by: FxHashMap::default(),
            last: 0,
            fresh: 0,
            deadline: 0.0,
            is_older: false,
        }
    }
}

impl Calls {
    /// Makes a call that is fresh; none must be.
    pub fn make(&mut self, of: &mut CallsOf, call: Call, deadline: f64) -> u32 {
        debug_assert_eq!(self.fresh, 0);
        let id = self.all.insert(call);
        of.push(&mut self.all, id);
        self.fresh = id;
        self.is_older = false;
        self.deadline = deadline;
        id
    }

    /// Another tick has been ingested: whether the fresh call is of an earlier one, and so no longer to be spared.
    pub const fn ages(&mut self) -> bool {
        let is_older = self.is_older && self.fresh != 0;
        self.is_older = true;
        is_older
    }

    /// The fresh call is so no more: its caller sets the alarm for the deadline that it gets.
    pub fn keep(&mut self) -> Option<(u32, f64)> {
        let id = core::mem::take(&mut self.fresh);
        if id == 0 {
            return None;
        }
        self.by_token.insert(self.all[id].token, id);
        Some((id, self.deadline))
    }

    /// Makes a call of another shard.
    pub fn make_asked(&mut self, of: &mut CallsOf, callee: u32, asker: Asker) -> u32 {
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.answered_by.contains_key(&self.last) {
                break;
            }
        }
        let mut call = Call::new(self.last, callee);
        call.asker = self.askers.insert(asker);
        let id = self.all.insert(call);
        of.push(&mut self.all, id);
        self.by_asker.insert(asker, id);
        self.answered_by.insert(self.last, id);
        id
    }

    /// The pending call of another shard that this token answers.
    pub fn find_answered_by(&self, token: u32) -> Option<u32> {
        self.answered_by.get(&token).copied()
    }

    /// The pending call that another shard knows by this number.
    pub fn find_asked(&self, asker: Asker) -> Option<u32> {
        self.by_asker.get(&asker).copied()
    }

    /// The pending calls of a shard.
    pub fn of_shard(&self, shard: u8) -> Vec<u32> {
        self.by_asker.iter().filter(|(asker, _)| asker.shard == shard).map(|(_, id)| *id).collect()
    }

    /// The pending call with this token.
    pub fn find(&self, token: u32) -> Option<u32> {
        if self.fresh != 0 && self.all[self.fresh].token == token {
            return Some(self.fresh);
        }
        self.by_token.get(&token).copied()
    }

    /// Takes a call out.
    pub fn take(&mut self, of: &mut CallsOf, id: u32) -> Call {
        of.unlist(&mut self.all, id);
        let call = self.all.remove(id);
        if self.fresh == id {
            self.fresh = 0;
        } else if call.asker == 0 {
            self.by_token.remove(&call.token);
        } else {
            self.answered_by.remove(&call.token);
        }
        call
    }

    /// Frees who asked for a call that was taken out.
    pub fn take_asker(&mut self, call: &Call) -> Asker {
        let asker = self.askers.remove(call.asker);
        self.by_asker.remove(&asker);
        asker
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            let last = self.last;
            *self = Self { last, ..Self::default() };
        }
    }

    /// Pending calls of other shards.
    pub fn asked(&self) -> usize {
        self.askers.len()
    }

    /// Pending calls.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

/// The monotonic ms at which a call that may take `timeout` ms ends: never early, less than [`SWEEP`] late.
#[expect(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 and more, and far below 2^53 sweeps")]
pub fn deadline(now: f64, timeout: u32) -> f64 {
    let sweeps = (now + f64::from(timeout)) / SWEEP;
    // Rounded by casts: `f64::ceil` is a call on machines without SSE 4.1.
    let whole = sweeps as u64 as f64;
    (if whole < sweeps { whole + 1.0 } else { whole }) * SWEEP
}
