//! What actors want: records in the order in which they asked, and what stands behind their numbers.

use super::{Asking, Neighbour, Opening, Question, Seen, Then, Worker, trace::NOWHERE};
use crate::{
    AskError, Notice, SpawnError,
    answer::Sender,
    body::{Body, Protocol},
    clock,
    door::{self, Errand, Named},
    letter::{Outcome, Parcel},
    mail::{self, Kind},
    reply::Ticket,
    timer::Ticking,
};
use myrmidon_core::{
    exit_reason::ExitReason,
    payload::{Payload, Value},
    pid::Pid,
    record::{control, flag, spawn, submission, word},
    send_error::SendError,
};
use myrmidon_runtime::System;
use std::sync::Arc;

/// Records that wait for more: so many are ingested together.
pub(super) const FLUSH: usize = 512;
/// PIDs that are reserved together.
const RESERVED: usize = 64;

/// Whether an actor must have no turn any more once a record of this kind is submitted.
const fn ends_turn(kind: u32) -> bool {
    matches!(kind & 0xff, submission::EXIT_SELF | submission::BUSY | submission::SUSPEND | submission::ABANDON)
}

impl Worker {
    /// Adds a record.
    #[inline]
    pub fn submit(&mut self, kind: u32, to: Pid, from: Pid, slot: u32, a: u32, b: u32) {
        self.submissions.push([to.low(), to.generation(), from.low(), from.generation(), kind, slot, a, b]);
        self.ends_turns |= ends_turn(kind);
        if self.submissions.len() - self.ingested >= FLUSH {
            self.flush();
        }
    }

    /// Ingests what was submitted. Nothing is delivered.
    pub fn flush(&mut self) {
        if self.submissions.len() == self.ingested {
            return;
        }
        if core::mem::take(&mut self.timed) {
            self.now = clock::now();
        }
        self.ingest();
    }

    /// The same, and what was handled of the batch under way counts.
    pub(super) fn ingest(&mut self) {
        self.shard.tick(self.now, &self.submissions[self.ingested..], &mut self.ring, 0);
        self.submissions.clear();
        self.ingested = 0;
        self.is_direct = false;
        (self.plain, self.waited) = (0, 0);
        self.ends_turns = false;
    }

    /// Whether a message would be accepted now; asked of mailboxes close to their bound only, so that it is exact.
    #[inline]
    pub(super) fn admit(&mut self, to: Pid, from: Pid) -> Result<(), SendError> {
        let index = to.index();
        let congested =
            self.shard.congested().get(index as usize / 32).is_some_and(|bits| bits & 1 << (index % 32) != 0);
        if congested {
            self.admit_exactly(to, from)?;
            // It may hold its sender: before that one's next message, also in the middle of a slice (G260).
            self.running.urgent |= from == self.running.pid;
        }
        Ok(())
    }

    #[cold]
    pub(super) fn admit_exactly(&mut self, to: Pid, from: Pid) -> Result<(), SendError> {
        self.flush();
        self.shard.admit(to, from)
    }

    /// Whether a message of the running actor would be accepted now; `None`: its receiver is not told directly.
    #[inline]
    pub fn accepts(&mut self, to: Pid) -> Option<Result<(), SendError>> {
        (u16::from(to.shard()) == self.near).then(|| self.admit(to, self.running.pid))
    }

