//! What a shard of one isolate is behind its class: what the hot calls of `hot` run on, and how it ends.

use crate::{bell::Bell, buffers::Buffers, hot::call, raw::words_of};
use core::{any::Any, cell::RefCell, hint::black_box};
use myrmidon_core::{
    bundle::bytes_of,
    pid::Pid,
    record::{Record, control, word},
    shard::Shard,
};
use myrmidon_runtime::{Member, ShardOwner, Vigil, buffer, clock, inbox};
use napi::{Error, Result, Status};

/// What an open shard consists of.
pub(crate) struct Open {
    pub shard: Shard,
    pub owner: ShardOwner,
    pub buffers: Buffers,
    pub bell: Bell,
    /// Its place in its system, until it leaves.
    pub member: Option<Member>,
    /// Whether it looks for more before it sleeps.
    pub vigil: Vigil,
    /// Records taken from the inbox; kept for its allocation.
    pub arrived: Vec<Record>,
}

/// A shard's place in its isolate. Empty once it is closed.
pub struct Cell {
    pub(crate) open: RefCell<Option<Open>>,
}

fn closed() -> Error {
    Error::new(Status::Closing, "the shard is closed")
}

impl Cell {
    pub(crate) fn with<T>(&self, run: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        run(self.open.borrow_mut().as_mut().ok_or_else(closed)?)
    }

    /// `hot`: ingests, and delivers up to call[MAX].
    pub fn tick(&self) -> Result<()> {
        self.with(|open| {
            let call = open.buffers.call.get();
            let (now, submitted, max) = (call[call::NOW], call[call::SUBMITTED], call[call::MAX]);
            open.tick(now, submitted as usize, max as u32);
            Ok(())
        })
    }

    /// `hot`: ingests, then asks whether the record after the submitted ones would be accepted now: the outcome, and above
    /// its three bits how many more of its kind would be.
    pub fn admit(&self) -> Result<()> {
        self.with(|open| {
            let call = open.buffers.call.get();
            let (now, submitted) = (call[call::NOW], call[call::SUBMITTED]);
            let asked = open.buffers.submissions.records().get(submitted as usize).copied();
            let record = asked.ok_or_else(|| Error::new(Status::InvalidArg, "no record to ask about"))?;
            open.tick(now, submitted as usize, 0);
            let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
            let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
            let answer = match open.shard.admit(to, from) {
                Ok(()) => open.shard.credit(to, from).min(1 << 16) << 3,
                Err(refusal) => refusal as u32,
            };
            open.buffers.call.get_mut()[call::ANSWER] = f64::from(answer);
            Ok(())
        })
    }

    /// `hot`: the account of the actor that call[0] and call[1] name: messages, or -1 when none lives, and microseconds.
    pub fn account(&self) -> Result<()> {
        self.with(|open| {
            let call = open.buffers.call.get_mut();
            let pid = Pid::from_words(call[call::NOW] as u32, call[call::SUBMITTED] as u32);
            let (reductions, micros) =
                open.shard.account(pid).map_or((-1.0, 0.0), |(reductions, micros)| (reductions as f64, micros as f64));
            call[call::ANSWER] = reductions;
            call[call::RESULT] = micros;
            Ok(())
        })
    }

    /// `hot`: whether another thread has something for the shard: 1 or 0.
    pub fn look(&self) -> Result<()> {
        self.with(|open| {
            let waits = !open.owner.is_empty() || open.member.as_ref().is_some_and(Member::has_arrivals);
            open.buffers.call.get_mut()[call::ANSWER] = f64::from(u8::from(waits));
            Ok(())
        })
    }

    /// `hot`: the SLOT of a message whose buffers go with it, as `buffer::pack` writes it: call[1] bytes from word call[0]
    /// of the outgoing arena on, which is free again afterwards.
    pub fn load(&self) -> Result<()> {
        self.with(|open| {
            let call = open.buffers.call.get();
            let (at, length) = (call[call::NOW] as usize, call[call::SUBMITTED] as usize);
            let arena = open.buffers.arenas.as_ref().map_or(&[][..], |arenas| arenas.outgoing.get());
            let words = arena.get(at..).and_then(|words| words.get(..length.div_ceil(4)));
            let words = words.ok_or_else(|| Error::new(Status::InvalidArg, "no such bytes"))?;
            let slot = open.shard.put_block(buffer::load(bytes_of(words, length)));
            open.buffers.call.get_mut()[call::ANSWER] = f64::from(slot);
            Ok(())
        })
    }

    /// Gives the shard up after a panic; the error to throw.
    pub fn give_up(&self, panic: &(dyn Any + Send)) -> Error {
        let message = words_of(panic);
        // What a panic left half done is not told to others: for them, the shard and all that it held is gone.
        if let Ok(Some(open)) = self.open.try_borrow_mut().as_deref_mut() {
            drop(open.member.take());
        }
        self.end();
        Error::from_reason(format!("the shard panicked and is closed: {message}"))
    }

    /// Idempotent. Nothing of the shard is left afterwards.
    pub(crate) fn end(&self) {
        // A panic may have left the borrow behind only by forgetting its guard, which nothing here does.
        let Ok(Some(mut open)) = self.open.try_borrow_mut().map(|mut open| open.take()) else {
            return;
        };
        open.bell.silence();
        // Its isolate ends without a close: what it holds of others goes back to them.
        if let Some(member) = open.member.take() {
            open.shard.lose(open.buffers.completions.records());
            member.leave(&mut open.shard);
        }
        let highest = open.shard.highest_generation();
        open.owner.close(highest, &mut Vec::new());
    }
}

