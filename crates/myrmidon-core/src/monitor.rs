//! Monitors: a one-way watch that ends in exactly one DOWN.
//!
//! Promises: G37 one DOWN per monitor; G38 none once `demonitor` said `true`: a monitor stays known while its DOWN is in
//! the control lane, in the watcher's mailbox or among what the isolate has not read yet, and is taken back there.
//! A watcher that is no actor is `Pid::NONE`.

use crate::{
    pid::Pid,
    pool::{List, Listed, Neighbours, Pool},
};
use rustc_hash::FxHashMap;

/// The monitors of one target, oldest first.
pub type WatchedBy = List<0>;
/// The monitors of one watcher.
pub type Watching = List<1>;

/// What became of a monitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// The target lives.
    #[default]
    Active,
    /// The DOWN is in the control lane.
    Signalled,
    /// The DOWN waits in the watcher's mailbox, in this node.
    Queued(u32),
    /// The DOWN of an outside watch waits for the isolate.
    Posted,
    /// Taken back while its DOWN was in the control lane.
    Void,
}

/// A watch of one actor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monitor {
    /// The isolate's name for it.
    pub reference: u32,
    /// Who watches; nobody: an outside watch.
    pub watcher: Pid,
    /// Who is watched.
    pub target: Pid,
    /// What became of it.
    pub state: Watch,
    by_target: Neighbours,
    by_watcher: Neighbours,
}

impl Listed<0> for Monitor {
    fn place(&self) -> Neighbours {
        self.by_target
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.by_target
    }
}

impl Listed<1> for Monitor {
    fn place(&self) -> Neighbours {
        self.by_watcher
    }
    fn place_mut(&mut self) -> &mut Neighbours {
        &mut self.by_watcher
    }
}

/// All monitors of a shard.
pub struct Monitors {
    pub(crate) all: Pool<Monitor>,
    by_reference: FxHashMap<(Pid, u32), u32>,
}

impl Default for Monitors {
    fn default() -> Self {
        Self { all: Pool::new(), by_reference: FxHashMap::default() }
    }
}

impl Monitors {
    /// The monitor that `watcher` calls `reference`, unless its DOWN was delivered or it was ended.
    pub fn find(&self, watcher: Pid, reference: u32) -> Option<u32> {
        self.by_reference.get(&(watcher, reference)).copied()
    }

    /// The monitors with one end on a shard, in the order of their making as far as numbers tell.
    pub fn with(&self, shard: u8) -> Vec<u32> {
        let touches = |pid: Pid| !pid.is_none() && pid.shard() == shard;
        let mut found: Vec<u32> = self
            .by_reference
            .values()
            .copied()
            .filter(|id| touches(self.all[*id].watcher) || touches(self.all[*id].target))
            .collect();
        found.sort_unstable();
        found
    }

    /// Makes a monitor that is in no list yet.
    pub fn make(&mut self, watcher: Pid, reference: u32, target: Pid, state: Watch) -> u32 {
        let id = self.all.insert(Monitor { reference, watcher, target, state, ..Monitor::default() });
        self.by_reference.insert((watcher, reference), id);
        id
    }

    /// Makes its name unknown.
    pub fn forget(&mut self, id: u32) {
        let Monitor { watcher, reference, .. } = self.all[id];
        self.by_reference.remove(&(watcher, reference));
    }

    /// Frees a monitor that is in no list and forgotten.
    pub fn free(&mut self, id: u32) {
        self.all.remove(id);
    }

    /// Gives back what a burst left.
    pub fn give_back(&mut self) {
        if self.all.is_spent() {
            *self = Self::default();
        }
    }

    /// Monitors there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}
