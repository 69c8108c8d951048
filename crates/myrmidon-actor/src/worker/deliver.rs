//! Slices: one handler after the other, with nothing borrowed while one runs.
//!
//! Before each handler the slice's header says how far it has got (G59), and after each the control word is looked at, so
//! that a kill takes effect between any two messages (G8). Time is measured by the batch, and by the slice while handlers
//! are long: to read a clock costs more than a short handler.

use super::{Made, Question, Running, Worker, serve::Boxed};
use crate::{
    MonitorRef, Signal,
    body::{Body, Delivery, Runs},
    door::Errand,
    letter::{Letter, Parcel},
    place::{self, Away},
    reply::Route,
    timer::Ticking,
};
use core::any::Any;
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    record::{completion, control, flag, submission, word},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

/// Microseconds a slice, on average, above which slices are measured one by one.
const LONG_SLICE: u64 = 20;
/// Batches that are measured so.
const PRECISE: u32 = 64;
/// Slices whose actors are touched together, so that their cache misses overlap.
const TOUCHED: usize = 16;

/// What an actor is about to do.
enum Step {
    Handle(Delivery),
    Signal(Signal),
    /// Its message is of another language, or gone.
    Skip,
    /// The slice is over.
    Done,
    /// The batch is.
    Abandon,
}

