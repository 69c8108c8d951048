//! How other threads reach a worker shard: one queue of errands, in order, and PIDs in stock.
//!
//! Promises: errands of one thread are served in their order. [`Door::ask`] refuses beyond [`MOST`]; [`Door::urge`] does
//! not: what goes that way was paid for before (the answer of a call, the return of a lent actor, a spawn with a PID from
//! the stock), or counts the errands before it asks (what a lent actor does).
//! The stock is filled by the owner and emptied by whoever spawns here from elsewhere, so that a spawn waits for nobody.
//!
//! Order of an end: `close` refuses from then on; what entered before is the owner's to take. What is dropped unanswered
//! tells whoever waits that nothing comes (`answer`). One lock, held for a push or a swap, never over a callback.

use crate::{
    answer::Sender,
    body::Body,
    letter::{Outcome, Parcel},
    mail::Kind,
    reply::Ticket,
    worker::{Opening, Orders, Worker},
};
use core::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid};
pub(crate) use myrmidon_runtime::Refusal;
use myrmidon_runtime::{Account, Lane, ShardHandle};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc};

/// Errands that may wait when one more is asked for.
pub(crate) const MOST: usize = 1 << 14;
/// PIDs in stock, at most.
const STOCK: usize = 1024;
/// Of this many that a shard may have, one is in stock, so that a small shard is not all stock.
const SHARE: usize = 16;

/// What a shard is asked to do from another thread.
pub(crate) enum Errand {
    Tell {
        to: Pid,
        message: Parcel,
    },
    Call {
        to: Pid,
        message: Parcel,
        ticket: Arc<Ticket>,
        answer: Sender<Outcome>,
        timeout: u32,
    },
    /// Runs `started` of an actor that is open.
    Start(Pid),
    Spawn {
        pid: Pid,
        body: Box<dyn Body>,
        opening: Opening,
    },
    Returned {
        pid: Pid,
        /// Which time it was lent: one that was taken back from its borrower comes for nothing.
        loan: u32,
        body: Option<Box<dyn Body>>,
        end: Option<ExitReason>,
        micros: u32,
    },
    Run(Box<dyn FnOnce(&mut Worker) + Send>),
    /// Of a swap of a group.
    Orders(Orders),
}

/// See the module.
pub(crate) struct Door {
    pub shard: u8,
    /// The handle of its system.
    pub system: u32,
    /// Who pays for the buffers of its actors.
    pub account: Arc<Account>,
    bell: ShardHandle,
    errands: Lane<Errand>,
    /// A hint, so that an owner takes no lock for nothing: written under that of the stock.
    low: AtomicBool,
    stock: Mutex<Vec<Pid>>,
    /// How many these may be.
    most: usize,
    /// Actors that live here, as of the last turn, and those that are on their way: what placement looks at.
    pub live: AtomicU32,
    pub coming: AtomicU32,
    /// Nothing is to be done here, no timer is armed, no call pending and no actor lent: whoever wakes the owner ends that
    /// first, so that work on its way is never missed.
    pub rests: Arc<AtomicBool>,
    /// What is to be known of actors with names.
    pub named: Mutex<FxHashMap<Pid, Named>>,
}

/// An actor with a name, as others look it up.
pub(crate) struct Named {
    pub name: Arc<str>,
    /// The type of its messages.
    pub kind: Kind,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl Door {
    pub fn new(
        shard: u8,
        system: u32,
        account: Arc<Account>,
        rests: Arc<AtomicBool>,
        bell: ShardHandle,
        max_actors: u32,
    ) -> Self {
        Self {
            most: (max_actors as usize / SHARE).clamp(1, STOCK),
            shard,
            system,
            account,
            bell,
            errands: Lane::default(),
            low: AtomicBool::new(true),
            stock: Mutex::default(),
            live: AtomicU32::new(0),
            coming: AtomicU32::new(0),
            rests,
            named: Mutex::default(),
        }
    }

    /// Any thread: asks for something that may be refused.
    pub fn ask(&self, errand: Errand) -> Result<(), (Errand, Refusal)> {
        self.push(errand, MOST)
    }

    /// Any thread: asks for something that is not refused while the shard is there. Whether it is.
    pub fn urge(&self, errand: Errand) -> bool {
        // What is refused is dropped here, with no lock held.
        self.push(errand, usize::MAX).is_ok()
    }

    /// Any thread: the same for orders, which are given back when the shard is gone.
    pub fn order(&self, orders: Orders) -> Result<(), Orders> {
        match self.push(Errand::Orders(orders), usize::MAX) {
            Err((Errand::Orders(orders), _)) => Err(orders),
            _ => Ok(()),
        }
    }

    fn push(&self, errand: Errand, most: usize) -> Result<(), (Errand, Refusal)> {
        self.errands.push(errand, most)?;
        self.bell.ring();
        Ok(())
    }

    /// Whether one more errand may be asked for.
    pub fn has_room(&self) -> bool {
        self.errands.len() < MOST
    }

    /// Actors that live here, and those that are about to.
    pub fn load(&self) -> u32 {
        self.live.load(Ordering::Relaxed).saturating_add(self.coming.load(Ordering::Relaxed))
    }

    /// Owner: takes what there is, in exchange for an empty queue.
    pub fn take(&self, empty: &mut VecDeque<Errand>) {
        self.errands.take(empty);
    }

    /// Owner, with the doorbell armed: whether there is nothing to take.
    pub fn is_quiet(&self) -> bool {
        self.errands.is_empty()
    }

    /// Owner: refuses everything from now on; what entered before.
    pub fn close(&self) -> VecDeque<Errand> {
        self.stock.lock().clear();
        self.errands.close()
    }

    /// A reserved PID, if one is in stock. The owner is rung for when few are left.
    pub fn pid(&self) -> Option<Pid> {
        let (pid, left) = {
            let mut stock = self.stock.lock();
            let pid = stock.pop();
            if stock.len() <= self.most / 2 {
                self.low.store(true, Ordering::Relaxed);
            }
            (pid, stock.len())
        };
        if left == self.most / 2 || pid.is_none() {
            self.bell.ring();
        }
        pid
    }

    /// Owner: puts PIDs in stock.
    pub fn fill(&self, reserve: impl FnOnce(usize) -> Vec<Pid>) {
        if !self.low.load(Ordering::Relaxed) {
            return;
        }
        let mut stock = self.stock.lock();
        self.low.store(false, Ordering::Relaxed);
        if stock.len() <= self.most / 2 {
            let wanted = self.most - stock.len();
            stock.extend(reserve(wanted));
        }
    }

    /// Owner: takes one back, where the shard has no other left.
    pub fn take_back(&self) -> Option<Pid> {
        self.stock.lock().pop()
    }
}

type Doors = RwLock<Vec<Option<Arc<Door>>>>;
static DOORS: Doors = RwLock::new(Vec::new());

/// The door of a worker shard of this process.
pub(crate) fn find(shard: u8) -> Option<Arc<Door>> {
    DOORS.read().get(usize::from(shard))?.clone()
}

/// Tells the process about a door, or that it is gone.
pub(crate) fn publish(shard: u8, door: Option<Arc<Door>>) {
    let mut doors = DOORS.write();
    if doors.len() <= usize::from(shard) {
        doors.resize(usize::from(shard) + 1, None);
    }
    doors[usize::from(shard)] = door;
}

/// The doors of a system, in the order of their shards.
pub(crate) fn of_system(system: u32) -> Vec<Arc<Door>> {
    DOORS.read().iter().flatten().filter(|door| door.system == system).cloned().collect()
}
