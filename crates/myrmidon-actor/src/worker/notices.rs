//! What the shard says besides deliveries.

use super::{Asking, Neighbour, Worker, extent};
use crate::{
    AskError, DeadLetter, Payload, Why,
    door::Named,
    observer::{self, Notice},
};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    record::{Record, call_end, completion, flag, reply, submission, word},
};
use myrmidon_runtime::{
    buffer::unpack,
    tags::{Tags, WIRE},
};
use std::sync::Arc;

impl Worker {
    pub(super) fn notice(&mut self, record: &Record) {
        let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let op = (record[word::HEAD] >> 16) as u16;
        let flags = record[word::HEAD] >> 8 & 0xff;
        match record[word::HEAD] & 0xff {
            completion::DEAD => {
                let reason = self.shard.reason(record[word::A]).unwrap_or(ExitReason::Normal);
                self.account_ended(pid, record);
                self.forget(pid, &reason);
            }
            completion::TERMINATE => self.submit(submission::FINISHED, pid, Pid::NONE, 0, 0, 0),
            completion::OUTSIDE_DOWN => {
                let reason = self.shard.reason(record[word::A]).unwrap_or(ExitReason::Normal);
                if let Some(answer) = self.watches.remove(&record[word::SLOT]) {
                    answer.send(Ok(Box::new(reason)));
                }
            }
            completion::CALL_ENDED => {
                let error = match record[word::B] {
                    call_end::TIMEOUT => AskError::AskTimeout,
                    call_end::MAILBOX_FULL => AskError::MailboxFull,
                    call_end::SELF => AskError::SelfAsk,
                    _ => AskError::ActorExited(self.shard.reason(record[word::SLOT]).unwrap_or(ExitReason::Normal)),
                };
                if let Some(asking) = self.calls.remove(&record[word::A]) {
                    self.resolve(asking.then, Err(error));
                }
            }
            completion::REPLIED if self.calls.get(&record[word::A]).is_some_and(|asking| asking.ticket.is_none()) => {
                if let Some(Asking { gets_buffers, then, .. }) = self.calls.remove(&record[word::A]) {
                    let said = self.said(record, gets_buffers);
                    self.resolve(then, Ok(Box::new(said)));
                }
            }
            completion::REPLIED => {
                let value = (flags & flag::BYTES != 0).then(|| self.shard.take_value(record[word::SLOT])).flatten();
                let outcome = match value {
                    Some(value) if record[word::B] == reply::SUCCESS => Ok(value.0),
                    // A callee that has been taken back says why, as its end would.
                    Some(value) => Err(value.0.downcast::<AskError>().map_or(AskError::NoReply, |error| *error)),
                    None => Err(AskError::NoReply),
                };
                if let Some(asking) = self.calls.remove(&record[word::A]) {
                    self.resolve(asking.then, outcome);
                }
            }
            completion::DEAD_LETTER => {
                self.dead_letters += 1;
                self.note_letter(record, number_of(record));
                if flags & flag::INLINE == 0
                    && let Some(message) = self.mail.take_boxed(op, record[word::SLOT])
                {
                    self.dropped.push(message);
                }
            }
            completion::DEAD_LETTER_BYTES => {
                self.dead_letters += 1;
                if let Some(value) = self.shard.take_value(record[word::SLOT]) {
                    self.dropped.push(value.0);
                    self.note_letter(record, Payload::Nothing);
                } else {
                    let bytes = self.dead_bytes(record);
                    self.note_letter(record, bytes.map_or(Payload::Nothing, Payload::Bytes));
                }
            }
            completion::ISOLATE_UP | completion::ISOLATE_DOWN => {
                self.neighbours[record[word::B] as usize & 0xff] = Neighbour::Unknown;
                #[cfg(feature = "serde")]
                if record[word::HEAD] & 0xff == completion::ISOLATE_DOWN {
                    self.readers_down(record[word::A]);
                }
            }
            _ => {}
        }
    }

    /// Something that the observer is to hear.
    pub(crate) fn note(&mut self, notice: Notice) {
        if self.observer.is_some() && self.noticed.len() < observer::MOST {
            self.noticed.push(notice);
        }
    }