/// Word by word: they were written one by one a moment ago, and a wider read would have to wait for all of them to leave
/// the store buffer. That costs more than a message.
#[inline]
fn copy_control(to: &mut [i32], from: &[i32; control::WORDS]) {
    for (to, from) in to.iter_mut().zip(from).take(control::ENTERING + 1) {
        *to = black_box(*from);
    }
}

impl Open {
    pub fn close(&mut self) -> usize {
        let completions = self.buffers.completions.records_mut();
        let mut written = self.shard.close(completions);
        if written == 0
            && let Some(member) = self.member.take()
        {
            // What is on its way here is told, too.
            member.leave(&mut self.shard);
            written = self.shard.close(completions);
        }
        if let Some(arenas) = &mut self.buffers.arenas {
            let filled = self.shard.incoming();
            arenas.incoming.get_mut()[..filled.len()].copy_from_slice(filled);
        }
        written
    }

    pub fn handle_signals(&mut self) {
        self.shard.handle_signals();
        self.publish();
    }

    /// What the isolate reads of the shard between two ticks.
    pub fn publish(&mut self) {
        copy_control(self.buffers.control.get_mut(), self.shard.control());
        self.shard.congested_changes(self.buffers.congested.get_mut());
        self.buffers.call.get_mut()[call::CONGESTED] = f64::from(self.shard.congested_count());
    }

    /// What waits is taken in, up to `max` deliveries written, and what the shard wants of others placed. How many records
    /// were written.
    fn pass(&mut self, now: f64, submitted: usize, max: u32) -> usize {
        let Buffers { submissions, completions, call, arenas, .. } = &mut self.buffers;
        let completions = completions.records_mut();
        let submissions = submissions.records();
        let submitted = &submissions[..submitted.min(submissions.len())];
        if let Some(arenas) = arenas {
            let used = call.get()[call::OUTGOING] as usize;
            let outgoing = arenas.outgoing.get();
            self.shard.write_outgoing(&outgoing[..used.min(outgoing.len())]);
            call.get_mut()[call::OUTGOING] = 0.0;
        }
        if let Some(member) = &mut self.member {
            member.look_around(&mut self.shard);
        }
        self.arrived.clear();
        if max > 0 {
            let queued = self.shard.control()[control::QUEUED].cast_unsigned();
            self.owner.drain(&mut self.arrived, inbox::allowance(queued, max));
        }
        let collects = max > 0 && self.member.as_ref().is_some_and(Member::has_arrivals);
        if max > 0 {
            self.vigil.woke(collects, clock::now);
        }
        let written = if self.arrived.is_empty() && !collects {
            self.shard.tick(now, submitted, completions, max)
        } else {
            // The isolate's own records first: a sender elsewhere may have its PID from an actor that they spawn.
            self.shard.tick(now, submitted, completions, 0);
            if collects && let Some(member) = &mut self.member {
                let queued = self.shard.control()[control::QUEUED].cast_unsigned();
                member.collect(&mut self.shard, inbox::allowance(queued, max));
            }
            self.shard.tick(now, &self.arrived, completions, max)
        };
        if let Some(member) = &mut self.member {
            member.dispatch(&mut self.shard);
        }
        written
    }

    /// About to sleep, with the doorbell armed in the end; `true`: there is something to do, and it is not.
    fn keeps_awake(&mut self) -> bool {
        let Some(member) = &self.member else { return !self.owner.sleep() };
        member.starve();
        !self.owner.sleep_if(|| member.is_quiet())
    }

    pub fn tick(&mut self, now: f64, submitted: usize, max: u32) {
        let mut written = self.pass(now, submitted, max);
        let is_idle =
            |shard: &Shard, written: usize| max > 0 && written == 0 && shard.control()[control::RUNNABLE] == 0;
        let mut is_awake = false;
        if is_idle(&self.shard, written) {
            let owner = &self.owner;
            let looked = self
                .member
                .as_ref()
                .is_some_and(|member| self.vigil.watch(clock::now, || owner.is_empty() && member.is_quiet()));
            if looked {
                // It is taken at once: to come back for it costs as much as a message.
                written = self.pass(now, 0, max);
                self.buffers.call.get_mut()[call::MAX] = -1.0;
                is_awake = is_idle(&self.shard, written);
            } else {
                is_awake = self.keeps_awake();
            }
        }
        let Buffers { control, congested, call, arenas, .. } = &mut self.buffers;
        copy_control(control.get_mut(), self.shard.control());
        if is_awake {
            control.get_mut()[control::RUNNABLE] = 1;
        }
        let call = call.get_mut();
        // A tick that delivers nothing leaves what is in there to the batch that is under way.
        if let Some(arenas) = arenas
            && max > 0
        {
            let filled = self.shard.incoming();
            arenas.incoming.get_mut()[..filled.len()].copy_from_slice(filled);
            call[call::INCOMING] = filled.len() as f64;
        }
        call[call::ANSWER] = written as f64;
        call[call::RESULT] = self.shard.result();
        self.shard.congested_changes(congested.get_mut());
        call[call::CONGESTED] = f64::from(self.shard.congested_count());
    }
}
