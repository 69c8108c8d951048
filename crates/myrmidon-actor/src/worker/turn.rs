//! The thread of a shard: errands, packets of other shards, one tick, its deliveries; and sleep when there is nothing.
//!
//! Order of an end: what was submitted is ingested, living actors are told to stop and served until they have, or until
//! time is over; then the door refuses, what is left ends as `Shard::close` says, the member leaves its system, and the
//! shard number goes back.

use super::{
    Closing, Neighbour, Running, Worker, deliver, direct, serve,
    submit::FLUSH,
    swaps::{self, Swaps},
};
use crate::{
    StartError,
    answer::Sender,
    clock,
    door::{self, Door, Errand},
    lend::Pool,
    mail::{Mail, kind_of},
    observer::Observer,
    place,
    runtime::FOR_EVER,
    swap::OnSwap,
};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use myrmidon_core::{
    PeerLimits,
    exit_reason::ExitReason,
    pid::Pid,
    record::{Record, WORDS, control, submission},
    shard::{Shard, ShardConfig},
};
use myrmidon_runtime::{Account, Directory, Member, ShardOwner, System, inbox, pages};
use rustc_hash::FxHashMap;
use std::{collections::VecDeque, sync::Arc, thread, time::Duration};

/// Deliveries of a tick.
const BATCH: u32 = 512;
/// Records that a tick may write.
const RING: usize = 4096;
/// Errands between two ticks.
const ERRANDS: usize = 1024;
/// Records that others may leave in the inbox.
const INBOX: usize = 1024;

/// Turns, and slices, after which the clock is read at the latest.
const UNCLOCKED: u32 = 4;
const FEW: u32 = 32;
/// Microseconds a slice, on average, above which slices are measured one by one.
pub(super) const LONG_SLICE: u32 = 20;
/// Turns for which they are.
const PRECISE: u32 = 64;

/// What a worker is made of.
pub(crate) struct Plan {
    pub system: Arc<System>,
    pub config: ShardConfig,
    pub account: Arc<Account>,
    pub observer: Option<Observer>,
    pub pool: Arc<Pool>,
    pub on_swap: Option<Arc<OnSwap>>,
    #[cfg(feature = "tokio")]
    pub tasks: Arc<crate::asynchronous::Tasks>,
}

/// The thread's ends of the shard's ways to others.
struct Ends {
    owner: ShardOwner,
    member: Member,
    door: Arc<Door>,
    records: Vec<Record>,
    errands: VecDeque<Errand>,
    fresh: VecDeque<Errand>,
}

/// A worker that its thread leaves in the middle of something: nobody is to knock at its door any more.
struct Gone(Arc<Door>);

impl Drop for Gone {
    fn drop(&mut self) {
        drop(self.0.close());
        door::publish(self.0.shard, None);
    }
}

/// The thread of a shard, from its first moment to its last.
pub(crate) fn run(plan: Plan, ready: Sender<Result<Arc<Door>, StartError>>) {
    match open(plan) {
        Err(error) => ready.send(Err(error)),
        Ok(mut ends) => {
            let gone = Gone(Arc::clone(&ends.door));
            ready.send(Ok(Arc::clone(&ends.door)));
            while turn(&mut ends) {}
            close(ends);
            drop(gone);
        }
    }
}

