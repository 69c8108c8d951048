//! Slices: one handler after the other, with nothing borrowed while one runs.
//!
//! Before each handler the slice's header says how far it has got (G59), and after each the control word is looked at, so
//! that a kill takes effect between any two messages (G8). Time is measured by the batch, and by the slice while handlers
//! are long: to read a clock costs more than a short handler.

use super::{Loan, Seen, Start, Worker, swaps};
use crate::{
    MonitorRef, Signal, SpawnError,
    body::{Body, Delivery, Runs},
    door::Errand,
    letter::Letter,
    place::{self, Away},
    reply::Route,
};
use core::any::Any;
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    record::{Record, completion, control, flag, submission, word},
};
use myrmidon_runtime::tags::WIRE;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

/// Slices whose actors are touched together, so that their cache misses overlap.
const TOUCHED: usize = 16;

/// What is to be done next, with nothing borrowed. What it needs is in the cursor: to hand it over would cost more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The usual one: a message of the shard's store.
    Take,
    Handle,
    Signal,
    /// A message of another language, or gone.
    Skip,
    /// Something is to be dropped.
    Clean,
    /// Something is to be done about the versions of actors.
    Swap,
    /// The batch is over.
    Over,
}

/// How far a batch has got.
struct Cursor {
    /// The next record.
    at: usize,
    written: usize,
    /// The slice that is under way: where it stands, its deliveries, and those that are done.
    header: usize,
    count: usize,
    done: usize,
    /// Whose it is; its actor is out of its place.
    body: Option<Box<dyn Body>>,
    slices: usize,
    me: Pid,
    sender: Pid,
    slot: u32,
    letter: Option<Letter>,
    /// Whether that is a question.
    asked: Option<Route>,
    signal: Option<Signal>,
    /// When the slice began, where slices are measured.
    began: Option<Instant>,
    /// The same of a slice that is measured alone.
    once: Option<Instant>,
}

/// What a panic says, as an exit reason.
pub(crate) fn crash(panic: &(dyn Any + Send)) -> CrashError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    CrashError { name: "panic".into(), message: message.into(), stack: None, language: Language::Rust }
}

/// The end of an actor that does not start now, where nobody waits for what comes of its start (G214).
pub(crate) fn ignored() -> ExitReason {
    ExitReason::Shutdown { detail: Some("MyrmidonIgnoreStart".into()) }
}

/// Runs an actor's `started`. `is_awaited`: its spawner does, beside it.
pub(crate) fn start(pid: Pid, is_awaited: bool) -> Result<(), SpawnError> {
    let taken = place::here(|worker| {
        let running = &mut worker.running;
        let pid_before = core::mem::replace(&mut running.pid, pid);
        let outer = (pid_before, running.stops.take(), running.start.replace(Start::Wanted));
        (worker.home(pid).and_then(|home| home.body.take()), outer)
    });
    let Some((body, outer)) = taken else { return Ok(()) };
    let outcome = body.map(|mut body| (catch_unwind(AssertUnwindSafe(|| body.started(pid))), body));
    place::here(|worker| {
        let running = &mut worker.running;
        let stops = core::mem::replace(&mut running.stops, outer.1);
        let start = core::mem::replace(&mut running.start, outer.2);
        running.pid = outer.0;
        let Some((outcome, body)) = outcome else { return Ok(()) };
        if let Some(home) = worker.home(pid) {
            home.body = Some(body);
        }
        match outcome {
            Ok(()) if start == Some(Start::Ignored) => {
                if is_awaited {
                    worker.abandon(pid);
                } else {
                    // It ends nobody; who watches it is told.
                    let parent = worker.parent(pid);
                    worker.submit(submission::UNLINK, parent, pid, 0, 0, 0);
                    worker.exit_self(pid, ignored());
                }
                Err(SpawnError::Ignored)
            }
            Ok(()) => {
                if let Some(reason) = stops {
                    worker.exit_self(pid, reason);
                }
                Ok(())
            }
            Err(panic) => {
                let error = Box::new(crash(&*panic));
                worker.dropped.push(Box::new(panic));
                if is_awaited {
                    worker.abandon(pid);
                } else {
                    // Its spawner has its ref by now: an end like any other.
                    worker.exit_self(pid, ExitReason::Crashed(error.clone()));
                }
                Err(SpawnError::InitFailed(error))
            }
        }
    })
    .unwrap_or(Ok(()))
}

