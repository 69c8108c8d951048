//! Messages that are delivered where they wait: among what was submitted and not ingested yet (G206, G315).
//!
//! While the shard is at rest, what waits there is the only queue, and the way through mailboxes, run queue and slices
//! would change nothing. A run takes messages in the order of the sends, at most [`MOST`], and looks at the clock now and
//! then. Whatever the shard alone can decide ends it, and what is left is ingested: a record that is no plain message, a
//! receiver that is not free (`Shard::take_directly`) or whose handlers are not run here, an end, a signal, a mailbox that
//! had to be asked. While handlers are measured, each is.
//!
//! Messages in a row to one actor are one step of a run: the actor is not put back in between, and no handler is looked up.
//! And while mailboxes are worked off, what was submitted may wait for that (G264): so one that sends faster than another
//! one handles does not keep all that it sends in the other's mailbox, once something has been queued there.
//!
//! No run begins while an end, a loan or the like waits to be ingested: the actor that it is of may have a rest of its
//! slice, which the shard would take for one more turn.

use super::{Worker, turn::LONG_SLICE};
use crate::{
    body::{Body, Runs},
    mail::Kind,
};
use core::time::Duration;
use myrmidon_core::{
    pid::{MAX_INDEX, Pid},
    prefetch::prefetch,
    record::{Record, word},
    shard::is_plain,
    typed_slots::Hand,
};
use myrmidon_runtime::tags::WIRE;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

/// Messages of a run, as of a batch.
const MOST: u32 = 512;
/// Messages between two looks at the clock, and the time after which a run ends.
const LOOK: u32 = 64;
const TIME: Duration = Duration::from_millis(1);
/// A run whose messages took longer on average had a long handler.
const LONG: Duration = Duration::from_micros(LONG_SLICE as u64);

/// So many records ahead the slot and the place of a receiver are asked for, and so many ahead its actor.
const FAR: usize = 12;
const NEAR: usize = 6;

/// Messages that follow each other to one actor.
pub(crate) struct Row {
    me: Pid,
    pub sender: Pid,
    pub slot: u32,
    /// Its first message was handed out.
    is_begun: bool,
    /// So many may still follow.
    left: u32,
    /// Messages of the run.
    handled: u32,
}

/// How far a run has got.
struct Run {
    /// The actor that runs, out of its place.
    body: Option<Box<dyn Body>>,
    row: Row,
    /// When its handler began, of one that had none before, and of all while they are measured.
    once: Option<Instant>,
    is_measured: bool,
    began: Instant,
    /// What is left is ingested.
    ingests: bool,
}

/// Delivers from what waits to be ingested; whether something did.
#[inline(never)]
pub(super) fn run() -> bool {
    let may = crate::place::here(|worker| worker.may_run_directly().then_some(worker.precise > 0));
    let Some(Some(is_measured)) = may else { return false };
    let began = Instant::now();
    let mut run = Run {
        body: None,
        row: Row { me: Pid::NONE, sender: Pid::NONE, slot: 0, is_begun: false, left: 0, handled: 0 },
        once: is_measured.then_some(began),
        is_measured,
        began,
        ingests: false,
    };
    let mut outcome = Ok(());
    while crate::place::here(|worker| worker.next_directly(&mut run, &mut outcome)) == Some(true) {
        let Run { body, row, .. } = &mut run;
        if let Some(body) = body {
            outcome = catch_unwind(AssertUnwindSafe(|| body.row(row.me, row)));
        }
    }
    true
}

impl Row {
    /// Nothing follows; where something does, the worker is asked.
    #[inline]
    pub const fn is_over(&self) -> bool {
        self.is_begun && self.left == 0
    }
}

impl Worker {
    /// Whether there may be a run.
    pub(super) fn may_run_directly(&self) -> bool {
        self.submissions.first().is_some_and(|record| self.is_plain(record))
            && !self.ends_turns
            && self.closing.is_none()
            && self.swaps.is_calm()
            && self.shard.is_at_rest()
    }

    /// Whether what was submitted may wait for what is queued already (G264).
    pub(super) fn may_wait(&mut self) -> bool {
        if self.waited >= MOST || self.ends_turns || self.precise > 0 || self.closing.is_some() || !self.swaps.is_calm()
        {
            return false;
        }
        // Each is looked at once.
        let unseen = self.submissions.get(self.plain..).unwrap_or_default();
        self.plain += unseen.iter().take_while(|record| self.is_plain(record)).count();
        self.plain == self.submissions.len()
    }

    /// A message of the shard's store.
    #[inline]
    fn is_plain(&self, record: &Record) -> bool {
        let op = (record[word::HEAD] >> 16) as u16;
        is_plain(record) && op & WIRE == 0 && op != self.made && op != self.boxed
    }

    /// Ends the handler that is done, and takes the next actor out of its place. `false`: the run is over.
    #[inline(never)]
    fn next_directly(&mut self, run: &mut Run, outcome: &mut std::thread::Result<()>) -> bool {
        let goes_on = match run.body.take() {
            None => {
                self.is_direct = true;
                true
            }
            Some(body) => self.end_directly(run, body, outcome),
        };
        if goes_on && self.is_direct && self.begin_directly(run) {
            return true;
        }
        self.end_run(run);
        false
    }