fn open(plan: Plan) -> Result<Ends, StartError> {
    let lease = Directory::global().lease().ok_or(StartError::NoShard)?;
    let number = lease.shard();
    let config = ShardConfig { shard: number, ..plan.config };
    // So many sends may wait to be ingested: a mailbox with less room is asked first, so that its answer is exact (G14).
    let mut shard = Shard::with_generation(config, lease.first_generation(), FLUSH as u32);
    pages::prefer_large(&shard);
    let me = thread::current();
    let rests = Arc::new(AtomicBool::new(false));
    let woken = Arc::clone(&rests);
    let owner = ShardOwner::open(lease, INBOX, move || {
        woken.store(false, Relaxed);
        me.unpark();
    });
    let handle = owner.handle().ok_or(StartError::NoShard)?;
    let member = Member::join(&plan.system, handle.clone(), &mut shard, PeerLimits::default())
        .map_err(|error| StartError::Join(error.to_string()))?;
    let system = plan.system.handle();
    let door = Arc::new(Door::new(number, system, plan.account, rests, handle, config.max_actors));
    door.fill(|count| reserve(&mut shard, count));
    door::publish(number, Some(Arc::clone(&door)));
    place::settle(Box::new(Worker {
        shard,
        number,
        system,
        door: Arc::clone(&door),
        pool: plan.pool,
        #[cfg(feature = "tokio")]
        tasks: plan.tasks,
        mail: Mail::default(),
        homes: Vec::new(),
        spawners: Vec::new(),
        submissions: Vec::new(),
        ends_turns: false,
        ingested: 0,
        is_direct: false,
        plain: 0,
        waited: 0,
        ring: vec![[0; WORDS]; RING],
        stock: Vec::new(),
        running: Running::default(),
        calls: FxHashMap::default(),
        last_token: 0,
        made: kind_of::<super::Made>(),
        boxed: kind_of::<serve::Boxed>(),
        overdue: VecDeque::new(),
        timers: FxHashMap::default(),
        timers_of: FxHashMap::default(),
        watches: FxHashMap::default(),
        last_watch: 0,
        observer: plan.observer,
        noticed: Vec::new(),
        late_names: super::late_names::LateNames::default(),
        loans: FxHashMap::default(),
        last_loan: 0,
        #[cfg(feature = "serde")]
        streams: super::streams::Streams::default(),
        #[cfg(feature = "serde")]
        readings: super::readings::Readings::default(),
        swaps: Swaps::default(),
        accounts: super::accounts::Accounts::default(),
        on_swap: plan.on_swap,
        traces: FxHashMap::default(),
        near: u16::from(number),
        neighbours: [Neighbour::Unknown; 256],
        dropped: Vec::new(),
        dropped_bodies: Vec::new(),
        now: 0.0,
        timed: true,
        unclocked: 0,
        slices: 0,
        idle: true,
        dead_letters: 0,
        closing: None,
        killed: 0,
        precise: 0,
    }));
    let (errands, fresh) = (VecDeque::new(), VecDeque::new());
    Ok(Ends { owner, member, door, records: Vec::new(), errands, fresh })
}

fn reserve(shard: &mut Shard, count: usize) -> Vec<Pid> {
    let mut pids = vec![Pid::NONE; count];
    let reserved = shard.reserve(&mut pids);
    pids.truncate(reserved);
    pids.reverse();
    pids
}

/// One turn; whether there is another one.
fn turn(ends: &mut Ends) -> bool {
    if ends.errands.is_empty() {
        ends.door.take(&mut ends.errands);
    }
    for _ in 0..ERRANDS {
        let Some(errand) = ends.errands.pop_front() else { break };
        serve::serve(errand);
    }
    swaps::work();
    swaps::work_in_bulk();
    deliver::clean();
    let Some((written, over)) = place::here(|worker| worker.tick(ends)) else { return false };
    deliver::batch(written);
    if over {
        return false;
    }
    let is_idle = written == 0 && !direct::run();
    if is_idle && ends.errands.is_empty() {
        sleep(ends);
    }
    true
}

/// Sleeps, unless there is something to do.
fn sleep(ends: &mut Ends) {
    let idle = place::here(|worker| {
        let control = worker.shard.control();
        let busy = control[control::RUNNABLE] != 0 || !worker.submissions.is_empty() || worker.shard.packets() > 0;
        (!busy).then(|| {
            worker.mail.ebb();
            let overdue = !worker.overdue.is_empty();
            let closing = worker.closing.as_ref().map(|closing| (closing.deadline - clock::now()).max(0.0));
            let next = f64::from(worker.shard.control()[control::NEXT_DEADLINE]);
            let next = if next < 0.0 { f64::INFINITY } else { next };
            let next = closing.map_or(next, |left| next.min(left)).min(worker.swaps.due_in().max(0.0));
            #[cfg(feature = "serde")]
            let next = next.min(worker.streams.due_in()).min(worker.readings.due_in());
            if overdue { next.min(1.0) } else { next }
        })
    });
    let Some(Some(millis)) = idle else { return };
    ends.member.starve();
    if ends.owner.sleep_if(|| ends.member.is_quiet() && ends.door.is_quiet()) {
        let none_lent = place::here(|worker| {
            worker.idle = true;
            worker.loans.is_empty()
        });
        // Whoever rings between these two has more for a shard that says it rests; it is looked at again a moment later.
        ends.door.rests.store(millis.is_infinite() && none_lent == Some(true), Relaxed);
        match Duration::try_from_secs_f64(millis / 1000.0) {
            Ok(time) => thread::park_timeout(time),
            Err(_) => thread::park(),
        }
        ends.door.rests.store(false, Relaxed);
    }
}