    /// The bytes of a dead letter. Nobody gets the buffers whose numbers stand behind them, if any do: another protocol may
    /// have a message of the same name, and a letter may have lost its own.
    fn dead_bytes(&self, record: &Record) -> Option<Vec<u8>> {
        let op = (record[word::HEAD] >> 16) as u16;
        let mut bytes = self.shard.block(record[word::SLOT])?;
        #[cfg(feature = "serde")]
        if op & WIRE != 0 && record[word::HEAD] >> 8 & flag::CALL != 0 {
            crate::stream::Reader::take(&mut bytes);
        }
        if op & WIRE != 0 && Tags::global().moving(op & !WIRE)?.1 {
            drop(unpack(&mut bytes));
            if let Some(length) = extent::of_value(&bytes) {
                bytes.truncate(length);
            }
        }
        Some(bytes)
    }

    /// A message of which there is nothing to handle. Whoever asks is told, and so is the observer.
    #[cold]
    pub(super) fn lost(&mut self, record: &Record) {
        self.dead_letters += 1;
        let (to, from) = (self.running.pid, Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]));
        let (name, tag, payload) = (self.name_of(to), tag_of(record), Payload::Nothing);
        let from = (!from.is_none()).then_some(from);
        let route = self.question(record);
        let asked = route.is_some();
        if let Some(route) = route {
            self.reply(route, Err(AskError::BadMessage("nothing of the message is there".into())));
        }
        self.note(Notice::DeadLetter(DeadLetter { to, name, from, tag, payload, asked, why: Why::Dropped }));
    }

    fn note_letter(&mut self, record: &Record, payload: Payload) {
        if self.observer.is_none() {
            return;
        }
        let flags = record[word::HEAD] >> 8 & 0xff;
        let to = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let from = Pid::from_words(record[word::FROM], record[word::FROM_GENERATION]);
        let (name, tag) = (self.name_of(to), tag_of(record));
        let payload = if tag.is_none() { Payload::Nothing } else { payload };
        let from = (!from.is_none()).then_some(from);
        let asked = flags & flag::CALL != 0;
        self.note(Notice::DeadLetter(DeadLetter {
            to,
            name,
            from,
            tag,
            payload,
            asked,
            why: Why::of(flags >> flag::WHY_SHIFT),
        }));
    }

    /// An actor of this shard could not read a message of another language, which nobody waits for.
    pub fn misread(&mut self, to: Pid, from: Pid, tag: Arc<str>) {
        self.dead_letters += 1;
        let from = (!from.is_none()).then_some(from);
        let (name, tag, payload) = (self.name_of(to), Some(tag), Payload::Nothing);
        self.note(Notice::DeadLetter(DeadLetter { to, name, from, tag, payload, asked: false, why: Why::Dropped }));
    }

    /// The name that an actor of this shard has, or had, for the observer.
    pub(crate) fn name_of(&self, pid: Pid) -> Option<Arc<str>> {
        self.observer.as_ref()?;
        let living = self.door.named.lock().get(&pid).map(|named| Arc::clone(&named.name));
        living.or_else(|| self.late_names.get(pid))
    }

    /// An actor has ended.
    fn forget(&mut self, pid: Pid, reason: &ExitReason) {
        if let Some(home) = self.home(pid) {
            home.generation = u32::MAX;
            if let Some(body) = home.body.take() {
                self.dropped_bodies.push(body);
            }
        }
        if !self.timers_of.is_empty() {
            for timer in self.timers_of.get(&pid).cloned().unwrap_or_default() {
                self.forget_timer(pid, timer);
            }
        }
        if let Some(abort) = self.loans.remove(&pid).and_then(|loan| loan.abort) {
            abort();
        }
        #[cfg(feature = "serde")]
        {
            self.streams_forget(pid);
            self.readings_forget(pid);
        }
        self.swaps_forget(pid, reason);
        self.traces_forget(pid);
        let named = {
            let mut named = self.door.named.lock();
            if named.is_empty() { None } else { named.remove(&pid) }
        };
        if let Some(Named { name, .. }) = named
            && self.observer.is_some()
        {
            self.late_names.put(pid, name);
        }
    }
}

/// Of a message of another language.
fn tag_of(record: &Record) -> Option<Arc<str>> {
    let op = (record[word::HEAD] >> 16) as u16;
    if op & WIRE == 0 { None } else { Tags::global().tag(op & !WIRE) }
}

fn number_of(record: &Record) -> Payload {
    if record[word::HEAD] >> 8 & flag::INLINE == 0 {
        return Payload::Nothing;
    }
    Payload::Number(f64::from_bits(u64::from(record[word::A]) | u64::from(record[word::B]) << 32))
}
