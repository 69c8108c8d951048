//! A worker: one shard, its actors' bodies, and what its actors have under way.
//!
//! Owner: the shard's thread, which has it in `place`. It is borrowed for a step; user code (handlers, destructors,
//! closures) runs between steps, never inside of one. What must be dropped and may have a destructor of the user's goes to
//! `dropped`, which the thread empties between steps.
//!
//! - `submit`: what actors want, as records. - `replies`: how calls end. - `serve`: what other threads want.
//! - `turn`: the loop of the thread.
//! - `deliver`: slices, one handler after the other. - `direct`: messages that need no slice. - `letters`: the message behind a record.
//! - `notices`: everything else that the shard says.
//! - `swaps`, `swap_group`: other versions for actors. - `trace`: who looks at them. - `accounts`: who has used what.
//! - `streams`, `readings`: answers that are streams.

mod accounts;
mod deliver;
mod direct;
mod extent;
mod late_names;
mod letters;
mod notices;
#[cfg(feature = "serde")]
mod readings;
mod replies;
mod serve;
#[cfg(feature = "serde")]
mod streams;
mod submit;
mod swap_group;
mod swaps;
mod trace;
mod turn;
mod wire;

pub(crate) use deliver::crash;
pub(crate) use deliver::{ignored, start};
pub(crate) use direct::Row;
pub(crate) use swap_group::{Orders, Run};
pub use swaps::Counts as SwapCounts;
pub(crate) use swaps::{Requester, guarded};
pub(crate) use trace::{Seen, Tracer};
pub(crate) use turn::{Plan, run};

use crate::{
    Notice,
    answer::Sender,
    body::Body,
    door::Door,
    lend::Pool,
    letter::{Outcome, Parcel},
    mail::{Kind, Mail},
    observer::Observer,
    reply::Ticket,
    timer::Ticking,
};
use myrmidon_core::{exit_reason::ExitReason, pid::Pid, record::Record, shard::Shard};
use rustc_hash::FxHashMap;
use std::{any::Any, collections::VecDeque, sync::Arc};

/// How an actor is opened: what a SPAWN record says, and its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    pub parent: Pid,
    pub flags: u32,
    pub watch: u32,
    pub capacity: u32,
    pub policy: u32,
    /// Messages in a slice; 0 stands for the most there may be.
    pub budget: u32,
    pub name: Option<Box<str>>,
}

/// An actor's place on its shard.
#[derive(Default)]
struct Home {
    body: Option<Box<dyn Body>>,
    generation: u32,
    /// Its next slice, or message, is measured in any case: nothing is known of its handlers, or one may have been long.
    fresh: bool,
}

/// What waits for the answer of a call.
enum Then {
    /// A thread or a future.
    Outside(Sender<Outcome>),
    /// An actor of this shard, as a message.
    Message { asker: Pid, callee: Pid, then: Box<dyn FnOnce(Outcome) -> Parcel + Send> },
    /// A stream, whose items these were.
    #[cfg(feature = "serde")]
    Items(crate::stream::Key),
}

struct Asking {
    /// `None`: an actor of another language is asked.
    ticket: Option<Arc<Ticket>>,
    /// Buffers may come with its answer.
    gets_buffers: bool,
    then: Then,
}

/// An actor whose body is with somebody else, and is to come back.
struct Loan {
    /// Each is another one.
    number: u32,
    version: fn() -> myrmidon_core::swap::Version,
    protocol: crate::body::Protocol,
    /// What stops its future.
    abort: Option<Box<dyn FnOnce() + Send>>,
    /// With what it goes back once its handler is done.
    stops: Option<ExitReason>,
    /// Its handler waits for a test.
    #[cfg(test)]
    waits: bool,
}

impl Loan {
    fn new(number: u32, version: fn() -> myrmidon_core::swap::Version, protocol: crate::body::Protocol) -> Self {
        Self {
            number,
            version,
            protocol,
            abort: None,
            stops: None,
            #[cfg(test)]
            waits: false,
        }
    }
}

/// A question to another shard: its message and its ticket.
struct Question {
    message: Parcel,
    ticket: Arc<Ticket>,
}

/// A message that is made when it is handled; its kind marks it.
struct Made(Box<dyn FnOnce() -> Parcel + Send>);

/// A name by which a timer's actor finds it.
type TimerKey = (Pid, u32);

/// What the actor that runs has asked for.
#[derive(Default)]
struct Running {
    pid: Pid,
    /// It ends with this once its handler is done.
    stops: Option<ExitReason>,
    /// Signals are to be handled before the next message.
    urgent: bool,
    /// Its `started` runs.
    start: Option<Start>,
}

/// What a `started` that is under way has said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Wanted,
    /// It does not start now.
    Ignored,
}

