//! What the shard says besides deliveries.

use super::{Neighbour, Worker};
use crate::AskError;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    record::{Record, call_end, completion, flag, reply, submission, word},
};
use myrmidon_runtime::{
    buffer::unpack,
    tags::{Tags, WIRE},
};

impl Worker {
    pub(super) fn notice(&mut self, record: &Record) {
        let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let op = (record[word::HEAD] >> 16) as u16;
        let flags = record[word::HEAD] >> 8 & 0xff;
        match record[word::HEAD] & 0xff {
            completion::DEAD => self.forget(pid),
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
            completion::REPLIED => {
                let value = (flags & flag::BYTES != 0).then(|| self.shard.take_value(record[word::SLOT])).flatten();
                let outcome = match value {
                    Some(value) if record[word::B] == reply::SUCCESS => Ok(value.0),
                    _ => Err(AskError::NoReply),
                };
                if let Some(asking) = self.calls.remove(&record[word::A]) {
                    self.resolve(asking.then, outcome);
                }
            }
            completion::DEAD_LETTER => {
                self.dead_letters += 1;
                if flags & flag::INLINE == 0
                    && let Some(message) = self.mail.take_parcel(op, record[word::SLOT])
                {
                    self.dropped.push(message);
                }
            }
            completion::DEAD_LETTER_BYTES => {
                self.dead_letters += 1;
                if let Some(value) = self.shard.take_value(record[word::SLOT]) {
                    self.dropped.push(value.0);
                } else if Tags::global().moving(op & !WIRE).is_some_and(|(_, moves)| moves && op & WIRE != 0)
                    && let Some(mut bytes) = self.shard.block(record[word::SLOT])
                {
                    // Nobody gets the buffers in it.
                    drop(unpack(&mut bytes));
                }
            }
            completion::ISOLATE_UP | completion::ISOLATE_DOWN => {
                self.neighbours[record[word::B] as usize & 0xff] = Neighbour::Unknown;
            }
            _ => {}
        }
    }

    /// An actor has ended.
    fn forget(&mut self, pid: Pid) {
        if let Some(home) = self.home(pid) {
            home.generation = u32::MAX;
            home.lent = false;
            if let Some(body) = home.body.take() {
                self.dropped_bodies.push(body);
            }
        }
        if !self.timers_of.is_empty() {
            for timer in self.timers_of.get(&pid).cloned().unwrap_or_default() {
                self.forget_timer(pid, timer);
            }
        }
        if let Some(abort) = self.aborts.remove(&pid) {
            abort();
        }
        let mut named = self.door.named.lock();
        if !named.is_empty() {
            named.remove(&pid);
        }
    }
}
