//! What the shard says besides deliveries.

use super::{Neighbour, Worker};
use crate::AskError;
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    record::{Record, call_end, completion, flag, reply, submission, word},
};

impl Worker {
    pub(super) fn notice(&mut self, record: &Record) {
        let pid = Pid::from_words(record[word::TO], record[word::TO_GENERATION]);
        let op = (record[word::HEAD] >> 16) as u16;
        let flags = record[word::HEAD] >> 8 & 0xff;
        match record[word::HEAD] & 0xff {
            completion::DEAD => {
                let reason = self.shard.reason(record[word::A]).unwrap_or(ExitReason::Normal);
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
                }
            }
            completion::ISOLATE_UP | completion::ISOLATE_DOWN => {
                self.neighbours[record[word::B] as usize & 0xff] = Neighbour::Unknown;
            }
            _ => {}
        }
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
        self.swaps_forget(pid, reason);
        self.traces_forget(pid);
        let mut named = self.door.named.lock();
        if !named.is_empty() {
            named.remove(&pid);
        }
    }
}