    /// The running actor tells one of this shard, whose mailbox accepts it.
    #[inline]
    pub fn put<M: Send + 'static>(&mut self, to: Pid, kind: Kind, message: M) {
        let slot = self.mail.put(kind, message);
        self.submit(submission::SEND | u32::from(kind) << 16, to, self.running.pid, slot, 0, 0);
    }

    /// The running actor tells. The message is taken out when it is accepted.
    pub fn tell<M: Send + 'static>(&mut self, to: Pid, kind: Kind, message: &mut Option<M>) -> Result<(), SendError> {
        let from = self.running.pid;
        if u16::from(to.shard()) != self.near {
            return self.tell_far(to, from, kind, message);
        }
        self.tell_near(to, from, kind, message)
    }

    fn tell_near<M: Send + 'static>(
        &mut self,
        to: Pid,
        from: Pid,
        kind: Kind,
        message: &mut Option<M>,
    ) -> Result<(), SendError> {
        self.admit(to, from)?;
        if let Some(message) = message.take() {
            self.put(to, kind, message);
        }
        Ok(())
    }

    /// To another shard, or by somebody who is looked at.
    fn tell_far<M: Send + 'static>(
        &mut self,
        to: Pid,
        from: Pid,
        kind: Kind,
        message: &mut Option<M>,
    ) -> Result<(), SendError> {
        let sent = if to.shard() == self.number {
            self.tell_near(to, from, kind, message)
        } else {
            self.tell_away(to, from, kind, message)
        };
        if self.near == NOWHERE && sent.is_ok() {
            self.see(from, || Seen::Sent { to, message: mail::name_of(kind) });
        }
        sent
    }

    fn tell_away<M: Send + 'static>(
        &mut self,
        to: Pid,
        from: Pid,
        kind: Kind,
        message: &mut Option<M>,
    ) -> Result<(), SendError> {
        if self.neighbour(to.shard()) == Neighbour::Stranger {
            let (Some(message), Some(door)) = (message.take(), door::find(to.shard())) else { return Ok(()) };
            door.urge(Errand::Tell { to, message: Box::new(message) });
            return Ok(());
        }
        if self.shard.control()[control::FULL_PEERS] != 0 {
            self.admit_exactly(to, from)?;
        }
        if let Some(message) = message.take() {
            self.send_value(to, from, kind, 0, Box::new(message), 0, 0);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the words of a record")]
    fn send_value(&mut self, to: Pid, from: Pid, kind: Kind, flags: u32, value: Parcel, a: u32, b: u32) {
        let slot = self.shard.put_block(Payload::Value(Value(value)));
        let head = submission::SEND | (flag::BYTES | flags) << 8 | u32::from(kind) << 16;
        self.submit(head, to, from, slot, a, b);
    }

    fn neighbour(&mut self, shard: u8) -> Neighbour {
        if self.neighbours[usize::from(shard)] == Neighbour::Unknown {
            let stranger = door::find(shard).is_some_and(|door| door.system != self.system);
            self.neighbours[usize::from(shard)] = if stranger { Neighbour::Stranger } else { Neighbour::OfSystem };
        }
        self.neighbours[usize::from(shard)]
    }

    /// Somebody who is not refused here any more tells: what is too much is a dead letter.
    pub fn tell_as<M: Send + 'static>(&mut self, from: Pid, to: Pid, kind: Kind, message: M) {
        let mut message = Some(message);
        if !self.traces.is_empty() {
            self.see(from, || Seen::Sent { to, message: mail::name_of(kind) });
        }
        if to.shard() != self.number {
            let _: Result<(), SendError> = self.tell_away(to, from, kind, &mut message);
        } else if let Some(message) = message {
            let slot = self.mail.put(kind, message);
            self.submit(submission::SEND | u32::from(kind) << 16, to, from, slot, 0, 0);
        }
    }

    // -- calls ------------------------------------------------------------------------------------------------------------

    /// Somebody asks whose answer is waited for beside its messages: an actor, or nobody that is one.
    #[expect(clippy::too_many_arguments, reason = "who asks whom, what, for how long, and who waits")]
    pub fn call<M: Send + 'static>(
        &mut self,
        from: Pid,
        to: Pid,
        kind: Kind,
        message: M,
        ticket: Arc<Ticket>,
        answer: Sender<Outcome>,
        timeout: u32,
    ) {
        self.place_call(from, to, kind, message, ticket, Then::Outside(answer), timeout);
    }

    /// An actor asks, and gets the answer as a message.
    #[expect(clippy::too_many_arguments, reason = "who asks whom, what, for how long, and then")]
    pub fn call_by<M: Send + 'static>(
        &mut self,
        asker: Pid,
        to: Pid,
        kind: Kind,
        message: M,
        ticket: Arc<Ticket>,
        then: Box<dyn FnOnce(Outcome) -> Parcel + Send>,
        timeout: u32,
    ) {
        let then = Then::Message { asker, callee: to, then };
        self.place_call(asker, to, kind, message, ticket, then, timeout);
    }

    #[expect(clippy::too_many_arguments, reason = "as `call_by`")]
    fn place_call<M: Send + 'static>(
        &mut self,
        from: Pid,
        to: Pid,
        kind: Kind,
        message: M,
        ticket: Arc<Ticket>,
        then: Then,
        timeout: u32,
    ) {
        if from == to {
            self.dropped.push(Box::new(message));
            return self.resolve(then, Err(AskError::SelfAsk));
        }
        if !self.traces.is_empty() {
            self.see(from, || Seen::Asked { to, message: mail::name_of(kind) });
        }
        let token = self.token();
        self.timed = true;
        self.calls.insert(token, Asking { ticket: Some(Arc::clone(&ticket)), gets_buffers: false, then });
        if to.shard() == self.number {
            let slot = self.mail.put(kind, message);
            let head = submission::SEND | flag::CALL << 8 | u32::from(kind) << 16;
            self.submit(head, to, from, slot, token, timeout);
        } else {
            let question = Question { message: Box::new(message), ticket };
            self.send_value(to, from, kind, flag::CALL, Box::new(question), token, timeout);
        }
    }

    pub(super) fn token(&mut self) -> u32 {
        loop {
            self.last_token = self.last_token.wrapping_add(1).max(1);
            if !self.calls.contains_key(&self.last_token) {
                return self.last_token;
            }
        }
    }

    // -- spawns -----------------------------------------------------------------------------------------------------------

    /// A PID for an actor of this shard.
    pub fn reserve(&mut self) -> Option<Pid> {
        if let Some(pid) = self.stock.pop() {
            return Some(pid);
        }
        self.stock.resize(RESERVED, Pid::NONE);
        let count = self.shard.reserve(&mut self.stock);
        self.stock.truncate(count);
        self.stock.reverse();
        // The last ones are those that are kept for others: none is refused while there is one left (G245).
        self.stock.pop().or_else(|| self.door.take_back())
    }

    /// Opens a reserved PID and puts its actor into its place. `started` is the caller's to run.
    pub fn open(&mut self, pid: Pid, body: Box<dyn Body>, opening: &Opening) -> Result<(), SpawnError> {
        let Opening { parent, flags, watch, capacity, policy, budget, name } = opening;
        let head = submission::SPAWN | flags << 8 | budget << 16;
        if let Some(name) = name {
            self.flush();
            self.announce(pid, body.protocol());
            let record =
                [pid.low(), pid.generation(), parent.low(), parent.generation(), head, *watch, *capacity, *policy];
            if let Err(holder) = self.shard.open_named(&record, name) {
                self.stock.push(pid);
                self.dropped_bodies.push(body);
                return Err(SpawnError::NameTaken { holder });
            }
            let named = Named { name: (&**name).into(), kind: body.kind() };
            self.door.named.lock().insert(pid, named);
        } else {
            self.submit(head, pid, *parent, *watch, *capacity, *policy);
            if (1..=FLUSH as u32).contains(capacity) {
                // Its first messages may already be too many.
                self.flush();
            }
        }
        let index = pid.index() as usize;
        if self.homes.len() <= index {
            self.homes.resize_with(index + 1, Default::default);
            self.spawners.resize(index + 1, Pid::NONE);
        }
        self.spawners[index] = *parent;
        let home = &mut self.homes[index];
        home.generation = pid.generation();
        home.fresh = true;
        if let Some(before) = home.body.replace(body) {
            self.dropped_bodies.push(before);
        }
        Ok(())
    }

    /// Says what an actor with a name understands, for whoever finds it by that.
    pub(super) fn announce(&self, pid: Pid, protocol: Protocol) {
        if let Some(system) = System::find(self.system) {
            system.announce(pid, &protocol.spoken());
        }
    }

    /// `started` failed: the actor never was.
    pub fn abandon(&mut self, pid: Pid) {
        self.door.named.lock().remove(&pid);
        self.submit(submission::ABANDON, pid, Pid::NONE, 0, 0, 0);
        if let Some(home) = self.homes.get_mut(pid.index() as usize)
            && home.generation == pid.generation()
            && let Some(body) = home.body.take()
        {
            self.dropped_bodies.push(body);
        }
    }

    // -- ends, ties, timers -------------------------------------------------------------------------------------------------

    /// An actor ends itself. The one that runs does so when its handler is done, and so does a canary that goes back by it.
    pub fn stop_self(&mut self, me: Pid, reason: ExitReason) {
        if self.running.pid == me {
            self.running.stops = Some(reason);
        } else if self.goes_back_with(me, &reason)
            && let Some(loan) = self.loans.get_mut(&me)
        {
            loan.stops = Some(reason);
        } else {
            self.exit_self(me, reason);
        }
    }

    /// With what an actor ends once its handler is done, as that has said.
    pub(super) fn stopping(&self, me: Pid) -> Option<&ExitReason> {
        if self.running.pid == me {
            return self.running.stops.as_ref();
        }
        self.loans.get(&me)?.stops.as_ref()
    }

    /// It has said what ends it, and nothing runs of it any more.
    pub(super) fn stops(&mut self, me: Pid, reason: ExitReason) {
        if matches!(reason, ExitReason::Crashed(_)) && self.crashed(me, &reason) {
            return;
        }
        self.exit_self(me, reason);
    }

    pub(super) fn exit_self(&mut self, me: Pid, reason: ExitReason) {
        if matches!(reason, ExitReason::Crashed(_)) && self.observer.is_some() {
            let name = self.shard.info(me).and_then(|info| info.name);
            self.note(Notice::Crashed { pid: me, name, reason: reason.clone() });
        }
        let word = self.shard.intern_reason(reason);
        self.submit(submission::EXIT_SELF, me, Pid::NONE, 0, word, 0);
    }

    /// Ends an actor in order, behind what it was sent.
    pub fn stop(&mut self, pid: Pid, reason: ExitReason) {
        let from = self.running.pid;
        let word = self.shard.intern_reason(reason);
        self.submit(submission::STOP, pid, from, 0, word, 0);
    }

    /// Sends an exit signal.
    pub fn exit(&mut self, pid: Pid, reason: ExitReason) {
        self.exit_by(self.running.pid, pid, reason);
    }

    /// Sends an exit signal of an actor.
    pub fn exit_by(&mut self, me: Pid, pid: Pid, reason: ExitReason) {
        let word = self.shard.intern_reason(reason);
        self.submit(submission::EXIT, pid, me, 0, word, 0);
        self.running.urgent = true;
    }

    /// Whether an actor gets exit signals as messages.
    pub fn trap_exits(&mut self, me: Pid, traps: bool) {
        let flags = if traps { spawn::TRAP_EXIT } else { 0 };
        self.submit(submission::FLAGS, me, Pid::NONE, 0, 0, flags);
    }

    /// Ends a watch of an actor; whether no DOWN of it was or will be delivered.
    pub fn demonitor(&mut self, me: Pid, watch: u32) -> bool {
        self.flush();
        self.submit(submission::DEMONITOR, Pid::NONE, me, watch, 0, 0);
        self.flush();
        self.shard.result() != 0.0
    }

    /// Somebody outside of any actor wants to know of an end.
    pub fn watch_from_outside(&mut self, pid: Pid, answer: Sender<Outcome>) {
        self.last_watch = self.last_watch.wrapping_add(1).max(1);
        self.watches.insert(self.last_watch, answer);
        self.submit(submission::MONITOR, pid, Pid::NONE, self.last_watch, 0, 0);
    }

    /// Starts a timer of an actor.
    pub fn start_timer(&mut self, me: Pid, timer: u32, delay: f64, repeats: bool, ticking: Ticking) {
        if !self.shard.is_alive(me) {
            self.flush();
        }
        self.timers.insert((me, timer), ticking);
        self.timers_of.entry(me).or_default().push(timer);
        self.timed = true;
        let bits = delay.to_bits();
        let mut record = [0; myrmidon_core::record::WORDS];
        record[word::TO] = me.low();
        record[word::TO_GENERATION] = me.generation();
        record[word::FROM] = u32::from(repeats);
        record[word::HEAD] = submission::TIMER;
        record[word::SLOT] = timer;
        record[word::A] = bits as u32;
        record[word::B] = (bits >> 32) as u32;
        self.submissions.push(record);
        if !self.shard.is_alive(me) {
            self.flush();
            if !self.shard.is_alive(me) {
                self.forget_timer(me, timer);
            }
        }
    }

    /// Cancels a timer of an actor; ms left.
    pub fn cancel_timer(&mut self, me: Pid, timer: u32) -> Option<f64> {
        self.flush();
        self.submit(submission::CANCEL, me, Pid::NONE, timer, 0, 0);
        self.flush();
        self.forget_timer(me, timer);
        Some(self.shard.result()).filter(|left| *left >= 0.0)
    }

    pub(super) fn forget_timer(&mut self, me: Pid, timer: u32) {
        if let Some(ticking) = self.timers.remove(&(me, timer)) {
            match ticking {
                Ticking::Once(message) => self.dropped.push(message),
                Ticking::Every(make) => self.dropped.push(Box::new(make)),
            }
        }
        if let Some(timers) = self.timers_of.get_mut(&me) {
            timers.retain(|held| *held != timer);
            if timers.is_empty() {
                self.timers_of.remove(&me);
            }
        }
    }
}
