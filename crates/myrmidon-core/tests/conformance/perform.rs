//! The actions of a scripted actor.

use super::{Isolate, Payload, Question, Waiting, parse_reason};
use myrmidon_core::{
    pid::Pid,
    record::{flag, spawn, submission, word},
};
use serde_json::Value;

impl Isolate {
    /// Whether the handler waits.
    pub(super) fn perform(&mut self, pid: Pid, action: &Value) -> bool {
        let text = |at: usize| action[at].as_str().unwrap_or_default().to_owned();
        match action[0].as_str().expect("a verb") {
            "all" => return self.perform_all(pid, action[1].as_array().expect("actions")),
            "wait" => {
                let (first, then) = (Vec::new(), Vec::new());
                return self.wait(pid, Waiting::Release { token: None, text: String::new(), first, then });
            }
            "answer" => self.give_answer(pid, &text(1)),
            "trap" => {
                let flags = if action[1] == true { spawn::TRAP_EXIT } else { 0 };
                self.submit(submission::FLAGS, pid, Pid::NONE, |record| record[word::B] = flags);
            }
            "throw" => self.crash(pid, &text(1)),
            "stop" => {
                let reason = self.shard(pid).intern_reason(parse_reason(&text(1)));
                self.submit(submission::EXIT_SELF, pid, Pid::NONE, |record| record[word::A] = reason);
            }
            "kill" => self.exit(self.pid(&text(1)), pid, "Killed"),
            "exit" => self.exit(self.pid(&text(1)), pid, &text(2)),
            verb @ ("send" | "urgent" | "peek" | "hasty" | "enter") => {
                let (payload, flags) = match verb {
                    "send" => (Payload::Note(text(2)), 0),
                    "urgent" => (Payload::Urgent(text(2)), flag::PRIORITY),
                    "peek" => (Payload::Peek(text(2)), flag::REENTRANT),
                    "hasty" => (Payload::Hasty(text(2)), flag::REENTRANT | flag::PRIORITY),
                    _ => (Payload::Do(action[2].clone()), flag::REENTRANT),
                };
                let outcome = self.send(self.pid(&text(1)), pid, payload, flags);
                if outcome != "Accepted" {
                    self.log(pid, format!("{verb} {outcome}"));
                }
            }
            "next" => {
                let slot = self.reference();
                self.slots.insert(slot, Payload::Note(text(1)));
                self.submit(submission::SEND, pid, pid, |record| {
                    record[word::HEAD] |= flag::NEXT << 8;
                    record[word::SLOT] = slot;
                });
            }
            "link" => self.submit(submission::LINK, self.pid(&text(1)), pid, |_| {}),
            "unlink" => self.submit(submission::UNLINK, self.pid(&text(1)), pid, |_| {}),
            "monitor" => {
                let reference = self.reference();
                self.actor(pid).monitors.insert(text(1), reference);
                self.submit(submission::MONITOR, self.pid(&text(2)), pid, |record| record[word::SLOT] = reference);
            }
            "demonitor" => {
                let reference = self.actor(pid).monitors[&text(1)];
                self.submit(submission::DEMONITOR, Pid::NONE, pid, |record| record[word::SLOT] = reference);
                self.flush();
                let silent = self.shard(pid).result() != 0.0;
                self.log(pid, format!("demonitor {} {silent}", text(1)));
            }
            "spawn" => self.spawn(&text(1), &action[2], pid).expect("a spawn that works"),
            verb @ ("after" | "every") => {
                let reference = self.reference();
                self.actor(pid).timers.insert(text(1), reference);
                self.timer_texts.insert(reference, (text(3), verb == "every"));
                let delay = action[2].as_f64().expect("ms").to_bits();
                let repeats = u32::from(verb == "every");
                self.submit(submission::TIMER, pid, Pid::NONE, |record| {
                    record[word::FROM] = repeats;
                    record[word::SLOT] = reference;
                    record[word::A] = delay as u32;
                    record[word::B] = (delay >> 32) as u32;
                });
            }
            "cancel" => {
                let reference = self.actor(pid).timers[&text(1)];
                self.submit(submission::CANCEL, pid, Pid::NONE, |record| record[word::SLOT] = reference);
                self.flush();
                let left = self.shard(pid).result();
                let left = if left < 0.0 { "none".into() } else { left.round().to_string() };
                self.log(pid, format!("cancel {} {left}", text(1)));
            }
            "ask" => {
                let (to, payload, timeout) = self.question(action);
                let question = Question::Actor { pid, name: text(1) };
                let token = self.next_reference + 1;
                self.actor(pid).waiting.push_back(Waiting::Answer { token, name: text(1), then: Vec::new() });
                self.submit(submission::BUSY, pid, Pid::NONE, |_| {});
                let _ = self.call(to, pid, payload, timeout, question);
                return true;
            }
            other => panic!("unknown action {other}"),
        }
        false
    }
}
