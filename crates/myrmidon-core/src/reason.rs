//! Reason words: an [`ExitReason`] as 32 bits, `code | detail << 8`.
//!
//! What fits into the detail stands there (`NoProc`, `IsolateDown`, a `Shutdown` without a word); the rest is in this
//! table, counted: whoever makes a word or copies one holds one count of it, and gives it back with `release`.
//!
//! An isolate holds words of its own (`hold`), which it names again and again, and knows what they say. Where nobody else
//! can ask, they say nothing here: to make a text of a failure costs more than to end by it. What is still on its way
//! when the isolate is to forget has to be told (`tell`).

use crate::{
    exit_reason::{CrashError, ExitReason, code},
    tide,
};

/// `Normal`, as a word.
pub const NORMAL: u32 = code::NORMAL as u32;
/// `Killed`, as a word.
pub const KILLED: u32 = code::KILLED as u32;

/// `NoProc`, as a word.
pub const fn no_proc(ever_existed: bool) -> u32 {
    code::NO_PROC as u32 | (ever_existed as u32) << 8
}

/// `IsolateDown`, as a word.
pub const fn isolate_down(isolate: u8) -> u32 {
    code::ISOLATE_DOWN as u32 | (isolate as u32) << 8
}

/// The code of a word's tag.
pub const fn code_of(word: u32) -> u8 {
    word as u8
}

#[derive(Default)]
struct Entry {
    /// `None` with a count: its isolate alone knows.
    reason: Option<ExitReason>,
    count: u32,
}

/// The reasons that do not fit into their word.
pub struct Reasons {
    entries: Vec<Entry>,
    free: Vec<u32>,
    /// Words that the isolate holds.
    held: usize,
}

impl Default for Reasons {
    fn default() -> Self {
        Self { entries: vec![Entry::default()], free: Vec::new(), held: 0 }
    }
}

const fn handle_of(word: u32) -> usize {
    match code_of(word) {
        code::SHUTDOWN | code::CRASHED | code::NODE_UNREACHABLE | code::NODE_RESTARTED => (word >> 8) as usize,
        _ => 0,
    }
}

impl Reasons {
    /// The word of a reason, with one count.
    pub fn intern(&mut self, reason: ExitReason) -> u32 {
        let code = u32::from(reason.code());
        match reason {
            ExitReason::Normal | ExitReason::Killed | ExitReason::Shutdown { detail: None } => code,
            ExitReason::NoProc { ever_existed } => no_proc(ever_existed),
            ExitReason::IsolateDown { isolate } => code | u32::from(isolate) << 8,
            other => self.enter(code, Some(other)),
        }
    }

    fn enter(&mut self, code: u32, reason: Option<ExitReason>) -> u32 {
        let entry = Entry { reason, count: 1 };
        let handle = if let Some(handle) = self.free.pop() {
            self.entries[handle as usize] = entry;
            handle
        } else {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        };
        code | handle << 8
    }

    /// The word of a failure, whose count is the isolate's until it lets it go. `None`: it is not told here what it says.
    pub fn hold(&mut self, failure: Option<CrashError>) -> u32 {
        self.held += 1;
        self.enter(code::CRASHED.into(), failure.map(|error| ExitReason::Crashed(Box::new(error))))
    }

    /// Whether somebody beside the isolate has a word that it holds. If not, it may stand for another failure, where it says
    /// nothing here.
    pub fn is_shared(&self, word: u32) -> bool {
        self.entries.get(handle_of(word)).is_some_and(|entry| entry.count > 1)
    }

    /// The isolate gives back its count of a word that it held. One that says nothing here, and [is
    /// shared](Reasons::is_shared), is to be [told](Reasons::tell) instead.
    pub fn let_go(&mut self, word: u32) {
        if self.entries.get(handle_of(word)).is_some_and(|entry| entry.count > 0) {
            self.held = self.held.saturating_sub(1);
            self.release(word);
        }
    }

    /// What a word says that said nothing here; the isolate's count is given back.
    pub fn tell(&mut self, word: u32, failure: CrashError) {
        if let Some(entry) = self.entries.get_mut(handle_of(word))
            && entry.count > 0
        {
            entry.reason = Some(ExitReason::Crashed(Box::new(failure)));
            self.held = self.held.saturating_sub(1);
            self.release(word);
        }
    }

    /// One count more; the word.
    pub fn retain(&mut self, word: u32) -> u32 {
        if let Some(entry) = self.entries.get_mut(handle_of(word))
            && entry.count > 0
        {
            entry.count += 1;
        }
        word
    }

    /// One count less.
    pub fn release(&mut self, word: u32) {
        let handle = handle_of(word);
        let Some(entry) = self.entries.get_mut(handle) else {
            return;
        };
        if entry.count == 0 {
            return;
        }
        entry.count -= 1;
        if entry.count == 0 {
            entry.reason = None;
            self.free.push(handle as u32);
        }
    }

    /// The reason of a word that somebody holds; `None` for a word that nobody made, or that says nothing here.
    pub fn get(&self, word: u32) -> Option<ExitReason> {
        let detail = word >> 8;
        match code_of(word) {
            code::NORMAL => Some(ExitReason::Normal),
            code::KILLED => Some(ExitReason::Killed),
            code::SHUTDOWN if detail == 0 => Some(ExitReason::SHUTDOWN),
            code::NO_PROC => Some(ExitReason::NoProc { ever_existed: detail != 0 }),
            code::ISOLATE_DOWN => Some(ExitReason::IsolateDown { isolate: detail as u8 }),
            _ => {
                let reason = self.entries.get(handle_of(word))?.reason.as_ref()?;
                (reason.code() == code_of(word)).then(|| reason.clone())
            }
        }
    }

    /// Gives back what a burst left. Those that the isolate holds stay where they are: it knows them by their numbers.
    pub fn give_back(&mut self) {
        if tide::is_spent(self.len() - self.held, self.entries.capacity()) {
            let last = self.entries.iter().rposition(|entry| entry.count > 0).unwrap_or(0);
            self.entries.truncate(last + 1);
            self.entries.shrink_to_fit();
            self.free = (1..=last as u32).filter(|at| self.entries[*at as usize].count == 0).collect();
        }
    }

    /// Reasons in the table.
    pub fn len(&self) -> usize {
        self.entries.len() - 1 - self.free.len()
    }
}

#[cfg(test)]
mod tests;
