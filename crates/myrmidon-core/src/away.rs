//! Calls to other shards, on their caller's side: each has a number that its callee's shard gives back.
//!
//! Promises: G18 a call is taken out by whoever ends it: the reply, the callee's end, its timeout or its caller; what
//! comes later finds no number and vanishes (G21). Numbers are never used twice.

use crate::{pid::Pid, pool::Pool};
use rustc_hash::FxHashMap;

/// A question to another shard without an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwayCall {
    /// The isolate's name for it.
    pub token: u32,
    /// Whom it asks; nobody: an entry that is not in use.
    pub callee: Pid,
    /// The number that travels.
    pub question: u64,
    /// Its entry in the wheel; 0: no timeout.
    pub alarm: u32,
}

/// All pending calls to other shards.
pub struct AwayCalls {
    pub(crate) all: Pool<AwayCall>,
    by_token: FxHashMap<u32, u32>,
    by_question: FxHashMap<u64, u32>,
    last: u64,
}

impl Default for AwayCalls {
    fn default() -> Self {
        Self { all: Pool::new(), by_token: FxHashMap::default(), by_question: FxHashMap::default(), last: 0 }
    }
}

impl AwayCalls {
    /// Makes a call without a timeout; its entry.
    pub fn make(&mut self, token: u32, callee: Pid) -> u32 {
        self.last += 1;
        let question = self.last;
        let id = self.all.insert(AwayCall { token, callee, question, alarm: 0 });
        self.by_token.insert(token, id);
        self.by_question.insert(question, id);
        id
    }

    /// The pending call with this token.
    pub fn find(&self, token: u32) -> Option<u32> {
        self.by_token.get(&token).copied()
    }

    /// The pending call with this number.
    pub fn asked(&self, question: u64) -> Option<u32> {
        self.by_question.get(&question).copied()
    }

    /// The pending calls to a shard, in the order in which they were made.
    pub fn to(&self, shard: u8) -> Vec<u32> {
        self.pending(|callee| callee.shard() == shard)
    }

    /// All pending calls, in the order in which they were made: also those that were passed on to an actor of their
    /// caller's own shard.
    pub fn everywhere(&self) -> Vec<u32> {
        self.pending(|_| true)
    }

    fn pending(&self, is_wanted: impl Fn(Pid) -> bool) -> Vec<u32> {
        let mut found: Vec<(u64, u32)> = self
            .by_question
            .iter()
            .filter(|(_, id)| is_wanted(self.all[**id].callee))
            .map(|(question, id)| (*question, *id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Takes a call out.
    pub fn take(&mut self, id: u32) -> AwayCall {
        let call = self.all.remove(id);
        if self.by_token.get(&call.token) == Some(&id) {
            self.by_token.remove(&call.token);
        }
        self.by_question.remove(&call.question);
        call
    }

    /// Pending calls.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            let last = self.last;
            *self = Self { last, ..Self::default() };
        }
    }
}
