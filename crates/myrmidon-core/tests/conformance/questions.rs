//! Questions of a scripted actor or of the outside, until their answer has come in its turn.

use super::{Isolate, Payload, Question, Waiting};
use myrmidon_core::{
    payload::Payload as Bytes,
    pid::Pid,
    record::{flag, submission, word},
};
use serde_json::Value;

impl Isolate {
    /// The asker waits for someone else from now on.
    pub(super) fn forward(&mut self, by: Pid, token: u32, to: Pid, text: &str, first: Vec<Value>) {
        let payload = Payload::Ask { mode: "echo".into(), text: text.into(), first };
        if let Some((at, answers)) = self.asked.remove(&token) {
            // The caller is on the other shard, and keeps its question.
            let slot = self.reference();
            self.slots.insert(slot, payload);
            let block = self.nodes[at].shard.put_block(Bytes::bytes(slot.to_le_bytes().to_vec()));
            return self.submit_at(at, submission::FORWARD | flag::BYTES << 8, to, by, |record| {
                record[word::SLOT] = block;
                record[word::A] = answers;
            });
        }
        let Some(question) = self.questions.remove(&token) else { return };
        self.submit(submission::ANSWERED, Pid::NONE, Pid::NONE, |record| record[word::A] = token);
        let asker = match &question {
            Question::Outside(_) => None,
            Question::Actor { pid, .. } => Some(*pid),
        };
        let next = self.call(to, by, payload, 5000, question).expect("a question that is passed on");
        // The asker's handler waits for the answer to that one.
        for waiting in asker.and_then(|pid| self.actors.get_mut(&pid)).into_iter().flat_map(|actor| &mut actor.waiting)
        {
            if let Waiting::Answer { token: held, .. } = waiting
                && *held == token
            {
                *held = next;
            }
        }
    }

    /// The caller takes the answer, unless the call has ended meanwhile.
    pub(super) fn reply(&mut self, token: u32, result: String) {
        if let Some((at, answers)) = self.asked.remove(&token) {
            let block = self.nodes[at].shard.put_block(Bytes::bytes(result.into_bytes()));
            return self.submit_at(at, submission::REPLY | flag::BYTES << 8, Pid::NONE, Pid::NONE, |record| {
                record[word::SLOT] = block;
                record[word::A] = answers;
            });
        }
        if let Some(question) = self.questions.get(&token) {
            let at = match question {
                Question::Outside(_) => 0,
                Question::Actor { pid, .. } => self.of(*pid),
            };
            self.submit_at(at, submission::ANSWERED, Pid::NONE, Pid::NONE, |record| record[word::A] = token);
            self.answered(token, result);
        }
    }

    /// By its callee's answer, or end: an actor goes on in its turn (G266).
    pub(super) fn answered(&mut self, token: u32, result: String) {
        match self.questions.remove(&token) {
            None => {}
            Some(Question::Outside(name)) => {
                self.results.insert(name, result);
            }
            Some(Question::Actor { pid, name }) => {
                let slot = self.reference();
                self.behind.insert(slot, (token, pid, name, result));
                self.submit(submission::BEHIND, pid, Pid::NONE, |record| record[word::SLOT] = slot);
            }
        }
    }

    /// An answer's turn is there.
    pub(super) fn reached(&mut self, slot: u32) {
        let (token, pid, name, result) = self.behind.remove(&slot).expect("each answer comes back once");
        self.resume(token, pid, &name, &result);
    }

    /// Its time is over, or it was refused: that is nothing that its callee has said.
    pub(super) fn ended_without_callee(&mut self, token: u32, result: String) {
        match self.questions.remove(&token) {
            None => {}
            Some(Question::Outside(name)) => {
                self.results.insert(name, result);
            }
            Some(Question::Actor { pid, name }) => self.resume(token, pid, &name, &result),
        }
    }

    /// The handler that waits for the answer goes on.
    fn resume(&mut self, token: u32, pid: Pid, name: &str, result: &str) {
        let waits = |waiting: &Waiting| matches!(waiting, Waiting::Answer { token: held, .. } if *held == token);
        let Some(actor) = self.actors.get_mut(&pid) else { return };
        let Some(at) = actor.waiting.iter().position(waits) else { return };
        let Some(Waiting::Answer { name: held, then, .. }) = actor.waiting.remove(at) else { unreachable!() };
        assert_eq!(held, name);
        self.log(pid, format!("answer {name} {result}"));
        self.go_on(pid, &then);
    }

    pub(super) fn call(
        &mut self,
        to: Pid,
        from: Pid,
        payload: Payload,
        timeout: u32,
        question: Question,
    ) -> Option<u32> {
        self.flush();
        let token = self.reference();
        self.questions.insert(token, question);
        if to == from {
            self.ended_without_callee(token, "BadMessage".into());
            return None;
        }
        if self.shard(from).admit(to, from).is_err() {
            self.ended_without_callee(token, "MailboxFull".into());
            return None;
        }
        let (slot, bytes) = self.keep(to, from, payload);
        self.submit(submission::SEND, to, from, |record| {
            record[word::HEAD] |= (flag::CALL | bytes) << 8;
            record[word::SLOT] = slot;
            record[word::A] = token;
            record[word::B] = timeout;
        });
        Some(token)
    }

    /// `step`: the verb, then the question's name, the callee, the mode, the text and what else is said of it.
    pub fn ask(&mut self, step: &Value) {
        let (to, payload, timeout) = self.question(step);
        let name = step[1].as_str().expect("a name").into();
        let _ = self.call(to, Pid::NONE, payload, timeout, Question::Outside(name));
    }

    /// The same, read.
    pub(super) fn question(&self, step: &Value) -> (Pid, Payload, u32) {
        let text = |at: usize| step[at].as_str().expect("a text").to_owned();
        let first = step[5]["first"].as_array().cloned().unwrap_or_default();
        let timeout = step[5]["timeout"].as_u64().unwrap_or(5000) as u32;
        (self.pid(&text(2)), Payload::Ask { mode: text(3), text: text(4), first }, timeout)
    }
}