/// See the module.
#[expect(clippy::struct_excessive_bools, reason = "each says something else, and none of them excludes another")]
pub(crate) struct Worker {
    shard: Shard,
    number: u8,
    system: u32,
    door: Arc<Door>,
    pool: Arc<Pool>,
    #[cfg(feature = "tokio")]
    tasks: Arc<crate::asynchronous::Tasks>,
    pub mail: Mail,
    homes: Vec<Home>,
    /// Who spawned whom, beside them: no message needs it.
    spawners: Vec<Pid>,
    submissions: Vec<Record>,
    /// An end, a loan or the like is among them: nobody has a turn before it is ingested.
    ends_turns: bool,
    /// So many of them are done with.
    ingested: usize,
    /// A run of `direct` is under way, and nothing was ingested since it began.
    is_direct: bool,
    /// So many of them, from the first one, are plain messages.
    plain: usize,
    /// So much was written of mailboxes while they wait.
    waited: u32,
    ring: Vec<Record>,
    stock: Vec<Pid>,
    running: Running,
    calls: FxHashMap<u32, Asking>,
    last_token: u32,
    /// The kinds of [`Made`] and [`serve::Boxed`].
    made: Kind,
    boxed: Kind,
    /// Answers whose asker's mailbox is full: retried each turn, in order.
    overdue: VecDeque<(Pid, Pid, Made)>,
    timers: FxHashMap<TimerKey, Ticking>,
    timers_of: FxHashMap<Pid, Vec<u32>>,
    watches: FxHashMap<u32, Sender<Outcome>>,
    last_watch: u32,
    /// Who hears of dead letters and crashes, and what of them is to be told.
    observer: Option<Observer>,
    noticed: Vec<Notice>,
    late_names: late_names::LateNames,
    loans: FxHashMap<Pid, Loan>,
    last_loan: u32,
    #[cfg(feature = "serde")]
    streams: streams::Streams,
    #[cfg(feature = "serde")]
    readings: readings::Readings,
    pub swaps: swaps::Swaps,
    accounts: accounts::Accounts,
    on_swap: Option<Arc<crate::swap::OnSwap>>,
    traces: FxHashMap<Pid, Vec<Tracer>>,
    /// The shard whose actors are told directly: this one, unless it looks at what the actor that runs sends.
    near: u16,
    /// Which other shards are of this system; forgotten when one ends.
    neighbours: [Neighbour; 256],
    dropped: Vec<Box<dyn Any + Send>>,
    dropped_bodies: Vec<Box<dyn Body>>,
    now: f64,
    /// Something that was submitted counts from now.
    timed: bool,
    /// Turns without a look at the clock.
    unclocked: u32,
    /// Slices since then.
    slices: u32,
    /// It has slept since then.
    idle: bool,
    dead_letters: u64,
    closing: Option<Closing>,
    /// Actors that had not ended when time was over.
    killed: u32,
    /// Slices are measured one by one for so many turns: handlers were long.
    precise: u32,
}

/// The end of a worker, under way.
struct Closing {
    deadline: f64,
    done: Sender<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Neighbour {
    Unknown,
    OfSystem,
    Stranger,
}

impl Worker {
    /// Its shard.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The handle of its system.
    pub fn system(&self) -> u32 {
        self.system
    }

    /// Its door.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Where futures run.
    #[cfg(feature = "tokio")]
    pub fn tasks(&self) -> Arc<crate::asynchronous::Tasks> {
        Arc::clone(&self.tasks)
    }

    /// What stops the future of an actor when the actor ends.
    #[cfg(feature = "tokio")]
    pub fn abort_with(&mut self, pid: Pid, abort: Box<dyn FnOnce() + Send>) {
        if let Some(loan) = self.loans.get_mut(&pid) {
            loan.abort = Some(abort);
        }
    }

    /// Says that the handler of an actor that is lent waits, or goes on.
    #[cfg(test)]
    pub fn waits(&mut self, pid: Pid, waits: bool) {
        if let Some(loan) = self.loans.get_mut(&pid) {
            loan.waits = waits;
        }
    }

    /// Whether nothing happens any more: handlers that are lent wait, and so do as many migrations.
    #[cfg(test)]
    pub fn is_settled(&mut self, migrations: usize) -> bool {
        use myrmidon_core::record::control;
        self.flush();
        self.shard.control()[control::RUNNABLE] == 0
            && self.shard.stats().signals == 0
            && self.swaps.is_calm()
            && self.swaps.later.is_empty()
            && self.loans.values().all(|loan| loan.waits)
            && swap_group::IN_HAND.load(core::sync::atomic::Ordering::SeqCst) == 0
            && self.swaps.away == migrations
            && self.dropped.is_empty()
            && self.door.is_quiet()
    }

    /// Ms until something is due.
    #[cfg(test)]
    pub fn due_in(&mut self) -> f64 {
        let shard = f64::from(self.shard.control()[myrmidon_core::record::control::NEXT_DEADLINE]);
        let shard = if shard < 0.0 { f64::INFINITY } else { shard.max(1.0) };
        self.swaps.due_in().min(shard)
    }

    /// Its counters, with everything that was submitted.
    pub fn stats(&mut self) -> myrmidon_core::shard::ShardStats {
        self.flush();
        self.shard.stats()
    }

    /// The actor that runs.
    pub fn running(&self) -> Pid {
        self.running.pid
    }

    /// Its living actors that were spawned by an actor, and by whom.
    pub fn parents(&mut self) -> Vec<(Pid, Pid)> {
        self.flush();
        let living: Vec<Pid> = self.shard.live().collect();
        living.into_iter().map(|pid| (pid, self.parent(pid))).filter(|(_, parent)| !parent.is_none()).collect()
    }

    /// Who spawned a living actor.
    fn parent(&self, pid: Pid) -> Pid {
        self.spawners.get(pid.index() as usize).copied().unwrap_or(Pid::NONE)
    }

    /// What is known of an actor.
    pub fn info(&mut self, pid: Pid) -> Option<myrmidon_core::shard::ActorInfo> {
        self.flush();
        self.shard.info(pid)
    }
}
