//! A system: shards that reach each other, each an isolate with a number of its own.
//!
//! Promises: an isolate's number is the order of its joining, and the first is 0; when 255 have been given out, the lowest
//! free one is given again. Whoever joins is known to every member that looks after it was told of it in any way
//! ([`System::version`] is read after what tells).
//! What buffers its isolates have outstanding is on one account (G138).
//! A system is named by a handle, a number that may cross to another thread's language; it ends with its last member.
//!
//! One lock for each system and one for the table of handles, never held together, nor over a callback.

use crate::{
    buffer::Account,
    names::Table,
    path::Path,
    port::ShardHandle,
    sync::{AtomicUsize, Ordering},
};
use core::{fmt, sync::atomic::AtomicU64};
use myrmidon_core::{NameTable as _, bundle::Bundle, pid::Pid, shard::Shard};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// Isolates that a system may have at a time.
pub const MAX_ISOLATES: usize = 255;
/// Packets on the way from one shard to another.
pub const PATH: usize = 1024;

/// A shard's place in a system, as the others see it.
pub struct Seat {
    pub(crate) isolate: u8,
    pub(crate) shard: u8,
    pub(crate) door: ShardHandle,
    load: [AtomicU64; 4],
}

/// What is known of an isolate, for placement: as of its last tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsolateLoad {
    /// Its number in its system.
    pub isolate: u8,
    /// Its shard.
    pub shard: u8,
    /// Messages that it has handled, ever.
    pub reductions: u64,
    /// Microseconds that its handlers took, ever.
    pub micros: u64,
    /// Actors that wait for their turn.
    pub runnable: u64,
    /// Actors that live.
    pub live: u64,
}

impl Seat {
    /// The owner says how much it has to do.
    pub(crate) fn report(&self, shard: &Shard) {
        let now = [shard.reductions(), shard.micros(), u64::from(shard.runnable()), u64::from(shard.actors())];
        for (place, value) in self.load.iter().zip(now) {
            place.store(value, core::sync::atomic::Ordering::Relaxed);
        }
    }

    fn load(&self) -> IsolateLoad {
        let [reductions, micros, runnable, live] =
            [0, 1, 2, 3].map(|at: usize| self.load[at].load(core::sync::atomic::Ordering::Relaxed));
        IsolateLoad { isolate: self.isolate, shard: self.shard, reductions, micros, runnable, live }
    }
}

/// The two ways between a member and another one.
pub(crate) struct Ways {
    pub seat: Arc<Seat>,
    pub out: Arc<Path<Bundle>>,
    pub back: Arc<Path<Bundle>>,
}

#[derive(Default)]
struct Members {
    seats: Vec<Arc<Seat>>,
    /// By sender and receiver.
    paths: HashMap<(u8, u8), Arc<Path<Bundle>>>,
    joined: usize,
    ended: bool,
}

impl Members {
    fn ways(&self, of: u8) -> Vec<Ways> {
        let ways = |seat: &Arc<Seat>| {
            let out = self.paths.get(&(of, seat.shard))?;
            let back = self.paths.get(&(seat.shard, of))?;
            Some(Ways { seat: Arc::clone(seat), out: Arc::clone(out), back: Arc::clone(back) })
        };
        self.seats.iter().filter(|seat| seat.shard != of).filter_map(ways).collect()
    }
}

/// See the module.
pub struct System {
    handle: u32,
    pub(crate) names: Arc<Table>,
    members: Mutex<Members>,
    version: AtomicUsize,
    account: OnceLock<Arc<Account>>,
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// Why a shard could not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// Its last isolate has ended.
    Ended,
    /// It has as many isolates as it may have.
    Full,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "the system has ended, or never was",
            Self::Full => "the system has as many isolates as it may have",
        })
    }
}

impl core::error::Error for JoinError {}

#[derive(Default)]
struct Handles {
    last: u32,
    systems: HashMap<u32, Arc<System>>,
}

fn handles() -> &'static Mutex<Handles> {
    static HANDLES: OnceLock<Mutex<Handles>> = OnceLock::new();
    HANDLES.get_or_init(Mutex::default)
}