    #[inline]
    fn begin_directly(&mut self, run: &mut Run) -> bool {
        let handled = run.row.handled;
        if handled.is_multiple_of(LOOK) && handled > 0 && (handled >= MOST || run.began.elapsed() >= TIME) {
            return false;
        }
        let Some(&record) = self.submissions.get(self.ingested) else { return false };
        self.expect();
        let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let is_plain = self.is_plain(&record);
        let home = self.homes.get_mut(pid.index() as usize).filter(|home| {
            home.generation == pid.generation() && home.body.as_ref().is_some_and(|body| body.runs() == Runs::Here)
        });
        let Some(home) = home.filter(|_| is_plain && self.shard.take_directly(&record)) else {
            run.ingests = true;
            return false;
        };
        run.body = home.body.take();
        if home.fresh && !run.is_measured {
            run.once = Some(Instant::now());
        }
        let next = self.submissions.get(self.ingested + 1);
        let is_one = run.once.is_some() || next.is_none_or(|next| next[word::TO] != record[word::TO]);
        let left = if is_one { 0 } else { LOOK - 1 - handled % LOOK };
        self.ingested += 1;
        run.row = Row {
            me: pid,
            sender: Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]),
            slot: record[word::SLOT],
            is_begun: false,
            left,
            handled: handled + 1,
        };
        self.running.pid = pid;
        true
    }

    /// Takes out the next message of a row. `false`: the row is over.
    #[inline]
    pub(crate) fn next_in_row<M: Send + 'static>(&mut self, kind: Kind, row: &mut Row, message: &mut Hand<M>) -> bool {
        if row.is_begun && !self.follows(row) {
            return false;
        }
        row.is_begun = true;
        self.mail.take(kind, row.slot, message);
        true
    }

    /// Whether nothing that the handler did ends the run, and the next record is one more of the row.
    #[inline]
    fn follows(&mut self, row: &mut Row) -> bool {
        let goes_on = row.left > 0
            && self.is_direct
            && !self.running.urgent
            && self.running.stops.is_none()
            && self.swaps.is_calm()
            && self.dropped.is_empty()
            && self.dropped_bodies.is_empty();
        let Some(&record) = self.submissions.get(self.ingested).filter(|_| goes_on) else { return false };
        if record[word::TO] != row.me.low() || !self.is_plain(&record) || !self.shard.take_directly(&record) {
            return false;
        }
        if self.submissions.get(self.ingested + FAR).is_some_and(|record| record[word::TO] != row.me.low()) {
            self.expect();
        }
        self.ingested += 1;
        row.left -= 1;
        row.handled += 1;
        row.sender = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        row.slot = record[word::SLOT];
        true
    }

    /// Puts an actor back into its place; whether the run goes on.
    #[inline]
    fn end_directly(&mut self, run: &mut Run, mut body: Box<dyn Body>, outcome: &mut std::thread::Result<()>) -> bool {
        let pid = run.row.me;
        let mut has_time = true;
        if let Some(began) = run.once.take() {
            let now = Instant::now();
            let micros = now.duration_since(began).as_micros().min(u128::from(u32::MAX)) as u32;
            body.took(micros);
            self.shard.charge_directly(pid, micros);
            run.once = run.is_measured.then_some(now);
            has_time = now.duration_since(run.began) < TIME;
        }
        let goes_on = outcome.is_ok() && self.running.stops.is_none() && !self.running.urgent;
        if !goes_on {
            self.settle_handler(outcome);
        }
        self.running.pid = Pid::NONE;
        match self.home(pid) {
            Some(home) => {
                home.fresh = false;
                home.body = Some(body);
            }
            None => self.dropped_bodies.push(body),
        }
        // Its end, or what it did to others, before any other message.
        run.ingests |= !goes_on;
        goes_on && has_time && self.swaps.is_calm() && self.dropped.is_empty() && self.dropped_bodies.is_empty()
    }

    /// What is left waits from the beginning again.
    fn end_run(&mut self, run: &Run) {
        self.is_direct = false;
        let handled = run.row.handled;
        if run.is_measured {
            // All of them were, and what is long begins this anew: a pause of the machine is not paid for by the next thousands.
            self.precise = self.precise.saturating_sub(handled / LOOK);
        } else if run.began.elapsed() > LONG * handled {
            self.suspect(run.row.me);
        }
        self.slices += run.row.handled;
        self.submissions.drain(..self.ingested);
        (self.ingested, self.plain) = (0, 0);
        if run.ingests {
            self.flush();
        }
    }

    /// Some handler of this run was long, or the machine was elsewhere: each actor is measured the next time, whenever that is.
    /// Of those before one that had everything ingested nothing is known but that one.
    #[cold]
    fn suspect(&mut self, last: Pid) {
        let before = self.submissions[..self.ingested].iter();
        let receivers = before.map(|record| Pid::from_words(record[word::TO], record[word::TO_GENERATION]));
        for pid in receivers.chain([last]) {
            let home = self.homes.get_mut(pid.index() as usize);
            if let Some(home) = home.filter(|home| home.generation == pid.generation()) {
                home.fresh = true;
            }
        }
    }

    /// Asks for the memory of the receivers that come next.
    #[inline]
    fn expect(&self) {
        if let Some(record) = self.submissions.get(self.ingested + FAR) {
            self.shard.expect(record);
            if let Some(home) = self.homes.get((record[word::TO] & MAX_INDEX) as usize) {
                prefetch(home);
            }
        }
        if let Some(record) = self.submissions.get(self.ingested + NEAR)
            && let Some(home) = self.homes.get((record[word::TO] & MAX_INDEX) as usize)
            && let Some(body) = &home.body
        {
            prefetch(&**body);
        }
    }
}

#[cfg(test)]
mod tests;
