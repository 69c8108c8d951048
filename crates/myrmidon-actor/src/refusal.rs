//! Why a question of another language has no answer: the codec's bytes of `AskError` of the TypeScript package.
//!
//! Written by hand, so that it needs no feature: a few maps with str 32 and uint 64, which every reader takes.

use myrmidon_core::{
    exit_reason::{ExitReason, Language, Unreachable},
    pid::Pid,
};

/// `AskError { tag, reason: BadMessage { tag, issue } }`.
pub(crate) fn bad_message(tag: &str, issue: &str) -> Vec<u8> {
    let mut bytes = ask_error(tag);
    bytes.map(3).text("_tag").text("BadMessage").text("tag").text(tag).text("issue").text(issue);
    bytes.0
}

/// `AskError { tag, reason: ActorExited { pid, reason } }`.
pub(crate) fn actor_exited(tag: &str, pid: Pid, reason: &ExitReason) -> Vec<u8> {
    let mut bytes = ask_error(tag);
    bytes.map(3).text("_tag").text("ActorExited").text("pid").uint(pid.to_u64()).text("reason");
    bytes.reason(reason);
    bytes.0
}

/// Up to its reason.
fn ask_error(tag: &str) -> Bytes {
    let mut bytes = Bytes(Vec::new());
    bytes.map(3).text("_tag").text("AskError").text("tag").text(tag).text("reason");
    bytes
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn map(&mut self, entries: u8) -> &mut Self {
        self.0.push(0x80 | entries);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(0xdb);
        self.0.extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn uint(&mut self, number: u64) -> &mut Self {
        self.0.push(0xcf);
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn boolean(&mut self, value: bool) -> &mut Self {
        self.0.push(if value { 0xc3 } else { 0xc2 });
        self
    }

    fn tagged(&mut self, tag: &str, fields: u8) -> &mut Self {
        self.map(1 + fields).text("_tag").text(tag)
    }

    fn reason(&mut self, reason: &ExitReason) -> &mut Self {
        match reason {
            ExitReason::Normal => self.tagged("Normal", 0),
            ExitReason::Shutdown { detail: None } => self.tagged("Shutdown", 0),
            ExitReason::Shutdown { detail: Some(detail) } => self.tagged("Shutdown", 1).text("detail").text(detail),
            ExitReason::Killed => self.tagged("Killed", 0),
            ExitReason::Crashed(error) => {
                let stack = error.stack.as_deref();
                self.tagged("Crashed", 1).text("error").map(3 + u8::from(stack.is_some()));
                self.text("name").text(&error.name).text("message").text(&error.message);
                if let Some(stack) = stack {
                    self.text("stack").text(stack);
                }
                self.text("language").text(match error.language {
                    Language::TypeScript => "typescript",
                    Language::Rust => "rust",
                    Language::Python => "python",
                })
            }
            ExitReason::NoProc { ever_existed } => self.tagged("NoProc", 1).text("everExisted").boolean(*ever_existed),
            ExitReason::NodeUnreachable { node, because } => {
                self.tagged("NodeUnreachable", 2).text("node").text(node).text("because").text(match because {
                    Unreachable::Closed => "closed",
                    Unreachable::Silent => "silent",
                })
            }
            ExitReason::NodeRestarted { node } => self.tagged("NodeRestarted", 1).text("node").text(node),
            ExitReason::IsolateDown { isolate } => {
                self.tagged("IsolateDown", 1).text("isolate").uint(u64::from(*isolate))
            }
        }
    }
}