impl System {
    /// A system without members. It is found by its handle until its last member has left.
    pub fn open() -> Arc<Self> {
        let mut handles = handles().lock();
        handles.last += 1;
        let handle = handles.last;
        let system = Arc::new(Self {
            handle,
            names: Arc::default(),
            members: Mutex::default(),
            version: AtomicUsize::new(0),
            account: OnceLock::new(),
        });
        handles.systems.insert(handle, Arc::clone(&system));
        system
    }

    /// The system of a handle, unless it has ended.
    pub fn find(handle: u32) -> Option<Arc<Self>> {
        handles().lock().systems.get(&handle).cloned()
    }

    /// Its handle.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Who has a name.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.names.holder(name)
    }

    /// Says what an actor understands that has a name, or is about to get one: a text of its language's (G242).
    pub fn announce(&self, pid: Pid, spoken: &str) {
        self.names.announce(pid, spoken);
    }

    /// Who has a name, and what that one understands, as far as it was said.
    pub fn spoken(&self, name: &str) -> Option<(Pid, Option<Arc<str>>)> {
        self.names.spoken(name)
    }

    /// Who pays for the buffers of all its isolates. Whoever asks first says how many bytes may be outstanding.
    ///
    /// ```
    /// use myrmidon_runtime::{System, buffer::SharedBuffer};
    /// let system = System::open();
    /// let buffer = SharedBuffer::allocate(&system.account(100), 60).unwrap();
    /// assert!(SharedBuffer::allocate(&system.account(1000), 41).is_err());
    /// drop(buffer);
    /// assert_eq!(system.account(1000).bytes(), 0);
    /// ```
    pub fn account(&self, limit: usize) -> Arc<Account> {
        Arc::clone(self.account.get_or_init(|| Account::new(limit)))
    }

    /// The live isolates, in the order of their joining.
    pub fn isolates(&self) -> Vec<IsolateLoad> {
        self.members.lock().seats.iter().map(|seat| seat.load()).collect()
    }

    pub(crate) fn version(&self) -> usize {
        // Acquire: whoever learned of a member from somebody sees its joining.
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn join(&self, door: ShardHandle) -> Result<Arc<Seat>, JoinError> {
        let shard = door.shard();
        let (seat, others) = {
            let mut members = self.members.lock();
            if members.ended {
                return Err(JoinError::Ended);
            }
            let free = |number: &usize| members.seats.iter().all(|seat| usize::from(seat.isolate) != *number);
            let isolate = if members.joined < MAX_ISOLATES {
                members.joined
            } else {
                (0..MAX_ISOLATES).find(free).ok_or(JoinError::Full)?
            };
            members.joined += 1;
            let seat = Arc::new(Seat { isolate: isolate as u8, shard, door, load: Default::default() });
            let others: Vec<Arc<Seat>> = members.seats.clone();
            for other in &others {
                members.paths.insert((shard, other.shard), Arc::new(Path::new(PATH)));
                members.paths.insert((other.shard, shard), Arc::new(Path::new(PATH)));
            }
            members.seats.push(Arc::clone(&seat));
            self.version.fetch_add(1, Ordering::Release);
            (seat, others)
        };
        for other in others {
            other.door.ring();
        }
        Ok(seat)
    }

    /// The ways between a member and all others that have not left.
    pub(crate) fn ways(&self, of: u8) -> Vec<Ways> {
        self.members.lock().ways(of)
    }

    /// A member is no member any more; those that hold ways to it, which are the ones that it gets here, keep them until
    /// they have seen its end.
    pub(crate) fn leave(&self, seat: &Arc<Seat>) -> Vec<Ways> {
        self.names.forget(seat.shard);
        let (ways, is_last) = {
            let mut members = self.members.lock();
            let ways = members.ways(seat.shard);
            members.seats.retain(|held| !Arc::ptr_eq(held, seat));
            members.paths.retain(|(from, to), _| *from != seat.shard && *to != seat.shard);
            members.ended = members.seats.is_empty();
            (ways, members.ended)
        };
        if is_last {
            handles().lock().systems.remove(&self.handle);
        }
        ways
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