/// A slice that is about to be run.
struct Slice {
    at: usize,
    count: usize,
    pid: Pid,
    body: Option<Box<dyn Body>>,
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

/// Runs an actor's `started`; what it panicked with.
pub(crate) fn start(pid: Pid) -> Result<(), Box<CrashError>> {
    let taken = place::here(|worker| {
        let outer = core::mem::replace(&mut worker.running, Running { pid, ..Running::default() });
        (worker.home(pid).and_then(|home| home.body.take()), outer)
    });
    let Some((Some(mut body), outer)) = taken else { return Ok(()) };
    let outcome = catch_unwind(AssertUnwindSafe(|| body.started(pid)));
    place::here(|worker| {
        let stops = worker.running.stops.take();
        worker.running = Running { urgent: worker.running.urgent | outer.urgent, ..outer };
        if let Some(home) = worker.home(pid) {
            home.body = Some(body);
        }
        match outcome {
            Ok(()) => {
                if let Some(reason) = stops {
                    worker.exit_self(pid, reason);
                }
                Ok(())
            }
            Err(panic) => {
                worker.abandon(pid);
                Err(Box::new(crash(&*panic)))
            }
        }
    })
    .unwrap_or(Ok(()))
}

/// Runs what the last tick wrote.
pub(super) fn batch(written: usize) {
    let began = Instant::now();
    let (mut at, mut slices) = (0, 0);
    let precise = place::here(|worker| {
        worker.precise = worker.precise.saturating_sub(1);
        worker.precise > 0
    })
    .unwrap_or_default();
    let mut clock = began;
    while let Some(slice) = place::here(|worker| worker.next_slice(at, written, slices % TOUCHED == 0)).flatten() {
        at = slice.at + 1 + slice.count;
        slices += 1;
        let goes_on = run(slice, precise.then_some(&mut clock));
        clean();
        if !goes_on {
            break;
        }
    }
    clean();
    let micros = began.elapsed().as_micros() as u64;
    if micros > LONG_SLICE * slices.max(1) as u64 {
        place::here(|worker| worker.precise = PRECISE);
    }
}

/// Drops what may have a destructor of the user's.
pub(super) fn clean() {
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

/// Runs a slice; whether the batch goes on.
fn run(slice: Slice, clock: Option<&mut Instant>) -> bool {
    let Slice { at, count, pid, body } = slice;
    let Some(mut body) = body else { return true };
    let mut done = 0;
    let mut outcome = Ok(());
    let goes_on = loop {
        let step = place::here(|worker| worker.advance(at, done, count, &mut outcome)).unwrap_or(Step::Abandon);
        outcome = match step {
            Step::Done => break true,
            Step::Abandon => break false,
            Step::Skip => Ok(()),
            Step::Handle(delivery) if body.runs() != Runs::Here => {
                lend(pid, body, delivery);
                return true;
            }
            Step::Handle(delivery) => catch_unwind(AssertUnwindSafe(|| body.handle(delivery))),
            Step::Signal(signal) => catch_unwind(AssertUnwindSafe(|| body.signal(pid, signal))),
        };
        done += 1;
    };
    let micros = clock.map(|clock| {
        let now = Instant::now();
        let micros = now.duration_since(*clock).as_micros().min(u128::from(u32::MAX)) as u32;
        *clock = now;
        micros
    });
    if let Some(micros) = micros {
        body.took(micros / (done.max(1) as u32));
    }
    place::here(|worker| {
        worker.running = Running::default();
        if let Some(micros) = micros {
            worker.ring[at][word::FROM] = micros;
        }
        match worker.home(pid) {
            Some(home) => home.body = Some(body),
            None => worker.dropped_bodies.push(body),
        }
    });
    goes_on
}

/// Lends an actor for one message. See `lend`.
fn lend(pid: Pid, body: Box<dyn Body>, delivery: Delivery) {
    let Delivery { me, sender, letter } = delivery;
    let kind = body.kind();
    let parts = place::here(|worker| {
        worker.running = Running::default();
        worker.submit(submission::BUSY, pid, Pid::NONE, 0, 0, 0);
        if let Some(home) = worker.home(pid) {
            home.lent = true;
        }
        // The store of the shard is not to be reached from elsewhere.
        let letter = match letter {
            Letter::Slot(slot) => worker.mail.take_parcel(kind, slot).map(Letter::Parcel),
            other => Some(other),
        };
        (letter, worker.door.clone(), worker.pool.clone())
    });
    let Some((Some(letter), door, pool)) = parts else { return };
    let delivery = Delivery { me, sender, letter };
    let away = Away { me: pid, door };
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
    away.door.urge(Errand::Returned { pid: away.me, body: Some(body), end, micros });
}

impl Worker {
    /// An actor's place, if it is still this one's.
    pub(super) fn home(&mut self, pid: Pid) -> Option<&mut super::Home> {
        self.homes.get_mut(pid.index() as usize).filter(|home| home.generation == pid.generation())
    }

    /// Reads what the shard says up to the next slice, and takes that one's actor out of its place.
    fn next_slice(&mut self, mut at: usize, written: usize, touch: bool) -> Option<Slice> {
        while at < written {
            let record = self.ring[at];
            if record[word::HEAD] & 0xff == completion::SLICE {
                if touch {
                    self.touch(at, written);
                }
                let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
                self.running = Running { pid, ..Running::default() };
                let body = self.home(pid).and_then(|home| home.body.take());
                return Some(Slice { at, count: record[word::A] as usize, pid, body });
            }
            self.notice(&record);
            at += 1;
        }
        None
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

    /// Ends the step that is done, and begins the next one of the slice.
    #[inline]
    fn advance(&mut self, at: usize, done: usize, count: usize, outcome: &mut std::thread::Result<()>) -> Step {
        if let Err(panic) = core::mem::replace(outcome, Ok(())) {
            let reason = ExitReason::Crashed(Box::new(crash(&*panic)));
            self.dropped.push(Box::new(panic));
            self.exit_self(self.running.pid, reason);
            return Step::Done;
        }
        if done > 0 {
            if let Some(reason) = self.running.stops.take() {
                self.exit_self(self.running.pid, reason);
                return Step::Done;
            }
            if self.running.urgent {
                self.running.urgent = false;
                self.flush();
                self.shard.handle_signals();
            }
            if self.shard.control()[control::ABANDON_BATCH] != 0 {
                return Step::Abandon;
            }
        }
        if done == count {
            return Step::Done;
        }
        self.ring[at][word::B] = done as u32 + 1;
        self.step(at + 1 + done)
    }

    #[inline]
    fn step(&mut self, at: usize) -> Step {
        const SPECIAL: u32 = (flag::CALL | flag::BYTES | flag::INLINE) << 8 | 0xff;
        let record = self.ring[at];
        let head = record[word::HEAD];
        let op = (head >> 16) as u16;
        if head & SPECIAL == completion::MESSAGE && op != self.made && op != self.boxed {
            let sender = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
            return Step::Handle(Delivery { me: self.running.pid, sender, letter: Letter::Slot(record[word::SLOT]) });
        }
        self.special(&record)
    }

    #[cold]
    fn special(&mut self, record: &myrmidon_core::record::Record) -> Step {
        let me = self.running.pid;
        let sender = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        let reason = |worker: &Self| worker.shard.reason(record[word::A]).unwrap_or(ExitReason::Normal);
        match record[word::HEAD] & 0xff {
            completion::DOWN => {
                Step::Signal(Signal::Down { monitor: MonitorRef(record[word::SLOT]), pid: sender, reason: reason(self) })
            }
            completion::EXIT_SIGNAL => Step::Signal(Signal::Exit { from: sender, reason: reason(self) }),
            completion::TIMER => match self.ring_timer(me, record[word::SLOT]) {
                Some(letter) => Step::Handle(Delivery { me, sender: me, letter }),
                None => Step::Skip,
            },
            _ => match self.letter(record) {
                Some(letter) => Step::Handle(Delivery { me, sender, letter }),
                None => {
                    self.dead_letters += 1;
                    Step::Skip
                }
            },
        }
    }

    fn ring_timer(&mut self, me: Pid, timer: u32) -> Option<Letter> {
        match self.timers.remove(&(me, timer))? {
            Ticking::Once(message) => {
                self.forget_timer(me, timer);
                Some(Letter::Parcel(message))
            }
            Ticking::Every(mut make) => Some(Letter::Made(Box::new(move || {
                let message = make();
                // On another thread the beat is over: the actor is lent, and its timer comes back with it.
                crate::actor_ref::steer(me, move |worker| worker.restore_timer(me, timer, make));
                message
            }))),
        }
    }

    fn restore_timer(&mut self, me: Pid, timer: u32, make: Box<dyn FnMut() -> Parcel + Send>) {
        if self.timers_of.get(&me).is_some_and(|timers| timers.contains(&timer)) {
            self.timers.insert((me, timer), Ticking::Every(make));
        } else {
            self.dropped.push(Box::new(make));
        }
    }

    /// The message of a record that is a call, or came from elsewhere.
    fn letter(&mut self, record: &myrmidon_core::record::Record) -> Option<Letter> {
        let head = record[word::HEAD];
        let (flags, op) = (head >> 8 & 0xff, (head >> 16) as u16);
        let remote = flags & flag::REMOTE != 0;
        let route = Route { shard: self.number, remote, token: record[word::A] };
        if flags & flag::BYTES != 0 {
            let value = self.shard.take_value(record[word::SLOT])?.0;
            return match value.downcast::<Question>() {
                Ok(question) => {
                    question.ticket.deliver(route);
                    Some(Letter::Parcel(question.message))
                }
                Err(message) => Some(Letter::Parcel(message)),
            };
        }
        if flags & flag::INLINE != 0 {
            return None;
        }
        if flags & flag::CALL != 0
            && let Some(asking) = self.calls.get(&route.token)
        {
            asking.ticket.deliver(route);
        }
        let slot = record[word::SLOT];
        if op == self.made {
            self.mail.take::<Made>(op, slot).map(|made| Letter::Made(made.0))
        } else if op == self.boxed {
            self.mail.take::<Boxed>(op, slot).map(|boxed| Letter::Parcel(boxed.0))
        } else {
            Some(Letter::Slot(slot))
        }
    }
}