fn close(ends: Ends) {
    let Ends { owner, member, door, errands, fresh, .. } = ends;
    // Refused from here on; whoever waits for one of these is told by their end.
    drop((errands, fresh, door.close()));
    door::publish(door.shard, None);
    let end = |worker: &mut Worker| {
        loop {
            let mut ring = core::mem::take(&mut worker.ring);
            let written = worker.shard.close(&mut ring);
            worker.ring = ring;
            for at in 0..written {
                let record = worker.ring[at];
                worker.notice(&record);
            }
            worker.submissions.clear();
            if written == 0 {
                break;
            }
        }
    };
    place::here(end);
    // Whoever asked for a swap of theirs is told of their ends.
    swaps::work();
    deliver::clean();
    place::here(|worker| member.leave(&mut worker.shard));
    place::here(end);
    deliver::clean();
    let Some(mut worker) = place::leave() else { return };
    let done = worker.closing.take().map(|closing| closing.done);
    owner.close(worker.shard.highest_generation(), &mut Vec::new());
    let killed = worker.killed;
    // Actors and messages are dropped with nothing borrowed.
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(worker))));
    if let Some(done) = done {
        done.send(killed);
    }
}

impl Worker {
    /// Ingests what is there, and delivers. How many records were written, and whether this was the last turn.
    fn tick(&mut self, ends: &mut Ends) -> (usize, bool) {
        ends.member.look_around(&mut self.shard);
        if !self.overdue.is_empty() {
            self.send_overdue();
        }
        #[cfg(feature = "serde")]
        {
            self.retry_streams();
            self.tell_producers();
        }
        ends.door.fill(|count| {
            let mut pids = reserve(&mut self.shard, count);
            // Of the last ones each serves whoever comes first.
            pids.extend(core::iter::from_fn(|| self.stock.pop()).take(count - pids.len()));
            pids
        });
        let queued = self.shard.control()[control::QUEUED].cast_unsigned();
        let allowance = inbox::allowance(queued, BATCH);
        ends.records.clear();
        ends.owner.drain(&mut ends.records, allowance);
        if ends.member.has_arrivals() {
            // Its own records first: a sender elsewhere may have its PID from an actor that they spawn.
            self.flush();
            ends.member.collect(&mut self.shard, allowance);
        }
        if !ends.records.is_empty() {
            self.ends_turns = true;
            self.submissions.extend_from_slice(&ends.records);
        }
        self.look_at_clock();
        self.swaps_advance();
        // With a timer due there is no run, and what waits would wait for as long as there is always one.
        let is_due = self.shard.may_ring(self.now);
        let written = if !is_due && self.may_run_directly() {
            self.waited = 0;
            self.shard.tick(self.now, &[], &mut self.ring, BATCH)
        } else if !is_due && self.may_wait() {
            let written = self.shard.tick(self.now, &[], &mut self.ring, BATCH);
            // While there is nothing to wait for, nothing waits.
            self.waited += if written == 0 { BATCH } else { written as u32 };
            written
        } else {
            let written = self.shard.tick(self.now, &self.submissions, &mut self.ring, BATCH);
            self.submissions.clear();
            (self.plain, self.waited) = (0, 0);
            self.ends_turns = false;
            written
        };
        ends.member.dispatch(&mut self.shard);
        self.door.live.store(self.shard.actors(), Relaxed);
        let over = self.closing.as_ref().is_some_and(|closing| {
            written == 0 && self.shard.control()[control::LIVE] == 0 || self.now >= closing.deadline
        });
        if over {
            self.killed = self.shard.actors();
        }
        (written, over)
    }

    /// Reads the time, unless little has happened since: to do so costs as much as a short handler.
    fn look_at_clock(&mut self) {
        self.unclocked += 1;
        if self.unclocked < UNCLOCKED && self.slices < FEW && self.precise == 0 && !self.timed && !self.idle {
            return;
        }
        let now = clock::now();
        let micros = (now - self.now) * 1000.0;
        if self.slices > 0 && !self.idle && micros > f64::from(LONG_SLICE) * f64::from(self.slices) {
            self.precise = PRECISE;
        }
        (self.now, self.timed, self.unclocked, self.slices, self.idle) = (now, false, 0, 0, false);
    }

    /// Begins the end: every actor is told to stop, the youngest first. `done` hears how many had to be killed. A time that no
    /// clock can say is without a limit.
    pub fn begin_close(&mut self, within: Duration, done: Sender<u32>) {
        self.flush();
        let millis = if within < FOR_EVER { within.as_secs_f64() * 1000.0 } else { f64::INFINITY };
        let deadline = clock::now() + millis;
        let living: Vec<Pid> = self.shard.live().collect();
        for pid in living.into_iter().rev() {
            let word = self.shard.intern_reason(ExitReason::SHUTDOWN);
            self.submit(submission::STOP, pid, Pid::NONE, 0, word, 0);
        }
        self.closing = Some(Closing { deadline, done });
    }
}