/// Runs what the last tick wrote.
pub(super) fn batch(written: usize) {
    let began = place::here(|worker| {
        worker.precise = worker.precise.saturating_sub(1);
        (worker.precise > 0).then(Instant::now)
    })
    .flatten();
    let mut cursor = Cursor {
        at: 0,
        written,
        header: 0,
        count: 0,
        done: 0,
        body: None,
        slices: 0,
        me: Pid::NONE,
        sender: Pid::NONE,
        slot: 0,
        letter: None,
        asked: None,
        signal: None,
        began,
        once: None,
    };
    let mut outcome = Ok(());
    loop {
        let step = place::here(|worker| worker.proceed(&mut cursor, &mut outcome)).unwrap_or(Step::Over);
        let Cursor { me, sender, slot, .. } = cursor;
        outcome = match (step, &mut cursor.body) {
            (Step::Over, _) => return,
            (Step::Clean, _) => {
                clean();
                Ok(())
            }
            (Step::Swap, _) => {
                swaps::work();
                Ok(())
            }
            (Step::Take, Some(body)) if body.runs() == Runs::Here => {
                catch_unwind(AssertUnwindSafe(|| body.take(me, sender, slot)))
            }
            (Step::Signal, Some(body)) => match cursor.signal.take() {
                Some(signal) => catch_unwind(AssertUnwindSafe(|| body.signal(me, signal))),
                None => Ok(()),
            },
            (Step::Take | Step::Handle, body) => match (body.take(), cursor.letter.take()) {
                (Some(body), letter) if body.runs() != Runs::Here => {
                    let asked = cursor.asked.take().filter(|_| step == Step::Handle);
                    lend(body, Delivery { me, sender, letter: letter.unwrap_or(Letter::Slot(slot)), asked });
                    Ok(())
                }
                (Some(held), Some(letter)) => {
                    let body = body.insert(held);
                    let asked = cursor.asked.take();
                    catch_unwind(AssertUnwindSafe(|| body.handle(Delivery { me, sender, letter, asked })))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        };
    }
}

/// Drops what may have a destructor of the user's, and tells the observer.
pub(super) fn clean() {
    let told = place::here(|worker| {
        let observer = worker.observer.clone().filter(|_| !worker.noticed.is_empty())?;
        Some((observer, core::mem::take(&mut worker.noticed)))
    });
    if let Some((observer, notices)) = told.flatten() {
        for notice in notices {
            drop(catch_unwind(AssertUnwindSafe(|| (observer.0)(notice))));
        }
    }
    while let Some((values, bodies)) = place::here(|worker| {
        (!worker.dropped.is_empty() || !worker.dropped_bodies.is_empty())
            .then(|| (core::mem::take(&mut worker.dropped), core::mem::take(&mut worker.dropped_bodies)))
    })
    .flatten()
    {
        for value in values {
            drop(catch_unwind(AssertUnwindSafe(|| drop(value))));
        }
        for body in bodies {
            drop(catch_unwind(AssertUnwindSafe(|| drop(body))));
        }
    }
}

/// Lends an actor for one message. See `lend`.
fn lend(body: Box<dyn Body>, delivery: Delivery) {
    let Delivery { me, sender, letter, asked } = delivery;
    let pid = me;
    let kind = body.kind();
    let (version, protocol) = (body.version(), body.protocol());
    let parts = place::here(|worker| {
        worker.running.pid = Pid::NONE;
        // The store of the shard is not to be reached from elsewhere.
        let letter = match letter {
            Letter::Slot(slot) => Letter::Parcel(worker.mail.take_boxed(kind, slot)?),
            other => other,
        };
        worker.submit(submission::BUSY, pid, Pid::NONE, 0, 0, 0);
        worker.last_loan = worker.last_loan.wrapping_add(1);
        let number = worker.last_loan;
        worker.loans.insert(pid, Loan::new(number, version, protocol));
        Some((letter, number, worker.door.clone(), worker.pool.clone()))
    });
    let Some(Some((letter, loan, door, pool))) = parts else {
        // Nothing to handle.
        place::here(|worker| worker.put_home(pid, body));
        return;
    };
    let delivery = Delivery { me, sender, letter, asked };
    let away = Away { me: pid, loan, door };
    match body.runs() {
        #[cfg(feature = "tokio")]
        Runs::AsTask => crate::asynchronous::begin(away, body, delivery),
        _ => pool.run(Box::new(move || borrow(&away, body, delivery))),
    }
}

/// On a thread of the pool: runs one handler, and gives the actor back.
fn borrow(away: &Away, mut body: Box<dyn Body>, delivery: Delivery) {
    let began = Instant::now();
    let outcome = place::lent(away, || catch_unwind(AssertUnwindSafe(|| body.handle(delivery))));
    let micros = began.elapsed().as_micros().min(u128::from(u32::MAX)) as u32;
    let end = outcome.err().map(|panic| ExitReason::Crashed(Box::new(crash(&*panic))));
    away.door.urge(Errand::Returned { pid: away.me, loan: away.loan, body: Some(body), end, micros });
}

impl Worker {
    /// An actor says that it does not start now.
    pub fn ignore_start(&mut self, me: Pid) {
        if self.running.pid == me
            && let Some(start) = &mut self.running.start
        {
            *start = Start::Ignored;
        }
    }

    /// An actor's place, if it is still this one's.
    pub(super) fn home(&mut self, pid: Pid) -> Option<&mut super::Home> {
        self.homes.get_mut(pid.index() as usize).filter(|home| home.generation == pid.generation())
    }

    /// Ends the step that is done, and begins the next one of the batch.
    #[inline]
    fn proceed(&mut self, cursor: &mut Cursor, outcome: &mut std::thread::Result<()>) -> Step {
        if let Some(body) = cursor.body.take() {
            if self.goes_on(cursor, outcome) {
                cursor.body = Some(body);
                cursor.done += 1;
                self.ring[cursor.header][word::B] = cursor.done as u32;
                return self.step(cursor, cursor.header + cursor.done);
            }
            self.end_slice(cursor, body);
        }
        if self.shard.control()[control::ABANDON_BATCH] != 0 {
            cursor.at = cursor.written;
        }
        if !self.swaps.is_calm() {
            return Step::Swap;
        }
        if !self.dropped.is_empty() || !self.dropped_bodies.is_empty() {
            return Step::Clean;
        }
        while cursor.at < cursor.written {
            let record = self.ring[cursor.at];
            if record[word::HEAD] & 0xff != completion::SLICE {
                self.notice(&record);
                cursor.at += 1;
                continue;
            }
            if cursor.slices.is_multiple_of(TOUCHED) {
                self.touch(cursor.at, cursor.written);
            }
            cursor.slices += 1;
            self.slices += 1;
            (cursor.header, cursor.count, cursor.done) = (cursor.at, record[word::A] as usize, 1);
            cursor.at += 1 + cursor.count;
            let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            let home = self.home(pid);
            let fresh = home.as_ref().is_some_and(|home| home.fresh);
            cursor.body = home.and_then(|home| home.body.take());
            if cursor.body.is_some() {
                if fresh && cursor.began.is_none() {
                    cursor.once = Some(Instant::now());
                }
                self.running.pid = pid;
                self.ring[cursor.header][word::B] = 1;
                return self.step(cursor, cursor.header + 1);
            }
        }
        if !self.swaps.is_calm() {
            return Step::Swap;
        }
        if self.dropped.is_empty() && self.dropped_bodies.is_empty() { Step::Over } else { Step::Clean }
    }

    /// Whether the slice goes on after the handler that has just ended.
    #[inline]
    fn goes_on(&mut self, cursor: &Cursor, outcome: &mut std::thread::Result<()>) -> bool {
        if outcome.is_err() || self.running.stops.is_some() || self.running.urgent {
            return self.interrupted(cursor, outcome);
        }
        cursor.done < cursor.count && self.shard.control()[control::ABANDON_BATCH] == 0
    }

    /// The handler that has just ended crashed, stopped its actor, or sent signals.
    #[cold]
    fn interrupted(&mut self, cursor: &Cursor, outcome: &mut std::thread::Result<()>) -> bool {
        // Something may be to be done about the versions of actors, perhaps of this one: before the next message.
        self.settle_handler(outcome)
            && self.swaps.is_calm()
            && cursor.done < cursor.count
            && self.shard.control()[control::ABANDON_BATCH] == 0
    }

    /// Does what a handler has left to be done; whether its actor may have the next message.
    pub(super) fn settle_handler(&mut self, outcome: &mut std::thread::Result<()>) -> bool {
        let pid = self.running.pid;
        self.look_out(false);
        if self.running.urgent {
            self.running.urgent = false;
            self.flush();
            self.shard.handle_signals();
        }
        if let Err(panic) = core::mem::replace(outcome, Ok(())) {
            let reason = ExitReason::Crashed(Box::new(crash(&*panic)));
            self.dropped.push(Box::new(panic));
            // What it has said of its end is undone by this one.
            self.running.stops = None;
            self.crash(pid, reason);
            return false;
        }
        if let Some(reason) = self.running.stops.take() {
            self.stops(pid, reason);
            return false;
        }
        true
    }

    /// Puts an actor back into its place.
    #[inline]
    fn end_slice(&mut self, cursor: &mut Cursor, mut body: Box<dyn Body>) {
        if let Some(began) = cursor.began.or_else(|| cursor.once.take()) {
            let now = Instant::now();
            let micros = now.duration_since(began).as_micros().min(u128::from(u32::MAX)) as u32;
            cursor.began = cursor.began.map(|_| now);
            self.ring[cursor.header][word::FROM] = micros;
            body.took(micros / (cursor.done.max(1) as u32));
        }
        // What else it asked for was seen to after its handler (`interrupted`).
        let pid = core::mem::take(&mut self.running.pid);
        match self.home(pid) {
            Some(home) => {
                home.fresh = false;
                home.body = Some(body);
            }
            None => self.dropped_bodies.push(body),
        }
    }

    /// Reads the actors of the next slices.
    fn touch(&self, mut at: usize, written: usize) {
        let mut sum = 0;
        for _ in 0..TOUCHED {
            if at >= written || self.ring[at][word::HEAD] & 0xff != completion::SLICE {
                break;
            }
            let index = self.ring[at][word::TO] & myrmidon_core::pid::MAX_INDEX;
            if let Some(body) = self.homes.get(index as usize).and_then(|home| home.body.as_ref()) {
                sum ^= body.touch();
            }
            at += 1 + self.ring[at][word::A] as usize;
        }
        core::hint::black_box(sum);
    }

    #[inline]
    fn step(&mut self, cursor: &mut Cursor, at: usize) -> Step {
        const SPECIAL: u32 = (WIRE as u32) << 16 | (flag::CALL | flag::BYTES | flag::INLINE) << 8 | 0xff;
        let record = &self.ring[at];
        let head = record[word::HEAD];
        let op = (head >> 16) as u16;
        cursor.me = self.running.pid;
        cursor.sender = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        cursor.slot = record[word::SLOT];
        if head & SPECIAL == completion::MESSAGE && op != self.made && op != self.boxed {
            return Step::Take;
        }
        let record = *record;
        self.special(cursor, &record)
    }

    #[cold]
    fn special(&mut self, cursor: &mut Cursor, record: &Record) -> Step {
        let (me, sender) = (cursor.me, cursor.sender);
        let reason = |worker: &Self| worker.shard.reason(record[word::A]).unwrap_or(ExitReason::Normal);
        match record[word::HEAD] & 0xff {
            completion::DOWN => {
                let monitor = MonitorRef(record[word::SLOT]);
                cursor.signal = Some(Signal::Down { monitor, pid: sender, reason: reason(self) });
                return Step::Signal;
            }
            completion::EXIT_SIGNAL => {
                cursor.signal = Some(Signal::Exit { from: sender, reason: reason(self) });
                return Step::Signal;
            }
            completion::TIMER => {
                cursor.asked = None;
                cursor.sender = me;
                cursor.letter = self.ring_timer(me, record[word::SLOT]);
            }
            _ => {
                cursor.letter = self.letter(record);
                cursor.asked = self.question(record);
                if cursor.letter.is_none() {
                    cursor.asked = None;
                    self.lost(record);
                }
            }
        }
        if cursor.letter.is_some() { Step::Handle } else { Step::Skip }
    }

    /// A handler has ended its actor, unless that is a canary.
    pub(super) fn crash(&mut self, pid: Pid, reason: ExitReason) {
        if !self.traces.is_empty() {
            self.see(pid, || Seen::Crashed(reason.clone()));
        }
        if !self.crashed(pid, &reason) {
            self.exit_self(pid, reason);
        }
    }
}
